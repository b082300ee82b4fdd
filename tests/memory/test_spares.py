from __future__ import annotations

from pathlib import Path

import pytest

from memex.items import Lane
from memex.spares import Spares
from memex.spool import Spool


def filled(path: Path) -> Path:
    path.write_text("the way to the safe", encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "kept"
    folder.mkdir()
    return folder


def test_a_file_is_lent_again_and_nothing_of_what_stood_in_it_is_left(
    folder: Path, tmp_path: Path
) -> None:
    spares = Spares(folder)
    file = filled(tmp_path / "a")
    inode = file.stat().st_ino
    spares.keep(file)
    assert not file.exists()
    assert [kept.read_bytes() for kept in folder.iterdir()] == [b""]
    spares.lend(tmp_path / "b")
    assert (tmp_path / "b").stat().st_ino == inode
    assert not any(folder.iterdir())


def test_without_any_nothing_is_lent(folder: Path, tmp_path: Path) -> None:
    spares = Spares(folder)
    spares.keep(tmp_path / "gone already")
    spares.lend(tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_no_more_are_kept_than_enough(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memex.spares.MOST", 1)
    spares = Spares(folder)
    for name in ("a", "b"):
        spares.keep(filled(tmp_path / name))
    assert not (tmp_path / "b").exists()
    assert len(list(folder.iterdir())) == 1
    spares.clear()
    assert not any(folder.iterdir())


def test_what_a_killed_process_kept_is_swept(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    item = spool.put(filled(tmp_path / "a.txt"), lane=Lane.FOUND)
    spool.take(item)
    spool.finish(item)
    (kept,) = (tmp_path / "spool" / "tmp").iterdir()
    kept.rename(kept.with_suffix(".4194999"))  # beyond the largest number of a process
    Spool(tmp_path / "spool").recover()
    assert not any((tmp_path / "spool" / "tmp").iterdir())


def test_at_rest_the_spool_keeps_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    for name in ("a.txt", "b.txt"):
        item = spool.put(filled(tmp_path / name))
        spool.take(item)
        spool.finish(item)
    spool.rest()
    assert not any((tmp_path / "spool" / "tmp").iterdir())
