"""The recorder: the sound of one device, recorded where somebody speaks.

While nobody speaks a moment of sound is held in memory, and nothing else. Every sample is
accounted for: it is in a recording, or it was silence, or it is counted as lost.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from ingest.ears.handing import hand_in
from ingest.ears.levels import rms
from ingest.ears.moments import Moments, local_now
from ingest.ears.utterances import PRE_ROLL, WINDOW, Begun, Ended, Utterances
from ingest.ears.voice import Voice
from memex.config import Listening
from memex.errors import StorageError
from memex.items import Provenance
from memex.recordings import RATE, Growing
from memex.spool import Spool

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

AT_ONCE: Final = 32 * WINDOW
"""Samples that are looked at together (a second), of what comes at once."""
FILLED: Final = 10 * RATE
"""Samples: what is missing up to here becomes silence, beyond it the recording ends."""
LEAD: Final = 2 * RATE
"""Samples that a recording begins before its first phrase, and ends after its last: what is
said softly there is heard by the recogniser, if not by the detector."""
LEAST: Final = 3 * WINDOW
"""Samples of speech that a recording has (0.1 s); with less it has no syllable, and is dropped."""
GRACE: Final = 60 * RATE
"""Samples after the longest recording in which a pause is waited for."""
RETRY_EVERY: Final = 5.0
"""Seconds until a disk that refused is tried again."""
ROOM: Final = 2_000_000
"""Bytes that must be free then."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of all that was heard, in samples. captured == spooled + silent."""

    captured: int = 0
    """Came, and was not lost afterwards."""
    spooled: int = 0
    """Of these: in a recording on the disk, or handed in (or forgotten since)."""
    silent: int = 0
    """Of these: nobody spoke."""
    lost: int = 0
    """Missing, or refused by the disk."""
    recordings: int = 0
    """Handed in."""
    dropped: int = 0
    """Recordings in which was next to no speech."""


class Recorder:
    """What is heard of one device. For one thread at a time."""

    def __init__(
        self,
        spool: Spool,
        source: str,
        device: str,
        *,
        listen: Listening,
        consent: str = "listening",
        clock: Callable[[], datetime] = local_now,
    ) -> None:
        """Nothing is recorded yet. `clock` is the time here, with its zone."""
        self.listen = listen
        self.trouble = ""
        """Why nothing can be recorded just now; "" where it can."""
        self.level: float | None = None
        """dBFS of the last block."""
        self.spoken_at: float | None = None
        """When somebody last spoke, by `time.monotonic`."""
        self._spool = spool
        self._origin = Provenance(source=source, device=device, consent=consent)
        self._moments = Moments(clock)
        self._voice = Voice()
        self._growing: Growing | None = None
        self._base = 0
        """The place in the stream at which the recording begins."""
        self._spoken = self._settled = 0
        self._captured = self._spooled = self._lost = self._recordings = self._dropped = 0
        self._waiting = False
        """Whether a recording is to be handed in that the disk refused."""
        self._retry_at = 0.0
        self._restart(0)

    @property
    def recording(self) -> str | None:
        """The id of what is being recorded."""
        return self._growing.id if self._growing else None

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks just now."""
        return self._utterances.start is not None

    @property
    def counts(self) -> Counts:
        """What became of all that was heard."""
        return Counts(
            captured=self._captured,
            spooled=self._spooled,
            silent=self._captured - self._spooled,
            lost=self._lost,
            recordings=self._recordings,
            dropped=self._dropped,
        )

    def hear(self, samples: Samples, lost: int = 0) -> None:
        """What came next: 16 kHz, mono. `lost`: samples that are missing before it."""
        if lost:
            self._lost += lost
            if lost > FILLED:
                self.stop("nothing came for a while")
            elif not self.trouble:
                self._fill(lost)
        if not len(samples):
            return
        if self._waiting and not self.trouble and time.monotonic() >= self._retry_at:
            self._hand_in()
        self.level = rms(samples)
        if self.trouble and not self._can_go_on():
            self._lost += len(samples)
            return
        self._fresh = False
        free = self._growing is None
        self._moments.came(self._end + len(samples), free=free)
        self._take(samples)

    def stop(self, reason: str) -> None:
        """Close what is being recorded, at once: with what was heard before."""
        if self._fresh:
            return
        try:
            if self._growing:
                for event in self._utterances.finish():
                    self._ended(event)
            if self._growing:
                last = self._base + self._growing.said
                self._finish(min(last + LEAD, self._end), f"stopped: {reason}")
        except StorageError as error:
            self._refused(error)
        self._restart(self._end)

    @property
    def _end(self) -> int:
        """How many samples came so far, what was missing included."""
        return self._first + len(self._held)

    def _restart(self, at: int) -> None:
        """Know nothing of what came before this place."""
        self._fresh = True
        """Whether nothing came since."""
        self._first = self._floor = at
        """The first sample that is held, and the first that no recording has yet."""
        self._held: Samples = np.zeros(0, dtype=np.int16)
        """What is in memory, from `_first` on."""
        self._filled: list[tuple[int, int]] = []
        """Where silence stands for what was missing."""
        self._utterances = Utterances(at)
        self._voice = Voice()
        self._moments.begin()

    def _take(self, samples: Samples, *, real: bool = True) -> None:
        for at in range(0, len(samples), AT_ONCE):
            piece = samples[at : at + AT_ONCE]
            self._captured += len(piece) if real else 0
            try:
                self._look(piece)
            except StorageError as error:
                self._lost += len(samples) - at - len(piece) if real else 0
                self._refused(error)
                return

    def _look(self, piece: Samples) -> None:
        """Look at what came next, and record it where somebody speaks. Raises `StorageError`."""
        self._held = np.concatenate([self._held, piece])
        judged = self._utterances.at - self._first
        whole = (len(self._held) - judged) // WINDOW * WINDOW
        events: list[Begun | Ended] = []
        if whole:
            probabilities = self._voice(self._held[judged : judged + whole])
            events = list(self._utterances(probabilities.tolist()))
        if self._growing:
            self._write(self._growing, piece)
        looking = self._utterances
        for event in events:
            if self._utterances is looking:  # else it was forgotten meanwhile
                self._begun(event) if isinstance(event, Begun) else self._ended(event)
        self._keep_up()
        self._forget()

    def _write(self, growing: Growing, samples: Samples) -> None:
        start = self._base + growing.length
        growing.write(samples)
        self._spooled += self._real(start, start + len(samples))

    def _begun(self, event: Begun) -> None:
        """Somebody speaks: record, from a moment before."""
        if not self._growing:
            base = max(self._first, self._floor, event.start - LEAD)
            origin = replace(self._origin, started_at=self._moments(base))
            self._growing = Growing(self._spool.live, origin)
            self._base, self._spoken, self._settled = base, 0, 0
            self._write(self._growing, self._held[base - self._first :])
            for start, end in self._filled:
                if end > base:
                    self._mark_lost(max(start, base), end)
            _log.info("recording %s begins", self._growing.id)
        self._growing.begun(max(0, event.start - self._base))

    def _ended(self, event: Ended) -> None:
        """A phrase is over; so is the recording, where it is long enough."""
        if not self._growing:
            return
        start, end = max(0, event.phrase.start - self._base), event.phrase.end - self._base
        self._growing.phrase(start, end)
        self._spoken += event.spoken
        self.spoken_at = time.monotonic()
        longest = self.listen.longest * 60 * RATE
        if end >= longest + (0 if event.paused else GRACE):
            self._finish(event.phrase.end, "it is long enough")

    def _keep_up(self) -> None:
        """Once a second: have it on the disk for good, and see whether it is still wanted.
        After the pause: end it.
        """
        growing = self._growing
        if growing is None:
            return
        if growing.length - self._settled >= RATE:
            if not growing.path.exists():
                self._abandon(growing)
                return
            growing.settle()
            self._settled = growing.length
        if not self.speaking:
            end = self._base + growing.said
            if self._utterances.at - end >= self.listen.pause * RATE:
                self._finish(min(end + LEAD, self._utterances.at), "nobody speaks")

    def _finish(self, end: int, reason: str) -> None:
        """End the recording at this place, and hand it in."""
        growing = self._growing
        assert growing
        if not growing.path.exists():
            self._abandon(growing)
            return
        self._growing, self._floor = None, end
        cut = self._real(end, self._base + growing.length)
        if self._spoken < LEAST:
            growing.discard()
            self._spooled -= self._real(self._base, end) + cut
            self._dropped += 1
            _log.info("recording %s dropped: next to no speech", growing.id)
            return
        growing.close(end - self._base)
        self._spooled -= cut
        self._recordings += 1
        _log.info("recording %s ends (%s): %.1f s", growing.id, reason, (end - self._base) / RATE)
        self._hand_in()

    def _hand_in(self) -> None:
        """Have what is over in the spool; what the disk refuses is handed in later."""
        self._retry_at = time.monotonic() + RETRY_EVERY
        done = list(hand_in(self._spool))
        self._waiting = any(isinstance(each, StorageError) for each in done)

    def _abandon(self, growing: Growing) -> None:
        """The user forgot it while it grew: nothing of what was said before comes back."""
        _log.info("recording %s was forgotten while it grew", growing.id)
        self._growing = None
        growing.discard()
        end = self._end
        self._first, self._held = end, self._held[:0]
        self._utterances = Utterances(end)

    def _fill(self, lost: int) -> None:
        """Silence for what is missing, so that what follows keeps its time."""
        start = self._end
        self._filled.append((start, start + lost))
        self._take(np.zeros(lost, dtype=np.int16), real=False)
        if self._growing:
            try:
                self._mark_lost(max(start, self._base), start + lost)
            except StorageError as error:
                self._refused(error)

    def _mark_lost(self, start: int, end: int) -> None:
        assert self._growing
        self._growing.lost(start - self._base, end - start, "it did not come from the device")

    def _real(self, start: int, end: int) -> int:
        """Samples of a stretch that are no silence of ours."""
        ours = sum(max(0, min(end, e) - max(start, s)) for s, e in self._filled)
        return max(0, end - start) - ours

    def _forget(self) -> None:
        """Let go of what no recording can need any more."""
        start = self._utterances.start
        keep = (self._utterances.at - PRE_ROLL if start is None else start) - LEAD
        if keep > self._first:
            self._held = self._held[keep - self._first :].copy()
            self._first = keep
        if self._growing is None:
            self._filled = [(s, e) for s, e in self._filled if e > self._first]

    def _refused(self, error: StorageError) -> None:
        """The disk refuses: close what there is, and count what is lost."""
        if not self.trouble:
            _log.error("nothing more is recorded: %s", error)
        growing, self._growing = self._growing, None
        written = self._utterances.start  # what was not silence
        if growing:
            written = self._base + growing.length
            try:
                growing.close()
            except StorageError as again:
                _log.error("a recording is not closed before the next start: %s", again)
        missing = 0 if written is None else self._real(written, self._end)
        self._captured -= missing
        self._lost += missing
        self._waiting = True
        self.trouble = error.message
        self._retry_at = time.monotonic() + RETRY_EVERY
        self._restart(self._end)

    def _can_go_on(self) -> bool:
        """Whether the disk takes something again; looked at every few seconds."""
        if time.monotonic() < self._retry_at:
            return False
        self._hand_in()
        if self._waiting or shutil.disk_usage(self._spool.live).free < ROOM:
            return False
        _log.info("what is heard is recorded again")
        self.trouble = ""
        return True
