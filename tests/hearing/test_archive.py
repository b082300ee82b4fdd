"""What was received and heard is kept, and played at the second it was said."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest

from ingest.archive import Archive
from ingest.holds import Holds
from ingest.sound import SAMPLE_RATE
from ingest.worker import Worker
from memex.client import Client
from memex.config import Audio, Config, Intake, ModelChoice, Paths
from memex.errors import DaemonUnavailable, StorageError
from memex.indexer import Indexer
from memex.items import Item, Lane, Provenance
from memex.library import Library
from memex.memory import Memex
from memex.pause import Pause
from memex.playback import RATE, frames
from memex.progress import Event
from memex.protocols import Recognised, Remembered, Step
from memex.retention import FOREVER, NEVER, Retention, Rule
from memex.spool import Spool
from memex.testing import ScriptedModel, ScriptedTranscriber, WordLengths
from memex.types import Arrival, Copy, Known, Segment, Word
from tests.hearing.making import Samples, encode, hum, load, shift

SECONDS = 20.0
SAID = (
    (2.0, 4.5, "The heron stood in the reeds."),
    (9.25, 12.0, "Bread rises in a warm kitchen."),
)
SRT = """1
00:00:02,000 --> 00:00:04,500
The heron stood in the reeds.

2
00:00:09,250 --> 00:00:12,000
Bread rises in a warm kitchen.
"""


class Killed(BaseException):
    """The process ends here and now."""


class InProcess:
    """A `Client` of a memory in this process."""

    def __init__(self, memex: Memex) -> None:
        self.memex = memex
        self.events: list[Event] = []
        self.refuse: BaseException | None = None
        self.away = False

    def remember(self, *arrivals: Arrival) -> Iterator[Step | Remembered]:
        if self.refuse:
            raise self.refuse
        return self.memex.remember(*arrivals)

    def recognise(self, files: Sequence[tuple[str, str, str, bool]]) -> list[Known]:
        return [
            self.memex.recognise(sha256, uri, signature, explicit=explicit)
            for sha256, uri, signature, explicit in files
        ]

    def add_copy(self, copy: Copy) -> None:
        self.memex.note_copy(copy)

    def document(self, id_: str) -> dict[str, object]:
        return {"uri": self.memex.library.document(id_).uri}

    def kept(self) -> set[str]:
        if self.away:
            raise DaemonUnavailable("memexd is not running.")
        return self.memex.library.files.kept()

    def report(self, *events: Event) -> None:
        self.events += events


class Machine:
    """A data directory with a worker in this process."""

    def __init__(self, home: Path) -> None:
        self.paths = Paths(home, home / "config.toml")
        self.paths.create()
        self.library = Library(self.paths.library)
        indexer = Indexer(self.library, self.paths.index, WordLengths(), lambda _: None)
        self.client = InProcess(
            Memex(self.library, indexer, WordLengths(), ScriptedModel(["Yes."]))
        )
        self.spool = Spool(self.paths.spool)
        self.config = Config(self.paths, ModelChoice())
        self.stretches = [
            Recognised(
                (Segment(text, start, end, words=(Word(text, start, end, 0.9),)),),
                end,
                SECONDS,
                "en",
            )
            for start, end, text in SAID
        ]

    def set(self, audio: Audio) -> None:
        self.config = replace(self.config, intake=Intake(audio=audio))

    def worker(self) -> Worker:
        return Worker(
            cast("Client", self.client),
            self.spool,
            self.paths.work,
            lambda: ScriptedTranscriber(self.stretches),
            Holds(self.paths.home, Pause(self.paths.pause), 0, battery=lambda: False),
            Archive(self.paths.audio, lambda: self.config),
        )

    def receive(
        self, recording: Path, origin: Provenance, *, srt: str = "", name: str = "heard"
    ) -> Item:
        draft = self.spool.draft(f"{name}{recording.suffix}")
        shutil.copyfile(recording, draft)
        beside = []
        if srt:
            beside = [draft.with_suffix(".srt")]
            beside[0].write_text(srt, encoding="utf-8")
        return self.spool.receive(draft, origin, Lane.LIVE, beside)

    def kept(self) -> list[Path]:
        return sorted(path for path in self.paths.audio.glob("*/*"))

    def copies(self) -> list[Copy]:
        return [copy for id_ in self.library.ids() for copy in self.library.copies(id_)]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path / "home")
    yield made
    made.client.memex.close()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "talk.wav"
    return encode(hum(SECONDS), path, "pcm_s16le", 22_050)


MICROPHONE = Provenance(
    source="microphone",
    device="desk",
    started_at=datetime(2026, 5, 4, 12, 0, tzinfo=UTC),
    consent="listening",
)
PODCAST = Provenance(source="podcast", uri="https://example.org/episodes/7.mp3", title="Herons")


def played(uri: str, start: float, end: float) -> Samples:
    path = Path(unquote(urlsplit(uri).path))
    return np.concatenate(list(frames(path, start, end)))[:: RATE // SAMPLE_RATE]


@pytest.mark.parametrize("how", ["opus", "original"])
@pytest.mark.parametrize("srt", [SRT, ""])
def test_a_hit_is_played_from_what_is_kept(
    machine: Machine, recording: Path, how: Audio, srt: str
) -> None:
    machine.set(how)
    item = machine.receive(recording, MICROPHONE, srt=srt)
    machine.worker().drain()
    (file,) = machine.kept()
    assert file.parent.name == item.id[:2]
    assert file.name == f"{item.id}{'.opus' if how == 'opus' else '.wav'}"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert not machine.spool.belongings(item)
    for start, end, text in SAID:
        (passage,) = {hit.passage for hit in machine.client.memex.recall(text, limit=1)}
        assert passage.uri == file.as_uri()
        (segment,) = [
            each
            for each in machine.library.segments(passage.document_id)
            if each.text.startswith(text[:9])
        ]
        assert segment.start == start
        sound = played(passage.uri, start, end)
        expected = load(recording)[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        assert abs(shift(sound, expected)) < 2.0


def test_where_else_an_episode_can_be_had(machine: Machine, recording: Path) -> None:
    machine.receive(recording, PODCAST, srt=SRT)
    machine.worker().drain()
    (id_,) = machine.library.ids()
    document = machine.library.document(id_)
    assert document.uri == machine.kept()[0].as_uri()
    assert document.attributes["link"] == PODCAST.uri
    assert (document.title, document.attributes["source"]) == ("Herons", "podcast")


def test_nothing_is_kept_where_the_user_says_so(machine: Machine, recording: Path) -> None:
    machine.set("none")
    machine.receive(recording, PODCAST, srt=SRT)
    machine.worker().drain()
    (copy,) = machine.copies()
    assert copy.uri == PODCAST.uri
    assert machine.kept() == []


def test_a_file_of_the_users_own_is_left_where_it_is(machine: Machine, recording: Path) -> None:
    machine.spool.put(recording)
    machine.worker().drain()
    (copy,) = machine.copies()
    assert copy.uri == recording.as_uri()
    assert machine.kept() == []


def test_what_cannot_be_decoded_is_kept_as_it_is(machine: Machine, tmp_path: Path) -> None:
    """Its words are known from beside it; the bytes may be mended one day."""
    broken = encode(hum(2), tmp_path / "talk.m4a", "aac", 44_100)
    data = broken.read_bytes()
    at = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    broken.write_bytes(data[:at] + b"\xff" * (end - at) + data[end:])
    machine.receive(broken, MICROPHONE, srt=SRT)
    machine.worker().drain()
    (copy,) = machine.copies()
    (file,) = machine.kept()
    assert copy.uri == file.as_uri()
    assert file.read_bytes() == broken.read_bytes()


def test_progress_and_stopping_in_the_middle(
    machine: Machine, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest.patience import Stopped  # noqa: PLC0415 (here alone)

    item = machine.receive(recording, MICROPHONE, srt=SRT)
    worker = machine.worker()
    seen: list[Step] = []
    step = worker._step

    def stopping(item: Item, each: Step, *, preemptible: bool = False) -> None:
        if each.stage == "keeping":
            seen.append(each)
            worker.stop()
        step(item, each, preemptible=preemptible)

    monkeypatch.setattr(worker, "_step", stopping)
    with pytest.raises(Stopped):
        worker.drain()
    assert seen[0].total == pytest.approx(SECONDS, abs=0.1)
    assert machine.kept() == []
    assert machine.spool.has("new", item.id)
    machine.worker().drain()
    assert len(machine.kept()) == 1


def _kill_before_hand_over(machine: Machine) -> None:
    machine.client.refuse = Killed()
    with pytest.raises(Killed):
        machine.worker().drain()
    machine.client.refuse = None
    assert len(machine.kept()) == 1
    assert not machine.library.ids()


def test_killed_between_keeping_and_handing_over(machine: Machine, recording: Path) -> None:
    """It is handed over after all; a sweep meanwhile leaves it alone."""
    machine.receive(recording, MICROPHONE, srt=SRT)
    _kill_before_hand_over(machine)
    (before,) = machine.kept()
    archive = Archive(machine.paths.audio, lambda: machine.config)
    assert archive.sweep(cast("Client", machine.client), machine.spool, *archive.folders())
    assert machine.kept() == [before]
    worker = machine.worker()
    worker.recover("")
    worker.drain()
    (copy,) = machine.copies()
    assert [copy.uri] == [file.as_uri() for file in machine.kept()]


def test_killed_after_handing_over(
    machine: Machine, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bytes are known then, by the very sound that is kept of it."""
    machine.receive(recording, MICROPHONE, srt=SRT)

    def killed(_: Item) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(machine.spool, "finish", killed)
        with pytest.raises(Killed):
            machine.worker().drain()
    worker = machine.worker()
    worker.recover("")
    worker.drain()
    assert machine.spool.count("new") == machine.spool.count("cur") == 0
    (copy,) = machine.copies()
    assert [copy.uri] == [file.as_uri() for file in machine.kept()]


def _known(machine: Machine, recording: Path) -> None:
    """The same bytes, and the same transcript, come from a folder of the user's."""
    own = machine.paths.home.parent / "own.wav"
    shutil.copyfile(recording, own)
    own.with_suffix(".srt").write_text(SRT, encoding="utf-8")
    machine.spool.put(own)


def _forgotten(machine: Machine, recording: Path) -> None:
    _known(machine, recording)
    waiting = machine.worker()
    for item in machine.spool.items("cur"):  # the received one comes after
        machine.spool.postpone(replace(item, lane=Lane.BULK))
    seen = waiting._next()
    waiting._delivery._deliver(waiting._carried(seen), lambda: None)
    machine.client.memex.forget(*machine.library.ids())


@pytest.mark.parametrize("first", [_known, _forgotten])
def test_what_is_known_or_forgotten_meanwhile_is_not_kept(
    machine: Machine, recording: Path, first: Callable[[Machine, Path], None]
) -> None:
    """Killed after its sound was kept; then the same came another way."""
    machine.receive(recording, MICROPHONE, srt=SRT)
    _kill_before_hand_over(machine)
    for item in machine.spool.items("cur"):
        machine.spool.postpone(replace(item, lane=Lane.BULK))
    first(machine, recording)
    worker = machine.worker()
    worker.recover("")
    worker.drain()
    assert machine.spool.count("new") == 0
    assert machine.kept() == []
    assert len(machine.copies()) == (2 if first is _known else 0)  # received is a copy too


def test_forgotten_words_are_not_kept_as_sound(
    machine: Machine, recording: Path, tmp_path: Path
) -> None:
    """The same text was forgotten, in other bytes: known only when it is handed over."""
    machine.receive(recording, MICROPHONE, srt=SRT)
    machine.worker().drain()
    machine.client.memex.forget(*machine.library.ids())
    for file in machine.kept():
        file.unlink()
    other = encode(hum(SECONDS), tmp_path / "other.flac", "flac", 48_000)
    machine.receive(other, MICROPHONE, srt=SRT, name="again")
    machine.worker().drain()
    assert machine.kept() == []
    assert machine.client.events[-1].state == "forgotten"


def test_of_a_podcast_without_audio_only_the_words_are_kept(
    machine: Machine, recording: Path
) -> None:
    machine.receive(recording, replace(PODCAST, keep_sound=False), srt=SRT)
    machine.worker().drain()
    assert len(machine.library.ids()) == 1
    assert machine.kept() == []


def test_what_a_loudspeaker_played_is_linked_and_its_sound_not_kept(
    machine: Machine, recording: Path, tmp_path: Path
) -> None:
    machine.receive(recording, PODCAST, srt=SRT)
    machine.worker().drain()
    (episode,) = machine.library.ids()
    (kept,) = machine.kept()
    other = encode(hum(SECONDS), tmp_path / "other.flac", "flac", 48_000)
    machine.receive(other, MICROPHONE, srt=SRT, name="again")
    machine.worker().drain()
    assert machine.library.ids() == {episode}
    assert machine.kept() == [kept]
    assert machine.spool.count("new") == machine.spool.count("cur") == 0
    assert not list((machine.spool.directory / "data").iterdir())
    (echo,) = machine.library.echoes.of(episode)
    assert (echo.start, echo.end, echo.source) == (2.0, 12.0, "microphone")


def test_what_the_library_refuses_waits_and_is_kept_once(machine: Machine, recording: Path) -> None:
    item = machine.receive(recording, MICROPHONE, srt=SRT)
    machine.client.refuse = StorageError("No.")
    machine.worker().drain()
    assert machine.spool.has("new", item.id)
    machine.client.refuse = None
    machine.worker().drain()
    assert machine.spool.count("new") == 0
    assert len(machine.kept()) == len(machine.copies()) == 1


def test_what_nothing_names_is_swept_up_once_memexd_answers(
    machine: Machine, recording: Path
) -> None:
    machine.receive(recording, MICROPHONE, srt=SRT)
    machine.worker().drain()
    (named,) = machine.kept()
    for name in (f"{'0' * 24}.opus", f"{'0' * 24}.opus.part"):
        (named.parent / name).write_bytes(b"left")
    machine.client.away = True
    worker = machine.worker()
    worker.drain()
    assert len(machine.kept()) == 3
    machine.client.away = False
    worker.drain()
    assert machine.kept() == [named]


def test_no_sound_is_kept_of_what_turns_out_to_be_a_podcast(
    machine: Machine, recording: Path, tmp_path: Path
) -> None:
    said = "He used a word of his own, hypertext, for writing that branches on a single sheet."
    srt = f"1\n00:00:02,000 --> 00:00:09,000\n{said}\n"
    machine.receive(recording, replace(MICROPHONE, started_at=datetime.now(UTC)), srt=srt)
    worker = machine.worker()
    worker.drain()
    (heard,) = machine.kept()
    episode = encode(hum(SECONDS + 1), tmp_path / "episode.wav", "pcm_s16le", 22_050)
    machine.receive(episode, PODCAST, srt=srt, name="episode")
    worker.drain()
    (id_,) = machine.library.ids()
    assert machine.library.document(id_).title == "Herons"
    assert len(machine.library.echoes.of(id_)) == 1
    (left,) = machine.kept()
    assert left != heard
    assert machine.library.document(id_).uri == left.as_uri()


def test_a_data_directory_that_was_moved_keeps_its_sounds(
    machine: Machine, recording: Path
) -> None:
    """Or was restored elsewhere: its copies have the place where it lay."""
    machine.receive(recording, MICROPHONE, srt=SRT)
    machine.worker().drain()
    moved = machine.paths.home.parent / "moved"
    shutil.copytree(machine.paths.audio, moved / "audio")
    archive = Archive(moved / "audio", lambda: machine.config)
    spool = Spool(moved / "spool")
    assert archive.sweep(cast("Client", machine.client), spool, *archive.folders())
    assert len(list((moved / "audio").glob("*/*"))) == 1


def test_what_retention_never_keeps(machine: Machine, recording: Path) -> None:
    """In private: nothing at all. Of a source without sound: the words."""
    machine.config = replace(
        machine.config, retention=Retention(sources={"podcast": Rule(NEVER, FOREVER)})
    )
    item = machine.receive(recording, replace(MICROPHONE, consent="private"), srt=SRT)
    machine.worker().drain()
    assert not machine.library.ids()
    assert not machine.spool.belongings(item)
    machine.receive(recording, PODCAST, srt=SRT, name="episode")
    machine.worker().drain()
    assert machine.kept() == []
    assert [copy.uri for copy in machine.copies()] == [PODCAST.uri]
