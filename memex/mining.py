"""Mining: questions about the user's own memory, drafted by the local model for evals.

A draft is nothing yet: the user says whether it counts. Passages are taken over all
documents evenly, and none twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from memex.errors import NotFound
from memex.memory import Memex
from memex.passages import split
from memex.protocols import Message
from memex.types import Passage
from memex.words import content_stems, words

TRIES: Final = 12
"""Passages that are tried for a draft."""
SHORTEST: Final = 25
"""Words of a passage of which a question is drafted."""
LONGEST: Final = 200
"""Words of it that the model reads."""
COPIED: Final = 5
"""Words in a row that a question has from the passage, from which on it is a copy."""
FEWEST: Final = 2
"""Words of content that it must have."""
MOST: Final = 25
"""Words that it may have."""
DEPTH: Final = 100
"""Hits among which the passage must be."""
MAX_TOKENS: Final = 48
GRAMMAR: Final = r"""root ::= [A-Z] [^\n?!.;\[\]<>|]{8,160} "?" """
"""One sentence."""
INSTRUCTION: Final = (
    "You are told a note. Write one short question about a fact in it, as somebody would ask"
    " who remembers it only half. Do not copy the note, and do not mention it."
)


@dataclass(frozen=True, slots=True)
class Drafted:
    """A question about a passage."""

    query: str
    passage: Passage


@dataclass(frozen=True, slots=True)
class Dropped:
    """A question that did not count."""

    query: str
    reason: str


class Mining:
    """Drafts over one memory."""

    def __init__(self, memex: Memex) -> None:
        """Nothing is drafted yet."""
        self._memex = memex
        self._cases = memex.library.cases

    def draft(self) -> Iterator[Drafted | Dropped]:
        """What was dropped, and last a draft that stands up; no draft where there is no passage
        left, or the model has written nothing usable for `TRIES` of them. Closing the iterator
        stops the model.
        """
        for passage in self._passages():
            query = self._question(passage)
            reason = self._fault(query, passage)
            if not reason:
                yield Drafted(query, passage)
                return
            self.decline(passage.document_id, passage.first)
            yield Dropped(query, reason)

    def decline(self, document_id: str, first: int) -> None:
        """Draft nothing of this passage again."""
        self._cases.note_mined(document_id, first)

    def _passages(self) -> Iterator[Passage]:
        """Those to try: of the documents of which least was drafted, in an order that depends
        on the texts alone.
        """
        mined = self._cases.mined()
        ids = sorted(
            self._memex.library.ids(), key=lambda id_: (len(mined.get(id_, ())), _shuffled(id_))
        )
        tries = 0
        for id_ in ids:
            try:
                document = self._memex.library.document(id_)
            except NotFound:  # forgotten meanwhile
                continue
            done = mined.get(id_, set())
            left = [
                passage
                for passage in split(document)
                if passage.first not in done and len(passage.text.split()) >= SHORTEST
            ]
            if left:
                yield min(left, key=lambda passage: _shuffled(passage.id))
                tries += 1
            if tries == TRIES:
                return

    def _question(self, passage: Passage) -> str:
        text = " ".join(passage.text.split()[:LONGEST])
        asked = [
            Message("system", INSTRUCTION),
            Message("user", f"Note ({passage.title}): {text}\nQuestion:"),
        ]
        writing = self._memex.language_model.complete(
            asked, max_tokens=MAX_TOKENS, grammar=GRAMMAR, stop=("\n",)
        )
        with closing(writing) as pieces:
            return "".join(pieces).strip()

    def _fault(self, query: str, passage: Passage) -> str:
        """Why a question does not count; "" where it does."""
        if not query.endswith("?") or len(set(content_stems(query))) < FEWEST:
            return "no question"
        if len(query.split()) > MOST:
            return "too long"
        if copies(query, passage.text):
            return "copied"
        if query in self._cases.own_texts().values():
            return "asked already"
        found = [hit.passage for hit in self._memex.recall(query, limit=DEPTH)]
        if not any(_overlap(each, passage) for each in found):
            return "not found by it"
        return ""


def copies(query: str, text: str) -> bool:
    """Whether a question has too many words in a row from a text, in any case."""
    asked, said = ([word.casefold() for word in words(each)] for each in (query, text))
    return bool(_runs(asked) & _runs(said))


def _runs(found: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(found[at : at + COPIED]) for at in range(len(found) - COPIED + 1)}


def _overlap(one: Passage, other: Passage) -> bool:
    return (
        one.document_id == other.document_id and one.first <= other.last and other.first <= one.last
    )


def _shuffled(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
