from __future__ import annotations

from datetime import UTC, datetime

from memex.types import Document, Segment, content_id


def document(
    *texts: str,
    title: str = "A note",
    kind: str = "note",
    uri: str = "file:///notes/a.md",
    created_at: datetime | None = datetime(2026, 5, 4, 12, 0, tzinfo=UTC),
) -> Document:
    """A written document of these paragraphs."""
    segments = tuple(Segment(text, line=number) for number, text in enumerate(texts, start=1))
    return spoken(*segments, title=title, kind=kind, uri=uri, created_at=created_at)


def spoken(
    *segments: Segment,
    title: str = "A talk",
    kind: str = "audio",
    uri: str = "file:///talks/a.mp3",
    created_at: datetime | None = datetime(2026, 5, 4, 12, 0, tzinfo=UTC),
) -> Document:
    """A document of these segments."""
    return Document(
        id=content_id(segments),
        kind=kind,
        title=title,
        uri=uri,
        created_at=created_at,
        segments=segments,
    )


ESSAY = document(
    "Vannevar Bush published the essay As We May Think in The Atlantic in July 1945.",
    "In it he describes the memex, a desk in which a person stores books and letters.",
    "Ted Nelson coined the word hypertext in 1965.",
    title="A note on hypertext",
)
BREAD = document(
    "Bake the loaf at 230 degrees for forty minutes, the first twenty with the lid on.",
    "Let it cool on a rack before you cut it.",
    title="Bread",
    uri="file:///notes/bread.md",
    created_at=datetime(2026, 1, 2, tzinfo=UTC),
)
TALK = spoken(
    Segment("Welcome to the show.", 0.0, 1.5, "Ada"),
    Segment("Today we speak about the garden and its roses.", 2.0, 5.0, "Ada"),
    Segment("I planted the first rose in nineteen ninety one.", 6.0, 9.0, "Ben"),
)
