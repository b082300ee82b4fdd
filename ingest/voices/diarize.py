"""Who speaks in a recording: each segment gets a label, and those in which the speaker
changes are cut there.

What was recognised says where somebody speaks. Windows of up to 1.6 s over it become
vectors, these are clustered (`ingest.voices.clusters`), and the words are then given to
the clusters so that speakers rarely change, and rather in a pause (the Viterbi path over
the words). The sound is read once, as a stream; what stays in memory is 3 kB for
each second of speech.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np

from ingest.speech import Recent
from ingest.voices.clusters import Cluster, cluster, parted, with_nearest
from ingest.voices.embedding import (
    RATE,
    STEP,
    WINDOW,
    VoiceEncoder,
    levelled,
    mel_spectrogram,
    unit,
)
from memex.types import Segment, Voiceprint, Word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]
    Vectors = NDArray[np.float32]

EVERY: Final = 40
"""Frames from one window to the next (0.4 s)."""
PAUSE: Final = 0.3
"""Seconds between words that part stretches of speech."""
LONGEST: Final = 20.0
"""Seconds of a stretch; a longer one is cut."""
SHORT: Final = 60
"""Frames: a shorter window tells too little to be clustered."""
SHORTEST: Final = 25
"""Frames below which a window tells nothing."""
TOGETHER: Final = 500
"""Windows that are clustered at a time."""
LEAST: Final = 2.0
"""Seconds that a voice must speak to be one; who says less is given to the most similar."""
CHANGE: Final = 0.6
"""What a change of speaker costs within a sentence, in cosines."""
BETWEEN: Final = 0.15
"""What it costs between two segments."""


@dataclass(frozen=True, slots=True)
class Attributed:
    """A recording's segments with their speakers."""

    segments: tuple[Segment, ...]
    voices: tuple[Voiceprint, ...] = ()


@dataclass(slots=True)
class _Windows:
    """The windows of a recording so far."""

    spans: list[tuple[float, float]] = field(default_factory=list)
    """In seconds, in order."""
    vectors: list[Vectors] = field(default_factory=list)


def diarize(
    segments: Sequence[Segment], blocks: Iterable[Samples], encoder: VoiceEncoder
) -> Attributed:
    """Give the segments of a recording their speakers, by its sound: 16 kHz, mono, from the
    start. Segments without a time stay as they are.
    """
    windows = _windows(_stretches(segments), blocks, encoder)
    voices = _voices(windows)
    if not voices:
        return Attributed(tuple(segments))
    labels = [str(n) for n in range(1, len(voices) + 1)]
    means = unit(np.stack([voice.total for voice in voices]))
    spoken = tuple(_labelled(segments, labels, windows, means))
    seconds = _seconds(spoken)
    return Attributed(
        spoken,
        tuple(
            Voiceprint(label, encoder.model, tuple(map(float, mean)), round(seconds[label], 3))
            for label, mean in zip(labels, means, strict=True)
            if label in seconds
        ),
    )


def _seconds(segments: Iterable[Segment]) -> dict[str, float]:
    """How long each speaks."""
    found: dict[str, float] = {}
    for segment in segments:
        if segment.speaker and segment.start is not None and segment.end is not None:
            said = segment.end - segment.start
            found[segment.speaker] = found.get(segment.speaker, 0.0) + said
    return found


def _stretches(segments: Iterable[Segment]) -> Iterator[tuple[float, float]]:
    """Where somebody speaks, in seconds and in order: words with hardly a pause between."""
    start = end = -1.0
    for first, last in _times(segments):
        if start >= 0 and first - end <= PAUSE and last - start <= LONGEST:
            end = max(end, last)
            continue
        if end > start:
            yield start, end
        start, end = max(first, end), max(last, end)
    if end > start:
        yield start, end


def _times(segments: Iterable[Segment]) -> Iterator[tuple[float, float]]:
    for segment in segments:
        if segment.words:
            yield from ((word.start, word.end) for word in segment.words)
        elif segment.start is not None and segment.end is not None:
            yield segment.start, segment.end


def _windows(
    stretches: Iterable[tuple[float, float]], blocks: Iterable[Samples], encoder: VoiceEncoder
) -> _Windows:
    """The vectors of windows over stretches of speech."""
    found = _Windows()

    def pieces() -> Iterator[Vectors]:
        for times, piece in _pieces(stretches, blocks):
            found.spans.append(times)
            yield piece

    found.vectors += encoder.windows(pieces())
    return found


def _pieces(
    stretches: Iterable[tuple[float, float]], blocks: Iterable[Samples]
) -> Iterator[tuple[tuple[float, float], Vectors]]:
    """Windows over stretches of speech: when they are, in seconds, and their spectrograms."""
    recent = Recent(0)
    coming = iter(blocks)
    for start, end in stretches:
        first, last = round(start * RATE), round(end * RATE)
        while recent.end < last and (block := next(coming, None)) is not None:
            recent.forget(min(first, recent.end))
            recent.add(block)
        if min(last, recent.end) - first < SHORTEST * STEP:
            continue
        mel = mel_spectrogram(levelled(recent.take(first, last)))
        for a, b in _spans(len(mel) - 1):
            yield (start + a * STEP / RATE, start + b * STEP / RATE), mel[a:b]


def _spans(frames: int) -> Iterator[tuple[int, int]]:
    """Windows over a stretch, evenly spaced; one where it is short."""
    if frames <= WINDOW:
        yield 0, frames
        return
    count = -(-(frames - WINDOW) // EVERY) + 1
    for at in np.linspace(0, frames - WINDOW, count):
        yield int(at), int(at) + WINDOW


def _voices(windows: _Windows) -> list[Cluster]:
    """The voices that speak, each a cluster of windows; who speaks most first."""
    share = EVERY * STEP / RATE
    single = [
        Cluster(vector, (n,), min(end - start, share))
        for n, ((start, end), vector) in enumerate(zip(windows.spans, windows.vectors, strict=True))
        if end - start >= SHORT * STEP / RATE
    ]
    parts: list[Cluster] = []
    for first in range(0, len(single), TOGETHER):
        some = single[first : first + TOGETHER]
        spans = np.array([windows.spans[each.members[0]] for each in some])
        near = (spans[:, None, 0] < spans[:, 1]) & (spans[:, 0] < spans[:, None, 1])
        parts += cluster(some, near)
    found = [voice for whole in cluster(parts) for voice in parted(whole)]
    found.sort(key=lambda voice: -voice.seconds)
    voices = [each for each in found if each.seconds >= LEAST] or found[:1]
    for small in found[len(voices) :]:
        voices = with_nearest(voices, small)
    return voices


def _labelled(
    segments: Sequence[Segment], labels: Sequence[str], windows: _Windows, means: Vectors
) -> Iterator[Segment]:
    """The segments with their speakers, cut where the speaker changes."""
    words = [(n, word) for n, segment in enumerate(segments) for word in _words(segment)]
    alike = _alike([word for _, word in words], windows, means)
    path = iter(_path(alike, [n for n, _ in words]))
    for segment in segments:
        spoken = [labels[next(path)] for _ in _words(segment)]
        yield from _cut(segment, spoken) if spoken else (segment,)


def _words(segment: Segment) -> tuple[Word, ...]:
    """The words of a segment; where they are not known, the whole of it."""
    if segment.words or segment.start is None or segment.end is None:
        return segment.words
    return (Word(segment.text, segment.start, segment.end, 1.0),)


def _alike(words: Sequence[Word], windows: _Windows, means: Vectors) -> NDArray[np.float32]:
    """How like each voice a word sounds, (words, voices): the mean of the windows that it
    lies in, the more the nearer to their middle; of the nearest one where it lies in none.
    """
    spans = np.array(windows.spans)
    middles, halves = spans.mean(axis=1), (spans[:, 1] - spans[:, 0]) / 2
    cosines = np.stack(windows.vectors) @ means.T
    found = np.empty((len(words), len(means)), dtype=np.float32)
    for n, word in enumerate(words):
        away = np.abs(middles - (word.start + word.end) / 2)
        near = np.flatnonzero(away < halves)
        if not len(near):
            near = np.array([int(away.argmin())])
        weights = np.maximum(1.05 - away[near] / halves[near], 0.05)
        found[n] = weights @ cosines[near] / weights.sum()
    return found


def _path(alike: NDArray[np.float32], positions: Sequence[int]) -> list[int]:
    """The voice of each word: the likeliest way through them (Viterbi), changes at a price.
    `positions` are those of the words' segments.
    """
    if not len(alike):
        return []
    best = alike[0].copy()
    came = np.zeros(alike.shape, dtype=np.int64)
    for n in range(1, len(alike)):
        price = CHANGE if positions[n] == positions[n - 1] else BETWEEN
        other = int(best.argmax())
        changed = best[other] - price > best
        came[n] = np.where(changed, other, np.arange(len(best)))
        best = np.where(changed, best[other] - price, best) + alike[n]
    path = [int(best.argmax())]
    for n in range(len(alike) - 1, 0, -1):
        path.append(int(came[n][path[-1]]))
    return path[::-1]


def _cut(segment: Segment, spoken: Sequence[str]) -> Iterator[Segment]:
    """A segment, cut where its words change their speaker."""
    if len(set(spoken)) == 1:
        yield replace(segment, speaker=spoken[0])
        return
    for speaker, group in groupby(zip(segment.words, spoken, strict=True), key=lambda p: p[1]):
        yield replace(segment.part([word for word, _ in group]), speaker=speaker)
