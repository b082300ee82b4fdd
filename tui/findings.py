"""What a search found, as the screen shows it: values, read from the daemon's JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final

RECORDED: Final = frozenset({"audio", "video"})
"""Kinds of document that can be heard."""
SIGNS: Final = {
    "audio": "♪", "video": "▸", "book": "❡", "pdf": "▤", "web": "◍", "mail": "✉",
    "note": "✎", "subtitles": "≡", "document": "▤",
}  # fmt: skip
"""Of a document's kind; one cell each."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a document to look at: a hit, or what an answer cites."""

    n: int
    """Its number in what was shown, from 1."""
    document: str
    title: str
    kind: str
    uri: str
    text: str
    """The stretch that shows why it is here."""
    spelled: str = ""
    """The same of a citation, with the dates that its relative times mean in brackets."""
    matches: tuple[tuple[int, int], ...] = ()
    """Where the text has words of the query, in characters."""
    first: int = 0
    """Position of its first segment in the document."""
    last: int = 0
    """Position of its last segment (inclusive)."""
    start: float | None = None
    """The second to hear it from; None in what is written."""
    end: float | None = None
    """Seconds; None in what is written."""
    page: int | None = None
    heading: str | None = None
    speaker: str | None = None
    said_at: str | None = None
    """ISO 8601."""
    share: float = 1.0
    """Its score as a share of the best one's."""

    @property
    def spot(self) -> tuple[str, int, int]:
        """Where it is: its document, and the segments."""
        return self.document, self.first, self.last

    @property
    def heard(self) -> bool:
        """Whether it can be played."""
        return self.start is not None and self.kind in RECORDED

    @property
    def words(self) -> frozenset[str]:
        """The words of the query in it, as they stand there, in small letters."""
        return frozenset(self.text[start:end].casefold() for start, end in self.matches)

    def renamed(self, before: str, now: str | None) -> Place:
        """The same, where somebody is called otherwise by now."""
        who = [now if each == before else each for each in (self.speaker or "").split(", ")]
        return replace(self, speaker=", ".join(filter(None, who)) or None)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a query brought."""

    query: str
    places: tuple[Place, ...] = ()
    """Best first."""
    chips: tuple[tuple[str, int], ...] = ()
    """Words that narrow it, and how many passages have what they say."""
    ms: float = 0.0
    trace: int | None = None
    """The number of its trace; None while it is typed, or where none is kept."""

    @property
    def spots(self) -> list[tuple[str, int, int]]:
        """Where the hits are."""
        return [place.spot for place in self.places]

    def groups(self) -> list[list[Place]]:
        """The hits by document: the document of the best hit first."""
        grouped: dict[str, list[Place]] = {}
        for place in self.places:
            grouped.setdefault(place.document, []).append(place)
        return list(grouped.values())


def findings_of(found: Mapping[str, Any], chips: Sequence[tuple[str, int]] = ()) -> Findings:
    """Read the daemon's answer to a search that asked for `segments`."""
    positions = found.get("segments") or [(0, 0)] * len(found["hits"])
    best = max((hit["score"] for hit in found["hits"]), default=0.0)
    places = (
        _hit(n, hit, first, last, best)
        for n, hit, (first, last) in zip(count(1), found["hits"], positions, strict=False)
    )
    return Findings(found["query"], tuple(places), tuple(chips), found["ms"], found["trace"])


def _hit(n: int, hit: Mapping[str, Any], first: int, last: int, best: float) -> Place:
    snippet = hit["snippet"]
    return Place(
        n=n,
        text=snippet["text"],
        matches=tuple((start, end) for start, end in snippet["matches"]),
        first=first,
        last=last,
        start=hit["start"] if snippet["start"] is None else snippet["start"],
        end=hit["end"],
        share=max(0.0, min(1.0, hit["score"] / best)) if best > 0 else 1.0,
        **_where(hit),
    )


def cited(citations: Sequence[Mapping[str, Any]]) -> Iterator[Place]:
    """What an answer cites. Where its segments stand is not told: they are looked for by time
    or text when it is opened (`first` is -1).
    """
    for each in citations:
        yield Place(
            n=each["n"],
            text=each["text"],
            spelled=each.get("spelled", ""),
            first=-1,
            last=-1,
            start=each["start"],
            end=each["end"],
            **_where(each),
        )


def _where(hit: Mapping[str, Any]) -> dict[str, Any]:
    names = ("document", "title", "kind", "uri", "page", "heading", "speaker", "said_at")
    return {name: hit[name] for name in names}
