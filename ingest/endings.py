"""Does a recording end where its container says it does?

FFmpeg reads to the end of what is there and reports no error for a file that was
cut off, so the length heard is held against the length on record.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av

if TYPE_CHECKING:
    from av.container import InputContainer

SLACK: Final = 1.0
"""Seconds that may be missing at the end; rounding and encoder padding."""
SHARE: Final = 0.01
"""Share of the length that may be missing at the end."""
TAIL: Final = 1 << 17
"""Bytes at the end of an Ogg file; two pages fit in."""
UNKNOWN_SIZES: Final = (0, 0x7FFFFFFF, 0xFFFFFFFF)
"""RIFF sizes that programs write which do not know the size."""


def cut_short(path: Path, container: InputContainer, stream: av.AudioStream, heard: float) -> bool:
    """True where the file is known to have been longer than the `heard` seconds."""
    name = container.format.name
    if name == "wav":
        return _riff_cut_short(path)
    if name == "ogg":
        return _ogg_cut_short(path)
    length = _recorded_length(container, stream)
    return length is not None and heard < length - max(SLACK, length * SHARE)


def _recorded_length(container: InputContainer, stream: av.AudioStream) -> float | None:
    """Seconds of sound by the file's own account; None where FFmpeg has only estimated."""
    name = container.format.name
    if name == "mp3" and "encoder" not in stream.metadata:
        return None  # no Xing header: estimated from the bit rate of the beginning
    if name not in ("mp3", "flac") and not name.startswith(("mov", "matroska")):
        return None
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if len(container.streams) == 1 and container.duration:
        first = max(0, container.start_time or 0)  # Matroska counts from zero, not from here
        return (container.duration - first) / av.time_base
    return None


def _riff_cut_short(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(12)
        size = os.fstat(file.fileno()).st_size
    declared = int.from_bytes(head[4:8], "little")
    return head[:4] == b"RIFF" and declared not in UNKNOWN_SIZES and size + 1 < declared + 8


def _ogg_cut_short(path: Path) -> bool:
    """True where the last page does not carry the end-of-stream flag (RFC 3533, section 6)."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        tail = file.read()
    page = tail.rfind(b"OggS")
    return page < 0 or len(tail) < page + 6 or not tail[page + 5] & 4
