"""How well names are heard: those that the recogniser is told to expect, and those that it
is held against afterwards (`ingest.misheard`).

Recall is the share of the names said that were heard; a name that was heard and not said
is false. The score counts a false one double: (heard - 2 * false) / said. Phrases of at
most 30 s are recognised one by one, as they are when somebody speaks, with
- no name told;
- told the right ones: those of the phrase, and `AMONG` others;
- told many: all names that are said in the set, and `MANY` others;
- told the wrong ones: `MANY` others alone;
- looked again: held against all names that are said, and all others;
- looked again for the wrong ones: held against all others alone.
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
from ingest.misheard import Name, names_of
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
MANY: Final = 20
"""Names of others told: more than some fifty do not fit."""

_normal = EnglishTextNormalizer()


@dataclass(frozen=True, slots=True)
class Way:
    """What is known of names."""

    told: Callable[[str], Sequence[str]] = lambda text: ()
    """Beforehand, of a phrase of that text."""
    known: Sequence[str] = ()
    """Afterwards."""


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of one way of using names."""

    way: str
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
    known: list[Name] = []
    transcriber = WhisperTranscriber(*speech_model_path(config), names=lambda: known)
    found = []
    for label, way in ways(said, others).items():
        known[:] = names_of(way.known)
        texts = recognised(transcriber, recordings, way.told)
        found.append(result(label, recordings, texts, said, others))
    Console().print(table(name, transcriber.model, found))
    if json_file:
        write_json(json_file, "names", [asdict(one) for one in found])


def ways(said: Sequence[str], others: Sequence[str]) -> dict[str, Way]:
    """The ways that are compared."""
    some = others[:MANY]
    return {
        "none": Way(),
        "told the right ones": Way(
            lambda text: [*(name for name in said if occurrences(name, text)), *others[:AMONG]]
        ),
        "told many": Way(lambda text: [*said, *some]),
        "told the wrong ones": Way(lambda text: some),
        "looked again": Way(known=[*said, *others]),
        "looked again for the wrong ones": Way(known=others),
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
    way: str,
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
    return Result(way, there, heard, false, score, asr.results("", "", heard_)[0].wer)


def occurrences(name: str, text: str) -> int:
    """How often a name is in a text, whole; case, accents and punctuation aside."""
    return len(re.findall(rf"\b{re.escape(_normal(name))}\b", _normal(text)))


def table(name: str, model: str, found: Sequence[Result]) -> Table:
    """The results as a person reads them."""
    shown = Table(title=f"names in {name}: {model}")
    shown.add_column("way")
    for column in ("said", "heard", "false", "score", "WER %"):
        shown.add_column(column, justify="right", no_wrap=True)
    for one in found:
        score = "–" if one.score is None else f"{one.score:.2f}"
        wer = "–" if one.wer is None else f"{100 * one.wer:.2f}"
        shown.add_row(one.way, str(one.said), str(one.heard), str(one.false), score, wer)
    return shown


def _samples(recording: Recording) -> NDArray[np.float32]:
    with Sound(recording.path) as sound:
        return np.concatenate(list(sound.blocks()))
