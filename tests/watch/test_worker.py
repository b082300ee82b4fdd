"""The worker, over a memory in this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest

from ingest.archive import Archive
from ingest.holds import Holds
from ingest.patience import Stopped
from ingest.readers import read
from ingest.reading import Reading
from ingest.worker import Worker
from memex.client import Client
from memex.config import Config, ModelChoice, Paths
from memex.errors import (
    DaemonUnavailable,
    MemexError,
    ModelCrashed,
    StorageError,
    UnreadableFile,
)
from memex.indexer import Indexer
from memex.items import Lane, Provenance
from memex.library import Library
from memex.memory import Memex
from memex.pause import Pause
from memex.protocols import Remembered, Step, Transcriber
from memex.spool import Spool
from memex.testing import ScriptedModel, WordLengths
from memex.types import Arrival, Copy, Document, Known


class Direct:
    """The calls that the worker makes, without a socket between."""

    def __init__(self, memex: Memex) -> None:
        self._memex = memex
        self.before: Callable[[tuple[Arrival, ...]], None] = lambda _: None
        """Called before documents are stored."""

    def recognise(self, files: Sequence[tuple[str, str, str, bool]]) -> list[Known]:
        return [
            self._memex.recognise(sha256, uri, signature, explicit=explicit)
            for sha256, uri, signature, explicit in files
        ]

    def kept(self) -> set[str]:
        return self._memex.library.files.kept()

    def add_copy(self, copy: Copy) -> None:
        self._memex.note_copy(copy)

    def remember(self, *arrivals: Arrival) -> Iterator[Step | Remembered]:
        self.before(arrivals)
        return self._memex.remember(*arrivals)

    def document(self, prefix: str) -> dict[str, str]:
        return {"uri": self._memex.library.document(prefix).uri}

    def report(self, *events: object) -> None:
        pass


class Bench:
    """A worker with all that it works on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "files"
        self.folder.mkdir()
        self.library = Library(folder / "library.db")
        self.spool = Spool(folder / "spool")
        embedder = WordLengths()
        indexer = Indexer(self.library, folder / "index", embedder, lambda _: None)
        self.memory = Memex(self.library, indexer, embedder, ScriptedModel([""]))
        self.direct = Direct(self.memory)
        self.outdated = 0
        self.worker = Worker(
            cast("Client", self.direct),
            self.spool,
            folder,
            cast("Callable[[], Transcriber]", None),
            Holds(folder, Pause(folder / "paused.json"), 0),
            Archive(folder / "audio", lambda: Config(Paths(folder, folder / "c"), ModelChoice())),
            outdated=self._note_outdated,
        )

    def _note_outdated(self) -> None:
        self.outdated += 1

    def found(self, name: str, text: str) -> Path:
        """A file that a scan came upon."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        self.spool.put(path, explicit=False, lane=Lane.FOUND)
        return path

    def received(self, name: str, text: str) -> None:
        draft = self.spool.draft(name)
        draft.write_text(text, encoding="utf-8")
        self.spool.receive(draft, Provenance(source="microphone"), Lane.LIVE)

    def texts(self) -> set[str]:
        """What is current."""
        return {self.library.segments(id_)[0].text for id_ in self.library.ids()}

    def failed(self) -> list[str]:
        return [Path(item.path).name for item in self.spool.items("failed")]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.memory.close()


def test_a_copy_whose_name_is_not_unicode_is_noted(bench: Bench) -> None:
    bench.found("plain.txt", "The heron.")
    bench.worker.drain()
    bench.found(os.fsdecode(b"caf\xe9.txt"), "The heron.")
    bench.worker.drain()
    (id_,) = bench.library.ids()
    assert len(bench.library.copies(id_)) == 2
    assert bench.failed() == []


def test_a_file_that_is_deleted_while_it_is_read_has_not_failed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bench.found("a.txt", "The heron.")

    def deleted(*_: object) -> None:
        path.unlink()
        raise UnreadableFile("It is not there.")

    monkeypatch.setattr("ingest.worker.fingerprint", deleted)
    bench.worker.drain()
    assert bench.failed() == []
    assert bench.spool.count("cur") == bench.spool.count("new") == 0


def crashes(bench: Bench, monkeypatch: pytest.MonkeyPatch, times: int, *, at: str = "") -> None:
    """The recogniser's process ends so often over "poison.txt": killed, or `at` a place."""
    left = [times]

    def read_(path: Path, reading: Reading) -> Document:
        if left[0] and path.name == "poison.txt":
            left[0] -= 1
            error = ModelCrashed("whisper tiny.en broke off.")
            if at:
                error.add_note(at)
            else:  # it had got further
                with reading.checkpoint.open("a", encoding="utf-8") as checkpoint:
                    checkpoint.write("a stretch\n")
            raise error
        return read(path, reading)

    monkeypatch.setattr("ingest.worker.read", read_)


def test_however_often_it_is_killed_what_gets_further_is_remembered(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.found("poison.txt", "The heron.")
    crashes(bench, monkeypatch, 25)
    bench.worker.drain()
    assert bench.texts() == {"The heron."}
    assert bench.failed() == []


def test_over_what_the_recogniser_crashes_three_times_is_set_aside_with_the_place(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.found("poison.txt", "The heron.")
    bench.found("sound.txt", "The kingfisher.")
    crashes(bench, monkeypatch, 3, at="Fatal Python error: Segmentation fault")
    bench.worker.drain()
    assert bench.texts() == {"The kingfisher."}
    (item,) = bench.spool.items("failed")
    assert Path(item.path).name == "poison.txt"
    assert item.reason.startswith("whisper tiny.en broke off.")
    assert "Segmentation fault" in item.trace


def test_what_was_received_stays_though_a_file_that_said_the_same_was_edited(
    bench: Bench,
) -> None:
    path = bench.found("a.txt", "The heron.")
    bench.worker.drain()
    bench.received("heard.txt", "The heron.")
    bench.worker.drain()
    path.write_text("The kingfisher.", encoding="utf-8")
    bench.spool.put(path, explicit=False, lane=Lane.FOUND)
    bench.worker.drain()
    assert bench.texts() == {"The heron.", "The kingfisher."}
    assert not list((bench.spool.directory / "data").iterdir())


def test_what_was_hidden_by_an_edit_is_found_again_when_it_is_received(bench: Bench) -> None:
    path = bench.found("a.txt", "The heron.")
    bench.worker.drain()
    path.write_text("The kingfisher.", encoding="utf-8")
    bench.spool.put(path, explicit=False, lane=Lane.FOUND)
    bench.worker.drain()
    assert bench.texts() == {"The kingfisher."}
    bench.received("heard.txt", "The heron.")
    bench.worker.drain()
    assert bench.texts() == {"The heron.", "The kingfisher."}


def test_one_document_that_is_refused_does_not_take_its_batch_with_it(bench: Bench) -> None:
    def refuse(arrivals: tuple[Arrival, ...]) -> None:
        if any("poison" in each.document.title for each in arrivals):
            raise MemexError("The daemon failed.")

    bench.direct.before = refuse
    for name in ("a.txt", "poison.txt", "c.txt"):
        bench.found(name, f"This is {name}.")
    bench.worker.drain()
    assert bench.failed() == ["poison.txt"]
    assert bench.texts() == {"This is a.txt.", "This is c.txt."}


def test_what_the_disk_refuses_waits_unless_somebody_asked_for_it(bench: Bench) -> None:
    def refuse(_: tuple[Arrival, ...]) -> None:
        raise StorageError("The library cannot be used: disk I/O error.")

    bench.direct.before = refuse
    bench.found("found.txt", "The heron.")
    named = bench.folder / "named.txt"
    named.write_text("The kingfisher.", encoding="utf-8")
    bench.spool.put(named)
    bench.worker.drain()
    assert bench.failed() == ["named.txt"]
    assert [Path(item.path).name for item in bench.spool.waiting()] == ["found.txt"]


def test_asked_to_stop_in_the_middle_of_a_batch_nothing_of_it_is_blamed(bench: Bench) -> None:
    def away(_: tuple[Arrival, ...]) -> None:
        bench.worker.stop()
        raise DaemonUnavailable("memexd is not running.")

    bench.direct.before = away
    for name in "abc":
        bench.found(f"{name}.txt", f"This is {name}.")
    with pytest.raises(Stopped):
        bench.worker.drain()
    assert len(bench.spool.waiting()) == 3
    assert bench.spool.count("cur") == 0


def test_a_file_that_goes_on_while_it_is_remembered_is_looked_at_again(bench: Bench) -> None:
    path = bench.found("a.txt", "The heron.")
    bench.worker.drain()
    assert bench.outdated == 0
    path = bench.found("b.txt", "The kingfisher.")
    bench.direct.before = lambda _: path.unlink()
    bench.worker.drain()
    assert bench.outdated == 1
