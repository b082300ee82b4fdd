"""The memory itself: library, index and models wired together."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from typing import Final

from memex import tombstones
from memex.answer import NOT_FOUND, answer
from memex.answer.bearing import bearing
from memex.answer.evidence import PASSAGES, read, with_cited
from memex.answer.followup import balanced, meant
from memex.answer.write import warm
from memex.changes import Changes, Removed
from memex.config import Answering, Config, Paths, Tracing
from memex.errors import IndexDamaged, InvalidRequest, MemexError, StorageError
from memex.hindsight import look_back
from memex.indexer import Indexer, Shelf, open_indexer
from memex.library import Library
from memex.models.loading import load_embedder, load_language_model
from memex.models.registry import chosen
from memex.overheard import Overheard, overhear
from memex.protocols import (
    NO_FILTERS,
    Embedder,
    Filters,
    LanguageModel,
    Remembered,
    Retracted,
    Step,
    Token,
)
from memex.reader import LazyReader
from memex.recall import Recall, Served
from memex.recall.facets import facets
from memex.recall.features import FEATURES
from memex.recall.rank import VERSION, WEIGHTS
from memex.recall.understand import narrowed, understand
from memex.times import here
from memex.tracing import Draft, Noted, Recorder
from memex.types import (
    GROWING,
    Answer,
    Arrival,
    Copy,
    Document,
    Hit,
    Known,
    Passage,
    Results,
    Turn,
)
from memex.weights import Learnt

MAX_QUERY: Final = 2_000
"""Characters of a query or question."""
MAX_LIMIT: Final = 1_000
"""Hits of one search."""
ASK_LIMIT: Final = 10
"""Passages from which an answer is written."""

_log = logging.getLogger(__name__)


class Memex:
    """`memex.protocols.Memory` in this process. Methods may be called from several threads."""

    def __init__(
        self,
        library: Library,
        indexer: Indexer,
        embedder: Embedder,
        language_model: LanguageModel,
        tracing: Tracing = Tracing(),  # noqa: B008 (frozen)
        answering: Answering = Answering(),  # noqa: B008 (frozen)
    ) -> None:
        """Wire what is given; `open_memex` makes the real parts."""
        self._sure = answering.sure
        self.library = library
        self.changes = Changes()
        self.recorder = Recorder(library.traces, tracing)
        self.indexer = indexer
        self._embedder = embedder
        self._language_model = language_model
        self._executor = ThreadPoolExecutor(max_workers=4, thread_name_prefix="candidates")

    @property
    def language_model(self) -> LanguageModel:
        """The reader."""
        return self._language_model

    def close(self) -> None:
        """Stop what is under way and close the files."""
        self.indexer.stop()
        self._executor.shutdown(cancel_futures=True)
        self._language_model.close()
        self.recorder.close()
        self.library.close()

    def warm(self) -> None:
        """Load the reader and read its instruction once, so that the first answer is not
        the slow one. Raises `ModelError`.
        """
        warm(self._language_model)

    def remember(self, *arrivals: Arrival) -> Iterator[Step | Remembered]:
        """Store and index documents; at the end comes a `Remembered` for each, in order.

        They are safe in the library before the first `Step`; a crash after that
        only leaves the index behind, which the next start makes good.
        """
        forgotten = self._forgotten(arrivals)
        parted = {
            a.document.id: self._overhear(a) for a in arrivals if a.document.id not in forgotten
        }
        own = [
            _parted(arrival, parted[arrival.document.id].own)
            for arrival in arrivals
            if arrival.document.id not in forgotten
        ]
        welcome = [arrival for arrival in own if arrival]
        echoes = [echo for part in parted.values() for echo in part.echoes]
        self._let_go_of_live(arrivals, parted)
        with self.library.database.transaction():
            welcome = self.library.people.named(welcome)
            changes = self.library.add(*welcome, echoes=echoes)
        self.indexer.remove(*{id_ for change in changes for id_ in change.hidden})
        counts: list[int] = []
        shown = {a.document.id: a.document for a in welcome}
        for item in self.indexer.add(*shown.values()):
            if isinstance(item, Step):
                yield item
            else:
                counts = item
        passages = dict(zip(shown, counts, strict=True))
        new = {a.document.id for a, change in zip(welcome, changes, strict=True) if change.new}
        repeats = {a.document.id: self._look_back(a) for a in welcome if a.document.id in new}
        for id_ in (arrival.document.id for arrival in arrivals):
            if id_ in forgotten:
                yield Remembered(id_, new=False, passages=0, forgotten=True)
            elif (document := parted[id_].own) is not None:
                yield Remembered(
                    document.id,
                    document.id in new,
                    passages.get(document.id, 0),
                    repeats=repeats.get(document.id, 0),
                )
            else:
                original = parted[id_].echoes[0].document_id
                yield Remembered(original, new=False, passages=0, overheard=True)

    def _overhear(self, arrival: Arrival) -> Overheard:
        """A document in its parts; whole where it was not heard live, is being heard, or is
        known, or where the index cannot be searched just now: better twice than not at all.
        """
        document = arrival.document
        if arrival.growing:
            attributes = {**document.attributes, GROWING: "yes"}
            return Overheard(replace(document, attributes=attributes))
        if not document.live:
            return Overheard(document)
        if self.library.has(document.id) and not self.library.grows(document.id):
            return Overheard(document)
        try:
            return overhear(document, self.library, self.indexer.serving.index)
        except IndexDamaged:
            self.indexer.suspect()
            return Overheard(document)

    def _look_back(self, arrival: Arrival) -> int:
        """Part what was heard of a new document before; how much is gone by that."""
        try:
            return look_back(arrival.document, self.library, self.indexer, arrival.copy.added_at)
        except IndexDamaged:
            self.indexer.suspect()
            return 0

    def _let_go_of_live(self, arrivals: Sequence[Arrival], parted: Mapping[str, Overheard]) -> None:
        """What was found while it was heard, and repeats what is known, is found no more."""
        gone = [
            arrival.document.id
            for arrival in arrivals
            if arrival.document.id in parted
            and parted[arrival.document.id].own is None
            and self.library.grows(arrival.document.id)
        ]
        if gone:
            self.library.remove(*gone)
            self.indexer.remove(*gone)

    def _forgotten(self, arrivals: Sequence[Arrival]) -> set[str]:
        """The documents among these that were forgotten and that the user does not name:
        what they say, or their file as it is; and those that are only to be known better,
        and are gone.
        """
        stones = self.library.tombstones
        keys = {
            key: arrival
            for arrival in arrivals
            for key in (
                tombstones.of_text(arrival.document.id),
                tombstones.of_file(arrival.copy.uri, arrival.copy.signature),
            )
        }
        raised = stones.among(keys)
        stones.lift(key for key in raised if keys[key].explicit)
        refused = [keys[key] for key in raised if not keys[key].explicit]
        stones.put_up(tombstones.of_file(a.copy.uri, a.copy.signature) for a in refused)
        gone = [a for a in arrivals if a.again and not self.library.has(a.document.id)]
        return {arrival.document.id for arrival in (*refused, *gone)}

    def recognise(self, sha256: str, uri: str, signature: str, *, explicit: bool) -> Known:
        """What is known of a file's bytes before it is read.

        An `explicit` one, which the user named, is forgotten no longer.
        """
        stones, key = self.library.tombstones, tombstones.of_bytes(sha256)
        forgotten = key in stones.among([key])
        if forgotten and explicit:
            stones.lift([key])
        elif forgotten:
            stones.put_up([tombstones.of_file(uri, signature)])
        return Known(tuple(self.library.copies_of_bytes(sha256)), forgotten and not explicit)

    def note_copy(self, copy: Copy) -> None:
        """A document that is here was seen in another file. Raises `NotFound`."""
        change = self.library.add_copy(copy)
        self.indexer.remove(*change.hidden)
        if not self.indexer.has(copy.document_id):
            for _ in self.indexer.add(self.library.document(copy.document_id)):
                pass

    def recall(
        self,
        query: str,
        *,
        limit: int = 10,
        filters: Filters = NO_FILTERS,
        draft: Draft | None = None,
    ) -> list[Hit]:
        """The passages that answer best, best first. Raises `InvalidRequest`, `IndexDamaged`.

        What its trace is to have is noted in a `draft`.
        """
        return self._serve(query, here(), limit, filters, draft or Draft()).hits

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        filters: Filters = NO_FILTERS,
        draft: Draft | None = None,
    ) -> Results:
        """`recall`, with why each was found and what it can be narrowed by. Raises the same."""
        draft, now = draft or Draft(), here()
        served = self._serve(query, now, limit, filters, draft)
        with draft.timed("snippets"):
            hits = [
                replace(hit, snippet=served.snippets.of(hit.passage, self.library))
                for hit in served.hits
            ]
            origins = self.library.origins.of({each.document_id for each in served.passages})
            return Results(tuple(hits), facets(served.passages, now.tzinfo, origins))

    def _serve(
        self, query: str, now: datetime, limit: int, filters: Filters, draft: Draft
    ) -> Served:
        _check_query(query, limit)
        try:
            with draft.timed("recall"):
                understood = understand(query, now, self.library.people.names())
                wanted = self._known(narrowed(filters, understood))
                served = self.stages().serve(understood, limit, wanted)
        except IndexDamaged:
            self.indexer.suspect()
            raise
        places = self.library.places({hit.passage.document_id for hit in served.hits})
        draft.hits = [_placed(hit, places) for hit in served.hits]
        return replace(served, hits=list(draft.hits))

    def _known(self, filters: Filters) -> Filters:
        """Filters with who is to speak as they are called by now, and what is of an origin."""
        people, origins = self.library.people, self.library.origins
        return replace(
            filters,
            speaker=filters.speaker and people.called(filters.speaker),
            documents=origins.within(filters.origin) if filters.origin else filters.documents,
        )

    def stages(self) -> Recall:
        """The stages of recall, over what is searched now and by the weights for that."""
        shelf = self.indexer.serving
        learnt = self._fitting(shelf)
        return Recall(
            shelf.index,
            shelf.embedder,
            self.library.vocabulary,
            self._executor,
            learnt.weights if learnt else WEIGHTS,
        )

    def ask(
        self,
        question: str,
        *,
        filters: Filters = NO_FILTERS,
        after: Turn | None = None,
        draft: Draft | None = None,
    ) -> Generator[Token | Retracted | Answer, None, None]:
        """Answer from what is remembered, a follow-up by what was asked before it (`after`); the
        last item is the `Answer`. What was found, and what the model was told and wrote, is noted
        in a `draft`.
        """
        _check_query(question, ASK_LIMIT)
        draft, now = draft or Draft(), here()
        before, cited = self._before(after)
        asked = meant(question, before, now, self.library.people.names())
        draft.understood = asked.understood
        served = self._serve(asked.text, now, ASK_LIMIT, filters, draft)
        if asked.follows and narrowed(filters, served.asked.understood) == NO_FILTERS:
            draft.hits = with_cited(served.hits, cited)
        with draft.timed("bearing"):
            found = read(draft.hits, self.library, self._embedder)
            wanted = replace(served.asked, shares=balanced(served.asked.shares, asked))
            bears = bearing(asked.text, wanted, found, self._embedder)
        draft.bearing = {**asdict(bears), "probability": bears.probability}
        if bears.probability < self._sure:
            yield replace(NOT_FOUND, understood=asked.understood)
            return
        model = Noted(self._language_model, draft)
        with closing(answer(asked.text, found, self._embedder, model, asks=asked.asks)) as items:
            for item in items:
                if isinstance(item, Answer):
                    yield replace(item, understood=asked.understood)
                else:
                    yield item

    def _before(self, after: Turn | None) -> tuple[Turn | None, list[Passage]]:
        """What was asked before, with the passages that its answer cites. Where one of them is
        gone, nothing of that answer is used: it may say what was forgotten.
        """
        if after is None or not after.passages:
            return after and replace(after, answer=""), []
        ids = after.passages[:PASSAGES]
        try:
            there = self.indexer.serving.index.named(ids)
        except IndexDamaged:
            self.indexer.suspect()
            raise
        current = self.library.among({each.document_id for each in there.values()})
        cited = [there[id_] for id_ in ids if id_ in there and there[id_].document_id in current]
        places = self.library.places(current)
        placed = [replace(each, uri=places[each.document_id]) for each in cited]
        return after if len(cited) == len(ids) else replace(after, answer=""), placed

    def forget(self, *document_ids: str, tombstone: bool = True) -> None:
        """Remove documents from library and index. Raises `NotFound`.

        With a `tombstone` a rescan does not bring them back.
        """
        if tombstone:
            copies = [copy for id_ in document_ids for copy in self.library.copies(id_)]
            self.library.tombstones.put_up(
                [
                    *(tombstones.of_text(id_) for id_ in document_ids),
                    *(tombstones.of_bytes(copy.sha256) for copy in copies),
                    *(tombstones.of_file(copy.uri, copy.signature) for copy in copies),
                ]
            )
        self.library.remove(*document_ids)
        self.indexer.remove(*document_ids)
        self.changes.note(Removed(document_ids))

    def status(self) -> Mapping[str, object]:
        """Documents by kind, passages, changes, models, and how far the index is."""
        progress = self.indexer.progress
        return {
            "documents": self.library.counts(),
            "passages": len(self.indexer.serving.index),
            "changes": self.changes.count,
            "models": {
                "embedding": self._embedder.model,
                "reader": self._language_model.model,
            },
            "ranking": self._ranking(),
            "indexing": None
            if self.indexer.settled
            else {
                "done": int(progress.done) if progress else 0,
                "total": int(progress.total or 0) if progress else 0,
            },
        }

    def _ranking(self) -> Mapping[str, object] | None:
        """The weights that were learnt, and whether they are used; None where none were."""
        learnt = self.library.weights.learnt
        if learnt is None:
            return None
        return {
            **asdict(learnt),
            "learnt_at": learnt.learnt_at.isoformat(),
            "used": self._fitting(self.indexer.serving) is learnt,
        }

    def _fitting(self, shelf: Shelf) -> Learnt | None:
        """The weights that were learnt, where they are for a table."""
        learnt, embedder = self.library.weights.learnt, shelf.embedder
        fits = learnt and embedder and learnt.fit(embedder.model, VERSION, FEATURES)
        return learnt if fits else None


def open_memex(config: Config) -> Memex:
    """Make a `Memex` of the real parts. Raises `ModelError`, `StorageError`."""
    config.paths.create()
    _check_not_lost(config.paths)
    library = Library(config.paths.library)
    library.files.move_kept(config.paths.audio.as_uri())
    embedder = load_embedder(config)

    indexer = open_indexer(library, config.paths.index, embedder, partial(_older, config))
    reader = LazyReader(chosen(config.models, "reader"), partial(load_language_model, config))
    return Memex(library, indexer, embedder, reader, config.traces, config.answers)


def _check_not_lost(paths: Paths) -> None:
    """An empty library would take all that an index still says out of it."""
    if paths.library.exists() or not any(paths.index.glob("*.json")):
        return
    raise StorageError(
        f"The library {paths.library} is gone, though its index is there.",
        f"Put it back, or `memex restore FILE --force`; to begin anew, move {paths.home} away.",
    )


def _older(config: Config, model: str) -> Embedder | None:
    """The embedder of an older index, if it is still at hand."""
    name = model.partition("@")[0]
    try:
        found = load_embedder(replace(config, models=replace(config.models, embedding=name)))
    except MemexError as error:
        _log.warning("the vectors of %s cannot be searched meanwhile: %s", model, error)
        return None
    return found if found.model == model else None


def _parted(arrival: Arrival, own: Document | None) -> Arrival | None:
    """An arrival of what is left of its document; None where nothing is."""
    if own is None:
        return None
    return replace(arrival, document=own, copy=replace(arrival.copy, document_id=own.id))


def _placed(hit: Hit, places: Mapping[str, str]) -> Hit:
    """A hit with the place where its document lies now: files are moved."""
    uri = places.get(hit.passage.document_id, hit.passage.uri)
    return hit if uri == hit.passage.uri else replace(hit, passage=replace(hit.passage, uri=uri))


def _check_query(query: str, limit: int) -> None:
    if not query.strip():
        raise InvalidRequest("The question is empty.", "Say what you look for.")
    if len(query) > MAX_QUERY:
        raise InvalidRequest(
            f"The question is too long ({len(query):,} characters; at most {MAX_QUERY:,}).",
            "Ask for one thing in a sentence; `memex add` remembers a long text.",
        )
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidRequest(f"The limit must lie between 1 and {MAX_LIMIT:,}.", "")
