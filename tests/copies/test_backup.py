from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tarfile
import threading
from pathlib import Path

import pytest

from memex import backup
from memex.archive import MANIFEST
from memex.backup import back_up
from memex.daemons import ROLES
from memex.errors import AlreadyRunning, DiskFull, InvalidRequest, NotFound, StorageError
from memex.items import Lane, Provenance
from memex.library import Library
from memex.locks import RoleLock
from memex.protocols import Step
from memex.restore import restore
from memex.spool import Spool
from memex.types import Arrival
from tests.copies.making import filled, paths_of, quiet, sidecars
from tests.documents import BREAD, ESSAY, TALK, document
from tests.memory.test_library import copy_of


def test_everything_comes_back_elsewhere(tmp_path: Path) -> None:
    paths = filled(tmp_path / "home")
    file = tmp_path / "it.backup"
    made = back_up(paths, file, quiet)
    assert (made.documents, made.size) == (3, file.stat().st_size)
    other = paths_of(tmp_path / "other")
    assert restore(file, other, ROLES, quiet, force=False).aside is None
    before, after = Library(paths.library), Library(other.library)
    assert after.ids() == before.ids() == {ESSAY.id, BREAD.id, TALK.id}
    for id_ in before.ids():
        assert after.document(id_) == before.document(id_)
        assert after.copies(id_) == before.copies(id_)
    before.close()
    after.close()
    assert other.config.read_bytes() == paths.config.read_bytes()
    assert other.gaps.read_bytes() == paths.gaps.read_bytes()
    assert (other.home / "audio/2026/walk.opus").read_bytes() == b"OggS the sound of it"
    assert not (other.home / "index").exists()


def test_what_waits_points_at_its_new_place(tmp_path: Path) -> None:
    paths = filled(tmp_path / "home")
    Spool(paths.spool).take(next(Spool(paths.spool).items("new")))  # it is being read
    back_up(paths, tmp_path / "it", quiet)
    other = paths_of(tmp_path / "other")
    restore(tmp_path / "it", other, ROLES, quiet, force=False)
    spool = Spool(other.spool)
    (item,) = spool.items("new")
    assert Path(item.path).is_relative_to(other.spool)
    assert Path(item.path).read_bytes() == b"RIFF a walk in the rain"
    (failed,) = sidecars(other.spool / "failed")
    assert (failed["reason"], failed["path"]) == ("It is damaged.", str(tmp_path / "broken.pdf"))


def test_what_comes_in_meanwhile_brings_what_is_known_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recorded in private, it must not come back as a thing that nobody knows anything of."""
    paths = filled(tmp_path / "home")
    look = backup._files

    def receiving(directory: Path) -> list[Path]:
        if directory == paths.spool / "data":
            spool = Spool(paths.spool)
            spool.draft("talk.wav").write_bytes(b"RIFF a talk")
            spool.receive(spool.draft("talk.wav"), Provenance(consent="private"), Lane.LIVE)
        return look(directory)

    monkeypatch.setattr(backup, "_files", receiving)
    back_up(paths, tmp_path / "it", quiet)
    other = paths_of(tmp_path / "other")
    restore(tmp_path / "it", other, ROLES, quiet, force=False)
    items = Spool(other.spool).items("new")
    assert {item.provenance.consent for item in items if item.provenance} == {"", "private"}
    assert len(list((other.spool / "data").iterdir())) == 2


def test_what_moves_meanwhile_comes_back_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = filled(tmp_path / "home")
    look = backup._files

    def failing(directory: Path) -> list[Path]:
        found = look(directory)
        if directory == paths.spool / "cur":
            spool = Spool(paths.spool)
            for item in list(spool.items("new")):
                spool.take(item)
                spool.fail(item, "It is damaged.")
        return found

    monkeypatch.setattr(backup, "_files", failing)
    back_up(paths, tmp_path / "it", quiet)
    other = paths_of(tmp_path / "other")
    restore(tmp_path / "it", other, ROLES, quiet, force=False)
    assert (Spool(other.spool).count("new"), Spool(other.spool).count("failed")) == (0, 2)


@pytest.mark.parametrize(
    "name", ["audio/line\nbreak.opus", "audio/b\\c", b"audio/caf\xe9", "spool/data/below/a.wav"]
)
def test_what_others_put_there_does_not_spoil_it(tmp_path: Path, name: str | bytes) -> None:
    paths = filled(tmp_path / "home")
    file = paths.home / os.fsdecode(name)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"not of Memex")
    back_up(paths, tmp_path / "it", quiet)
    other = paths_of(tmp_path / "other")
    restore(tmp_path / "it", other, ROLES, quiet, force=False)
    assert (other.home / "audio/2026/walk.opus").exists()
    assert not (other.home / os.fsdecode(name)).exists()


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    paths = filled(tmp_path / "home")
    old = os.umask(0)
    try:
        back_up(paths, tmp_path / "it", quiet)
        restore(tmp_path / "it", paths_of(tmp_path / "other"), ROLES, quiet, force=False)
    finally:
        os.umask(old)
    assert (tmp_path / "it").stat().st_mode & 0o777 == 0o600
    restored = [path for path in (tmp_path / "other").rglob("*") if path.parent.name != "run"]
    for path in restored:
        assert path.stat().st_mode & 0o077 == 0, path


def test_it_is_a_tar_that_anybody_can_unpack(tmp_path: Path) -> None:
    back_up(filled(tmp_path / "home"), tmp_path / "it", quiet)
    with tarfile.open(tmp_path / "it") as tar:
        names = tar.getnames()
        tar.extractall(tmp_path / "by-hand", filter="data")
    assert names[-1] == MANIFEST
    with sqlite3.connect(tmp_path / "by-hand" / "library.db") as db:
        assert db.execute("SELECT count(*) FROM documents").fetchone() == (3,)
    db.close()


def test_it_is_of_one_moment_while_others_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = filled(tmp_path / "home")
    library = Library(paths.library)
    for number in range(50):
        lines = [f"Bird {number} line {n} sings in the reeds." for n in range(40)]
        added = document(*lines, uri=f"file:///birds/{number}")
        library.add(Arrival(added, copy_of(added)))
    monkeypatch.setattr(backup, "PAGES", 5)
    steps: list[Step] = []

    def write(step: Step) -> None:  # something is remembered at every look
        if step.stage == "copying the library" and len(steps) < 20:
            steps.append(step)
            text = f"Remembered meanwhile, number {len(steps)}."
            added = document(text, uri=f"file:///meanwhile/{len(steps)}")
            library.add(Arrival(added, copy_of(added)))

    made = back_up(paths, tmp_path / "it", write)
    library.close()
    assert len(steps) > 10
    assert [step.done for step in steps] == sorted({step.done for step in steps})  # no restart
    assert made.documents == 53
    restore(tmp_path / "it", paths_of(tmp_path / "other"), ROLES, quiet, force=False)
    restored = Library(tmp_path / "other" / "library.db")
    assert len(restored.ids()) == 53
    restored.close()


def test_interrupted_it_leaves_what_was_there(tmp_path: Path) -> None:
    paths = filled(tmp_path / "home")
    place = tmp_path / "backups"
    place.mkdir()
    (place / "it").write_text("the one before", encoding="utf-8")

    def interrupt(step: Step) -> None:
        if step.stage == "packing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(paths, place / "it", interrupt)
    assert [path.name for path in place.iterdir()] == ["it"]
    assert (place / "it").read_text(encoding="utf-8") == "the one before"


def test_two_at_once_to_one_name_are_refused(tmp_path: Path) -> None:
    paths = filled(tmp_path / "home")
    refused: list[object] = []

    def again(_: Step) -> None:
        if not refused:
            with pytest.raises(AlreadyRunning) as error:
                back_up(paths, tmp_path / "it", quiet)
            refused.append(error)

    back_up(paths, tmp_path / "it", again)
    assert refused


def test_a_damaged_library_does_not_replace_a_good_backup(tmp_path: Path) -> None:
    paths = filled(tmp_path / "home")
    back_up(paths, tmp_path / "it", quiet)
    good = (tmp_path / "it").read_bytes()
    data = bytearray(paths.library.read_bytes())
    data[len(data) // 2 :] = os.urandom(len(data) - len(data) // 2)
    paths.library.write_bytes(data)
    with pytest.raises(StorageError, match=r"damaged|cannot be read"):
        back_up(paths, tmp_path / "it", quiet)
    assert (tmp_path / "it").read_bytes() == good


@pytest.mark.parametrize("name", ["home/it", "home/spool/it"])
def test_a_backup_does_not_go_into_what_it_saves(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidRequest):
        back_up(filled(tmp_path / "home"), tmp_path / name, quiet)


def test_without_a_library_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no library"):
        back_up(paths_of(tmp_path / "none"), tmp_path / "it", quiet)
    assert not (tmp_path / "it").exists()


def test_what_is_remembered_is_not_overwritten(tmp_path: Path) -> None:
    paths = filled(tmp_path / "home")
    back_up(paths, tmp_path / "it", quiet)
    library = Library(paths.library)
    kept = document("Written after the backup.", uri="file:///after")
    library.add(Arrival(kept, copy_of(kept)))
    library.close()
    (paths.home / "models").mkdir()
    paths.pause.write_text("{}", encoding="utf-8")
    with pytest.raises(InvalidRequest, match="--force"):
        restore(tmp_path / "it", paths, ROLES, quiet, force=False)
    aside = restore(tmp_path / "it", paths, ROLES, quiet, force=True).aside
    assert aside is not None
    assert aside.parent == tmp_path
    for place, ids in ((paths.home, 3), (aside, 4)):
        library = Library(place / "library.db")
        assert len(library.ids()) == ids
        library.close()
    assert (aside / "index" / "a cache").exists()
    assert (paths.home / "models").is_dir()  # of the machine, not of the memory
    assert paths.pause.exists()
    assert not (paths.home / ".restoring").exists()


def test_where_what_is_there_cannot_be_moved_aside_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The data directory is a disk of its own, and there is no room beside it."""
    paths = filled(tmp_path / "home")
    back_up(paths, tmp_path / "it", quiet)
    before = {path.relative_to(paths.home) for path in paths.home.rglob("*")}
    move = shutil.move

    def full(source: Path, target: Path) -> None:
        if source.name == "spool":
            raise OSError(errno.ENOSPC, "No space left on device")
        move(source, target)

    monkeypatch.setattr(shutil, "move", full)
    with pytest.raises(DiskFull):
        restore(tmp_path / "it", paths, ROLES, quiet, force=True)
    after = {path.relative_to(paths.home) for path in paths.home.rglob("*")}
    assert after >= before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.pdf", "home", "it"]
    library = Library(paths.library)
    assert len(library.ids()) == 3
    library.close()


def test_a_new_and_empty_memory_is_no_obstacle(tmp_path: Path) -> None:
    back_up(filled(tmp_path / "home"), tmp_path / "it", quiet)
    other = paths_of(tmp_path / "other")
    other.create()
    Library(other.library).close()
    restore(tmp_path / "it", other, ROLES, quiet, force=False)
    library = Library(other.library)
    assert len(library.ids()) == 3
    library.close()


def test_beside_a_daemon_nothing_is_restored(tmp_path: Path) -> None:
    back_up(filled(tmp_path / "home"), tmp_path / "it", quiet)
    other = paths_of(tmp_path / "other")
    other.create()
    lock = RoleLock(other.run / "memex-ingest.pid")
    with pytest.raises(AlreadyRunning, match="memex down"):
        restore(tmp_path / "it", other, ROLES, quiet, force=False)
    lock.release()
    restore(tmp_path / "it", other, ROLES, quiet, force=False)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        restore(tmp_path / "none", paths_of(tmp_path / "other"), ROLES, quiet, force=False)


def test_a_thread_may_make_it(tmp_path: Path) -> None:
    paths = filled(tmp_path / "home")
    thread = threading.Thread(target=back_up, args=(paths, tmp_path / "it", quiet))
    thread.start()
    thread.join()
    assert (tmp_path / "it").exists()
