"""What a wearable stored while nobody was connected: fetched, and recorded with its own time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from ingest.ears.codecs import Block, Sound
from ingest.ears.hushes import Hushes
from ingest.ears.omi import Codec, UnsupportedDevice, stored_frames
from ingest.ears.radio import Link, LinkLost
from ingest.ears.ring import (
    ACK_ANSWER,
    BEGIN,
    DATA,
    DONE,
    INFO,
    INFO_ANSWER,
    STOP,
    STORE,
    Record,
    Ring,
    Transfer,
    advance_command,
    read_command,
    ring_of,
)
from ingest.ears.source import RATE, EarFor
from memex.errors import StorageError

BATCH: Final = 256
"""Records that are asked for at a time, about half a minute of sound."""
HELD: Final = 64
"""Records that the wearable keeps until what came after them is on the disk too."""
ANSWERS: Final = 16_384
"""That may wait to be looked at; a batch in the smallest notifications has 6,000."""
PATIENCE: Final = 10.0
"""Seconds in which an answer has to come."""
TRIES: Final = 5
"""To ask a wearable whose storage is not ready."""
NOT_READY: Final = 9
"""Its answer then."""
EARLIEST: Final = 1_704_067_200
"""2024-01-01: a clock that says less was not set."""
AHEAD: Final = 86_400
"""Seconds that a clock may be ahead before it was not set."""
UNTIMED: Final = timedelta(days=30)
"""How old sound may be that has no time: if it was private in these days, it is left out."""
ASTRAY: Final = 3.0
"""Seconds by which a record's time, whole seconds, may differ from what was heard before it."""

_log = logging.getLogger(__name__)


class Stored:
    """A wearable's stored sound, record by record, as recordings."""

    def __init__(
        self, device: str, codec: Codec, ear_for: EarFor, hushes: Hushes, *, pause: float
    ) -> None:
        """`pause`: seconds without sound after which a recording ends."""
        self.through = 0
        """The number of the first record that was not taken yet."""
        self.seconds = 0.0
        """That were taken in."""
        self.left_out = 0.0
        """Seconds that were not: nothing was to be heard then."""
        self._codec = codec
        self._hushes = hushes
        self._pause = pause
        self._sound = Sound(codec)
        self._at: datetime | None = None
        """When what was handed on last ends; None between two recordings."""
        self._ear = ear_for("wearable", device, lambda: self._at or datetime.now(UTC))

    @property
    def trouble(self) -> str:
        """Why it cannot be kept; "" where it can."""
        return self._ear.trouble

    def take(self, record: Record) -> None:
        """The next record."""
        frames = list(stored_frames(record.frames))
        length = len(frames) * self._codec.samples / self._codec.rate
        began, doubt = self._began(record.time)
        if self._hushes.covers(began - doubt, began + timedelta(seconds=length)):
            self.finish()
            self.left_out += length
            return
        if self._at is not None:
            ahead = (began - self._at).total_seconds()
            if not -ASTRAY <= ahead <= self._pause:
                self.finish()
            elif ahead > ASTRAY:  # it stores no silence
                self._hand([Block(np.zeros(round(ahead * RATE), np.int16))])
        if self._at is None:
            self._at = began.astimezone()
        for frame in frames:
            self._hand(self._sound.frame(frame))
        self.seconds += length

    def finish(self) -> None:
        """Nothing follows: close what is being recorded."""
        if self._at is not None:
            self._hand(self._sound.finish())
            self._ear.stop("")
        self._sound, self._at = Sound(self._codec), None

    def _began(self, told: int) -> tuple[datetime, timedelta]:
        """When a record was heard, and how long before that it may have been.

        One without a time is taken to follow what came before it, or to be heard now.
        """
        now = datetime.now(UTC)
        if EARLIEST <= told <= now.timestamp() + AHEAD:
            return datetime.fromtimestamp(told, UTC), timedelta()
        return (self._at.astimezone(UTC) if self._at else now), UNTIMED

    def _hand(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            assert self._at is not None
            self._at += timedelta(seconds=(len(block.samples) + block.lost) / RATE)
            self._ear.hear(block.samples, block.lost)


class Fetching:
    """The conversation with one connected wearable."""

    def __init__(self, link: Link, stored: Stored) -> None:
        """Nothing is asked yet."""
        self._link = link
        self._stored = stored
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()

    async def begin(self) -> None:
        """Before `run`, once. Raises `LinkLost`."""
        await self._link.notify(STORE, self._came)

    async def run(self, wanted: Callable[[], bool]) -> bool:
        """Take what is stored; True when nothing is left, False where it is not `wanted` any more.

        Raises `LinkLost`, `StorageError` where it cannot be kept, and `UnsupportedDevice` for a
        wearable that stores in another way.
        """
        try:
            return await self._take_all(await self._ring(), wanted)
        finally:
            self._stored.finish()

    def _came(self, answer: bytes) -> None:
        """What nobody waits for does not fill the memory."""
        if self._answers.qsize() < ANSWERS:
            self._answers.put_nowait(answer)

    async def _take_all(self, ring: Ring, wanted: Callable[[], bool]) -> bool:
        stored = self._stored
        if not ring.first <= stored.through <= ring.end:
            stored.through = ring.first
        if ring.end > stored.through:
            _log.info("a wearable stored %d records", ring.end - stored.through)
        while stored.through < ring.end:
            records = await self._records(min(BATCH, ring.end - stored.through))
            for record in records:
                if not wanted():
                    return False
                stored.take(record)
                stored.through += 1
                await asyncio.sleep(0)  # what is said meanwhile is not to wait
            if stored.trouble:
                raise StorageError(f"What the wearable stored stays there: {stored.trouble}")
            if stored.through - HELD > ring.first:
                await self._advance(stored.through - HELD)
        stored.finish()
        if ring.end > ring.first:
            await self._advance(ring.end)
        return True

    async def _ring(self) -> Ring:
        for attempt in range(TRIES):
            await self._ask(INFO)
            answer = await self._answer({INFO_ANSWER, ACK_ANSWER})
            if ring := ring_of(answer):
                return ring
            if answer[0] != ACK_ANSWER or answer[1:] != bytes([NOT_READY]):
                break
            await asyncio.sleep(attempt)
        raise UnsupportedDevice("What the wearable stored cannot be read: not as firmware 3.0.20.")

    async def _records(self, count: int) -> list[Record]:
        """The next ones. Raises `LinkLost` where they do not come whole."""
        transfer = Transfer(self._stored.through, count)
        await self._ask(read_command(self._stored.through, count))
        while not transfer.done:
            transfer.feed(await self._answer({ACK_ANSWER, BEGIN, DATA, DONE}))
        records = [] if transfer.failed else transfer.records()
        if not records:
            await self._link.write(STORE, STOP)
            raise LinkLost(
                f"What the wearable stored does not come: {transfer.failed or 'nothing'}."
            )
        return records

    async def _advance(self, first: int) -> None:
        await self._ask(advance_command(first))
        answer = await self._answer({ACK_ANSWER})
        if answer[1:] != b"\0":
            _log.warning("the wearable keeps what it stored (%s)", answer.hex())

    async def _ask(self, command: bytes) -> None:
        """What was still to come for the question before is left out."""
        while not self._answers.empty():
            self._answers.get_nowait()
        await self._link.write(STORE, command)

    async def _answer(self, kinds: set[int]) -> bytes:
        """The next answer of these kinds. Raises `LinkLost` where none comes."""
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    answer = await self._answers.get()
                    if answer and answer[0] in kinds:
                        return answer
        except TimeoutError as error:
            raise LinkLost("The wearable does not say what it stored.") from error
