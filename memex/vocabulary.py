"""The vocabulary: the words that are remembered, for whoever spells one of them otherwise.

The library's table has each word with the number of documents that say it, older versions
included, and changes in the same transaction as the documents do: a word that nobody says
any more is gone from it. (Titles change when files are moved: the table's triggers see to
those.) To look words up by their sound they are read into memory, when
that is first asked for, and follow the table from then on.
"""

from __future__ import annotations

import heapq
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import Stemmer

from memex.database import Database
from memex.phonetics import letters_of
from memex.spellings import spellings
from memex.types import Document

if TYPE_CHECKING:
    from memex.lexicon import Lexicon

MOST_NEAR: Final = 12
"""Words near another that are told."""
NONE: Final[Mapping[str, int]] = {}
"""No words."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A word that is remembered, and like one that was asked for."""

    word: str
    """In lower case, with its accents."""
    likeness: float
    """0 to 1: `memex.lexicon.Near`."""
    documents: int
    """How many say it; at least 1."""


class Vocabulary:
    """Over the table `words`. Methods may be called from several threads."""

    def __init__(self, database: Database) -> None:
        """Nothing is read yet."""
        self._database = database
        self._lock = threading.RLock()
        self._counts: dict[str, int] | None = None
        self._most = 0
        """In how many documents the most frequent word is, or was."""
        self._undone = 0
        self._parts: list[Lexicon] = []
        self._new: list[str] = []
        """Words in `_counts` that are in no part yet."""

    def change(
        self,
        db: sqlite3.Connection,
        change: Mapping[str, int],
        titles: Mapping[str, int] = NONE,
    ) -> None:
        """Count words that documents say now, and no longer, as part of a transaction.

        Those of `titles` are in the table already: its triggers count them.
        """
        rows = sorted((word, more) for word, more in change.items() if more)
        db.executemany(
            "INSERT INTO words (word, documents) VALUES (?, ?)"
            " ON CONFLICT (word) DO UPDATE SET documents = documents + excluded.documents",
            rows,
        )
        db.executemany(
            "DELETE FROM words WHERE word = ? AND documents <= 0",
            [(word,) for word, more in rows if more < 0],
        )
        with self._lock:
            if self._counts is not None:
                self._follow(self._counts, (*rows, *titles.items()))

    def _follow(self, counts: dict[str, int], rows: Iterable[tuple[str, int]]) -> None:
        for word, more in rows:
            known = counts.get(word)
            if known is None:
                self._new.append(word)
            counts[word] = max(0, (known or 0) + more)
            self._most = max(self._most, counts[word])

    def load(self) -> None:
        """Read the words into memory where that is not done yet: 3 s for 300,000."""
        with self._read():
            pass

    def _fill(self) -> None:
        """Have `_counts` what the table has."""
        if self._is_current():
            return
        with self._database.transaction() as db, self._lock:  # always in this order
            if not self._is_current():
                self._undone = self._database.undone
                rows = db.execute("SELECT word, documents FROM words")
                self._counts = {row["word"]: row["documents"] for row in rows}
                self._most = max(self._counts.values(), default=0)
                self._parts, self._new = [], list(self._counts)

    def _is_current(self) -> bool:
        return self._counts is not None and self._undone == self._database.undone

    @contextmanager
    def _read(self) -> Iterator[tuple[dict[str, int], list[Lexicon]]]:
        """The words with their documents, and the parts in which they can be looked up."""
        self._fill()
        with self._lock:
            assert self._counts is not None
            if self._new:
                self._parts.append(_lexicon(self._new))
                self._new = []
            while len(self._parts) > 1 and len(self._parts[-1]) * 2 > len(self._parts[-2]):
                last, before = self._parts.pop(), self._parts.pop()
                self._parts.append(_lexicon([*before.words, *last.words]))
            yield self._counts, self._parts

    def near(self, said: str) -> list[Neighbour]:
        """The words that are spelt or sound like this one, or several as one, the most alike
        first, at most `MOST_NEAR`.
        """
        letters = letters_of(said)
        with self._read() as (counts, parts):
            found = [
                near
                for part in parts
                for near in part.near(letters, MOST_NEAR)
                if counts[near.word]
            ]
            best = heapq.nsmallest(MOST_NEAR, found, key=lambda near: (-near.likeness, near.word))
            return [Neighbour(near.word, near.likeness, counts[near.word]) for near in best]

    def sounding(self, code: str) -> dict[str, int]:
        """The words with these consonants (`memex.phonetics.consonants_of`), and how many
        documents say each.
        """
        with self._read() as (counts, parts):
            found = (word for part in parts for word in part.sounding(code))
            return {word: counts[word] for word in found if counts[word]}

    def exactly(self, word: str) -> int:
        """How many documents say a word as it is spelt, accents included."""
        with self._read() as (counts, _):
            return counts.get(word.casefold(), 0)

    def most(self) -> int:
        """How many documents say the word that most say: about as many as there are."""
        with self._read():
            return self._most

    def documents(self, word: str) -> int:
        """How many documents say a word, in any inflection; one that says it in two counts
        twice.
        """
        stem = Stemmer.Stemmer("english").stemWord(letters_of(word))
        with self._read() as (counts, parts):
            return sum(counts[each] for part in parts for each in part.inflected(stem))


def _lexicon(words: Iterable[str]) -> Lexicon:
    from memex.lexicon import Lexicon  # noqa: PLC0415 (numpy, for who looks words up)

    return Lexicon(words)


def words_of(document: Document) -> Counter[str]:
    """What a document adds to the vocabulary, but for its title."""
    headings = {segment.heading for segment in document.segments if segment.heading}
    texts = (segment.text for segment in document.segments)
    speakers = {segment.speaker for segment in document.segments if segment.speaker}
    found = Counter(spellings((*headings, *texts)))
    found.update(spellings(speakers))
    return found


def words_in(db: sqlite3.Connection, document_id: str) -> Counter[str]:
    """What a document that is in the library has added to the vocabulary, but for its title."""
    texts, speakers = set(), set()
    for text, heading, speaker in db.execute(
        "SELECT text, heading, speaker FROM segments WHERE document_id = ?", (document_id,)
    ):
        texts |= {text, heading or ""}
        speakers.add(speaker or "")
    return Counter(spellings(texts)) + Counter(spellings(speakers))


def title_in(db: sqlite3.Connection, document_id: str) -> Counter[str]:
    """What the title of a document that is in the library has added to the vocabulary."""
    found = db.execute("SELECT title FROM documents WHERE id = ?", (document_id,))
    return titled(row[0] for row in found)


def titled(titles: Iterable[str]) -> Counter[str]:
    """What the titles of some documents add to the vocabulary."""
    return Counter(word for title in titles for word in spellings([title]))


def speakers_in(db: sqlite3.Connection, document_ids: Iterable[str]) -> Counter[str]:
    """What the names of the speakers in some documents have added to the vocabulary."""
    found: Counter[str] = Counter()
    for id_ in document_ids:
        rows = db.execute("SELECT DISTINCT speaker FROM segments WHERE document_id = ?", (id_,))
        found.update(spellings(row[0] or "" for row in rows))
    return found
