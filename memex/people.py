"""Who speaks: the voices that were heard, and the people that the user says they are.

A voice is an embedding with what it was made of, "Voice 3" until it has a name. What is
heard around the microphones and what podcasts bring are scopes of their own: no voice of
one is looked for in the other. What was played and became an echo makes no voice.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from memex.database import Database
from memex.errors import InvalidRequest, NotFound
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


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody whose voice is known: a person, or a voice without a name."""

    name: str
    """Or "Voice 3"."""
    named: bool
    owner: bool
    voices: tuple[int, ...]
    scopes: tuple[str, ...]
    seconds: float
    """Of speech that the voices were made of."""
    documents: int
    segments: int
    last_at: datetime | None
    """When it was last heard."""


class People:
    """The people and voices of the library."""

    def __init__(self, database: Database) -> None:
        """A room of the library."""
        self._database = database

    def all(self) -> list[Known]:
        """Everybody: the owner, people by name, then voices without a name."""
        rows = self._database.all(
            "SELECT v.*, p.name, p.owner, p.id AS person_id,"
            " (SELECT count(DISTINCT document_id) FROM spoken WHERE voice = v.id) AS documents,"
            " (SELECT count(*) FROM spoken WHERE voice = v.id) AS segments"
            " FROM voices AS v LEFT JOIN people AS p ON p.id = v.person"
            " ORDER BY p.owner IS NOT 1, p.name IS NULL, p.name, v.id"
        )
        found: dict[str, list[sqlite3.Row]] = defaultdict(list)
        for row in rows:
            found[row["name"] or _label(row["id"])].append(row)
        return [_known(name, group) for name, group in found.items()]

    def named(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """Recordings with the names of those who speak in them, in place of their labels;
        part of the transaction that stores them. What was said is learnt from.
        """
        with self._database.transaction() as db:
            return [_named(db, arrival) for arrival in arrivals]

    def name(self, who: str, name: str, *, owner: bool = False) -> set[str]:
        """Give a voice or a person a name; that of another person's: they are one. The
        documents that now say otherwise. Raises `NotFound`, `InvalidRequest`.
        """
        name = _checked(name)
        with self._database.transaction() as db:
            voices = _voices_of(db, who)
            before, person = _person_of(db, who), _person(db, name)
            if person is None:
                person = before if before is not None else _add_person(db, name)
            if before is not None and before != person:
                db.execute("DELETE FROM people WHERE id = ?", (before,))
            if before == person:
                db.execute("UPDATE people SET name = ? WHERE id = ?", (name, person))
            _hand(db, voices, person)
            if owner:
                _make_owner(db, person)
            return _relabel(db, voices, _name_of(db, person))

    def merge(self, into: str, other: str) -> set[str]:
        """Two are one: the first one's name stays. Raises `NotFound`, `InvalidRequest`."""
        with self._database.transaction() as db:
            ours, theirs = _voices_of(db, into), _voices_of(db, other)
            if set(ours) == set(theirs):
                raise InvalidRequest(f"{into} and {other} are one already.", "")
            person, gone = _person_of(db, into), _person_of(db, other)
            if person is not None:
                _hand(db, theirs, person)
                if gone is not None:
                    db.execute("DELETE FROM people WHERE id = ?", (gone,))
                return _relabel(db, theirs, _name_of(db, person))
            if gone is not None:
                raise InvalidRequest(
                    f"{other} has a name, and {into} has none.", f'Say: merge "{other}" "{into}".'
                )
            return _absorb(db, ours[0], theirs[0])

    def forget(self, who: str) -> set[str]:
        """Remove a voice, or a person with all their voices; what they said stays, without
        a speaker. Raises `NotFound`.
        """
        with self._database.transaction() as db:
            voices = _voices_of(db, who)
            person = _person_of(db, who)
            changed = _relabel(db, voices, None)
            db.executemany("DELETE FROM voices WHERE id = ?", [(voice,) for voice in voices])
            if person is not None:
                db.execute("DELETE FROM people WHERE id = ?", (person,))
            return changed

    def enrol(self, name: str, found: Voiceprint, *, owner: bool = False) -> None:
        """Learn how somebody sounds, from a recording of their own. Raises `InvalidRequest`."""
        name = _checked(name)
        with self._database.transaction() as db:
            person = _person(db, name)
            if person is None:
                person = _add_person(db, name)
            voice = _add_voice(db, AROUND, found, datetime.now(UTC))
            _hand(db, [voice], person)
            if owner:
                _make_owner(db, person)

    def confidences(self, document_id: str) -> dict[int, float]:
        """How sure it is who speaks, by the positions of the segments."""
        rows = self._database.all(
            "SELECT position, confidence FROM spoken WHERE document_id = ?", document_id
        )
        return {row["position"]: row["confidence"] for row in rows}


def _named(db: sqlite3.Connection, arrival: Arrival) -> Arrival:
    document = arrival.document
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
            found[each.label] = _add_voice(db, scope, each, at), 1.0
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
        (packed(vector), heard.seconds, _text(at), voice.id),
    )


def _add_voice(db: sqlite3.Connection, scope: str, heard: Voiceprint, at: datetime) -> int:
    row = (scope, heard.model, packed(heard.vector), heard.seconds, _text(at), _text(at))
    cursor = db.execute(
        "INSERT INTO voices (scope, model, vector, seconds, heard, first_at, last_at)"
        " VALUES (?, ?, ?, ?, 1, ?, ?)",
        row,
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _absorb(db: sqlite3.Connection, into: int, other: int) -> set[str]:
    """Two voices without a name become one."""
    one, two = (
        db.execute("SELECT * FROM voices WHERE id = ?", (id_,)).fetchone() for id_ in (into, other)
    )
    if (one["scope"], one["model"]) != (two["scope"], two["model"]):
        raise InvalidRequest(
            "One was heard around the microphones, the other in a podcast, or by another model.",
            f'Give one a name first: memex people name "{_label(into)}" NAME.',
        )
    vector = blended(
        unpacked(one["vector"]), one["seconds"], unpacked(two["vector"]), two["seconds"]
    )
    db.execute(
        "UPDATE voices SET vector = ?, seconds = seconds + ?, heard = heard + ?,"
        " first_at = min(first_at, ?), last_at = max(last_at, ?) WHERE id = ?",
        (packed(vector), two["seconds"], two["heard"], two["first_at"], two["last_at"], into),
    )
    changed = _relabel(db, [other], _label(into))
    db.execute("UPDATE spoken SET voice = ? WHERE voice = ?", (into, other))
    db.execute("DELETE FROM voices WHERE id = ?", (other,))
    return changed


def _relabel(db: sqlite3.Connection, voices: Sequence[int], speaker: str | None) -> set[str]:
    """Write a name, or none, to all that voices speak; the documents in which that is."""
    changed: set[str] = set()
    for voice in voices:
        changed |= {
            row["document_id"]
            for row in db.execute(
                "SELECT DISTINCT document_id FROM spoken WHERE voice = ?", (voice,)
            )
        }
        db.execute(
            "UPDATE segments SET speaker = ? FROM spoken WHERE spoken.voice = ?"
            " AND spoken.document_id = segments.document_id"
            " AND spoken.position = segments.position",
            (speaker, voice),
        )
    return changed


def _voices_of(db: sqlite3.Connection, who: str) -> list[int]:
    """The voices of a person, or the one that is called so. Raises `NotFound`."""
    person = _person_of(db, who)
    if person is not None:
        rows = db.execute("SELECT id FROM voices WHERE person = ? ORDER BY id", (person,))
        return [row["id"] for row in rows]
    word, _, number = who.strip().rpartition(" ")
    if word.casefold() in {"", UNNAMED.casefold()} and number.isdecimal():
        row = db.execute(
            "SELECT id FROM voices WHERE id = ? AND person IS NULL", (int(number),)
        ).fetchone()
        if row:
            return [row["id"]]
    raise NotFound(f"Nobody is known as {who!r}.", "See `memex people list`.")


def _person_of(db: sqlite3.Connection, who: str) -> int | None:
    return _person(db, " ".join(who.split()))


def _person(db: sqlite3.Connection, name: str) -> int | None:
    row = db.execute("SELECT id FROM people WHERE name = ?", (name,)).fetchone()
    return int(row["id"]) if row else None


def _add_person(db: sqlite3.Connection, name: str) -> int:
    cursor = db.execute(
        "INSERT INTO people (name, added_at) VALUES (?, ?)", (name, _text(datetime.now(UTC)))
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _hand(db: sqlite3.Connection, voices: Iterable[int], person: int) -> None:
    """Voices are a person's from now on."""
    db.executemany(
        "UPDATE voices SET person = ? WHERE id = ?", [(person, voice) for voice in voices]
    )


def _make_owner(db: sqlite3.Connection, person: int) -> None:
    db.execute("UPDATE people SET owner = 0 WHERE owner = 1")
    db.execute("UPDATE people SET owner = 1 WHERE id = ?", (person,))


def _name(db: sqlite3.Connection, voice: int) -> str:
    """What a voice is called."""
    row = db.execute(
        "SELECT name FROM people JOIN voices ON people.id = person WHERE voices.id = ?", (voice,)
    ).fetchone()
    return str(row["name"]) if row else _label(voice)


def _name_of(db: sqlite3.Connection, person: int) -> str:
    return str(db.execute("SELECT name FROM people WHERE id = ?", (person,)).fetchone()["name"])


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


def _checked(name: str) -> str:
    """A name in one line. Raises `InvalidRequest` for one that a voice without a name has."""
    name = " ".join(name.split())
    if not name or not name.isprintable():
        raise InvalidRequest("A name has at least one letter.", "Give one.")
    word, _, number = name.rpartition(" ")
    if number.isdecimal() and word.casefold() in {"", UNNAMED.casefold()}:
        raise InvalidRequest(
            f"{name!r} is what a voice without a name is called.", "Choose another name."
        )
    if ", " in name:
        raise InvalidRequest("A comma parts two names.", "Leave it out.")
    return name


def _known(name: str, rows: Sequence[sqlite3.Row]) -> Known:
    return Known(
        name=name,
        named=rows[0]["name"] is not None,
        owner=bool(rows[0]["owner"]),
        voices=tuple(row["id"] for row in rows),
        scopes=tuple(sorted({row["scope"] for row in rows})),
        seconds=round(sum(row["seconds"] for row in rows), 1),
        documents=sum(row["documents"] for row in rows),
        segments=sum(row["segments"] for row in rows),
        last_at=max(datetime.fromisoformat(row["last_at"]) for row in rows),
    )


def _label(voice: int) -> str:
    return f"{UNNAMED} {voice}"


def _text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds")
