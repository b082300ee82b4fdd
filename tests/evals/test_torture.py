"""The torture's short form, and that its judge sees what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evals.torture.faults import CannotFault, Faults, small_disk
from evals.torture.run import Figures, Plan, torture
from evals.torture.texts import identity
from evals.torture.verdict import Held, Row, differences
from evals.torture.world import POISON, World
from memex.config import Paths
from memex.items import Lane
from memex.spool import Spool

KILLS = 200
"""About two minutes on two cores."""
FEWER = 30


def tortured(folder: Path, kills: int, *fault: str) -> Figures:
    figures = torture(Plan(kills, seed=7, fault=frozenset(fault)), folder, print)
    assert figures.kills >= kills
    assert figures.stuck == 0
    return figures


def test_nothing_is_lost_and_nothing_twice_after_two_hundred_kills(tmp_path: Path) -> None:
    figures = tortured(tmp_path, KILLS)
    assert figures.files > 50
    assert figures.documents > figures.files  # what was edited and deleted is kept


def test_nothing_is_lost_where_calls_fail_and_the_clock_goes_back(tmp_path: Path) -> None:
    try:
        Faults(tmp_path, tmp_path)
    except CannotFault as error:
        pytest.skip(f"NOT TESTED, a disk that fails and a clock set back: {error}")
    assert tortured(tmp_path, FEWER, "refuse", "clock").refused > 0


def test_nothing_is_lost_where_the_disk_is_full_now_and_then(tmp_path: Path) -> None:
    try:
        with small_disk(tmp_path / "try"):
            pass
    except CannotFault as error:
        pytest.skip(f"NOT TESTED, a full disk: {error}")
    tortured(tmp_path, FEWER, "full")


HERON = "The heron."
HERON_ID = identity(HERON)


class Scene:
    """A file, a spool, and what is said to be remembered."""

    def __init__(self, folder: Path) -> None:
        self.paths = Paths(home=folder / "home", config=folder / "config.toml")
        self.spool = Spool(self.paths.spool)
        self.file = folder / "heron.txt"
        self.file.write_text(HERON, encoding="utf-8")
        self.world = World(texts={HERON_ID: HERON})
        self.world.write(self.file, HERON_ID)
        state = self.file.stat()
        self.row = Row(self.file, HERON_ID, f"{state.st_size}-{state.st_mtime_ns}", missing=False)

    def said(self, *rows: Row) -> list[str]:
        held = Held(rows, {row.text: "" for row in rows})
        return differences(self.world, self.paths, held)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_the_judge_is_content_with_what_is_right(scene: Scene) -> None:
    assert scene.said(scene.row) == []


def row(scene: Scene, **changes: object) -> Row:
    fields = {name: getattr(scene.row, name) for name in Row.__slots__}
    return Row(**{**fields, **changes})


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        (lambda scene: [], "not remembered"),
        (lambda scene: [row(scene, missing=True)], "missing"),
        (lambda scene: [row(scene, signature="1-1")], "as of 1-1"),
        (lambda scene: [row(scene, text="?")], "another text"),
        (lambda scene: [scene.row, scene.row], "2 live copies"),
        (lambda scene: [scene.row, row(scene, path=Path("/gone.txt"))], "gone, but remembered"),
    ],
)
def test_the_judge_sees_what_the_library_has_wrong(
    scene: Scene, rows: Callable[[Scene], list[Row]], word: str
) -> None:
    assert any(word in line for line in scene.said(*rows(scene)))


def test_the_judge_sees_what_was_deleted_and_is_not_kept(scene: Scene) -> None:
    scene.world.rest({})
    scene.world.remove(scene.file)
    scene.file.unlink()
    assert any("not kept" in line for line in scene.said())
    assert scene.said(row(scene, missing=True)) == []


def test_the_judge_sees_what_was_received_and_is_hidden(scene: Scene) -> None:
    scene.world.received.add(HERON_ID)
    scene.world.remove(scene.file)
    assert any("received" in line for line in scene.said())


def test_the_judge_sees_what_is_left_in_the_spool_and_what_failed_wrongly(scene: Scene) -> None:
    item = scene.spool.put(scene.file, lane=Lane.FOUND)
    assert any("is left" in line for line in scene.said(scene.row))
    scene.spool.take(item)
    scene.spool.fail(item, "It is a picture.")
    assert any("It is a picture" in line for line in scene.said(scene.row))
    scene.world.write(scene.file, POISON)
    assert scene.said(scene.row) == []
    scene.spool.drop(item.id)
    assert any("not among the failed" in line for line in scene.said(scene.row))
