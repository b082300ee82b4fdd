"""Word error rate and speed of the recogniser on a set of recordings.

The rate is that of the whole set, (substitutions + deletions + insertions) /
words of the reference, by jiwer after whisper's English text normaliser; the
real-time factor is processing time over length, the loading of the model left
out. Where nothing is said, the words that were recognised all the same are
counted as invented.

With `--reference`, bare faster-whisper recognises the same set: one pass over each
whole recording with the same weights, as its documentation shows it (beam 5, context
and higher temperatures as by default). That is the yardstick. A second pass without
context, at temperature 0, shows what these two do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import jiwer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from whisper_normalizer.english import EnglishTextNormalizer

from evals.dataset import Recording, read_recordings
from evals.report import write_json
from ingest.transcribe import WhisperTranscriber
from ingest.whisper import BEAM, load
from memex.config import load_config
from memex.models.loading import speech_model_path
from memex.protocols import Recognised, Transcriber
from memex.types import Segment

COLUMNS: Final = ("n", "words", "WER %", "S/D/I", "invented", "minutes", "RTF")
PASSES: Final[Mapping[str, Mapping[str, object]]] = {
    "one pass": {},
    "one pass, no context, temperature 0": {
        "condition_on_previous_text": False,
        "temperature": 0.0,
    },
}
"""The ways in which bare faster-whisper is measured; the first is the yardstick."""


def run(
    data: Path,
    name: str,
    model: str | None,
    limit: int | None,
    json_file: Path | None,
    *,
    reference: bool = False,
) -> None:
    """Recognise a set, print, write. Raises `MemexError`."""
    recordings = read_recordings(data, name)[:limit]
    config = load_config()
    if model:
        config = replace(config, models=replace(config.models, speech=model))
    sides: list[Transcriber] = [WhisperTranscriber(*speech_model_path(config))]
    if reference:
        sides += [OnePass(*speech_model_path(config), way) for way in PASSES]
    found = [_measured(name, side, recordings) for side in sides]
    for side in found:
        Console().print(table(side))
    if reference and (ratio := wer_ratio(found[0][0], found[1][0])) is not None:
        Console().print(f"Memex / faster-whisper, {next(iter(PASSES))}: {ratio:.3f}")
    if json_file:
        write_json(json_file, "asr", [asdict(result) for side in found for result in side])


def _measured(name: str, side: Transcriber, recordings: Sequence[Recording]) -> list[Result]:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        total = sum(recording.seconds for recording in recordings)
        task = progress.add_task(side.model, total=total)
        heard = list(transcribe(side, recordings, lambda one: progress.advance(task, one.seconds)))
    return results(name, side.model, heard)


class OnePass:
    """Bare faster-whisper, as a `Transcriber`: the recording whole, in memory."""

    def __init__(self, name: str, directory: Path, way: str) -> None:
        """Load a model; `way` is one of `PASSES`. Raises `ModelDamaged`."""
        self.model = f"faster-whisper {name}, {way}"
        self._whisper = load(directory, "auto")
        self._options: Mapping[str, Any] = PASSES[way]

    def transcribe(self, media: Path, start: float = 0.0) -> Iterator[Recognised]:
        """All of it as one stretch; `start` is 0."""
        del start
        found, info = self._whisper.transcribe(str(media), beam_size=BEAM, **self._options)
        segments = tuple(Segment(each.text, each.start, each.end) for each in found)
        yield Recognised(segments, info.duration, info.duration, info.language)


def wer_ratio(ours: Result, theirs: Result) -> float | None:
    """How many times as often we are wrong; None where either cannot be told."""
    return ours.wer / theirs.wer if ours.wer is not None and theirs.wer else None


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
