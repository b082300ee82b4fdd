"""Who speaks in what arrives: the labels of a recording become voices and names, as part of the
transaction that stores it.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from memex.turns import Turn, carried
from memex.types import GROWING, SAID, Arrival, Document, Segment, Voiceprint
from memex.voices import Voice, blended, matched, packed, unpacked

AROUND: Final = "around"
"""The scope of what is heard live, and of recordings that the user has."""
PODCAST: Final = "podcast"
NEW: Final = 6.0
"""Seconds that somebody must speak in a recording to become a voice of their own."""
WHOLE: Final = 0.8
"""Share of a voice's speech that must not have been an echo."""
UNNAMED: Final = "Voice"


def named(db: sqlite3.Connection, arrival: Arrival) -> Arrival:
    """A recording with the names of those who speak in it, in place of their labels. What was
    said is learnt from.
    """
    document = arrival.document
    if arrival.again:
        return _named_again(db, arrival)
    if _stays(db, document):
        return replace(arrival, document=_as_stored(db, document), voices=())
    db.execute("DELETE FROM spoken WHERE document_id = ?", (document.id,))
    if not arrival.voices:
        return arrival
    found = _recognised(db, document, arrival.voices)
    names = {voice: _name(db, voice) for voice, _ in found.values()}
    labels = {each.label for each in arrival.voices}
    segments = []
    for position, segment in enumerate(document.segments):
        voice, sure = found.get(segment.speaker or "", (None, 0.0))
        if voice is not None:
            row = (document.id, position, voice, sure)
            db.execute("INSERT INTO spoken VALUES (?, ?, ?, ?)", row)
            segments.append(replace(segment, speaker=names[voice]))
        else:
            unknown = segment.speaker in labels
            segments.append(replace(segment, speaker=None) if unknown else segment)
    return replace(arrival, document=replace(document, segments=tuple(segments)), voices=())


def _named_again(db: sqlite3.Connection, arrival: Arrival) -> Arrival:
    """A better text of a recording, with those who speak in it as they are known: nothing is
    learnt from the same sound twice, and what the user said of them stays.
    """
    document = arrival.document
    rows = db.execute(
        'SELECT s.start, s."end", s.speaker, w.voice, coalesce(w.confidence, 0)'
        " FROM segments AS s LEFT JOIN spoken AS w"
        " ON w.document_id = s.document_id AND w.position = s.position"
        ' WHERE s.document_id = ? AND s.start IS NOT NULL AND s."end" IS NOT NULL'
        " ORDER BY s.position",
        (document.id,),
    )
    turns = list(carried([Turn(*row) for row in rows], document.segments))
    db.execute("DELETE FROM spoken WHERE document_id = ?", (document.id,))
    db.executemany(
        "INSERT INTO spoken VALUES (?, ?, ?, ?)",
        [
            (document.id, position, turn.voice, turn.confidence)
            for position, (_, turn) in enumerate(turns)
            if turn and turn.voice is not None
        ],
    )
    document = document.saying(segment for segment, _ in turns)
    return replace(arrival, document=document, voices=())


def _recognised(
    db: sqlite3.Connection, document: Document, prints: Sequence[Voiceprint]
) -> dict[str, tuple[int, float]]:
    """The voices, known or new, of the labels in a recording, with how sure that is."""
    scope = PODCAST if document.attributes.get("source") == PODCAST else AROUND
    at = document.created_at or datetime.now(UTC)
    left = _seconds(document.segments)
    here = [each for each in prints if left.get(each.label)]
    known = _candidates(db, scope, {each.model for each in here})
    found: dict[str, tuple[int, float]] = {}
    for each in here:
        own = left[each.label] >= WHOLE * each.seconds  # the rest was an echo
        same = matched(here, known.get(each.model, ())).get(each.label)
        if same:
            voice, sure = same
            found[each.label] = voice.id, sure
            if own:
                _learn(db, voice, each, at)
        elif own and each.seconds >= NEW:
            found[each.label] = add_voice(db, scope, each, at), 1.0
    return found


def _seconds(segments: Iterable[Segment]) -> Mapping[str, float]:
    """How long each speaks."""
    found: dict[str, float] = defaultdict(float)
    for segment in segments:
        if segment.speaker and segment.start is not None and segment.end is not None:
            found[segment.speaker] += segment.end - segment.start
    return found


def _candidates(db: sqlite3.Connection, scope: str, models: set[str]) -> dict[str, list[Voice]]:
    """The known voices of a scope, by the model."""
    found: dict[str, list[Voice]] = defaultdict(list)
    for row in db.execute("SELECT * FROM voices WHERE scope = ?", (scope,)):
        if row["model"] in models:
            voice = Voice(row["id"], row["person"], unpacked(row["vector"]), row["seconds"])
            found[row["model"]].append(voice)
    return found


def _learn(db: sqlite3.Connection, voice: Voice, heard: Voiceprint, at: datetime) -> None:
    vector = blended(voice.vector, voice.seconds, heard.vector, heard.seconds)
    db.execute(
        "UPDATE voices SET vector = ?, seconds = seconds + ?, heard = heard + 1,"
        " last_at = max(last_at, ?) WHERE id = ?",
        (packed(vector), heard.seconds, text(at), voice.id),
    )


def add_voice(db: sqlite3.Connection, scope: str, heard: Voiceprint, at: datetime) -> int:
    """A voice that was not known, heard at a time; its number."""
    row = (scope, heard.model, packed(heard.vector), heard.seconds, text(at), text(at))
    cursor = db.execute(
        "INSERT INTO voices (scope, model, vector, seconds, heard, first_at, last_at)"
        " VALUES (?, ?, ?, ?, 1, ?, ?)",
        row,
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _stays(db: sqlite3.Connection, document: Document) -> bool:
    """Whether a document is here, and its segments stay as they are."""
    row = db.execute(
        "SELECT json_extract(attributes, ?) AS said, json_extract(attributes, ?) AS growing"
        " FROM documents WHERE id = ?",
        (f"$.{SAID}", f"$.{GROWING}", document.id),
    ).fetchone()
    if row is None or not document.live:
        return row is not None
    said = (document.attributes.get(SAID), document.attributes.get(GROWING))
    return (row["said"], row["growing"]) == said


def _as_stored(db: sqlite3.Connection, document: Document) -> Document:
    """The document with the speakers that it has here."""
    rows = db.execute(
        "SELECT speaker FROM segments WHERE document_id = ? ORDER BY position", (document.id,)
    ).fetchall()
    if len(rows) != len(document.segments):
        return replace(
            document, segments=tuple(replace(s, speaker=None) for s in document.segments)
        )
    pairs = zip(document.segments, rows, strict=True)
    return replace(document, segments=tuple(replace(s, speaker=r["speaker"]) for s, r in pairs))


def _name(db: sqlite3.Connection, voice: int) -> str:
    """What a voice is called."""
    row = db.execute(
        "SELECT name FROM people JOIN voices ON people.id = person WHERE voices.id = ?", (voice,)
    ).fetchone()
    return str(row["name"]) if row else label(voice)


def label(voice: int) -> str:
    """What a voice without a name is called."""
    return f"{UNNAMED} {voice}"


def text(time: datetime) -> str:
    """A time as the library keeps it."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")
