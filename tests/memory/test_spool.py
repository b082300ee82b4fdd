from __future__ import annotations

import os
from pathlib import Path

import pytest

from memex.errors import UnreadableFile
from memex.spool import Spool, printable


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def write(path: Path, text: str = "text") -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_put_waits_until_it_is_finished(spool: Spool, tmp_path: Path) -> None:
    item = spool.put(write(tmp_path / "a.txt"))
    assert [waiting.path for waiting in spool.waiting()] == [str(tmp_path / "a.txt")]
    spool.take(item)
    assert spool.waiting() == []
    spool.finish(item)
    assert not any(list(spool.items(state)) for state in ("new", "cur", "failed"))


def test_the_same_file_twice_waits_once(spool: Spool, tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt")
    assert spool.put(path).id == spool.put(path).id
    assert len(spool.waiting()) == 1
    spool.take(spool.waiting()[0])
    spool.put(path)
    assert spool.waiting() == []


def test_a_changed_file_is_another_item(spool: Spool, tmp_path: Path) -> None:
    first = spool.put(write(tmp_path / "a.txt"))
    assert spool.put(write(tmp_path / "a.txt", "longer text")).id != first.id


def test_oldest_first(spool: Spool, tmp_path: Path) -> None:
    for name in "cab":
        spool.put(write(tmp_path / name))
    assert [Path(item.path).name for item in spool.waiting()] == ["c", "a", "b"]


def test_a_failure_keeps_its_reason_and_is_tried_again_when_put_again(
    spool: Spool, tmp_path: Path
) -> None:
    item = spool.put(write(tmp_path / "a.txt"))
    spool.take(item)
    spool.fail(item, "It is a picture.")
    (failed,) = spool.items("failed")
    assert failed.reason == "It is a picture."
    spool.put(tmp_path / "a.txt")
    assert list(spool.items("failed")) == []
    assert len(spool.waiting()) == 1


def test_what_was_under_way_when_the_reader_died_waits_again(spool: Spool, tmp_path: Path) -> None:
    spool.take(spool.put(write(tmp_path / "a.txt")))
    Spool(spool.directory).recover()
    assert len(spool.waiting()) == 1


def test_nothing_at_the_path_is_refused(spool: Spool, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="not there"):
        spool.put(tmp_path / "absent")
    with pytest.raises(UnreadableFile):
        spool.put(Path("nul\0byte"))


def test_a_name_that_is_not_unicode_goes_through(spool: Spool, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    write(path)
    spool.put(path)
    assert Path(spool.waiting()[0].path).read_text(encoding="utf-8") == "text"


def test_printable_shows_escapes_instead_of_obeying_them() -> None:
    assert printable("a\x1b[31m\nb🦊") == "a\\x1b[31m\\nb🦊"
