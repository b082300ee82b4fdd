"""Opus, as wearables send it: single frames without a container. libav's libopus decodes."""

from __future__ import annotations

import logging
import struct
from typing import TYPE_CHECKING, Final

import av
import av.error
import numpy as np

from ingest.ears.resampling import NOTHING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

RATE: Final = 48_000
"""Samples a second of what libopus gives."""
HEAD: Final = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, 16_000, 0, 0)
"""RFC 7845: version 1, mono, no samples to leave out at the start, no gain."""

_log = logging.getLogger(__name__)


class Opus:
    """A decoder, 48 kHz mono."""

    rate = RATE

    def __init__(self) -> None:
        """A stream begins."""
        self._context = av.CodecContext.create("libopus", "r")
        self._context.extradata = HEAD
        self._context.sample_rate = RATE
        self._context.layout = "mono"

    def decode(self, frame: bytes) -> Samples:
        """None of one that is damaged."""
        try:
            frames = self._context.decode(av.Packet(frame))
        except av.error.FFmpegError as error:
            _log.debug("an Opus frame of %d bytes is damaged: %s", len(frame), error)
            return NOTHING
        parts = [each.to_ndarray().reshape(-1) for each in frames]
        return np.concatenate(parts).astype(np.int16, copy=False) if parts else NOTHING
