"""How well Memex tells a playing podcast, and a second microphone, from conversations.

Scenes are made of real recordings: a podcast (the long recording, which is in the
memory) plays from a loudspeaker in a room where people talk before, between and after
it; a second device hears the people, too; people talk and nothing plays. What the
microphone hears is recognised, and handed in as live: whole, or in utterances as a
recorder cuts them.

Each recognised word is known or own, by the time it was said. Reported are the share of
known words that became links, how far these point from the truth, and the own words that
were lost to links.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from evals.report import write_json
from evals.rooms import Room, levelled, samples, through_loudspeaker, write_wav
from ingest.sound import SAMPLE_RATE
from ingest.transcribe import WhisperTranscriber
from memex.alignment import spoken
from memex.config import load_config
from memex.indexer import Indexer
from memex.library import Library
from memex.memory import Memex
from memex.models.loading import speech_model_path
from memex.overheard import Overheard, overhear
from memex.protocols import Transcriber
from memex.testing import ScriptedModel, WordLengths
from memex.types import Arrival, Document, Echo, Segment, Word, content_id, heard_id

if TYPE_CHECKING:
    from evals.rooms import Samples

PODCAST: Final = "long"
"""The manifest with what is played."""
TALK: Final = "read"
"""The manifest with what people say, less what is in the podcast."""
TURN: Final = 25.0
"""Seconds that people talk, at least, before and after what is played."""
PLAYED: Final = ((60, 120), (120, 180))
"""Seconds of the podcast that are played."""
PAUSE: Final = 1.0
"""Seconds after each of their sentences."""
BORDER: Final = 0.5
"""Seconds around a change between played and own in which words are not counted."""
SILENCE: Final = 0.7
"""Seconds without a word that end an utterance."""
LONGEST: Final = 30.0
"""Seconds that an utterance lasts, at most."""
AT: Final = datetime(2026, 3, 9, 8, 30, tzinfo=UTC)
ROOMS: Final = {
    "quiet room": Room(decay=0.3, walls=0.3, noise=25.0),
    "living room": Room(decay=0.5, walls=1.0, noise=15.0),
    "kitchen": Room(decay=0.7, walls=2.0, noise=8.0),
}
WEARABLE: Final = Room(decay=0.5, walls=2.0, noise=12.0, seed=1)
"""How the second device hears."""
LATE: Final = 7.3
"""Seconds after the first that the second device begins."""
AHEAD: Final = 2.0
"""Seconds by which its clock is ahead."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a scene, in seconds of it."""

    start: float
    end: float
    played_from: float | None = None
    """Second of the podcast at which it begins; None where people talk."""


@dataclass(slots=True)
class Result:
    """The figures of one scene."""

    scene: str
    cut: str
    """How it was handed in: "whole" or "utterances"."""
    known: int = 0
    """Words recognised of what was played, or was heard by the other device."""
    linked: int = 0
    """Those of them that became links."""
    own: int = 0
    """Words recognised of what people said."""
    lost: int = 0
    """Those of them that became links all the same."""
    off: float | None = None
    """Seconds between where links begin and what was said then, the median."""


class Memory:
    """An empty memory, in which what is remembered is found by its words."""

    def __init__(self, folder: Path) -> None:
        """Make it in a folder of its own."""
        folder.mkdir()
        self.library = Library(folder / "library.db")
        embedder = WordLengths()
        self._indexer = Indexer(self.library, folder / "index", embedder, lambda _: None)
        self._memex = Memex(self.library, self._indexer, embedder, ScriptedModel([""]))

    def remember(self, document: Document) -> Overheard:
        """Hand a document in; what it was parted into."""
        parted = overhear(document, self.library, self._indexer.serving.index)
        for _ in self._memex.remember(Arrival.of(document, sha256=document.id, size=1)):
            pass
        return parted


class Stage:
    """A recogniser, and what it is made to hear."""

    def __init__(self, audio: Path, transcriber: Transcriber, work: Path) -> None:
        """`audio` is a folder with manifests, `work` an empty one."""
        self._transcriber = transcriber
        self._work = work
        played = _manifest(audio, PODCAST)[0]
        self._podcast = samples(audio / played["audio"])
        rows = [row for row in _manifest(audio, TALK) if row["text"] not in played["text"]]
        self._talk = list(_turns([audio / row["audio"] for row in rows], len(PLAYED) + 1))
        self.podcast = recording(self._recognised(self._podcast), "podcast")

    def _recognised(self, sound: Samples) -> tuple[Segment, ...]:
        file = self._work / "heard.wav"
        write_wav(file, sound)
        found = self._transcriber.transcribe(file)
        return tuple(segment for stretch in found for segment in stretch.segments)

    def memory(self, name: str, *documents: Document) -> Memory:
        """A memory that holds these."""
        made = Memory(self._work / name)
        for document in documents:
            made.remember(document)
        return made

    def played(self, room: Room) -> tuple[tuple[Segment, ...], list[Part]]:
        """The podcast in two parts, with talk around them, as a room gives it back."""
        sounds: list[tuple[Samples, float | None]] = [(self._talk[0], None)]
        for number, (since, until) in enumerate(PLAYED, start=1):
            heard = self._podcast[since * SAMPLE_RATE : until * SAMPLE_RATE]
            sounds += [(through_loudspeaker(heard), float(since)), (self._talk[number], None)]
        parts: list[Part] = []
        for sound, since_ in sounds:
            start = parts[-1].end if parts else 0.0
            parts.append(Part(start, start + len(sound) / SAMPLE_RATE, since_))
        return self._recognised(room.hears(np.concatenate([levelled(s) for s, _ in sounds]))), parts

    def talk(self, room: Room, since: float = 0.0) -> tuple[Segment, ...]:
        """People talk, as a room gives it back; from a second on."""
        sound = np.concatenate(self._talk)
        return self._recognised(room.hears(sound[round(since * SAMPLE_RATE) :]))


def _manifest(audio: Path, name: str) -> list[dict[str, Any]]:
    lines = (audio / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _turns(recordings: Sequence[Path], count: int) -> Iterator[Samples]:
    """What people say in so many turns."""
    left = iter(recordings)
    for _ in range(count):
        turn: list[Samples] = []
        while sum(map(len, turn)) < TURN * SAMPLE_RATE:
            turn += [samples(next(left)), np.zeros(round(PAUSE * SAMPLE_RATE), np.float32)]
        yield np.concatenate(turn)


def recording(
    segments: Sequence[Segment], source: str, at: datetime | None = None, start: float = 0.0
) -> Document:
    """Segments as memex-ingest hands them in, of a recording that began at `start` (s)."""
    said = tuple(_shifted(segment, -start) for segment in segments)
    began = at + timedelta(seconds=start) if at else None
    heard = Document(
        id=heard_id(source, "", began) if began else content_id(said),
        kind="audio",
        title=source,
        uri=f"memory:{source}/{began}",
        created_at=began,
        segments=said,
        duration=said[-1].end if said else 0.0,
        attributes={"source": source},
    )
    return heard.saying(said) if heard.live else heard


def _shifted(segment: Segment, by: float) -> Segment:
    words = tuple(Word(w.text, w.start + by, w.end + by, w.probability) for w in segment.words)
    start, end = _span(segment)
    return replace(segment, start=start + by, end=end + by, words=words)


def _span(segment: Segment) -> tuple[float, float]:
    assert segment.start is not None
    assert segment.end is not None
    return segment.start, segment.end


def utterances(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    """A recording as a recorder cuts it: at silences, and before it is too long."""
    cut: list[Segment] = []
    for segment in segments:
        start, end = _span(segment)
        if cut and (start - _span(cut[-1])[1] > SILENCE or end - _span(cut[0])[0] > LONGEST):
            yield cut
            cut = []
        cut.append(segment)
    if cut:
        yield cut


def judged(
    result: Result, memory: Memory, cuts: Iterable[Sequence[Segment]], parts: Sequence[Part]
) -> Result:
    """Hand recordings in, one after the other, and count what became of their words."""
    off: list[float] = []
    for cut in cuts:
        start = _span(cut[0])[0] if result.cut == "utterances" else 0.0
        document = recording(cut, "microphone", AT, start)
        parted = memory.remember(document)
        left = {round(w.start, 3) for w in spoken(parted.own.segments)} if parted.own else set()
        for word in spoken(document.segments):
            part = _part(parts, start + (word.start + word.end) / 2)
            if part is None:
                continue
            gone = round(word.start, 3) not in left
            if part.played_from is None:
                result.own, result.lost = result.own + 1, result.lost + gone
            else:
                result.known, result.linked = result.known + 1, result.linked + gone
        off += [away for echo in parted.echoes if (away := _off(echo, parts)) is not None]
    result.off = median(off) if off else None
    return result


def _part(parts: Sequence[Part], at: float) -> Part | None:
    """The part that a moment lies in, None at its border."""
    found = (part for part in parts if part.start + BORDER <= at < part.end - BORDER)
    return next(found, None)


def _off(echo: Echo, parts: Sequence[Part]) -> float | None:
    """How far an echo begins from what was played then."""
    at = (echo.heard_at - AT).total_seconds()
    part = _part(parts, at)
    if part is None or part.played_from is None:
        return None
    return abs(echo.start - (part.played_from + at - part.start))


def scenes(stage: Stage) -> Iterator[Result]:
    """All scenes, one after the other."""
    for name, room in ROOMS.items():
        said, parts = stage.played(room)
        for cut, cuts in (("whole", [said]), ("utterances", list(utterances(said)))):
            memory = stage.memory(f"{name} {cut}", stage.podcast)
            yield judged(Result(f"podcast, {name}", cut), memory, cuts, parts)
    for name, room in ROOMS.items():
        said = stage.talk(room)
        nothing = [Part(0.0, 1e6)]
        for cut, cuts in (("whole", [said]), ("utterances", list(utterances(said)))):
            memory = stage.memory(f"talk {name} {cut}", stage.podcast)
            yield judged(Result(f"only talk, {name}", cut), memory, cuts, nothing)
    said = stage.talk(ROOMS["living room"])
    other = stage.talk(WEARABLE, LATE)
    second = recording(other, "wearable", AT + timedelta(seconds=LATE + AHEAD))
    both = [Part(LATE, 1e6, LATE)]
    for cut, cuts in (("whole", [said]), ("utterances", list(utterances(said)))):
        memory = stage.memory(f"two {cut}", stage.podcast, second)
        yield replace(judged(Result("two devices", cut), memory, cuts, both), off=None)


def table(results: Iterable[Result]) -> Table:
    """The results as a person reads them."""
    shown = Table()
    for name in ("scene", "handed in"):
        shown.add_column(name)
    for name in ("known words", "linked %", "off by s", "own words", "lost"):
        shown.add_column(name, justify="right", no_wrap=True)
    for one in results:
        shown.add_row(
            one.scene,
            one.cut,
            str(one.known),
            f"{100 * one.linked / one.known:.1f}" if one.known else "–",
            "–" if one.off is None else f"{one.off:.1f}",
            str(one.own),
            str(one.lost),
        )
    return shown


def run(data: Path, model: str | None, json_file: Path | None) -> None:
    """The command: hear, print, write. Raises `MemexError`."""
    config = load_config()
    if model:
        config = replace(config, models=replace(config.models, speech=model))
    transcriber = WhisperTranscriber(*speech_model_path(config))
    errors = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="memex-overheard-") as work:
        found = []
        for result in scenes(Stage(data, transcriber, Path(work))):
            errors.print(f"… {result.scene}, {result.cut}", highlight=False)
            found.append(result)
    Console().print(table(found))
    if json_file:
        write_json(json_file, "overheard", [asdict(result) for result in found])
