"""A voice as a vector: whatever is said, the same person's lie close together.

The encoder of Resemblyzer (https://github.com/resemble-ai/Resemblyzer, Apache-2.0), a
GE2E network (Wan et al., Generalized End-to-End Loss for Speaker Verification, ICASSP
2018): 40 mel bands of 25 ms every 10 ms, three LSTM layers, 256 values. It was trained on
windows of 1.6 s. Here it runs on NumPy alone, and gives the vectors of the original
(`tests/voices`).

Its vectors have no negative values, so even strangers' lie close together. The average
voice is taken from them: that of 494 recordings of people who say one word
(https://github.com/Picovoice/wake-word-benchmark, Apache-2.0), in `average.npy`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from threadpoolctl import ThreadpoolController

from ingest.voices.weights import read_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]
    Vectors = NDArray[np.float32]

RATE: Final = 16_000
"""Hertz."""
FRAME: Final = 400
"""Samples of which a spectrum is made (25 ms)."""
STEP: Final = 160
"""Samples from one spectrum to the next (10 ms)."""
BANDS: Final = 40
WINDOW: Final = 160
"""Frames that the network was trained on (1.6 s)."""
HOP: Final = 77
"""Frames from one window of an utterance to the next, as Resemblyzer has it (1.3 a second)."""
COVERED: Final = 0.75
"""Share of the last window that must be sound, where there is another one."""
LOUDNESS: Final = -26.0
"""dBFS that all sound is brought to (Resemblyzer raises what is below -30)."""
DIMENSION: Final = 256
LAYERS: Final = 3
AT_ONCE: Final = 64
"""Windows that are computed together, at most: more are no faster."""
WORKERS: Final = 2
"""Threads that compute them, each on its own core."""


class VoiceEncoder:
    """`memex.protocols.VoiceEmbedder` on NumPy."""

    def __init__(self, name: str, path: Path) -> None:
        """Load the weights, 6 MB, of the model that is shown as `name`. Raises `ModelDamaged`."""
        self.model = name
        state = read_weights(path, "model_state")
        self._layers = [_Layer(state, number) for number in range(LAYERS)]
        self._threads = ThreadpoolController()
        self._out, self._bias = state["linear.weight"].T.copy(), state["linear.bias"]

    def utterance(self, samples: Samples) -> Vectors:
        """The vector, of length 1, of sound in which one person speaks."""
        return unit(self.whole(samples) - _AVERAGE)

    def whole(self, samples: Samples) -> Vectors:
        """What Resemblyzer makes of an utterance, with the average voice in it."""
        mel = mel_spectrogram(_padded(levelled(samples)))
        last = max(1, -(-(len(samples) + 1) // STEP) - WINDOW + HOP + 1)
        starts = list(range(0, last, HOP))
        if len(starts) > 1 and (len(samples) / STEP - starts[-1]) / WINDOW < COVERED:
            starts.pop()
        raw = np.stack(list(self._raw(mel[at : at + WINDOW] for at in starts)))
        return unit(raw.mean(axis=0))

    def windows(self, pieces: Iterable[Vectors]) -> Iterator[Vectors]:
        """The vectors, each of length 1, of pieces of a spectrogram, `WINDOW` frames or less.
        Pieces are taken while those before are computed.
        """
        return (unit(raw - _AVERAGE) for raw in self._raw(pieces))

    def _raw(self, pieces: Iterable[Vectors]) -> Iterator[Vectors]:
        coming = iter(pieces)
        running: deque[Future[Vectors]] = deque()
        # BLAS's own threads wait for each other after every small product: ten times the cost
        with (
            self._threads.limit(limits=1, user_api="blas"),
            ThreadPoolExecutor(WORKERS, "voices") as pool,
        ):
            while some := list(islice(coming, AT_ONCE)):
                running.append(pool.submit(self._run, some))
                if len(running) > WORKERS:
                    yield from running.popleft().result()
            while running:
                yield from running.popleft().result()

    def _run(self, pieces: Sequence[Vectors]) -> Vectors:
        """What the network says after the last frame of each."""
        lengths = np.array([len(piece) for piece in pieces])
        sound = np.zeros((lengths.max(), BANDS, len(pieces)), dtype=np.float32)
        for n, piece in enumerate(pieces):
            sound[: len(piece), :, n] = piece
        for layer in self._layers:
            sound = layer(sound)
        raw = sound[lengths - 1, :, np.arange(len(pieces))] @ self._out + self._bias
        return unit(np.maximum(raw, 0))


class _Layer:
    """One LSTM layer, over a batch of sequences. Gates in PyTorch's order: input, forget,
    cell, output. Each gate's values of a whole batch lie together in memory, and what
    comes in and what was heard before are multiplied at once: a fifth faster.
    """

    def __init__(self, state: dict[str, Vectors], number: int) -> None:
        # a sigmoid is a tanh at half the value: all four gates are then computed in one call
        half = np.full((4 * DIMENSION, 1), 0.5, dtype=np.float32)
        half[2 * DIMENSION : 3 * DIMENSION] = 1.0
        names = (f"lstm.weight_ih_l{number}", f"lstm.weight_hh_l{number}")
        self._weights = np.concatenate([state[name] for name in names], axis=1) * half
        bias = state[f"lstm.bias_ih_l{number}"] + state[f"lstm.bias_hh_l{number}"]
        self._bias = bias[:, None] * half

    def __call__(self, sound: Vectors) -> Vectors:
        """From (frames, features, batch) to (frames, `DIMENSION`, batch)."""
        frames, features, batch = sound.shape
        seen = np.zeros((features + DIMENSION, batch), dtype=np.float32)
        cell = np.zeros((DIMENSION, batch), dtype=np.float32)
        heard = np.empty((frames, DIMENSION, batch), dtype=np.float32)
        gates = np.empty((4 * DIMENSION, batch), dtype=np.float32)
        let_in, keep, new, let_out = np.split(gates, 4)
        for at in range(frames):
            seen[:features] = sound[at]
            np.matmul(self._weights, seen, out=gates)
            gates += self._bias
            np.tanh(gates, out=gates)
            for gate in (gates[: 2 * DIMENSION], let_out):
                np.add(gate, 1, out=gate)
                np.multiply(gate, 0.5, out=gate)
            let_in *= new
            cell *= keep
            cell += let_in
            hidden = np.tanh(cell, out=heard[at])
            hidden *= let_out
            seen[features:] = hidden
        return heard


def mel_spectrogram(samples: Samples) -> Vectors:
    """Power in `BANDS` mel bands, (frames, bands): frame n lies around sample n * `STEP`.

    As librosa's `melspectrogram` (Slaney's scale and normalisation, a Hann window), which
    Resemblyzer takes: not its logarithm.
    """
    padded = np.pad(samples, FRAME // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::STEP]
    found = np.empty((len(frames), BANDS), dtype=np.float32)
    for first in range(0, len(frames), 4096):
        some = frames[first : first + 4096] * _HANN
        power = np.abs(np.fft.rfft(some, axis=1)) ** 2
        found[first : first + 4096] = power @ _FILTERS
    return found


def levelled(samples: Samples) -> Samples:
    """Sound as loud as `LOUDNESS`: the network hears how loud somebody speaks, and the
    distance to the microphone is not to count.
    """
    power = float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    if power == 0.0:
        return samples
    scaled: Samples = (samples * (10 ** (LOUDNESS / 20) / power**0.5)).astype(np.float32)
    return scaled


def unit(vectors: Vectors) -> Vectors:
    """Vectors of length 1; a vector of zeros stays one."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Vectors = vectors / np.maximum(length, 1e-9)
    return scaled


def _padded(samples: Samples) -> Samples:
    """With silence after it, for the last window."""
    return np.pad(samples, (0, WINDOW * STEP))


def _filters() -> NDArray[np.float32]:
    """Triangular filters, (FRAME // 2 + 1, BANDS), evenly spaced on Slaney's mel scale (linear
    to 1 kHz, logarithmic above), each of the same area.
    """
    highest = 15 + np.log(RATE / 2 / 1000) / (np.log(6.4) / 27)
    mels = np.linspace(0.0, highest, BANDS + 2)
    hertz = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp((mels - 15) * np.log(6.4) / 27))
    bins = np.fft.rfftfreq(FRAME, 1 / RATE)[:, None]
    rising = (bins - hertz[:-2]) / (hertz[1:-1] - hertz[:-2])
    falling = (hertz[2:] - bins) / (hertz[2:] - hertz[1:-1])
    triangles = np.maximum(0, np.minimum(rising, falling))
    even: NDArray[np.float32] = (triangles * 2 / (hertz[2:] - hertz[:-2])).astype(np.float32)
    return even


_HANN: Final = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
_FILTERS: Final = _filters()
_AVERAGE: Final = np.load(Path(__file__).with_name("average.npy")).astype(np.float32)
