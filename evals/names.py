"""How well names are heard that the recogniser is told to expect.

Recall is the share of the names said that were heard; a name that was heard and not said
is false. The score counts a false one double: (heard - 2 * false) / said. Phrases of at
most 30 s are recognised one by one, as they are when somebody speaks, with
- no name told;
- the right ones: those of the phrase, and `AMONG` others;
- many: all names that are said in the set, and all others;
- the wrong ones: others alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.console import Console
from rich.table import Table
from whisper_normalizer.english import EnglishTextNormalizer

from evals import asr
from evals.dataset import Recording, read_recordings
from evals.report import write_json
from ingest.recognition import PhraseTranscriber, kept
from ingest.sound import Sound
from ingest.transcribe import WhisperTranscriber
from memex.config import load_config
from memex.models.loading import speech_model_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST: Final = 30.0
"""Seconds of a phrase."""
AMONG: Final = 5
"""Names told besides the right ones."""

_normal = EnglishTextNormalizer()


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of one way of telling names."""

    told: str
    said: int
    heard: int
    false: int
    score: float | None
    """None where no name is said."""
    wer: float | None


def run(
    data: Path,
    name: str,
    files: tuple[Path, Path],
    model: str | None,
    json_file: Path | None,
) -> None:
    """Recognise a set in each way, print, write. Raises `MemexError`."""
    said, others = (path.read_text(encoding="utf-8").split("\n") for path in files)
    said, others = [one for one in said if one], [one for one in others if one]
    recordings = [one for one in read_recordings(data, name) if one.text and one.seconds < LONGEST]
    config = load_config()
    if model:
        config = replace(config, models=replace(config.models, speech=model))
    transcriber = WhisperTranscriber(*speech_model_path(config))
    found = [
        result(way, recordings, recognised(transcriber, recordings, told), said, others)
        for way, told in ways(said, others).items()
    ]
    Console().print(table(name, transcriber.model, found))
    if json_file:
        write_json(json_file, "names", [asdict(one) for one in found])


def ways(said: Sequence[str], others: Sequence[str]) -> dict[str, Callable[[str], list[str]]]:
    """Which names are told for a phrase of that text."""
    return {
        "none": lambda text: [],
        "the right ones": lambda text: [
            *(name for name in said if occurrences(name, text)),
            *others[:AMONG],
        ],
        "many": lambda text: [*said, *others],
        "the wrong ones": lambda text: list(others),
    }


def recognised(
    transcriber: PhraseTranscriber,
    recordings: Sequence[Recording],
    told: Callable[[str], Sequence[str]],
) -> list[str]:
    """The text of each recording, heard as one phrase."""
    return [
        "".join(
            word.text
            for word in kept(transcriber.phrase(_samples(one), hotwords=told(one.text or "")))
        )
        for one in recordings
    ]


def result(
    told: str,
    recordings: Sequence[Recording],
    texts: Sequence[str],
    said: Sequence[str],
    others: Sequence[str],
) -> Result:
    """Count the names in what was heard."""
    counts = [
        (occurrences(name, one.text or ""), occurrences(name, text))
        for one, text in zip(recordings, texts, strict=True)
        for name in (*said, *others)
    ]
    there = sum(wanted for wanted, _ in counts)
    heard = sum(min(pair) for pair in counts)
    false = sum(max(0, got - wanted) for wanted, got in counts)
    score = (heard - 2 * false) / there if there else None
    heard_ = [asr.Heard(one, text, 0.0) for one, text in zip(recordings, texts, strict=True)]
    return Result(told, there, heard, false, score, asr.results("", "", heard_)[0].wer)


def occurrences(name: str, text: str) -> int:
    """How often a name is in a text, whole; case, accents and punctuation aside."""
    return len(re.findall(rf"\b{re.escape(_normal(name))}\b", _normal(text)))


def table(name: str, model: str, found: Sequence[Result]) -> Table:
    """The results as a person reads them."""
    shown = Table(title=f"names in {name}: {model}")
    shown.add_column("told")
    for column in ("said", "heard", "false", "score", "WER %"):
        shown.add_column(column, justify="right", no_wrap=True)
    for one in found:
        score = "–" if one.score is None else f"{one.score:.2f}"
        wer = "–" if one.wer is None else f"{100 * one.wer:.2f}"
        shown.add_row(one.told, str(one.said), str(one.heard), str(one.false), score, wer)
    return shown


def _samples(recording: Recording) -> NDArray[np.float32]:
    with Sound(recording.path) as sound:
        return np.concatenate(list(sound.blocks()))
