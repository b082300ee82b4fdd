"""What Whisper says it heard: what of it is kept, and what it passed over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Protocol

from ingest.speech import SAMPLE_RATE, Piece
from memex.protocols import Transcriber
from memex.types import Correction, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

BLIP: Final = 0.25
"""Seconds of speech below which nothing was said: a beat of music, a click."""
SHORT: Final = 0.5
"""Seconds of speech below which a text must be plausible to be kept."""
NO_SPEECH: Final = 0.6
"""Whisper's own threshold of its probability that nothing was said."""
UNLIKELY: Final = -0.8
"""Mean log probability below which a text that may be no speech is dropped."""
IMPLAUSIBLE: Final = -1.0
"""Mean log probability below which nothing short or repaired is kept (Whisper's own
threshold for decoding again)."""
PHANTOM: Final = -0.5
"""Mean log probability below which a phantom phrase is dropped."""
PHANTOMS: Final = frozenset(
    (
        "you",
        "bye",
        "bye bye",
        "thank you",
        "thank you very much",
        "thank you for watching",
        "thanks for watching",
        "please subscribe",
        "subtitles by the amara org community",
        "the end",
        "music",
        "silence",
    )
)
"""What Whisper is known to make of noise and silence, without punctuation."""

LOOP: Final = 8
"""Words of the longest phrase that is taken for a loop."""
REPEATS: Final = 4
"""Times in a row from which a repeated phrase is a loop."""
LOOPED: Final = 8
"""Words that a loop has at least: "no no no no" is none."""

MISSED: Final = 1.0
"""Seconds of speech without words from which it is recognised again."""
LONGEST_WORD: Final = 1.0
"""Seconds; what a word lasts longer is not taken for covered."""
GAP: Final = 0.3
"""Seconds between words that count as uncovered."""
JOIN: Final = 1.0
"""Seconds of silence over which missed speech is one stretch."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The recogniser's text for one chunk of sound."""

    words: tuple[Word, ...]
    """Times from the start of the recording; `text` as the recogniser spells it,
    with the space before it."""
    spoken: float
    """Seconds of the chunk that are speech, by the voice activity detector."""
    logprob: float
    """Mean log probability of its tokens."""
    no_speech: float
    """Whisper's probability that nothing was said."""
    corrected: tuple[Correction, ...] = ()
    """Names that were put in the place of what was heard (`ingest.misheard`)."""


class PhraseTranscriber(Transcriber, Protocol):
    """A recogniser that also takes what was said a phrase at a time. Real: faster-whisper."""

    def phrase(self, samples: Samples, *, beam: int = 5, hotwords: Sequence[str] = ()) -> Heard:
        """Recognise one phrase of at most 30 s (mono, 16 kHz), decoded once and by itself;
        word times count from its start, `spoken` is its length. Safe to call from
        several threads, and while `transcribe` goes on. What of it may be shown as
        said is for `kept` to decide.
        """


class Reason(StrEnum):
    """Why a text is not taken for what was said."""

    SHORT = "too short"
    """Next to no speech was there."""
    SILENT = "no speech"
    """Whisper itself doubts that anything was said."""
    PHANTOM = "phantom"
    """It is what Whisper makes of noise."""
    IMPROBABLE = "improbable"
    """Whisper takes hardly any of it for likely."""
    LOOP = "loop"
    """It repeats itself without end."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What of a text was said."""

    words: tuple[Word, ...]
    dropped: tuple[Reason, ...] = ()
    """Why the text was dropped, or a part of it."""


def kept(heard: Heard) -> tuple[Word, ...]:
    """The words that were said (`judged`)."""
    return judged(heard).words


def judged(heard: Heard, *, again: bool = False) -> Judged:
    """The words that were said: none where Whisper made them up of no speech, and
    without the endless repetitions it falls into. What was heard `again`, in speech
    that had been passed over, must be likely.
    """
    if not heard.words:
        return Judged(())
    reason = _invented(heard)
    if reason is None and again and heard.logprob <= IMPLAUSIBLE:
        reason = Reason.IMPROBABLE
    if reason is not None:
        return Judged((), (reason,))
    words = tuple(_unlooped(heard.words))
    return Judged(words, () if len(words) == len(heard.words) else (Reason.LOOP,))


def _invented(heard: Heard) -> Reason | None:
    if heard.spoken < BLIP:
        return Reason.SHORT
    if heard.no_speech > NO_SPEECH and heard.logprob < UNLIKELY:
        return Reason.SILENT
    if heard.spoken < SHORT and heard.no_speech > NO_SPEECH:
        return Reason.SILENT
    if heard.spoken < SHORT and heard.logprob < IMPLAUSIBLE:
        return Reason.IMPROBABLE
    plain = " ".join(map(plain_word, heard.words)).strip()
    if not plain:
        return Reason.PHANTOM
    if plain in PHANTOMS and (heard.no_speech > NO_SPEECH or heard.logprob < PHANTOM):
        return Reason.PHANTOM
    return None


def plain_word(word: Word) -> str:
    """A word in lower case, letters and digits alone."""
    return re.sub(r"[\W_]+", "", word.text.casefold())


def loops(words: Sequence[Word]) -> bool:
    """Whether a phrase is repeated in them without end."""
    plain = [plain_word(word) for word in words]
    return any(_loop(plain, at) != (1, 1) for at in range(len(words)))


def _unlooped(words: Sequence[Word]) -> Iterator[Word]:
    """Words without loops: of each, its first round stays."""
    plain = [plain_word(word) for word in words]
    at = 0
    while at < len(words):
        phrase, rounds = _loop(plain, at)
        yield from words[at : at + phrase]
        at += phrase * rounds


def _loop(plain: Sequence[str], at: int) -> tuple[int, int]:
    """Length of the phrase that is looped from a place on, and how often; (1, 1): none."""
    for length in range(1, LOOP + 1):
        phrase = plain[at : at + length]
        rounds = 1
        while plain[at + rounds * length : at + (rounds + 1) * length] == phrase:
            rounds += 1
        if rounds >= REPEATS and rounds * length >= LOOPED:
            return length, rounds
    return 1, 1


def missed(pieces: Iterable[Piece], words: Iterable[Word]) -> list[Piece]:
    """Speech that no word covers.

    Decoding 30 s at once, Whisper may stop or leap at a change of the speaker; what
    it skipped then lies after the last word or under one that seems to last long.
    """
    taken = [(word.start, min(word.end, word.start + LONGEST_WORD)) for word in words]
    runs: list[list[Piece]] = []
    for piece in pieces:
        for start, end in _uncovered(piece, taken):
            part = piece.part(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE))
            if runs and part.speech.start - runs[-1][-1].speech.end <= JOIN * SAMPLE_RATE:
                runs[-1].append(part)
            else:
                runs.append([part])
    return [part for run in runs if _speech(run) >= MISSED for part in run]


def _speech(run: Iterable[Piece]) -> float:
    """Seconds of speech in pieces."""
    return sum(part.speech.end - part.speech.start for part in run) / SAMPLE_RATE


def _uncovered(piece: Piece, taken: Iterable[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """The gaps between the words of a piece, in seconds; `taken` is in order."""
    at, end = piece.start / SAMPLE_RATE, piece.end / SAMPLE_RATE
    for first, last in taken:
        if last > at and first < end:
            if first - at > GAP:
                yield at, first
            at = max(at, last)
    if end - at > GAP:
        yield at, end


def repaired(words: Sequence[Word], more: Sequence[Word]) -> list[Word]:
    """Words with `more` put among them, heard in what had been missed.

    A word that was cut by the border of the two, and so heard twice, stays once.
    """
    merged = sorted([*words, *more], key=lambda word: word.start)
    if not more:
        return merged
    new = set(map(id, more))
    doubled = {
        id(later)
        for earlier, later in pairwise(merged)
        if (id(earlier) in new) != (id(later) in new)
        and plain_word(earlier) == plain_word(later)
        and later.start - earlier.end < GAP
    }
    return [word for word in merged if id(word) not in doubled]
