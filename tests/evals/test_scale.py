from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from evals.bench import home, scale
from evals.bench.crowd import crowd, strangers
from evals.commands import evals
from memex.index import Index


@pytest.fixture
def data(shared: Path, tmp_path: Path) -> Path:
    """One of the sets of questions."""
    folder = tmp_path / "data"
    (folder / "recall").mkdir(parents=True)
    (folder / "audio").symlink_to(shared / "audio")
    (folder / "recall" / "friendsqa").symlink_to(shared / "recall" / "friendsqa")
    return folder


def test_memories_of_two_sizes_are_compared_in_one_table(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, fewer in (("WARM_UP", 2), ("QUERIES", 5), ("COMPARED", 5), ("ADDED", 40)):
        monkeypatch.setattr(scale, name, fewer)
    figures, kept = tmp_path / "scale.json", tmp_path / "kept"
    arguments = ["bench", "--scale", "--sizes", "100,150", "--rounds", "1", "--data", str(data)]
    done = CliRunner().invoke(evals, [*arguments, "--home", str(kept), "--json", str(figures)])
    assert done.exit_code == 0, done.output
    rows = json.loads(figures.read_text())["results"]
    assert [row["passages"] for row in rows] == [100, 150]
    for row in rows:
        assert 0 < row["p50"] <= row["p95"]
        assert row["recall"] == 1.0
        assert row["memory"] > 50
        assert row["adding"] > 0


def test_a_memory_that_was_broken_off_goes_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home, "BATCH", 40)
    arguments = (str(data / "recall"), 120, str(tmp_path / "vectors"))

    class BrokenOff(Exception):
        pass

    def broken(*_: object) -> None:
        raise BrokenOff

    with monkeypatch.context() as patched:
        patched.setattr(Index, "optimise", broken)
        with pytest.raises(BrokenOff):
            home.build(str(tmp_path / "home"), *arguments)
    assert not home.built(tmp_path / "home").exists()
    assert home.build(str(tmp_path / "home"), *arguments)["passages"] == 120
    assert home.built(tmp_path / "home").exists()


def test_strangers_are_in_no_crowd(data: Path) -> None:
    known = {document.id for document, _ in crowd(data / "recall", 300)}
    some, others = (strangers(data / "recall", 50, seed) for seed in (1, 2))
    ids = {document.id for document in (*some, *others)}
    assert len(ids) == len(some) + len(others)
    assert not ids & known


@pytest.mark.parametrize("sizes", ["", "10,", "0", "ten"])
def test_sizes_that_are_no_numbers_are_refused(data: Path, sizes: str) -> None:
    done = CliRunner().invoke(evals, ["bench", "--scale", "--sizes", sizes, "--data", str(data)])
    assert done.exit_code == 2
