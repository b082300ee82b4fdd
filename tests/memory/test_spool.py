from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from memex.errors import StorageError, UnreadableFile
from memex.items import Lane, Provenance, printable
from memex.spool import Spool


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


def test_things_are_put_in_and_taken_while_others_look(spool: Spool, tmp_path: Path) -> None:
    for number in range(2000):
        spool.put(write(tmp_path / f"{number}.txt"), durable=False)
    busy = threading.Event()

    def come_and_go() -> None:
        while not busy.is_set():
            item = spool.put(write(tmp_path / "new.txt"), durable=False)
            spool.take(item)
            spool.finish(item)

    other = threading.Thread(target=come_and_go)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    other.start()
    try:
        seen = [len(spool.waiting()) for _ in range(100)]
    finally:
        busy.set()
        other.join()
        sys.setswitchinterval(before)
    assert set(seen) <= {2000, 2001}


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
    again = Spool(spool.directory)
    for item in again.recover():
        again.postpone(item)
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


def test_what_was_found_and_is_then_named_goes_first_and_counts_as_named(
    spool: Spool, tmp_path: Path
) -> None:
    spool.put(write(tmp_path / "a.txt"), explicit=False, lane=Lane.FOUND)
    assert not spool.waiting()[0].explicit
    spool.put(tmp_path / "a.txt")
    (item,) = spool.waiting()
    assert (item.explicit, item.lane) == (True, Lane.NAMED)


def test_what_was_received_keeps_its_sidecar_when_the_reader_starts(
    spool: Spool, tmp_path: Path
) -> None:
    spool.receive(write(spool.draft("a.txt")), Provenance(source="microphone"), Lane.LIVE)
    spool.recover()
    (item,) = spool.waiting()
    assert item.provenance is not None
    assert item.provenance.source == "microphone"


def test_a_recording_without_its_sidecar_is_taken_in_not_the_transcript_beside_it(
    spool: Spool,
) -> None:
    write(spool.directory / "data" / "0123.wav", "sound" * 100)
    write(spool.directory / "data" / "0123.srt", "1")
    spool.recover()
    assert [Path(item.path).name for item in spool.waiting()] == ["0123.wav"]


def test_sidecars_that_a_dead_process_was_writing_are_swept_away(spool: Spool) -> None:
    gone = 4_194_304  # beyond what Linux gives
    write(spool.draft(f"{'a' * 24}.{gone}"))
    mine = write(spool.draft("talk.wav"))
    others = write(spool.draft(f"{'b' * 24}.{os.getppid()}"))
    spool.recover()
    assert sorted((spool.directory / "tmp").iterdir()) == sorted([mine, others])


PRIVATE = Provenance(source="microphone", device="desk", consent="private")


def test_a_crash_before_the_sidecar_does_not_lose_where_a_thing_comes_from(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(spool, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            spool.receive(write(spool.draft("heard.wav")), PRIVATE, Lane.LIVE)
    spool.recover()
    (item,) = spool.waiting()
    assert item.provenance == PRIVATE
    assert Path(item.path).read_text() == "text"
    spool.take(item)
    spool.finish(item)
    assert not list((spool.directory / "data").iterdir())


@pytest.mark.parametrize("end", [KeyboardInterrupt, OSError(5, "Input/output error")])
def test_a_note_of_where_a_thing_comes_from_is_not_left_about(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, end: type[BaseException] | OSError
) -> None:
    draft = write(spool.draft("heard.wav"))

    def ended(*_: object) -> None:
        raise end

    with monkeypatch.context() as patch:
        patch.setattr("memex.spool._settle", ended)
        with pytest.raises((KeyboardInterrupt, StorageError)):
            spool.receive(draft, PRIVATE, Lane.LIVE)
    if end is KeyboardInterrupt:  # killed
        spool.recover()
    assert list((spool.directory / "tmp").iterdir()) == [draft]


def test_a_crash_before_the_thing_leaves_nothing_of_it(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = write(spool.draft("heard.wav"))
    settle = "memex.spool._settle"

    def killed(source: Path, place: Path) -> None:
        if source == draft:
            raise KeyboardInterrupt
        source.rename(place)

    with monkeypatch.context() as patch:
        patch.setattr(settle, killed)
        with pytest.raises(KeyboardInterrupt):
            spool.receive(draft, PRIVATE, Lane.LIVE)
    spool.recover()
    assert spool.waiting() == []
    assert not list((spool.directory / "data").iterdir())
    assert draft.exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"id": "x", "path": "a", "added_at": "2026-01-01"}']
)
def test_what_is_no_sidecar_is_passed_over_and_swept_up(spool: Spool, text: str) -> None:
    file = write(spool.directory / "new" / f"{'0' * 24}.json", text)
    assert spool.waiting() == list(spool.items("new")) == []
    assert file.exists()
    spool.recover()
    assert not file.exists()


def test_whoever_hands_something_in_rings_but_for_a_scan(spool: Spool, tmp_path: Path) -> None:
    def rings(put: Callable[[], object]) -> bool:
        spool.bell.unlink(missing_ok=True)
        put()
        return spool.bell.exists()

    item = spool.put(write(tmp_path / "a.txt"))
    spool.take(item)
    assert rings(lambda: spool.put(write(tmp_path / "b.txt")))
    assert rings(lambda: spool.postpone(item))
    assert rings(
        lambda: spool.receive(write(spool.draft("c.wav")), Provenance("microphone"), Lane.LIVE)
    )
    assert not rings(lambda: spool.put(write(tmp_path / "d.txt"), durable=False))
