"""Rooms: what a microphone hears of a loudspeaker, or of people, at some distance.

No recording of a real room: an exponentially decaying tail of noise stands for the
walls, a band for the loudspeaker, and noise for all the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av
import numpy as np

from ingest.sound import SAMPLE_RATE, Sound

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

LOUDSPEAKER: Final = (180.0, 6_000.0)
"""Hertz; what a small one plays."""
LEVEL: Final = 0.05
"""Root mean square of what a microphone is given."""


@dataclass(frozen=True, slots=True)
class Room:
    """How a microphone stands in a room."""

    decay: float
    """Seconds in which the echo of the walls falls by 60 dB (RT60)."""
    walls: float
    """Energy of that echo, the direct sound's being 1."""
    noise: float
    """Decibels by which speech is louder than the noise."""
    seed: int = 0

    def hears(self, sound: Samples) -> Samples:
        """What reaches its microphone, as long as the sound."""
        dice = np.random.default_rng(self.seed)
        times = np.arange(int(self.decay * SAMPLE_RATE)) / SAMPLE_RATE
        tail = dice.standard_normal(len(times)) * 10 ** (-3 * times / self.decay)
        answer = tail * np.sqrt(self.walls / np.sum(tail**2))
        answer[0] += 1.0
        wet = levelled(convolved(sound, answer))
        noise = _pink(dice, len(wet)) * LEVEL * 10 ** (-self.noise / 20)
        return (wet + noise).astype(np.float32)


def levelled(sound: NDArray[np.floating]) -> Samples:
    """A sound as loud as every other, its pauses left out of the account."""
    loud = np.abs(sound) > np.std(sound) / 4
    gain = LEVEL / np.sqrt(np.mean(sound[loud] ** 2))
    return np.asarray(sound * gain, np.float32)


def through_loudspeaker(sound: Samples) -> Samples:
    """The band that a small loudspeaker plays."""
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    low, high = LOUDSPEAKER
    gain = 1 / np.sqrt(1 + (low / np.maximum(hertz, 1)) ** 4) / np.sqrt(1 + (hertz / high) ** 8)
    return np.fft.irfft(spectrum * gain, len(sound)).astype(np.float32)


def convolved(sound: Samples, answer: NDArray[np.float64]) -> NDArray[np.float64]:
    """A sound as a room with this impulse response gives it back, cut to its length."""
    size = len(sound) + len(answer) - 1
    product = np.fft.rfft(sound, size) * np.fft.rfft(answer, size)
    return np.asarray(np.fft.irfft(product, size)[: len(sound)])


def _pink(dice: np.random.Generator, length: int) -> NDArray[np.float64]:
    """Noise with equal energy in each octave, root mean square 1."""
    spectrum = np.fft.rfft(dice.standard_normal(length))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    noise = np.fft.irfft(spectrum, length)
    return np.asarray(noise / np.std(noise))


def samples(recording: Path) -> Samples:
    """A recording's sound, whole, at 16 kHz."""
    with Sound(recording) as sound:
        return np.concatenate(list(sound.blocks()))


def write_wav(file: Path, sound: Samples) -> None:
    """Write a sound at 16 kHz."""
    with av.open(str(file), "w", format="wav") as output:
        stream = output.add_stream("pcm_s16le", rate=SAMPLE_RATE, layout="mono")
        pcm = (np.clip(sound, -1, 1) * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
