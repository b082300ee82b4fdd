"""What tells, without reading it, whether a file is still as it was."""

from __future__ import annotations

import os
from pathlib import Path

from ingest.readers.transcripts import MEDIA_SUFFIXES, companion


def signature(path: Path, state: os.stat_result | None = None) -> str:
    """Size and time of change, of the file and of the transcript beside a recording.

    `state` is the file's, where it is known. Raises `OSError`.
    """
    own = _of(state or path.stat())
    if path.suffix.lower() in MEDIA_SUFFIXES and (beside := companion(path)):
        return f"{own}+{_of(beside.stat())}"
    return own


def _of(state: os.stat_result) -> str:
    return f"{state.st_size}-{state.st_mtime_ns}"
