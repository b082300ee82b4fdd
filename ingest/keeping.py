"""Recordings that Memex keeps of its own: Opus in Ogg, mono, for speech.

What is written is the sound as the recogniser counts it (`ingest.sound.Sound`), with
silence where sound is missing. So second t of the kept file is second t of every
segment and word, and no map between the two is needed.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import av
import numpy as np

from ingest.sound import Sound
from memex.durable import sync
from memex.errors import DamagedFile, DiskFull, InvalidRequest, StorageError
from memex.protocols import Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE: Final = 48_000
"""Hertz; what Opus counts in, whatever it was given."""
BIT_RATE: Final = 24_000
"""Bits a second that speech is kept at."""
LOWEST: Final = 8_000
"""Bits a second that may be asked for at the least."""
HIGHEST: Final = 128_000
"""Bits a second that may be asked for at the most."""
OPTIONS: Final = {"application": "audio", "frame_duration": "20", "vbr": "on"}
"""Of libopus; see docs/decisions/stored-audio.md."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording as it is kept."""

    path: Path
    seconds: float
    """Its length, by the clock of the recogniser."""
    size: int
    """In bytes."""
    damage: str | None = None
    """What is wrong with the recording it was made of: it breaks off, and where."""


def encode(
    recording: Path,
    target: Path,
    *,
    bit_rate: int = BIT_RATE,
    progress: Callable[[Step], None] = lambda _: None,
) -> Kept:
    """Write the sound of `recording` into `target` as Opus at `bit_rate` (bits a second).

    A second of it is in memory at a time. `target` comes to be whole or not at all,
    and replaces what is there; the same recording gives the same bytes. What
    `progress` raises ends it and leaves nothing behind. Of a recording that breaks
    off, what can be heard is kept. Raises `UnreadableFile`, `StorageError` (`DiskFull`)
    and `InvalidRequest`.
    """
    if not LOWEST <= bit_rate <= HIGHEST:
        raise InvalidRequest(
            f"Sound cannot be kept at {bit_rate} bits a second.",
            f"Choose between {LOWEST} and {HIGHEST}; {BIT_RATE} is good for speech.",
        )
    with _Draft(target) as draft, Sound(recording, RATE) as sound:
        damage = _write(sound, draft, bit_rate, progress)
        size = draft.finish(round(sound.position * RATE))
        return Kept(target, sound.position, size, damage)


def _write(
    sound: Sound, draft: _Draft, bit_rate: int, progress: Callable[[Step], None]
) -> str | None:
    """Encode all of `sound`; what is wrong with it."""
    with av.open(draft, "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        stream: Any = container.add_stream("libopus", rate=RATE, layout="mono", options=OPTIONS)
        stream.bit_rate = bit_rate
        position = 0
        damage = None
        try:
            for block in sound.blocks():
                container.mux(stream.encode(_frame(block, position)))
                draft.check()
                position += len(block)
                progress(Step("keeping", sound.position, sound.duration, "s"))
        except DamagedFile as error:
            if not position:
                raise
            damage = error.message
        container.mux(stream.encode(None))
    return damage


def _frame(block: NDArray[np.float32], position: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(block[None], format="flt", layout="mono")
    frame.sample_rate, frame.pts = RATE, position
    return frame


class _Draft:
    """A file beside its target: FFmpeg writes into it, and it takes the target's place
    when it is whole. What is left of it on the way out is removed.
    """

    def __init__(self, target: Path) -> None:
        """Raises `StorageError`."""
        self._target = target
        self._path = target.with_name(f"{target.name}.part")
        self._error: OSError | None = None
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        try:
            self._file = os.fdopen(os.open(self._path, flags, 0o600), "wb")
        except OSError as error:
            raise _failed(target, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # a full disk, again: what matters has been raised
            self._file.close()
        self._path.unlink(missing_ok=True)

    def write(self, data: bytes) -> int:
        """For FFmpeg, which goes on writing after an error until it is closed: the
        first one is noted, and `check` raises it.
        """
        try:
            if self._error is None:
                self._file.write(data)
        except OSError as error:
            self._error = error
        return len(data)

    def check(self) -> None:
        """Raises `StorageError` where something could not be written."""
        if self._error is not None:
            raise _failed(self._target, self._error) from self._error

    def finish(self, length: int) -> int:
        """Put it in the target's place, on the disk for good, if it holds `length`
        frames; its size in bytes. Raises `StorageError`.
        """
        self.check()
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            if (held := _length(self._path)) != length:
                raise StorageError(
                    f"{self._target.name} was written with {held} frames instead of {length}.",
                    "Check the disk, and try again.",
                )
            size = self._path.stat().st_size
            self._path.replace(self._target)
            sync(self._target.parent)
        except OSError as error:
            raise _failed(self._target, error) from error
        return size


def _length(path: Path) -> int:
    """Frames that an Opus file holds by its last page, less what the decoder skips."""
    with av.open(str(path), options={"protocol_whitelist": "file"}) as container:
        stream: Any = container.streams.audio[0]
        skipped = int.from_bytes(stream.codec_context.extradata[10:12], "little")
        return int(stream.duration) - skipped


def _failed(target: Path, error: OSError) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            f"There is no room left on the disk of {target.parent}; {target.name} is not kept.",
            "Make room and try again.",
        )
    return StorageError(
        f"{target} cannot be written: {error.strerror}.",
        "Mend the permissions of its folder.",
    )
