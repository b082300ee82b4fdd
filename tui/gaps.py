"""The gaps of the library: when nothing could be heard, or read, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from textual.content import Content

from tui.section import QUIET, Section, local
from tui.text import clock, cut, shown

NONE: Final = (
    "No gap is known. When nothing can be heard or read (the machine slept, a microphone was "
    "gone, you paused) that stands here: what is not remembered was not always not said."
)


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time of which nothing is known."""

    of: str
    """"hearing" or "reading"."""
    since: str
    """ISO 8601."""
    until: str | None
    """ISO 8601; None while it lasts."""
    reason: str

    @property
    def key(self) -> str:
        """When it began, and of what."""
        return f"{self.since} {self.of}"

    @property
    def words(self) -> str:
        """What typing finds it by."""
        return f"{local(self.since)} {self.of} {self.reason}".casefold()

    def length(self, now: datetime) -> str:
        """How long it lasted, or lasts by now."""
        until = datetime.fromisoformat(self.until) if self.until else now
        return clock((until - datetime.fromisoformat(self.since)).total_seconds())

    def line(self, width: int) -> Content:
        """When, for how long, what was missing, and why."""
        style = QUIET if self.until else "$text-error"
        left = f" {local(self.since)} {self.length(datetime.now(UTC)):>9}  no {self.of:<8} "
        return Content.assemble(left, (cut(self.reason, width - len(left)), style))

    def told(self, now: datetime) -> str:
        """All of it but why, in words."""
        lasts = f"until {local(self.until)}" if self.until else "and lasts"
        return f"Since {local(self.since)} {lasts}, {self.length(now)}, no {self.of}: "


class Gaps(Section[Gap]):
    """The latest first; one that lasts is red."""

    ASKS = "A day, a reason"

    def fetched(self) -> Sequence[Gap]:
        """Those that the status has."""
        return gaps(self.status)

    def renew(self) -> None:
        """They come with the status."""

    def told(self) -> None:
        """Show those that the status has."""
        if self.status:
            self.show(self.fetched())
        else:
            self.redraw()

    def badge(self) -> tuple[str, bool]:
        """How many; red while one lasts."""
        return super().badge()[0], any(gap.until is None for gap in self._all or ())

    def known(self) -> Content:
        """Of one all of it, with why."""
        if self.row is None:
            none = NONE if self._all is not None and not self._typed else ""
            return self.away() or Content.styled(none, QUIET)
        return Content(f"{self.row.told(datetime.now(UTC))}{shown(self.row.reason)}.")


def gaps(status: Mapping[str, Any]) -> list[Gap]:
    """The gaps of a status, the latest first."""
    found = [
        Gap(row.get("of", "reading"), row["since"], row["until"], row["reason"])
        for row in status.get("gaps") or ()
    ]
    return sorted(found, key=lambda gap: datetime.fromisoformat(gap.since), reverse=True)
