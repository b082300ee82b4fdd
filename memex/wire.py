"""Values as JSON: what travels over the socket and what `--json` prints.

The forms of a hit, of `search` and of `ask` are a contract with scripts:
`docs/json.md`. Seconds are floats, times ISO 8601 with zone, null where there is
none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from memex.errors import InvalidRequest, error_from_json
from memex.library import Entry
from memex.people import Known
from memex.protocols import Filters, Remembered, Retracted, Step, Token
from memex.types import (
    Answer,
    Arrival,
    Citation,
    Copy,
    Document,
    Echo,
    Facets,
    FeedLook,
    Hit,
    KnownFeed,
    Passage,
    Results,
    Segment,
    Snippet,
    Turn,
    Voiceprint,
    Word,
)
from memex.urls import shown

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Json = dict[str, Any]

END: Final[Json] = {"type": "end"}
"""The last line of every stream."""


def _fields(value: DataclassInstance) -> Json:
    """The fields of a dataclass as they are: `asdict` copies each deeply."""
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def time_to_json(time: datetime | None) -> str | None:
    """ISO 8601 with zone."""
    return time.isoformat() if time else None


def time_from_json(text: str | None) -> datetime | None:
    """The inverse of `time_to_json`."""
    return datetime.fromisoformat(text) if text else None


def results_to_json(results: Results) -> Json:
    """What a search brings, as `--json` prints it."""
    return {
        "hits": [hit_to_json(hit) for hit in results.hits],
        "facets": {name: dict(getattr(results.facets, name)) for name in Facets.__slots__},
    }


def hit_to_json(hit: Hit) -> Json:
    """A hit, as `--json` prints it; its snippet where it has one."""
    passage = hit.passage
    return {
        "id": passage.id,
        "document": passage.document_id,
        "title": passage.title,
        "kind": passage.kind,
        "uri": passage.uri,
        "text": passage.text,
        "start": passage.start,
        "end": passage.end,
        "page": passage.page,
        "heading": passage.heading,
        "speaker": passage.speaker,
        "said_at": time_to_json(passage.said_at),
        "score": hit.score,
        "ranks": dict(hit.ranks),
        **({"snippet": _fields(hit.snippet)} if hit.snippet else {}),
    }


def hit_from_json(fields: Mapping[str, Any]) -> Hit:
    """A hit from the socket. The positions of its segments stay with the daemon (-1)."""
    passage = Passage(
        id=fields["id"],
        document_id=fields["document"],
        text=fields["text"],
        title=fields["title"],
        kind=fields["kind"],
        uri=fields["uri"],
        first=-1,
        last=-1,
        start=fields["start"],
        end=fields["end"],
        said_at=time_from_json(fields["said_at"]),
        speaker=fields["speaker"],
        page=fields["page"],
        heading=fields["heading"],
    )
    said = fields.get("snippet")
    snippet = Snippet(**{**said, "matches": tuple(map(tuple, said["matches"]))}) if said else None
    return Hit(passage, fields["score"], fields["ranks"], snippet)


def answer_to_json(question: str, answer: Answer, ms: float) -> Json:
    """An answer, as `ask --json` prints it."""
    return {
        "question": question,
        "answer": answer.text,
        "found": answer.found,
        "citations": [
            {"n": c.n, **hit_to_json(c.hit), "spelled": c.spelled} for c in answer.citations
        ],
        "understood": answer.understood,
        "ms": ms,
    }


def answer_from_json(fields: Mapping[str, Any]) -> Answer:
    """The inverse of `answer_to_json`."""
    citations = tuple(Citation(c["n"], hit_from_json(c), c["spelled"]) for c in fields["citations"])
    return Answer(fields["answer"], citations, fields["found"], fields["understood"])


def turn_of(answer: Mapping[str, Any]) -> Json:
    """What a question comes `after` that is asked next: of an answer as `ask --json` prints it."""
    return {
        "question": answer["understood"] or answer["question"],
        "answer": answer["answer"],
        "passages": [citation["id"] for citation in answer["citations"]],
    }


def turn_to_json(turn: Turn) -> Json:
    """A question that was asked before."""
    return {**_fields(turn), "passages": list(turn.passages)}


def turn_from_json(fields: object) -> Turn:
    """The inverse of `turn_to_json`. Raises `InvalidRequest`."""
    match fields:
        case {"question": str(question), **others}:
            said, passages = others.get("answer") or "", others.get("passages") or []
            if isinstance(said, str) and isinstance(passages, list):
                return Turn(question, said, tuple(map(str, passages)))
    raise InvalidRequest(
        'What a question comes "after" makes no sense.',
        'Send {"question": …, "answer": …, "passages": [ids of those that it cites]}.',
    )


def document_to_json(document: Document) -> Json:
    """A document, whole."""
    return {
        **_fields(document),
        "created_at": time_to_json(document.created_at),
        "attributes": dict(document.attributes),
        "segments": [segment_to_json(segment) for segment in document.segments],
    }


def document_from_json(fields: Mapping[str, Any]) -> Document:
    """The inverse of `document_to_json`."""
    return Document(
        **{
            **fields,
            "created_at": time_from_json(fields["created_at"]),
            "segments": tuple(segment_from_json(segment) for segment in fields["segments"]),
        }
    )


def segment_to_json(segment: Segment) -> Json:
    """A segment; its words as lists."""
    words = [[w.text, w.start, w.end, w.probability] for w in segment.words]
    return {
        "text": segment.text,
        "start": segment.start,
        "end": segment.end,
        "speaker": segment.speaker,
        "page": segment.page,
        "heading": segment.heading,
        "line": segment.line,
        "words": words,
    }


def segment_from_json(fields: Mapping[str, Any]) -> Segment:
    """The inverse of `segment_to_json`."""
    return Segment(**{**fields, "words": tuple(Word(*word) for word in fields["words"])})


def entry_to_json(entry: Entry) -> Json:
    """A line of the catalogue, as `list --json` prints it."""
    return {
        **_fields(entry),
        "created_at": time_to_json(entry.created_at),
        "added_at": time_to_json(entry.added_at),
    }


def copy_to_json(copy: Copy) -> Json:
    """A copy, as `show --json` prints it."""
    return {
        **_fields(copy),
        "added_at": time_to_json(copy.added_at),
        "replaced_at": time_to_json(copy.replaced_at),
        "missing_since": time_to_json(copy.missing_since),
    }


def copy_from_json(fields: Mapping[str, Any]) -> Copy:
    """The inverse of `copy_to_json`."""
    return Copy(
        **{
            **fields,
            "added_at": datetime.fromisoformat(fields["added_at"]),
            "replaced_at": time_from_json(fields["replaced_at"]),
            "missing_since": time_from_json(fields["missing_since"]),
        }
    )


def echo_to_json(echo: Echo) -> Json:
    """A stretch that was heard again, as `show --json` prints it."""
    return {
        **_fields(echo),
        "heard_at": time_to_json(echo.heard_at),
        "heard_until": time_to_json(echo.heard_until),
    }


def arrival_to_json(arrival: Arrival) -> Json:
    """A document on its way into the memory."""
    return {
        "document": document_to_json(arrival.document),
        "copy": copy_to_json(arrival.copy),
        "explicit": arrival.explicit,
        "growing": arrival.growing,
        "voices": [_fields(voice) for voice in arrival.voices],
        "again": arrival.again,
    }


def arrival_from_json(fields: Mapping[str, Any]) -> Arrival:
    """The inverse of `arrival_to_json`."""
    return Arrival(
        document_from_json(fields["document"]),
        copy_from_json(fields["copy"]),
        fields["explicit"],
        fields["growing"],
        tuple(map(voiceprint_from_json, fields["voices"])),
        fields["again"],
    )


def voiceprint_from_json(fields: Mapping[str, Any]) -> Voiceprint:
    """A voice of a recording, from the socket."""
    return Voiceprint(**{**fields, "vector": tuple(fields["vector"])})


def known_to_json(known: Known) -> Json:
    """Somebody whose voice is known, as `people list --json` prints it."""
    return {**_fields(known), "last_at": time_to_json(known.last_at)}


def feed_to_json(feed: KnownFeed) -> Json:
    """A feed as `feeds list --json` prints it: without credentials."""
    return {
        "id": feed.id,
        "url": shown(feed.url),
        "title": feed.title,
        "private": feed.private,
        "added_at": time_to_json(feed.added_at),
        "checked_at": time_to_json(feed.checked_at),
        "next_at": time_to_json(feed.next_at),
        "trouble": feed.trouble or None,
        "back": feed.back,
        "keep_audio": feed.keep_audio,
    }


def whole_feed_to_json(feed: KnownFeed) -> Json:
    """A feed with its credentials, for memex-ingest."""
    times = ("added_at", "checked_at", "next_at")
    return {**_fields(feed), **{name: time_to_json(getattr(feed, name)) for name in times}}


def whole_feed_from_json(fields: Mapping[str, Any]) -> KnownFeed:
    """The inverse of `whole_feed_to_json`."""
    times = ("added_at", "checked_at", "next_at")
    return KnownFeed(**{**fields, **{name: time_from_json(fields[name]) for name in times}})


def look_to_json(look: FeedLook) -> Json:
    """What came of looking at a feed."""
    times = ("checked_at", "next_at")
    return {**_fields(look), **{name: time_to_json(getattr(look, name)) for name in times}}


def look_from_json(fields: Mapping[str, Any]) -> FeedLook:
    """The inverse of `look_to_json`."""
    times = ("checked_at", "next_at")
    return FeedLook(**{**fields, **{name: time_from_json(fields[name]) for name in times}})


def filters_to_json(filters: Filters) -> Json:
    """The filters of a search that are set: a memexd of before an update knows no others."""
    given = {name: value for name, value in _fields(filters).items() if value is not None}
    times = {name: value.isoformat() for name, value in given.items() if name in {"since", "until"}}
    return given | times


def filters_from_json(fields: Mapping[str, Any]) -> Filters:
    """The inverse of `filters_to_json`. Raises `InvalidRequest`."""
    kinds, documents = fields.get("kinds", ()), fields.get("documents")
    if isinstance(kinds, str):
        raise InvalidRequest("These filters make no sense: kinds are a list.")
    try:
        return Filters(
            **{
                **fields,
                "kinds": tuple(kinds),
                "since": time_from_json(fields.get("since")),
                "until": time_from_json(fields.get("until")),
                "documents": None if documents is None else tuple(documents),
            }
        )
    except (TypeError, ValueError) as error:
        raise InvalidRequest(f"These filters make no sense: {error}.") from error


def event_to_json(event: Step | Remembered | Token | Retracted) -> Json:
    """An item of a stream."""
    match event:
        case Step():
            return {"type": "step", **_fields(event)}
        case Remembered():
            return {"type": "remembered", **_fields(event)}
        case Token():
            return {"type": "token", "text": event.text}
        case Retracted():
            return {"type": "retracted"}


def event_from_json(fields: Mapping[str, Any]) -> Step | Remembered | Token | Retracted:
    """The inverse of `event_to_json`; an error in the stream is raised."""
    values = {name: value for name, value in fields.items() if name != "type"}
    match fields["type"]:
        case "step":
            return Step(**values)
        case "remembered":
            return Remembered(**values)
        case "token":
            return Token(**values)
        case "retracted":
            return Retracted()
        case _:
            raise error_from_json(values)
