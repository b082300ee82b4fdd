"""Where somebody speaks in a recording, told as its sound comes.

Voice activity by Silero VAD (https://github.com/snakers4/silero-vad, the model
that faster-whisper ships), run over the sound as it comes, its state carried from
block to block. Silences of more than `2 * PAD` are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from faster_whisper.vad import get_vad_model

from ingest.speech import CHUNK, SAMPLE_RATE, Piece, Recent, Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

WINDOW: Final = 512
"""Samples that Silero judges at a time (32 ms)."""
CONTEXT: Final = 64
"""Samples before a window that Silero also sees."""

AT_ONCE: Final = 128 * WINDOW
"""Samples that are judged in one run of Silero (4 s); it costs less than many."""

SPEECH: Final = 0.5
"""Probability from which a window is speech."""
SILENCE: Final = 0.35
"""Probability below which speech may have ended."""
PAUSE: Final = SAMPLE_RATE * 160 // 1000
"""Samples without speech that end a stretch of it."""
PAD: Final = SAMPLE_RATE * 250 // 1000
"""Samples kept on each side of speech."""
STRETCH: Final = CHUNK - 2 * PAD - 2 * WINDOW
"""Samples of unbroken speech after which it is cut at its quietest window."""


class Voice:
    """Silero VAD over a stream."""

    def __init__(self) -> None:
        self._session = get_vad_model().session
        self._h = np.zeros((1, 1, 128), dtype=np.float32)
        self._c = np.zeros((1, 1, 128), dtype=np.float32)
        self._context = np.zeros(CONTEXT, dtype=np.float32)

    def __call__(self, samples: Samples) -> NDArray[np.float32]:
        """Probability of speech in each window; len(samples) is a multiple of `WINDOW`."""
        windows = samples.reshape(-1, WINDOW)
        tails = windows[:, -CONTEXT:]
        before = np.concatenate([self._context[None], tails[:-1]])
        output, self._h, self._c = self._session.run(
            None,
            {"input": np.concatenate([before, windows], 1), "h": self._h, "c": self._c},
        )
        self._context = tails[-1].copy()
        probabilities: NDArray[np.float32] = np.asarray(output, dtype=np.float32).reshape(-1)
        return probabilities


class Endpoints:
    """Turns probabilities into stretches of speech, by Silero's two thresholds."""

    def __init__(self, first: int) -> None:
        self._at = first
        self._start: int | None = None
        self._quiet: int | None = None
        self._heard: list[float] = []

    @property
    def start(self) -> int | None:
        """Where the stretch began that has not ended yet."""
        return self._start

    def __call__(self, probabilities: Iterable[float]) -> Iterator[Span]:
        """Stretches that end within these windows."""
        for probability in probabilities:
            yield from self._window(float(probability))
            self._at += WINDOW

    def finish(self) -> Iterator[Span]:
        """The stretch that the end of the stream ends."""
        if self._start is not None:
            yield Span(self._start, self._quiet or self._at)
            self._start = None

    def _window(self, probability: float) -> Iterator[Span]:
        if self._start is None:
            if probability >= SPEECH:
                self._begin(self._at)
            return
        self._heard.append(probability)
        if probability >= SPEECH:
            self._quiet = None
        elif probability < SILENCE:
            self._quiet = self._at if self._quiet is None else self._quiet
            if self._at - self._quiet >= PAUSE:
                yield Span(self._start, self._quiet)
                self._start = None
                return
        if self._at - self._start >= STRETCH:
            yield self._cut()

    def _begin(self, at: int) -> None:
        self._start, self._quiet, self._heard = at, None, []

    def _cut(self) -> Span:
        """Cut unbroken speech at the quietest window of its last third."""
        assert self._start is not None
        first = len(self._heard) * 2 // 3
        quietest = first + int(np.argmin(self._heard[first:]))
        cut = self._start + (quietest + 1) * WINDOW
        span = Span(self._start, cut)
        heard = self._heard[quietest + 1 :]
        self._begin(cut)
        self._heard = heard
        return span


class Pieces:
    """Cuts a stream of sound into pieces with speech in them."""

    def __init__(self, first: int) -> None:
        """`first` is the place in the stream of the first sample that will come."""
        self._voice = Voice()
        self._endpoints = Endpoints(first)
        self._recent = Recent(first)
        self._judged = first
        self._floor = first
        self._waiting: Span | None = None

    def __call__(self, samples: Samples) -> Iterator[Piece]:
        """Pieces that are complete once these samples have come."""
        self._recent.add(samples)
        whole = (self._recent.end - self._judged) // WINDOW * WINDOW
        if whole >= AT_ONCE:
            yield from self._judge(self._recent.take(self._judged, self._judged + whole))

    def finish(self) -> Iterator[Piece]:
        """Pieces that the end of the stream completes."""
        rest = self._recent.take(self._judged, self._recent.end)
        if len(rest):
            yield from self._judge(np.pad(rest, (0, -len(rest) % WINDOW)))
        for span in self._endpoints.finish():
            yield from self._next(span)
        yield from self._resolve(None)

    def _judge(self, samples: Samples) -> Iterator[Piece]:
        for span in self._endpoints(self._voice(samples)):
            yield from self._next(span)
        self._judged += len(samples)
        if self._endpoints.start is not None:
            yield from self._resolve(self._endpoints.start)
        elif self._waiting and self._judged - self._waiting.end >= 2 * PAD:
            yield from self._resolve(None)
        self._recent.forget(max(self._floor, self._needed() - PAD))

    def _needed(self) -> int:
        """Where the oldest speech begins that has not been handed out."""
        if self._waiting is not None:
            return self._waiting.start
        return self._judged if self._endpoints.start is None else self._endpoints.start

    def _next(self, span: Span) -> Iterator[Piece]:
        yield from self._resolve(span.start)
        self._waiting = span

    def _resolve(self, following: int | None) -> Iterator[Piece]:
        """Hand out the stretch that waits, now that it is known what follows it:
        speech from there on, or silence. A short silence is shared by its sides.
        """
        span, self._waiting = self._waiting, None
        if span is None:
            return
        left = max(self._floor, span.start - PAD)
        right = min(span.end + PAD, self._recent.end)
        if following is not None:
            right = min(right, (span.end + following) // 2)
        self._floor = right
        if right > left:
            yield Piece(
                left, self._recent.take(left, right), Span(span.start, min(span.end, right))
            )


def speech_pieces(blocks: Iterable[Samples], first: int = 0) -> Iterator[Piece]:
    """Cut a stream into pieces with speech in them, in order; `first` is the place
    of its first sample.
    """
    pieces = Pieces(first)
    for block in blocks:
        yield from pieces(block)
    yield from pieces.finish()
