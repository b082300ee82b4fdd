"""What the memory holds, and what it could not read: values, from the daemon's JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final, Protocol, TypeVar

from textual.content import Content

from tui.findings import RECORDED, SIGNS, Place
from tui.memory import Memory
from tui.text import clock, cut, day, shown

QUIET: Final = "$foreground 55%"
ROOMY: Final = 72
"""Cells of a line from which on it says how long a document is."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A document in the list."""

    key: str
    """The document's id."""
    title: str
    kind: str
    uri: str
    created_at: str | None
    """ISO 8601."""
    date: str
    """The day of that, local; "" where it is not known."""
    copies: int
    length: str
    words: str = field(repr=False)
    """What typing finds it by, in small letters."""

    @property
    def place(self) -> Place:
        """Its beginning."""
        return Place(
            n=1,
            document=self.key,
            title=self.title,
            kind=self.kind,
            uri=self.uri,
            text=self.title,
            start=0.0 if self.kind in RECORDED else None,
            said_at=self.created_at,
        )

    def line(self, width: int) -> Content:
        """Its title; at the right how long, where there is room, how many copies, kind, date."""
        copies = f"{self.copies} copies" if self.copies > 1 else ""
        length = self.length if width >= ROOMY else ""
        facts = " · ".join(fact for fact in (length, copies) if fact)
        right = f"{facts}  {self.kind:<9} {self.date:<10} "
        left = Content.assemble(
            (f" {SIGNS.get(self.kind, '·')} ", "$primary"),
            cut(self.title, width - len(right) - 4),
        )
        gap = " " * max(1, width - left.cell_length - len(right))
        return Content.assemble(left, gap, (right, QUIET))


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that could not be read."""

    key: str
    """The item's id."""
    path: str
    reason: str
    trace: str
    attempts: int
    added_at: str

    def line(self, width: int) -> Content:
        """Its name, and why."""
        name = cut(PurePath(self.path).name or self.path, max(12, width // 3))
        reason = " ".join(shown(self.reason).split())
        return Content.assemble((" ✗ ", "$text-error"), name, "  ", (reason, QUIET)).truncate(
            width, ellipsis=True
        )

    def told(self) -> Content:
        """All that is known of it."""
        tries = f"{self.attempts} attempt{'' if self.attempts == 1 else 's'}"
        said = [
            Content.styled(shown(self.path), "bold"),
            Content(shown(self.reason)),
            Content.styled(f"added {day(self.added_at)}, {tries}", QUIET),
        ]
        lines = [Content(shown(line)) for line in self.trace.splitlines()]
        return Content("\n").join([*said, *([Content("")] if lines else []), *lines])


def holdings(memory: Memory) -> list[Holding]:
    """All documents, newest first."""
    return [_holding(row) for row in memory.documents()]


def _holding(row: Mapping[str, Any]) -> Holding:
    date, author = day(row["created_at"]), row["author"] or ""
    duration, segments = row["duration"], row["segments"]
    counted = f"{segments:,} segment{'' if segments == 1 else 's'}"
    return Holding(
        key=row["id"],
        title=row["title"],
        kind=row["kind"],
        uri=row["uri"],
        created_at=row["created_at"],
        date=date,
        copies=row["copies"],
        length=clock(duration) if duration is not None else counted,
        words=" ".join((row["title"], row["kind"], author, date)).casefold(),
    )


class Worded(Protocol):
    """Something that typing finds."""

    @property
    def words(self) -> str:
        """What it is found by, in small letters."""


W = TypeVar("W", bound=Worded)


def narrowed(all_: Sequence[W], typed: str) -> Sequence[W]:
    """Those that have all words that are typed, in any order."""
    words = typed.casefold().split()
    return [each for each in all_ if all(word in each.words for word in words)]


def failures(status: Mapping[str, Any]) -> list[Failure]:
    """What could not be read, the newest first."""
    return [
        Failure(
            key=row["id"],
            path=row["path"],
            reason=row["reason"],
            trace=row["trace"] or "",
            attempts=row["attempts"],
            added_at=row["added_at"],
        )
        for row in reversed(status.get("failed") or ())
    ]
