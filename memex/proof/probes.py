"""Probes: what documents say that no other document says.

A probe that is found is evidence, so each is checked against the whole library:
it must occur in no other document, not even within a longer word. What Memex
itself writes into its files (the words of its own source) is no evidence
either and is left out.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Final, Literal, TypeVar
from urllib.parse import unquote

import ahocorasick_rs

from memex.library import Library
from memex.types import Document
from memex.words import has_digit, is_function_word, stem

Kind = Literal["text", "word", "stem", "title", "path", "name", "id"]
T = TypeVar("T")

GRAM: Final = 6
"""Words of a piece of text."""
SHORTEST_GRAM: Final = 20
"""Characters that it must have."""
SHORTEST_WORD: Final = 6
"""Characters of a word, name, title or path: shorter ones occur by chance in the
hundreds of megabytes of an index."""
SHORTEST_STEM: Final = 5
"""Characters of a stem; it is looked up in dictionaries, where nothing occurs by chance."""
CANDIDATES: Final = 3_000
"""Pieces, and words, of a document that are compared with the other documents."""
KEPT: Final = 32
"""Pieces, and words, of it that are looked for in the end, spread over the document."""
DOCUMENTS: Final = 500
"""Documents from which probes are taken, spread over them where there are more."""
MOST: Final = 20
"""Documents of which so much is taken; of more, each gives less."""

FORMAT: Final = """
blocked btreeindexdetails columnencoding custom double english fixed_size_list fragments
googleapis identifiers impacts inverted invertedindexdetails lookup mindex operators
pagelayout partition posting preserve shuffle simple sqlite string timestamp transpose
varint vectorindexdetails
""".strip()
"""Words that Lance and SQLite write into their files themselves, in lower case."""

_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Probe:
    """Something to look for."""

    kind: Kind
    """"text": six words in a row; "stem": a word as the full-text index keeps it;
    "name": of a speaker or author; "id": hash of the text or of a file of it."""
    text: str


def probes(document_ids: Sequence[str], library: Library) -> tuple[Probe, ...]:
    """What occurs in these documents and in no other of the library, older versions
    included; in a settled order.

    Besides their ids, empty where they say nothing of their own. To be called while
    they are remembered. Reads the whole library, once.
    """
    chosen = _spread(document_ids, DOCUMENTS)
    share = max(1, len(chosen) // MOST)
    candidates = {id_: _of_one(library.document(id_), library, share) for id_ in chosen}
    unique = _Unique(list({probe for found in candidates.values() for probe in found}))
    for other in {entry.id for entry in library.entries(hidden=True)} - set(document_ids):
        unique.see(_everything(library.document(other), library))
    found: dict[Probe, None] = {}
    for id_ in chosen:
        left = [probe for probe in candidates[id_] if probe in unique.left]
        for kind in ("text", "word", "stem"):
            same = [probe for probe in left if probe.kind == kind]
            found |= dict.fromkeys(_spread(same, max(1, KEPT // share)))
        found |= dict.fromkeys(p for p in left if p.kind in ("title", "path", "name"))
        ids = (id_, *(copy.sha256 for copy in library.copies(id_)))
        found |= dict.fromkeys(Probe("id", each) for each in ids)
    return tuple(found)


def telling(texts: Mapping[int, str], document_ids: Sequence[str], library: Library) -> set[int]:
    """Which of some texts by others have something that only these documents say, so that a
    probe may be found there. To be called while they are remembered. Reads the whole library
    only where a text has something that they say at all.
    """
    chosen = _spread(document_ids, DOCUMENTS) if texts else []
    share = max(1, len(chosen) // MOST)
    candidates = {
        probe for id_ in chosen for probe in _of_one(library.document(id_), library, share)
    } | {Probe("id", id_) for id_ in document_ids}
    said = _Unique(list(candidates))
    for text in texts.values():
        said.see(text)
    found = _Unique(list(candidates - said.left))
    if not found.left:
        return set()
    for other in {entry.id for entry in library.entries(hidden=True)} - set(document_ids):
        found.see(_everything(library.document(other), library))
    own = _Unique(list(found.left))
    return {number for number, text in texts.items() if own.has(text)}


def folded(text: str) -> str:
    """A text without the differences of case and composition."""
    return unicodedata.normalize("NFC", text.casefold())


class _Unique:
    """The candidates that no other text has had so far."""

    def __init__(self, candidates: Sequence[Probe]) -> None:
        self.left = set(candidates)
        self._by_key: dict[str, list[Probe]] = {}
        for probe in candidates:
            self._by_key.setdefault(_key(probe), []).append(probe)
        self._keys = list(self._by_key)
        self._automaton = ahocorasick_rs.AhoCorasick(self._keys)

    def has(self, text: str) -> bool:
        """Whether this text has any of them."""
        return bool(self._automaton.find_matches_as_indexes(folded(text)))

    def see(self, text: str) -> None:
        """Strike out what this text has too."""
        found = self._automaton.find_matches_as_indexes(folded(text), overlapping=True)
        for key in {key for key, _, _ in found}:
            self.left.difference_update(self._by_key[self._keys[key]])


def _key(probe: Probe) -> str:
    """What must not occur in another document.

    Words whose stems are the same may differ in their last letters ("happy",
    "happiness": "happi"), so a stem is compared without its last letter.
    """
    text = folded(probe.text)
    return text[:-1] if probe.kind == "stem" else text


def _of_one(document: Document, library: Library, share: int) -> list[Probe]:
    """Its candidates, no more than one in `share` of the most that there may be."""
    return list(dict.fromkeys(_candidates(document, library, CANDIDATES // share)))


def _candidates(document: Document, library: Library, most: int) -> Iterator[Probe]:
    copies = library.copies(document.id)
    titles = [document.title, *(copy.title for copy in copies), *_headings(document)]
    paths = [path for uri in (document.uri, *(c.uri for c in copies)) for path in _paths(uri)]
    names = [document.author, *(segment.speaker for segment in document.segments)]
    kinds: list[tuple[Kind, Iterable[str | None]]] = [
        ("text", _chosen(_grams(document), most)),
        ("title", titles),
        ("path", paths),
        ("name", names),
    ]
    for kind, texts in kinds:
        for text in texts:
            if text and len(text) >= SHORTEST_WORD and not _is_own(folded(text)):
                yield Probe(kind, text)
    for word in _chosen(_rare_words(document), most):
        yield Probe("word", word)
        if len(stem(word)) >= SHORTEST_STEM and word.isascii():
            yield Probe("stem", stem(word))


def _headings(document: Document) -> Iterator[str]:
    return (segment.heading for segment in document.segments if segment.heading)


def _paths(uri: str) -> Iterator[str]:
    """A URI as it stands, as a path, and the name of its file without the suffix."""
    yield uri
    path = unquote(uri.partition("://")[2])
    yield path
    name = path.rpartition("/")[2].rpartition(".")[0]
    if len(name) >= SHORTEST_WORD:
        yield name


def _grams(document: Document) -> Iterator[str]:
    """Six words in a row, as they stand, one after the other."""
    for segment in document.segments:
        words = segment.text.split()
        for first in range(0, len(words) - GRAM + 1, GRAM):
            gram = " ".join(words[first : first + GRAM])
            if len(gram) >= SHORTEST_GRAM:
                yield gram


def _rare_words(document: Document) -> Iterator[str]:
    """Words that might be the document's own, folded."""
    parts = [document.title, *(segment.text for segment in document.segments)]
    for text in parts:
        for word in _WORD.findall(folded(text)):
            long_enough = len(word) >= SHORTEST_WORD
            if long_enough and not (has_digit(word) or is_function_word(word) or _is_own(word)):
                yield word


@lru_cache(100_000)
def _is_own(text: str) -> bool:
    """Whether a text occurs in what is in the files anyway."""
    return text in _own_words()


@cache
def _own_words() -> str:
    """The words of Memex's own source, which its logs, tables and settings are made of,
    and those that the files of the index have in them.
    """
    found: set[str] = set()
    waiting = [resources.files("memex")]
    while waiting:
        for entry in waiting.pop().iterdir():
            if entry.is_dir():
                waiting.append(entry)
            elif entry.name.endswith((".py", ".sql")):
                found.update(_WORD.findall(folded(entry.read_text(encoding="utf-8"))))
                found.update(part for word in tuple(found) for part in word.split("_"))
    return "\n".join((FORMAT, *sorted(found)))


def _everything(document: Document, library: Library) -> str:
    """All that is kept of a document, each on a line of its own."""
    lines = [document.title, document.uri, unquote(document.uri), document.author or ""]
    lines += document.attributes.values()
    for segment in document.segments:
        lines += (" ".join(segment.text.split()), segment.speaker or "", segment.heading or "")
    for copy in library.copies(document.id):
        lines += (copy.title, copy.uri, unquote(copy.uri))
    return "\n".join(lines)


def _chosen(texts: Iterable[str], most: int) -> list[str]:
    """At most so many different ones; which ones depends on the texts alone."""
    different = list(dict.fromkeys(texts))
    if len(different) <= most:
        return different
    ranked = sorted(different, key=lambda text: hashlib.sha256(text.encode()).digest())
    kept = set(ranked[:most])
    return [text for text in different if text in kept]


def _spread(found: Sequence[T], most: int) -> list[T]:
    """At most so many, evenly spread."""
    if len(found) <= most:
        return list(found)
    return [found[number * len(found) // most] for number in range(most)]
