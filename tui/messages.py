"""The vocabulary of the screen: what its parts tell each other, and threads tell them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from textual.message import Message

from memex.errors import MemexError
from tui.findings import Findings, Place

Link = Literal["starting", "here", "busy", "gone"]
"""How memexd is, as seen from here."""


@dataclass
class Broke(Message):
    """A thread ended by a fault of ours."""

    error: Exception


@dataclass
class Linked(Message):
    """How memexd is by now."""

    link: Link
    why: str = ""
    """What it says of it; "" where all is well."""


@dataclass
class Told(Message):
    """What memexd tells of itself, every few seconds (`memex status --json`)."""

    status: Mapping[str, Any]


@dataclass
class Sensed(Message):
    """How the ears are, whether memexd is there or not (`memex.condition.hearing`)."""

    fields: Mapping[str, Any]


@dataclass
class Hushed(Message):
    """The ears were closed or opened, or were so already."""

    said: str


@dataclass
class Heard(Message):
    """Something was heard: it waits with who follows (`tui.following`)."""


@dataclass
class Unfollowed(Message):
    """What is heard is followed no longer."""

    error: MemexError | None
    """Why it cannot be; None where it is not wanted, or memexd is gone."""


@dataclass
class Found(Message):
    """A search came to an end."""

    findings: Findings
    settled: bool
    """Whether it was asked for, rather than typed on."""
    age: int
    """How often something had been forgotten, or somebody named, when it began."""


@dataclass
class Refused(Message):
    """Something that was asked for was not done; the error says why, and what to do."""

    error: MemexError


@dataclass
class Narrowed(Message):
    """A chip was picked: its words come into the query, or go."""

    words: str


@dataclass
class Chosen(Message):
    """Another hit is the one that is looked at; or none."""

    place: Place | None


@dataclass
class Opened(Message):
    """A hit or citation is to be played, or read."""

    place: Place


@dataclass
class Wanted(Message):
    """A window of a document's segments is to be fetched."""

    document: str
    first: int
    last: int
    """Inclusive."""


@dataclass
class Read(Message):
    """A window of a document's segments came."""

    document: str
    first: int
    count: int
    """Segments of the whole document."""
    segments: list[Mapping[str, Any]]


@dataclass
class Played(Message):
    """How far the player is, several times a second."""

    position: float
    """Seconds of the recording."""

    def can_replace(self, message: Message) -> bool:
        """Where several wait, because an editor has the terminal, the latest will do."""
        return isinstance(message, Played)


@dataclass
class Stopped(Message):
    """The player came to an end, or could not play."""

    error: MemexError | None = None


@dataclass
class Marked(Message):
    """Something was called right or wrong, or that was taken back."""

    trace: int
    mark: str
    """"3" as it was shown; "" for the whole."""
    verdict: str | None
    note: str = ""
    """What would be right, in the user's words."""


@dataclass
class Remembered(Message):
    """Earlier queries and those that are saved, newest first."""

    queries: list[str]
    saved: list[str]


@dataclass
class Kept(Message):
    """A query was saved, or is saved no longer."""

    query: str
    saved: bool


@dataclass
class Piece(Message):
    """Something of an answer that is being written, as it is streamed."""

    cell: int
    turn: int
    """How often the cell was asked then."""
    fields: Mapping[str, Any]


@dataclass
class Cited(Message):
    """What an answer quotes, and where that stands."""

    cell: int
    turn: int
    places: Sequence[Place]


@dataclass
class Failed(Message):
    """A question was not answered."""

    cell: int
    turn: int
    error: MemexError


@dataclass
class Reasons(Message):
    """Why an answer is as it is: headings and texts."""

    question: str
    reasons: Sequence[tuple[str, str]]


@dataclass
class Modelled(Message):
    """The models that are used: role, name, status."""

    models: list[tuple[str, str, str]]


@dataclass
class Taken(Message):
    """What becomes of what was added: a line for the screen."""

    said: str
    over: bool = False


@dataclass
class Listed(Message):
    """What one of the library's lists has."""

    rows: Sequence[Any]


@dataclass
class Weighed(Message):
    """What a forgetting would concern (`memex forget ID --dry-run --json`)."""

    document: str
    """The one that was chosen."""
    found: Mapping[str, Any]


@dataclass
class Renamed(Message):
    """Somebody is called otherwise: what is on the screen says so."""

    before: str
    """As they were called."""
    now: str | None
    """None where it is not known any longer who that is."""


@dataclass
class Forgot(Message):
    """Documents were forgotten: nothing of them may stay on the screen."""

    documents: frozenset[str]
    """Their ids."""
