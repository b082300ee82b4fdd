"""The voices that were heard, as the library lists them: values, from the daemon's JSON, and what
threads ask the memory about them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from textual.content import Content

from memex.errors import NotFound
from tui.findings import Place, cited
from tui.memory import Memory
from tui.text import clock, cut, day, shown

QUIET: Final = "$foreground 55%"
ROOMY: Final = 56
"""Cells of a line from which on it says in how much somebody spoke."""
QUOTES: Final = 3
"""Things that they said, at most."""
ASKED: Final = 12
"""Quotes that are asked for: among those of a name are some of others who speak of it."""
EVERY_ONE: Final = 100
"""As many as memexd gives, where none of those is their own."""
QUOTE: Final = 300
"""Characters of a quote by which its place is looked for."""
HITS: Final = 5


@dataclass(frozen=True, slots=True)
class Person:
    """A person whose voice is known, or a voice without a name."""

    key: str
    """The name, or "Voice 3"."""
    named: bool
    owner: bool
    seconds: float
    """Of speech that is known of."""
    documents: int
    segments: int
    last_at: str
    """When it was heard last, ISO 8601."""
    podcast: bool
    """Whether it was heard in podcasts only."""
    words: str = field(repr=False)
    """What typing finds it by, in small letters."""

    def line(self, width: int) -> Content:
        """The name; at the right how much they said, and when last."""
        many = counted(self.segments, "utterance")
        said = f"{clock(self.seconds):>7} in {many}" if width >= ROOMY else ""
        right = f"{said:<26}  {day(self.last_at):<10} " if said else f"{day(self.last_at):<10} "
        sign = ("✓", "$text-success") if self.named else ("?", "bold $text-warning")
        me = " (you)" if self.owner else ""
        name = cut(f"{self.key}{me}", width - len(right) - 4)
        left = Content.assemble(" ", sign, " ", (name, "" if self.named else "bold"))
        gap = " " * max(1, width - left.cell_length - len(right))
        return Content.assemble(left, gap, (right, QUIET))

    def told(self) -> str:
        """How much is known of them."""
        where = counted(self.documents, "document")
        many = counted(self.segments, "utterance")
        podcast = ", in podcasts only" if self.podcast else ""
        return f"{many} in {where}, last heard {day(self.last_at)}{podcast}"


def counted(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def people(memory: Memory) -> list[Person]:
    """Everybody: first the voices without a name that speak most, then the others by name."""
    found = [_person(row) for row in memory.people()]
    return sorted(
        found,
        key=lambda one: (
            one.named,
            not one.owner,
            one.words if one.named else "",
            not one.segments,
            -one.seconds,
        ),
    )


def _person(row: Mapping[str, Any]) -> Person:
    return Person(
        key=row["name"],
        named=row["named"],
        owner=row["owner"],
        seconds=row["seconds"],
        documents=row["documents"],
        segments=row["segments"],
        last_at=row["last_at"],
        podcast=row["scopes"] == ["podcast"],
        words=f"{row['name']} {'you' if row['owner'] else ''}".casefold(),
    )


def same(name: str, among: Sequence[Person], but: Person) -> Person | None:
    """The other one who is called so already."""
    wanted = " ".join(name.split()).casefold()
    named = (one for one in among if one.named and one.key != but.key)
    return next((one for one in named if one.key.casefold() == wanted), None)


def meant(typed: str, among: Sequence[Person], but: Person) -> list[str]:
    """The people whose name, or a word of it, begins so."""
    begun = " ".join(typed.split()).casefold()
    return [
        one.key
        for one in among
        if one.named and one.key != but.key and f" {begun}" in f" {one.key.casefold()}"
    ]


def quotes(memory: Memory, name: str) -> list[Place]:
    """Some of what somebody said; where it stands is looked for when it is opened."""
    for limit in (ASKED, EVERY_ONE):
        found = memory.about(name, limit)["quotes"]
        own = [quote for quote in found if quote["speaker"] == name]
        if own or len(found) < limit:
            break
    return list(cited(own[:QUOTES]))


def opened(memory: Memory, quote: Place) -> Place:
    """A quote with the segment in which it begins. Raises `NotFound`."""
    from memex.protocols import Filters  # noqa: PLC0415 (a screen is up before it is imported)

    within = Filters(document_id=quote.document)
    found = memory.search(quote.text[:QUOTE], HITS, within, segments=True, trace=False)
    hits = list(zip(found["hits"], found["segments"], strict=True))
    if not hits:
        raise NotFound(
            f"{shown(quote.title)} is not found any more.", "It was forgotten, or is read anew."
        )
    second = quote.start or 0.0
    around = (span for hit, span in hits if (hit["start"] or 0.0) <= second <= (hit["end"] or 0.0))
    first, last = next(around, hits[0][1])
    window = memory.segments(quote.document, first, last)["segments"]
    begun = [n for n, each in enumerate(window) if (each["start"] or 0.0) <= second]
    position = first + max(begun, default=0)
    return replace(quote, first=position, last=position)
