"""Real recordings as samples, and how alike two sounds are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]


def recording(shared: Path, name: str = "read", number: int = 0) -> tuple[Samples, dict[str, Any]]:
    """A recording at 16 kHz and its row."""
    lines = (shared / "audio" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    row: dict[str, Any] = json.loads(lines[number])
    return samples(shared / "audio" / row["audio"]), row


def samples(path: Path, rate: int = 16_000, channels: str = "mono") -> Samples:
    """A file's sound, shape (n,), or (n, channels)."""
    resampler = av.AudioResampler("s16", channels, rate)
    with av.open(str(path)) as file:
        frames = [out for frame in file.decode(audio=0) for out in resampler.resample(frame)]
    frames += resampler.resample(None)
    flat = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
    count = 1 if channels == "mono" else 2
    return flat if count == 1 else flat.reshape(-1, count)


def likeness(one: Samples, other: Samples, most: int = 1600) -> float:
    """The greatest correlation of two sounds, the second being late by up to so many samples."""
    length = min(len(one), len(other) - most)
    a, b = one[:length].astype(np.float64), other[: length + most].astype(np.float64)
    size = 1 << (len(b) - 1).bit_length()
    products = np.fft.irfft(np.conj(np.fft.rfft(a, size)) * np.fft.rfft(b, size), size)[:most]
    energy = np.concatenate([[0.0], np.cumsum(b * b)])
    powers = energy[length : length + most] - energy[:most]
    return float(np.max(products / np.sqrt((a @ a) * powers + 1e-9)))
