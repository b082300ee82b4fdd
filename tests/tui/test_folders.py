"""Watched folders in the library: how each is, watching and leaving them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tui.app
import tui.section
from memex.config import WatchedFolder
from memex.errors import MemexError, NotFound
from tests.tui.driving import Driver, drive
from tests.tui.fakes import FakeMemory, FakeReach
from tui.folders import completions
from tui.reach import Daemon


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tui.app, "EVERY", 0.1)
    monkeypatch.setattr(tui.section, "EVERY", 0.0)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("notes", "notes/inner", "novels", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "note.txt").write_text("A note.", encoding="utf-8")
    return tmp_path


def told(path: str, **others: Any) -> dict[str, Any]:  # noqa: ANN401 (as the daemon tells it)
    calm = {"files": 12, "settling": 0, "scanned_at": "2026-05-04T12:00:00+00:00", "trouble": ""}
    return {"path": path, **calm, **others}


def watching(*rows: dict[str, Any], **others: Any) -> FakeReach:  # noqa: ANN401 (of the status)
    memory = FakeMemory(state={"ingest": {"watching": [*rows]}, **others})
    return FakeReach(memory, watched=[WatchedFolder(Path(row["path"])) for row in rows])


async def at_folders(it: Driver, beside: str = "") -> None:
    await it.press("f4")
    await it.sees("memex-ingest  running", beside)
    await it.press("f4", "f4", "f4")
    await it.sees("Words of a path")


def test_folders_are_listed_with_how_they_are_those_in_trouble_first() -> None:
    failed = [{"id": "f", "path": "/notes/odd.docx", "reason": "Damaged.", "trace": None}]
    reach = watching(
        told("/notes", settling=3),
        told("/gone", trouble="cannot be looked into: No such file or directory"),
        failed=[{**failed[0], "attempts": 1, "added_at": "2026-05-04T12:00:00+00:00"}],
        missing=2,
    )

    async def steps(it: Driver) -> None:
        await at_folders(it)
        await it.sees("cannot be looked into: No such file", "12 files, 3 new or changed, 1 not")
        at = [n for n, line in enumerate(it.lines()) if line[:3] in {" ✗ ", " ▤ "}]
        assert "/gone" in it.lines()[at[0]]
        await it.sees("In all folders, 2 files that were read are gone.")
        await it.press("down")
        await it.sees("what is deleted there is kept", "not read stand in Documents")

    drive(steps, reach=reach)


def test_a_folder_is_watched_by_its_path_which_is_completed(home: Path) -> None:
    async def steps(it: Driver) -> None:
        await at_folders(it)
        await it.press("a")
        await it.sees("Watch a folder", "~/notes/", "~/novels/")
        assert ".hidden" not in it.text()
        await it.type("nx")
        await it.press("enter")
        await it.sees("Type one that is there.")
        await it.press("backspace")
        await it.sees("~/notes/")
        await it.press("tab")
        await it.type("t")
        await it.until(lambda: "~/novels/" not in it.text())
        await it.press("tab", "enter")
        await it.sees("▤ ~/notes", "not looked at yet")
        assert [each.path for each in it.reach.watched] == [home / "notes"]
        await it.press("a")
        await it.type("notes")
        await it.press("enter")
        await it.sees("already")
        assert len(it.reach.watched) == 1

    drive(steps)


def test_a_folder_is_left_only_when_that_is_meant() -> None:
    async def steps(it: Driver) -> None:
        await at_folders(it)
        await it.sees("/notes")
        await it.press("d")
        await it.sees("Watch it no longer?", "remembered from it stays")
        await it.press("enter", "escape")
        await it.still()
        assert len(it.reach.watched) == 1
        await it.press("d", "y")
        await it.sees("/notes is watched no longer.", "No folder is watched.")
        assert not it.reach.watched

    drive(steps, reach=watching(told("/notes")))


def test_folders_are_there_while_the_daemon_is_not() -> None:
    reach = watching(told("/notes"))
    reach.up = reach.may_start = False

    async def steps(it: Driver) -> None:
        await it.press("f4", "f4", "f4", "f4")
        await it.sees("/notes", "not looked at yet", "memexd is not running.")
        await it.press("d", "y")
        await it.sees("is watched no longer.")

    drive(steps, reach=reach)


def test_that_nothing_reads_the_folder_is_said() -> None:
    async def steps(it: Driver) -> None:
        await it.press("f4")
        await it.sees("not running")
        await it.press("f4", "f4", "f4")
        await it.sees("memex-ingest is not running; `memex up` starts it")

    drive(steps, reach=watching(told("/notes"), memex_ingest=None))


def test_completions_are_folders_that_begin_so(home: Path) -> None:
    assert completions("~/no") == ["~/notes/", "~/novels/"]
    assert completions("~/.") == ["~/.hidden/"]
    assert completions("~/notes/") == ["~/notes/inner/"]
    assert completions(f"{home}/notes") == [f"{home}/notes/"]
    assert completions("~/nowhere/x") == []
    assert completions("~nobody-of-that-name/x") == []


def test_the_configuration_file_has_the_folders(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMEX_HOME", str(tmp_path / "memex"))
    (tmp_path / "memex").mkdir()
    config = tmp_path / "memex" / "config.toml"
    text = f'# mine\n[[watch.folders]]\npath = "{home}/novels"\ndeleted = "forget"\n'
    config.write_text(text, encoding="utf-8")
    reach = Daemon(start=False)
    assert reach.watch(home / "notes")
    assert not reach.watch(home / "novels")  # with what was chosen for it
    assert config.read_text(encoding="utf-8").startswith(text)
    assert [each.path for each in reach.folders()] == [home / "novels", home / "notes"]
    reach.unwatch(home / "notes")
    assert config.read_text(encoding="utf-8").rstrip() == text.rstrip()
    with pytest.raises(NotFound, match="is not watched"):
        reach.unwatch(home / "notes")
    with pytest.raises(NotFound, match="is no folder"):
        reach.watch(home / "note.txt")


def test_a_folder_that_cannot_be_looked_into_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(MemexError, match="cannot be looked into"):
        Daemon(start=False).watch(home / "notes")
