"""Who speaks: diarization of recordings with several people, and recognising people.

Recordings with turns are recognised and diarized as memex-ingest does it. In the sets in
which each recording has one speaker, people are enrolled with the first half of their
clean recordings; every other recording is then held against all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from evals.dataset import Recording, Turn, read_recordings
from evals.report import write_json
from evals.speaking import Errors, diarization_errors, equal_error_rate
from ingest.sound import Sound
from ingest.transcribe import WhisperTranscriber
from ingest.voices.diarize import Attributed, diarize
from ingest.voices.embedding import VoiceEncoder, unit
from ingest.voices.speakers import load_encoder
from memex.config import load_config
from memex.models.loading import speech_model_path
from memex.protocols import Transcriber
from memex.types import Segment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

TALKS: Final = ("conversation", "long")
"""Sets with turns."""
CLEAN: Final = "read"
"""The set with one speaker each that people are enrolled from."""
NOISY: Final = "noisy"
BRIDGED: Final = 1.0
"""Seconds of silence between the words of one speaker that are no border."""

Done = Callable[[Recording], None]


@dataclass(frozen=True, slots=True)
class Talk:
    """The figures of a set with turns."""

    set: str
    recordings: int
    speakers: int
    """Over all recordings."""
    found: int
    der: float | None
    missed: float
    """Seconds, as the following."""
    invented: float
    confused: float
    spoken: float
    real_time_factor: float
    """Of telling who speaks; recognition left out."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """The figures of recognising people."""

    set: str
    condition: str
    people: int
    recordings: int
    accuracy: float
    """Share of recordings whose speaker is the most similar of those enrolled."""
    eer: float
    """Over every pair of a recording and somebody enrolled."""


def run(data: Path, model: str | None, json_file: Path | None) -> None:
    """Measure, print, write. Raises `MemexError`."""
    config = load_config()
    if model:
        config = replace(config, models=replace(config.models, speech=model))
    sets = {name: read_recordings(data, name) for name in (*TALKS, CLEAN, NOISY)}
    transcriber = WhisperTranscriber(*speech_model_path(config))
    encoder = load_encoder(config)
    total = sum(recording.seconds for recordings in sets.values() for recording in recordings)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("who speaks", total=total)

        def done(recording: Recording) -> None:
            progress.advance(task, recording.seconds)

        talks = [talk(name, sets[name], transcriber, encoder, done) for name in TALKS]
        recognised = recognise(sets[CLEAN], sets[NOISY], encoder, done)
    for shown in tables(talks, recognised):
        Console().print(shown)
    if json_file:
        rows = [*map(asdict, talks), *map(asdict, recognised)]
        write_json(json_file, "diarization", rows)


def talk(
    name: str,
    recordings: Sequence[Recording],
    transcriber: Transcriber,
    encoder: VoiceEncoder,
    done: Done = lambda recording: None,
) -> Talk:
    """Diarize a set and score it."""
    errors, speakers, voices, took = Errors(), 0, 0, 0.0
    for recording in recordings:
        segments = [
            segment
            for stretch in transcriber.transcribe(recording.path)
            for segment in stretch.segments
        ]
        began = time.perf_counter()
        found = _diarized(recording.path, segments, encoder)
        took += time.perf_counter() - began
        errors += diarization_errors(recording.turns, turns(found.segments))
        speakers += len({turn.speaker for turn in recording.turns})
        voices += len(found.voices)
        done(recording)
    return Talk(
        set=name,
        recordings=len(recordings),
        speakers=speakers,
        found=voices,
        der=errors.rate,
        **{each: round(getattr(errors, each), 2) for each in Errors.__slots__},
        real_time_factor=took / sum(recording.seconds for recording in recordings),
    )


def _diarized(path: Path, segments: Sequence[Segment], encoder: VoiceEncoder) -> Attributed:
    with Sound(path) as sound:
        return diarize(segments, sound.blocks(), encoder)


def turns(segments: Sequence[Segment]) -> list[Turn]:
    """The turns that segments make: words of one speaker with hardly a pause between."""
    found: list[Turn] = []
    for segment in segments:
        for word in segment.words:
            last = found[-1] if found else None
            speaker = segment.speaker or ""
            if last and last.speaker == speaker and word.start - last.end <= BRIDGED:
                found[-1] = replace(last, end=max(last.end, word.end))
            else:
                found.append(Turn(word.start, word.end, speaker))
    return found


def recognise(
    clean: Sequence[Recording],
    noisy: Sequence[Recording],
    encoder: VoiceEncoder,
    done: Done = lambda recording: None,
) -> list[Recognised]:
    """Enrol people, and recognise them: in the rest of the clean set, then in each noise."""
    known: dict[str, list[Vectors]] = {}
    for recording in clean:
        known.setdefault(recording.speaker, []).append(_voice(recording, encoder))
        done(recording)
    halves = {name: len(found) // 2 for name, found in known.items() if len(found) > 1}
    enrolled = {name: unit(np.mean(known[name][:half], axis=0)) for name, half in halves.items()}
    rest = [(name, each) for name, half in halves.items() for each in known[name][half:]]
    results = [_recognised(CLEAN, "", enrolled, rest)]
    heard: dict[str, list[tuple[str, Vectors]]] = {}
    for recording in noisy:
        if recording.speaker in enrolled:
            pair = recording.speaker, _voice(recording, encoder)
            heard.setdefault(recording.condition, []).append(pair)
        done(recording)
    return results + [_recognised(NOISY, each, enrolled, pairs) for each, pairs in heard.items()]


def _voice(recording: Recording, encoder: VoiceEncoder) -> Vectors:
    with Sound(recording.path) as sound:
        return encoder.utterance(np.concatenate(list(sound.blocks())))


def _recognised(
    name: str,
    condition: str,
    enrolled: dict[str, Vectors],
    heard: Sequence[tuple[str, Vectors]],
) -> Recognised:
    people = list(enrolled)
    alike = np.stack([vector for _, vector in heard]) @ np.stack(list(enrolled.values())).T
    own = np.array([[person == speaker for person in people] for speaker, _ in heard])
    best = alike.argmax(axis=1)
    return Recognised(
        set=name,
        condition=condition,
        people=len(people),
        recordings=len(heard),
        accuracy=float(own[np.arange(len(heard)), best].mean()),
        eer=equal_error_rate(alike[own].tolist(), alike[~own].tolist()),
    )


def tables(talks: Sequence[Talk], recognised: Sequence[Recognised]) -> tuple[Table, Table]:
    """The results as a person reads them; missed, invented and confused in per cent of what
    is spoken.
    """
    first = Table(title="Who speaks when")
    for column in ("set", "n", "speakers", "found", "DER %", "M/I/C %", "minutes", "RTF"):
        first.add_column(column, justify="left" if column == "set" else "right")
    for one in talks:
        shares = (one.missed, one.invented, one.confused)
        first.add_row(
            one.set,
            str(one.recordings),
            str(one.speakers),
            str(one.found),
            "–" if one.der is None else f"{100 * one.der:.1f}",
            "/".join(f"{100 * share / one.spoken:.1f}" for share in shares),
            f"{one.spoken / 60:.1f}",
            f"{one.real_time_factor:.3f}",
        )
    second = Table(title="Who it is")
    for column in ("set", "condition", "people", "n", "accuracy %", "EER %"):
        second.add_column(column, justify="left" if column in {"set", "condition"} else "right")
    for each in recognised:
        second.add_row(
            each.set,
            each.condition or "–",
            str(each.people),
            str(each.recordings),
            f"{100 * each.accuracy:.1f}",
            f"{100 * each.eer:.2f}",
        )
    return first, second
