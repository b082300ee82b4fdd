"""How a trace comes about: noted while a query is answered, written when it was.

The writing is a thread's, a moment later and several at once, so that nobody waits for the
disk; whoever reads traces has what was noted written first (`Recorder.settle`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from memex.config import Tracing
from memex.errors import StorageError
from memex.protocols import NO_FILTERS, Filters, LanguageModel, Message, never
from memex.traces import Exchange, Kind, Shown, Trace, Traces
from memex.types import Answer, Hit

LINGER: Final = 2.0
"""Seconds in which further traces are waited for, to be written together."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Draft:
    """What is known of a query so far."""

    kind: Kind = "search"
    query: str = ""
    filters: Filters = NO_FILTERS
    id: int | None = None
    """The number of its trace; None where it leaves none."""
    asked_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    hits: Sequence[Hit] = ()
    answer: Answer | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    bearing: Mapping[str, float] | None = None
    """What spoke for an answer; None for a search."""
    understood: str | None = None
    """What a follow-up was understood as."""
    timings: dict[str, float] = field(default_factory=dict)
    """Milliseconds by stage."""
    began: float = field(default_factory=time.perf_counter)
    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set, when nobody waits for the answer any more."""

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Note how long a stage takes; several times are added up."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.note_time(stage, began)

    def note_time(self, stage: str, began: float) -> None:
        """Note how long a stage took that began at a reading of `time.perf_counter`."""
        ms = (time.perf_counter() - began) * 1000
        self.timings[stage] = round(self.timings.get(stage, 0.0) + ms, 3)

    def trace(self, number: int) -> Trace:
        """The trace."""
        answer = self.answer
        return Trace(
            id=number,
            kind=self.kind,
            query=self.query,
            asked_at=self.asked_at,
            filters=self.filters,
            timings=dict(self.timings),
            hits=tuple(_shown(n, hit) for n, hit in enumerate(self.hits, start=1)),
            citations=tuple(_shown(c.n, c.hit) for c in answer.citations) if answer else (),
            exchanges=tuple(self.exchanges),
            answer=answer.text if answer else None,
            found=answer.found if answer else None,
            bearing=self.bearing,
            understood=self.understood,
        )


class Noted:
    """A `LanguageModel` whose prompts and words, as it wrote them, go into a draft."""

    def __init__(self, model: LanguageModel, draft: Draft) -> None:
        self._model = model
        self._draft = draft

    @property
    def model(self) -> str:
        """Its name."""
        return self._model.model

    @property
    def parameters(self) -> int:
        """Its size."""
        return self._model.parameters

    @property
    def context(self) -> int:
        """Tokens that prompt and answer share."""
        return self._model.context

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, without special ones."""
        return self._model.count_tokens(text)

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 128,
        grammar: str | None = None,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] = never,
    ) -> Generator[str, None, None]:
        """Stream the answer; see `memex.protocols.LanguageModel`. How long the first piece
        took is noted as "reading", the others as "writing".
        """
        written: list[str] = []
        began = time.perf_counter()
        streaming = self._model.complete(
            messages,
            max_tokens=max_tokens,
            grammar=grammar,
            stop=stop,
            cancelled=lambda: cancelled() or self._draft.cancelled.is_set(),
        )
        try:
            with closing(streaming) as pieces:
                for piece in pieces:
                    if not written:
                        self._draft.note_time("reading", began)
                        began = time.perf_counter()
                    written.append(piece)
                    yield piece
        finally:
            self._draft.note_time("writing" if written else "reading", began)
            self._draft.exchanges.append(Exchange(tuple(messages), "".join(written)))

    def close(self) -> None:
        """Let its memory go."""
        self._model.close()


class Recorder:
    """Numbers drafts, and writes them into the library as traces. Of any thread."""

    def __init__(self, traces: Traces, rules: Tracing) -> None:
        """Lets go what is too old by now."""
        self._traces = traces
        self._rules = rules
        self._last = traces.last_id()
        self._waiting: list[Trace] = []
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._write([])

    def draft(self, kind: Kind, query: str, filters: Filters, *, wanted: bool = True) -> Draft:
        """A draft with the number of its trace, unless none is wanted."""
        if not (wanted and self._rules.enabled):
            return Draft(kind, query, filters)
        with self._changed:
            self._last += 1
            return Draft(kind, query, filters, self._last)

    def record(self, draft: Draft) -> None:
        """Have a draft written, if a trace is wanted: soon, and before `settle` or `close`
        is done.
        """
        draft.note_time("total", draft.began)
        if draft.id is None:
            return
        trace = draft.trace(draft.id)
        with self._changed:
            self._waiting.append(trace)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="traces", daemon=True)
                self._thread.start()
            self._changed.notify()

    def settle(self) -> None:
        """Write what waits. Where the disk refuses it is lost, and that is logged."""
        with self._writing:
            with self._changed:
                traces, self._waiting = self._waiting, []
            if traces:
                self._write(traces)

    def close(self) -> None:
        """Write what waits, and stop."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        self.settle()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                self._changed.wait_for(lambda: self._closed, LINGER)
                closed = self._closed
            self.settle()
            if closed:
                return

    def _write(self, traces: Sequence[Trace]) -> None:
        """Write some, and let go what is too much by now."""
        since = datetime.now(UTC) - timedelta(days=self._rules.days)
        try:
            if traces:
                self._traces.add(traces)
            self._traces.prune(self._rules.keep, since)
        except StorageError as error:
            _log.warning("%d traces were not written: %s", len(traces), error)


def _shown(n: int, hit: Hit) -> Shown:
    passage = hit.passage
    return Shown(
        n,
        passage.id,
        passage.document_id,
        passage.first,
        passage.last,
        float(hit.score),
        {name: int(rank) for name, rank in hit.ranks.items()},
    )
