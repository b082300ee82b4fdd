"""Looking for damage in the index, and mending it: all of it can be made from the library."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from memex.audit import Finding
from memex.errors import IndexDamaged, NotFound
from memex.index import Index
from memex.indexer import Indexer
from memex.library import Library
from memex.passages import split
from memex.protocols import Filters, Step
from memex.types import Passage
from memex.words import content_stems

TOLERANCE: Final = 0.01
"""How far the norm of a vector may lie from 1."""
SAMPLES: Final = 100
"""Documents that are searched for."""
PATIENCE: Final = 2.0
"""Seconds that indexing is given to begin."""
LOOK: Final = 0.2
"""Seconds between two looks at how far it is."""
PLAIN_WORDS: Final = 5
"""Words from which on a passage must be found by them."""
REMEDY: Final = "`memex verify` mends it; `memex reindex` makes the whole index again."


@dataclass(slots=True)
class _Seen:
    """What one look at the index found."""

    broken: str = ""
    """Why it cannot be read or searched; the rest says nothing then."""
    wrong: set[str] = field(default_factory=set)
    """Documents whose passages are not those that the library gives."""
    foreign: set[str] = field(default_factory=set)
    """What has passages and is no document."""

    def __bool__(self) -> bool:
        return bool(self.broken or self.wrong or self.foreign)

    def said(self) -> str:
        if self.broken:
            return self.broken
        parts = []
        if self.wrong:
            parts.append(f"the passages of {_documents(self.wrong)} are not those of the library")
        if self.foreign:
            parts.append(f"there are passages of {_documents(self.foreign)} that are not in it")
        return f"In the index {', and '.join(parts)}."


def _documents(ids: set[str]) -> str:
    named = ", ".join(sorted(id_[:8] for id_ in sorted(ids)[:3]))
    more = ", …" if len(ids) > 3 else ""
    return f"{len(ids)} document{'s' * (len(ids) > 1)} ({named}{more})"


def audit_index(library: Library, indexer: Indexer, *, mend: bool) -> Iterator[Step | Finding]:
    """Progress, and what was wrong with the index. With `mend` it is right afterwards, or
    a finding says that it is not. Remembering and searching go on meanwhile; another who
    looks waits.
    """
    with indexer.looking:
        yield from _audit(library, indexer, mend=mend)


def _audit(library: Library, indexer: Indexer, *, mend: bool) -> Iterator[Step | Finding]:
    if indexer.damage:
        yield Finding("index", indexer.damage, "It was made again.", mended=True)
        indexer.damage = ""
    yield from _wait(library, indexer)
    for repair in (_patch, _renew) if mend else ():
        seen = yield from _look(library, indexer)
        if not seen:
            return
        yield Finding("index", seen.said(), mended=True)
        yield from repair(indexer, seen)
    seen = yield from _look(library, indexer)
    if seen:
        yield Finding("index", seen.said(), REMEDY)


def mend_index(library: Library, indexer: Indexer, *, surely: bool) -> Iterator[Step]:
    """Look the index over unasked, and make again what is damaged; `surely` all of it where
    no damage is found. Whoever audits it next is told.
    """
    with indexer.looking:
        seen = yield from _look(library, indexer)
        if seen:
            yield from _patch(indexer, seen)
        elif surely:
            yield from indexer.renew()
        else:
            return
        indexer.damage = seen.said() if seen else "The index could not be written."


def _patch(indexer: Indexer, seen: _Seen) -> Iterator[Step]:
    """Make anew what is wrong; everything, where that cannot be told."""
    if seen.broken:
        yield from indexer.renew()
        return
    indexer.discard(*seen.wrong, *seen.foreign)
    yield from indexer.reconcile()


def _renew(indexer: Indexer, _: _Seen) -> Iterator[Step]:
    yield from indexer.renew()


def _wait(library: Library, indexer: Indexer) -> Iterator[Step]:
    """Let indexing that is under way come to its end."""
    patience = time.monotonic() + PATIENCE
    while True:
        progress = indexer.progress
        if progress is not None:
            yield progress
            patience = time.monotonic() + PATIENCE
        elif time.monotonic() > patience or all(map(indexer.has, library.ids())):
            return
        time.sleep(LOOK)


def _look(library: Library, indexer: Indexer) -> Generator[Step, None, _Seen]:
    """Compare every row with the library."""
    seen = _Seen()
    try:
        yield from _compare(library, indexer, seen)
        indexer.serving.index.check()
        indexer.serving.index.optimise()  # it reads the old versions, as forgetting must
    except IndexDamaged as error:
        seen.broken = error.message
    return seen


def _compare(library: Library, indexer: Indexer, seen: _Seen) -> Iterator[Step]:
    index, held = indexer.afresh()
    rows: dict[str, dict[str, int]] = {}
    passages = 0
    for batch, norms in index.rows():
        for passage, norm in zip(batch, norms, strict=True):
            of_document = rows.setdefault(passage.document_id, {})
            twice = passage.id in of_document
            of_document[passage.id] = _essence(passage)
            if twice or (norm is not None and not abs(norm - 1) < TOLERANCE):
                seen.wrong.add(passage.document_id)
        passages += len(batch)
        yield Step("the index", passages, len(index), "passages")
    seen.foreign |= rows.keys() - held
    current = library.ids()
    for number, id_ in enumerate(sorted(held), start=1):
        wanted = _wanted(library, id_) if id_ in current else {}
        if rows.get(id_, {}) != wanted:
            seen.wrong.add(id_)
        yield Step("its passages", number, len(held), "documents")
    seen.wrong -= seen.foreign
    still = library.among(seen.wrong)  # forgotten or hidden meanwhile: taken out already
    seen.wrong = {id_ for id_ in seen.wrong if id_ in still or indexer.has(id_)}
    sample = sorted(rows.keys() & held & current)
    for id_ in sample[:: max(1, len(sample) // SAMPLES)]:
        _search(library, index, id_, seen)


def _wanted(library: Library, id_: str) -> dict[str, int]:
    try:
        return {passage.id: _essence(passage) for passage in split(library.document(id_))}
    except NotFound:
        return {}


def _essence(passage: Passage) -> int:
    """What a passage is, without the place and title of its document, which change."""
    return hash(
        (
            passage.text,
            passage.kind,
            passage.first,
            passage.last,
            passage.start,
            passage.end,
            passage.said_at,
            passage.speaker,
            passage.page,
            passage.heading,
        )
    )


def _search(library: Library, index: Index, id_: str, seen: _Seen) -> None:
    """Whether a document is found by its words, and whether vectors and ids can be searched."""
    for passage in split(library.document(id_))[:1] if library.current(id_) else ():
        filters = Filters(document_id=id_)
        plain = [word for word in content_stems(passage.text) if word.isascii() and word.isalpha()]
        with index.snapshot() as rows:
            found = rows.lexical(" ".join(plain[:20]) or "a", 1, filters)
            rows.nearest(np.eye(1, index.identity.dimension, dtype=np.float32)[0], 1, filters)
            index.named([passage.id])
        if not found and len(plain) >= PLAIN_WORDS:
            seen.broken = "The index does not find by its words what is in it."
