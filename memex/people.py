"""Who speaks: the voices that were heard, and the people that the user says they are.

A voice is an embedding with what it was made of, "Voice 3" until it has a name. What is
heard around the microphones and what podcasts bring are scopes of their own: no voice of
one is looked for in the other. What was played and became an echo makes no voice.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from memex.database import Database
from memex.errors import InvalidRequest, NotFound
from memex.speaking import AROUND, UNNAMED, add_voice, label, named, text
from memex.types import Arrival, Voiceprint
from memex.vocabulary import Vocabulary, speakers_in
from memex.voices import Voice, blended, matched, packed, unpacked


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

    def __init__(self, database: Database, vocabulary: Vocabulary) -> None:
        """A room of the library; the names of speakers are in its `vocabulary`."""
        self._database = database
        self._vocabulary = vocabulary

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
            found[row["name"] or label(row["id"])].append(row)
        return [_known(name, group) for name, group in found.items()]

    def names(self) -> list[str]:
        """The people that have one, in its order."""
        return [row["name"] for row in self._database.all("SELECT name FROM people ORDER BY name")]

    def called(self, who: str) -> str:
        """How somebody is called by now whom the user calls so: by a name, in whatever letters, or
        as the voice was called before it had one. As it stands where that is nobody.
        """
        rows = self._database.all(
            "SELECT name FROM people WHERE name = ? UNION ALL"
            " SELECT coalesce(p.name, ? || ' ' || v.id) FROM voices AS v"
            " LEFT JOIN people AS p ON p.id = v.person WHERE v.id = ?",
            " ".join(who.split()),
            UNNAMED,
            _number(who),
        )
        return rows[0]["name"] if rows else who

    def named(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """Recordings with the names of those who speak in them, in place of their labels;
        part of the transaction that stores them. What was said is learnt from.
        """
        with self._database.transaction() as db:
            return [named(db, arrival) for arrival in arrivals]

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
            return _relabel(db, voices, _name_of(db, person), self._vocabulary)

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
                return _relabel(db, theirs, _name_of(db, person), self._vocabulary)
            if gone is not None:
                raise InvalidRequest(
                    f"{other} has a name, and {into} has none.", f'Say: merge "{other}" "{into}".'
                )
            return _absorb(db, ours[0], theirs[0], self._vocabulary)

    def forget(self, who: str) -> set[str]:
        """Remove a voice, or a person with all their voices; what they said stays, without
        a speaker. Raises `NotFound`.
        """
        with self._database.transaction() as db:
            voices = _voices_of(db, who)
            person = _person_of(db, who)
            changed = _relabel(db, voices, None, self._vocabulary)
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
            voice = add_voice(db, AROUND, found, datetime.now(UTC))
            _hand(db, [voice], person)
            if owner:
                _make_owner(db, person)

    def speaker(self, heard: Voiceprint) -> str | None:
        """Who surely speaks so around the microphones; None where that is nobody with a name.
        Nothing is learnt from it.
        """
        rows = self._database.all(
            "SELECT v.*, p.name FROM voices AS v LEFT JOIN people AS p ON p.id = v.person"
            " WHERE v.scope = ? AND v.model = ?",
            AROUND,
            heard.model,
        )
        names = {row["id"]: row["name"] for row in rows}
        known = [Voice(r["id"], r["person"], unpacked(r["vector"]), r["seconds"]) for r in rows]
        found = matched([heard], known).get(heard.label)
        return names[found[0].id] if found else None

    def confidences(self, document_id: str) -> dict[int, float]:
        """How sure it is who speaks, by the positions of the segments."""
        rows = self._database.all(
            "SELECT position, confidence FROM spoken WHERE document_id = ?", document_id
        )
        return {row["position"]: row["confidence"] for row in rows}


def _absorb(db: sqlite3.Connection, into: int, other: int, vocabulary: Vocabulary) -> set[str]:
    """Two voices without a name become one."""
    one, two = (
        db.execute("SELECT * FROM voices WHERE id = ?", (id_,)).fetchone() for id_ in (into, other)
    )
    if (one["scope"], one["model"]) != (two["scope"], two["model"]):
        raise InvalidRequest(
            "One was heard around the microphones, the other in a podcast, or by another model.",
            f'Give one a name first: memex people name "{label(into)}" NAME.',
        )
    vector = blended(
        unpacked(one["vector"]), one["seconds"], unpacked(two["vector"]), two["seconds"]
    )
    db.execute(
        "UPDATE voices SET vector = ?, seconds = seconds + ?, heard = heard + ?,"
        " first_at = min(first_at, ?), last_at = max(last_at, ?) WHERE id = ?",
        (packed(vector), two["seconds"], two["heard"], two["first_at"], two["last_at"], into),
    )
    changed = _relabel(db, [other], label(into), vocabulary)
    db.execute("UPDATE spoken SET voice = ? WHERE voice = ?", (into, other))
    db.execute("DELETE FROM voices WHERE id = ?", (other,))
    return changed


def _relabel(
    db: sqlite3.Connection, voices: Sequence[int], speaker: str | None, vocabulary: Vocabulary
) -> set[str]:
    """Write a name, or none, to all that voices speak; the documents in which that is."""
    changed = {
        row["document_id"]
        for voice in voices
        for row in db.execute("SELECT DISTINCT document_id FROM spoken WHERE voice = ?", (voice,))
    }
    before = speakers_in(db, changed)
    db.executemany(
        "UPDATE segments SET speaker = ? FROM spoken WHERE spoken.voice = ?"
        " AND spoken.document_id = segments.document_id"
        " AND spoken.position = segments.position",
        [(speaker, voice) for voice in voices],
    )
    after = speakers_in(db, changed)
    after.subtract(before)
    vocabulary.change(db, after)
    return changed


def _voices_of(db: sqlite3.Connection, who: str) -> list[int]:
    """The voices of a person, or the one that is called so. Raises `NotFound`."""
    person = _person_of(db, who)
    if person is not None:
        rows = db.execute("SELECT id FROM voices WHERE person = ? ORDER BY id", (person,))
        return [row["id"] for row in rows]
    row = db.execute(
        "SELECT id FROM voices WHERE id = ? AND person IS NULL", (_number(who),)
    ).fetchone()
    if row:
        return [row["id"]]
    raise NotFound(f"Nobody is known as {who!r}.", "See `memex people list`.")


def _number(who: str) -> int | None:
    """That of a voice that is called so as long as it has no name: "Voice 3", or 3."""
    word, _, number = " ".join(who.split()).rpartition(" ")
    unnamed = word.casefold() in {"", UNNAMED.casefold()} and number.isdecimal()
    return int(number) if unnamed else None


def _person_of(db: sqlite3.Connection, who: str) -> int | None:
    return _person(db, " ".join(who.split()))


def _person(db: sqlite3.Connection, name: str) -> int | None:
    row = db.execute("SELECT id FROM people WHERE name = ?", (name,)).fetchone()
    return int(row["id"]) if row else None


def _add_person(db: sqlite3.Connection, name: str) -> int:
    cursor = db.execute(
        "INSERT INTO people (name, added_at) VALUES (?, ?)", (name, text(datetime.now(UTC)))
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


def _name_of(db: sqlite3.Connection, person: int) -> str:
    return str(db.execute("SELECT name FROM people WHERE id = ?", (person,)).fetchone()["name"])


def _checked(name: str) -> str:
    """A name in one line. Raises `InvalidRequest` for one that a voice without a name has."""
    name = " ".join(name.split())
    if not name or not name.isprintable():
        raise InvalidRequest("A name has at least one letter.", "Give one.")
    if _number(name) is not None:
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
