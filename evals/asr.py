"""Word error rate and speed of the recogniser on a set of recordings.

The rate is that of the whole set, (substitutions + deletions + insertions) /
words of the reference, by jiwer after whisper's English text normaliser; the
real-time factor is processing time over length, the loading of the model left
out. Where nothing is said, the words that were recognised all the same are
counted as invented.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import jiwer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from whisper_normalizer.english import EnglishTextNormalizer

from evals.dataset import Recording, read_recordings
from evals.report import write_json
from ingest.transcribe import WhisperTranscriber
from memex.config import load_config
from memex.models.loading import speech_model_path
from memex.protocols import Transcriber

COLUMNS: Final = ("n", "words", "WER %", "S/D/I", "invented", "minutes", "RTF")


def run(
    data: Path, name: str, model: str | None, limit: int | None, json_file: Path | None
) -> None:
    """Recognise a set, print, write. Raises `MemexError`."""
    recordings = read_recordings(data, name)[:limit]
    config = load_config()
    if model:
        config = replace(config, models=replace(config.models, speech=model))
    transcriber = WhisperTranscriber(*speech_model_path(config))
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(name, total=sum(recording.seconds for recording in recordings))
        heard = list(
            transcribe(transcriber, recordings, lambda one: progress.advance(task, one.seconds))
        )
    found = results(name, transcriber.model, heard)
    Console().print(table(found))
    if json_file:
        write_json(json_file, "asr", [asdict(result) for result in found])


@dataclass(frozen=True, slots=True)
class Heard:
    """What was recognised in one recording."""

    recording: Recording
    text: str
    seconds: float
    """Processing time."""


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of one set, or of one condition of it."""

    set: str
    condition: str
    """Empty for the whole set."""
    model: str
    recordings: int
    unscored: int
    """Recordings that have no whole transcript: they count for speed only."""
    words: int
    """Words of the references, normalised."""
    substitutions: int
    deletions: int
    insertions: int
    wer: float | None
    """None where no recording has words to find."""
    silent: int
    """Recordings in which nothing is said."""
    invented: int
    """Words recognised in those."""
    audio_seconds: float
    processing_seconds: float
    real_time_factor: float


def transcribe(
    transcriber: Transcriber,
    recordings: Sequence[Recording],
    done: Callable[[Recording], None] = lambda recording: None,
) -> Iterator[Heard]:
    """Recognise each recording whole, one after the other, and time it."""
    for recording in recordings:
        began = time.perf_counter()
        text = " ".join(
            segment.text.strip()
            for stretch in transcriber.transcribe(recording.path)
            for segment in stretch.segments
        )
        yield Heard(recording, text, time.perf_counter() - began)
        done(recording)


def results(name: str, model: str, heard: Sequence[Heard]) -> list[Result]:
    """The figures of the whole set, then of each of its conditions."""
    conditions = dict.fromkeys(one.recording.condition for one in heard)
    found = [_result(name, "", model, heard)]
    if len(conditions) > 1:
        found += [
            _result(name, each, model, [one for one in heard if one.recording.condition == each])
            for each in conditions
        ]
    return found


def table(found: Sequence[Result]) -> Table:
    """The results as a person reads them: S/D/I are words substituted, deleted and
    inserted; invented are words in so many recordings in which nothing is said.
    """
    shown = Table(title=f"{found[0].set}: {found[0].model}")
    shown.add_column("condition")
    for name in ("n", "words", "WER %", "S/D/I", "invented", "minutes", "RTF"):
        shown.add_column(name, justify="right", no_wrap=True)
    for one in found:
        shown.add_row(
            one.condition or "all",
            str(one.recordings),
            str(one.words),
            "–" if one.wer is None else f"{100 * one.wer:.2f}",
            f"{one.substitutions}/{one.deletions}/{one.insertions}",
            f"{one.invented} in {one.silent}" if one.silent else "–",
            f"{one.audio_seconds / 60:.1f}",
            f"{one.real_time_factor:.3f}",
        )
    return shown


def _result(name: str, condition: str, model: str, heard: Sequence[Heard]) -> Result:
    normalise = EnglishTextNormalizer()
    pairs = [
        (normalise(one.recording.text), normalise(one.text))
        for one in heard
        if one.recording.text is not None
    ]
    said = [(reference, found) for reference, found in pairs if reference]
    silent = [found for reference, found in pairs if not reference]
    substitutions, deletions, insertions = _errors(said)
    words = sum(len(reference.split()) for reference, _ in said)
    audio = sum(one.recording.seconds for one in heard)
    processing = sum(one.seconds for one in heard)
    return Result(
        set=name,
        condition=condition,
        model=model,
        recordings=len(heard),
        unscored=len(heard) - len(pairs),
        words=words,
        substitutions=substitutions,
        deletions=deletions,
        insertions=insertions,
        wer=(substitutions + deletions + insertions) / words if words else None,
        silent=len(silent),
        invented=sum(len(found.split()) for found in silent),
        audio_seconds=audio,
        processing_seconds=processing,
        real_time_factor=processing / audio if audio else 0.0,
    )


def _errors(pairs: Sequence[tuple[str, str]]) -> tuple[int, int, int]:
    """Substitutions, deletions and insertions over all pairs (reference, hypothesis)."""
    if not pairs:
        return 0, 0, 0
    counted = jiwer.process_words([pair[0] for pair in pairs], [pair[1] for pair in pairs])
    return counted.substitutions, counted.deletions, counted.insertions
