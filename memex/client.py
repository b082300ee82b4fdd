"""The memory over the daemon's socket: the same calls, and nothing heavy imported."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from memex.config import Paths
from memex.errors import DaemonUnavailable, MemexError, error_from_json
from memex.progress import Event
from memex.protocols import NO_FILTERS, Filters, Remembered, Retracted, Step, Token
from memex.types import Answer, Arrival, Copy, FeedLook, Hit, Known, KnownFeed, KnownFile, Turn
from memex.wire import (
    END,
    Json,
    answer_from_json,
    arrival_to_json,
    copy_from_json,
    copy_to_json,
    event_from_json,
    filters_to_json,
    hit_from_json,
    look_to_json,
    turn_to_json,
    whole_feed_from_json,
)

PATIENCE: Final = 10.0
"""Seconds in which memexd says how it is."""


class Connection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout: float | None) -> None:
        super().__init__("memexd", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Raises `DaemonUnavailable`, `TimeoutError` where too many wait there already."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(str(self._path))
        except (TimeoutError, BlockingIOError) as error:  # too many wait there already
            self.sock.close()
            raise TimeoutError from error
        except OSError as error:
            self.sock.close()
            raise DaemonUnavailable(
                "memexd is not running.", "Start it with `memex up`."
            ) from error


@dataclass(frozen=True, slots=True)
class Added:
    """What `add` put into the spool."""

    items: Mapping[str, str]
    """Path by item id."""
    errors: tuple[MemexError, ...]
    since: int
    """Where to begin following."""


class Client:
    """`memex.protocols.Memory` over the socket. Raises what the daemon raises,
    and `DaemonUnavailable` when nobody answers.
    """

    def __init__(self, paths: Paths) -> None:
        """Talk to the daemon of this data directory; nothing is connected yet."""
        self._socket = paths.socket

    def remember(self, *arrivals: Arrival) -> Iterator[Step | Remembered]:
        """Store and index documents; at the end comes a `Remembered` for each."""
        body = {"arrivals": [arrival_to_json(arrival) for arrival in arrivals]}
        for fields in self._stream("/v1/documents", body):
            event = event_from_json(fields)
            if isinstance(event, Step | Remembered):
                yield event

    def recall(self, query: str, *, limit: int = 10, filters: Filters = NO_FILTERS) -> list[Hit]:
        """The passages that answer best, best first."""
        return [hit_from_json(hit) for hit in self.search(query, limit, filters)["hits"]]

    def search(
        self,
        query: str,
        limit: int,
        filters: Filters = NO_FILTERS,
        *,
        segments: bool = False,
        trace: bool = True,
    ) -> Json:
        """`recall` as JSON (`docs/json.md`) with facets and the number of its trace; with
        `segments`, the positions of each hit's first and last. Without `trace` it leaves none.
        """
        body = {"query": query, "limit": limit, "filters": filters_to_json(filters)}
        wanted = {"segments": segments, "trace": trace}
        return self._call("POST", "/v1/recall", {**body, **wanted})

    def ask(
        self, question: str, *, filters: Filters = NO_FILTERS, after: Turn | None = None
    ) -> Iterator[Token | Retracted | Answer]:
        """Answer from what is remembered, a follow-up by what was asked before it; the last item
        is the `Answer`.
        """
        for fields in self.ask_json(question, filters, turn_to_json(after) if after else None):
            if fields["type"] == "answer":
                yield answer_from_json(fields)
            else:
                event = event_from_json(fields)
                if isinstance(event, Token | Retracted):
                    yield event

    def ask_json(
        self, question: str, filters: Filters = NO_FILTERS, after: Json | None = None
    ) -> Iterator[Json]:
        """`ask` as JSON; the last item has the type "answer". Of an answer `memex.wire.turn_of`
        makes what the next question may come `after`.
        """
        body = {"question": question, "filters": filters_to_json(filters), "after": after}
        return self._stream("/v1/ask", body)

    def about(self, name: str, limit: int) -> Json:
        """What is remembered of a person or topic, with so many quotes (`docs/json.md`)."""
        return self._call("POST", "/v1/about", {"name": name, "limit": limit})

    def digest(self, of: str, limit: int) -> Json:
        """What was decided, promised, said and read "today", "yesterday", in the "week", or of
        a name; so many lines of each (`docs/json.md`).
        """
        return self._call("POST", "/v1/digest", {"name": of, "limit": limit})

    def traces(self, limit: int) -> list[Json]:
        """The latest traces, newest first: a line each (`docs/json.md`)."""
        return list(self._call("GET", f"/v1/traces?limit={limit}")["traces"])

    def trace(self, name: str) -> Json:
        """A trace by its number, or the latest ("last"), whole."""
        return self._call("GET", f"/v1/traces/{quote(name, safe='')}")

    def whole_traces(self) -> Iterator[Json]:
        """All traces, whole, oldest first."""
        for fields in self._stream("/v1/traces/whole", {}):
            if fields["type"] == "error":
                raise error_from_json(fields)
            yield fields["trace"]

    def label(self, name: str, verdict: str | None, *, mark: str = "", note: str = "") -> Json:
        """Call a trace right or wrong (None takes it back), or a number in it: "3" as it was
        shown, "h3" a hit, "c3" a citation. The trace, whole.
        """
        body = {"mark": mark, "verdict": verdict, "note": note}
        return self._call("POST", f"/v1/traces/{quote(name, safe='')}/label", body)

    def forget_traces(self, *trace_ids: int, everything: bool = False) -> int:
        """Remove traces, or all, for good; how many there were."""
        body = {"traces": list(trace_ids), "all": everything}
        return int(self._call("POST", "/v1/traces/forget", body)["forgotten"])

    def saved_searches(self) -> list[Json]:
        """The saved searches, the newest first (`docs/json.md`)."""
        return list(self._call("GET", "/v1/searches")["searches"])

    def save_search(self, query: str) -> int:
        """Save a query as it is typed; its number."""
        return int(self._call("POST", "/v1/searches", {"query": query})["search"])

    def remove_searches(self, *search_ids: int) -> int:
        """Remove saved searches for good; how many there were."""
        body = {"searches": list(search_ids)}
        return int(self._call("POST", "/v1/searches/remove", body)["removed"])

    def cases(self) -> list[Json]:
        """The eval cases (`docs/json.md`)."""
        return list(self._call("GET", "/v1/cases")["cases"])

    def add_trace_case(self, name: str, query: str | None = None) -> Json:
        """Make a case of what was called right in a trace, with its question or another."""
        return self._call("POST", "/v1/cases", {"trace": name, "query": query})

    def add_case(self, query: str, evidence: Json) -> Json:
        """Make a case of a question and a stretch ("document", "first", "last")."""
        return self._call("POST", "/v1/cases", {"query": query, "evidence": evidence})

    def remove_cases(self, *case_ids: int) -> int:
        """Remove cases for good; how many there were."""
        return int(self._call("POST", "/v1/cases/remove", {"cases": list(case_ids)})["removed"])

    def draft_case(self) -> Iterator[Json]:
        """Draft a question with the local model: what was dropped and why ("dropped"); last
        a "draft", or "none" where there is nothing to draft of.
        """
        for fields in self._stream("/v1/cases/draft", {}):
            if fields["type"] == "error":
                raise error_from_json(fields)
            yield fields

    def decline_case(self, evidence: Json) -> None:
        """Draft nothing of this stretch again."""
        self._call("POST", "/v1/cases/decline", {"evidence": evidence})

    def judge(self, sample: Json, examples: Sequence[Json]) -> Json:
        """Have the local model judge an answer by labelled ones (`memex.judging.Sample`)."""
        return self._call("POST", "/v1/judge", {"sample": sample, "examples": list(examples)})

    def forget(self, *document_ids: str, tombstone: bool = True) -> None:
        """Remove documents everywhere; without a `tombstone` a rescan may bring them back."""
        if not tombstone:
            self._call("POST", "/v1/forget/deleted", {"documents": list(document_ids)})
            return
        for _ in self.forgetting(document_ids):
            pass

    def forgetting(
        self, document_ids: Sequence[str], *, verify: bool = False, heard: Json | None = None
    ) -> Iterator[Json]:
        """Forget documents, and the echoes that a selection means: steps as JSON; the last
        item has the type "forgotten".
        """
        body = {"documents": list(document_ids), "verify": verify, "heard": heard}
        for fields in self._stream("/v1/forget", body):
            if fields["type"] == "error":
                raise error_from_json(fields)
            yield fields

    def selected(self, selection: Json) -> Json:
        """What a forgetting would concern: the catalogue's rows, and how many echoes."""
        return self._call("POST", "/v1/forget/selected", selection)

    def retention(self) -> Json:
        """The rules of retention with what each covers, and what is due (`docs/json.md`)."""
        return self._call("GET", "/v1/retention")

    def apply_retention(self, *, dry_run: bool) -> Json:
        """Let go what is due, or only say what that is."""
        return self._call("POST", "/v1/retention/apply", {"dry_run": dry_run})

    def status(self) -> Json:
        """Counts and states."""
        return self._call("GET", "/v1/status", timeout=PATIENCE)

    def changes(self, after: int) -> list[Json]:
        """What was renamed and removed, after so many changes (`docs/json.md`)."""
        return list(self._call("GET", f"/v1/changes?after={after}", timeout=PATIENCE)["changes"])

    def documents(self, kind: str | None = None, *, hidden: bool = False) -> list[Json]:
        """The catalogue, newest first; with `hidden`, older versions too."""
        query = f"?hidden={str(hidden).lower()}" + (f"&kind={kind}" if kind else "")
        return list(self._call("GET", f"/v1/documents{query}")["documents"])

    def document(self, prefix: str) -> Json:
        """One document with its copies and segments, by the beginning of its id."""
        return self._call("GET", f"/v1/documents/{quote(prefix, safe='')}")

    def segments(self, document_id: str, first: int, last: int) -> Json:
        """A window of a document: its "segments" at these positions, inclusive, and the
        "count" of all.
        """
        name = quote(document_id, safe="")
        return self._call("GET", f"/v1/documents/{name}/segments?first={first}&last={last}")

    def recognise(self, files: Sequence[tuple[str, str, str, bool]]) -> list[Known]:
        """What is known of files' bytes before they are read.

        Each is (SHA-256, URI, signature, whether the user named it).
        """
        reply = self._call("POST", "/v1/copies/known", {"files": [list(file) for file in files]})
        return [
            Known(tuple(map(copy_from_json, known["copies"])), known["forgotten"])
            for known in reply["known"]
        ]

    def worse(self, source: str) -> list[str]:
        """Documents that were heard live, whose sound is still kept and whose words were
        recognised otherwise than by this source; the newest first.
        """
        return list(self._call("POST", "/v1/copies/worse", {"source": source})["documents"])

    def add_copy(self, copy: Copy) -> None:
        """Note another file of a document that is remembered."""
        self._call("POST", "/v1/copies", copy_to_json(copy))

    def add(self, paths: Sequence[Path]) -> Added:
        """Put files and folders into the spool."""
        return _added(self._call("POST", "/v1/add", {"paths": [str(path) for path in paths]}))

    def report(self, *events: Event) -> None:
        """Tell what becomes of items."""
        self._call("POST", "/v1/progress", {"events": [_event_json(event) for event in events]})

    def tell(self, worker: Json) -> None:
        """What memex-ingest says of itself."""
        self._call("POST", "/v1/worker", worker, PATIENCE)

    def known_files(self, folder: str) -> Iterator[KnownFile]:
        """The files known below a folder's URI, in the order of their URIs."""
        after = ""
        while page := self._call("POST", "/v1/files/known", {"folder": folder, "after": after})[
            "files"
        ]:
            yield from (KnownFile(*row) for row in page)
            after = page[-1][0]

    def note_files(self, lost: Sequence[str], found: Sequence[str]) -> None:
        """Files (URIs) that are gone, and missing ones that are back."""
        self._call("POST", "/v1/files/changes", {"lost": list(lost), "found": list(found)})

    def forgotten_files(self, files: Sequence[tuple[str, str]]) -> set[str]:
        """Which of these files (URI, signature) were forgotten."""
        body = {"files": [list(file) for file in files]}
        return set(self._call("POST", "/v1/files/forgotten", body)["forgotten"])

    def kept(self) -> set[str]:
        """The items whose sound is kept, and named by a copy."""
        return set(self._call("GET", "/v1/files/kept")["items"])

    def missing_documents(self, folder: str, before: datetime) -> list[str]:
        """Documents below a folder's URI all of whose files are gone since before a time."""
        body = {"folder": folder, "before": before.isoformat()}
        return list(self._call("POST", "/v1/files/missing", body)["documents"])

    def feeds(self) -> list[Json]:
        """The podcasts that are followed, their addresses masked."""
        return list(self._call("GET", "/v1/feeds")["feeds"])

    def add_feeds(self, feeds: Sequence[Json]) -> Json:
        """Follow podcasts ("url", and "title", "back", "keep_audio" where chosen): which
        are followed now ("feeds"), and which addresses are none ("errors").
        """
        return self._call("POST", "/v1/feeds", {"feeds": list(feeds)})

    def remove_feed(self, name: str) -> Json:
        """Follow a podcast no longer, by its number or address; what it was."""
        return self._call("POST", "/v1/feeds/remove", {"feed": name})

    def refresh_feeds(self, *names: str) -> list[Json]:
        """Have podcasts looked at now: these, or all."""
        return list(self._call("POST", "/v1/feeds/refresh", {"feeds": names})["feeds"])

    def whole_feeds(self, *, due: bool = False) -> list[KnownFeed]:
        """The podcasts with their addresses as they are: all, or those that are due."""
        rows = self._call("POST", "/v1/feeds/whole", {"due": due})["feeds"]
        return [whole_feed_from_json(row) for row in rows]

    def note_feed(self, feed: int, look: FeedLook) -> None:
        """What came of looking at a podcast."""
        self._call("POST", f"/v1/feeds/{feed}/look", look_to_json(look))

    def known_episodes(self, feed: int, marks: Iterable[str]) -> set[str]:
        """Which of these marks are known. Raises `NotFound` for a feed that is gone."""
        body = {"marks": sorted(marks)}
        return set(self._call("POST", f"/v1/feeds/{feed}/known", body)["known"])

    def mark_episodes(self, feed: int, marks: Iterable[str]) -> None:
        """Episodes with these marks are not to be fetched (again)."""
        self._call("POST", f"/v1/feeds/{feed}/marks", {"marks": sorted(marks)})

    def people(self) -> list[Json]:
        """Everybody whose voice is known (`docs/json.md`)."""
        return list(self._call("GET", "/v1/people")["people"])

    def name_voice(self, who: str, name: str, *, owner: bool = False) -> Json:
        """Say who a voice is, or call a person otherwise."""
        return self._call("POST", "/v1/people/name", {"who": who, "name": name, "owner": owner})

    def merge_people(self, into: str, other: str) -> Json:
        """Two are one: the first one's name stays."""
        return self._call("POST", "/v1/people/merge", {"into": into, "other": other})

    def forget_voice(self, who: str) -> Json:
        """Remove a voice, or a person with all their voices."""
        return self._call("POST", "/v1/people/forget", {"who": who})

    def enrol(self, name: str, voice: Json, *, owner: bool = False) -> None:
        """Learn how somebody sounds ("model", "vector", "seconds")."""
        body = {"name": name, "voice": voice, "owner": owner}
        self._call("POST", "/v1/people/enrol", body)

    def names(self) -> list[str]:
        """The names that may come up now, likeliest first."""
        names: list[str] = self._call("GET", "/v1/names")["names"]
        return names

    def failed(self) -> list[Json]:
        """What could not be read, and why; oldest first."""
        return list(self._call("GET", "/v1/failed")["failed"])

    def retry(self, id_: str) -> Added:
        """Let failed items wait again: those whose ids begin so, or "all"."""
        return _added(self._call("POST", f"/v1/failed/{quote(id_, safe='')}/retry"))

    def drop(self, id_: str) -> list[str]:
        """Give failed items up, as in `retry`; their paths."""
        return list(self._call("DELETE", f"/v1/failed/{quote(id_, safe='')}")["dropped"])

    def follow(self, added: Added) -> Iterator[Event | None]:
        """What becomes of the items, until all are done; None while nothing happens."""
        body = {"items": list(added.items), "since": added.since}
        for fields in self._stream("/v1/progress/follow", body):
            if fields.get("type") == "error":
                raise error_from_json(fields)
            yield Event(**{**fields, "children": tuple(fields["children"])}) if fields else None

    def say_live(self, events: Sequence[Json]) -> int:
        """Tell how devices are, and what is being said (`memex.live`); how many follow."""
        return int(self._call("POST", "/v1/live", {"events": list(events)}, PATIENCE)["followed"])

    def follow_live(self) -> Iterator[Json]:
        """How devices are and what is being said, as it is told; {} while nothing is."""
        for fields in self._stream("/v1/live/follow", {}):
            if fields.get("type") == "error":
                raise error_from_json(fields)
            yield fields

    def reindex(self) -> Iterator[Step]:
        """Make the index again from the library."""
        for fields in self._stream("/v1/reindex", {}):
            event = event_from_json(fields)
            if isinstance(event, Step):
                yield event

    def verify(self, *, mend: bool) -> Iterator[Step | Json]:
        """Look for damage in the index, and mend it: steps, and findings as they are printed."""
        yield from self._told("finding", "/v1/verify", {"mend": mend})

    def tune(self, *, dry_run: bool) -> Iterator[Step | Json]:
        """Learn the ranker's weights from what was marked: steps, then the outcome
        (`docs/json.md`).
        """
        yield from self._told("tuned", "/v1/tune", {"dry_run": dry_run})

    def reset_weights(self) -> bool:
        """Go back to the weights that ship; whether there were others."""
        return bool(self._call("POST", "/v1/tune/reset", {})["reset"])

    def _call(
        self, method: str, path: str, body: Json | None = None, timeout: float | None = None
    ) -> Json:
        with self._request(method, path, body, timeout) as response:
            text = response.read()
            return json.loads(text) if text else {}

    def _told(self, kind: str, path: str, body: Json) -> Iterator[Step | Json]:
        """Steps, and what is of a kind, as it is printed."""
        for fields in self._stream(path, body):
            if fields["type"] == kind:
                yield {name: value for name, value in fields.items() if name != "type"}
            elif isinstance(event := event_from_json(fields), Step):
                yield event

    def _stream(self, path: str, body: Json) -> Iterator[Json]:
        with self._request("POST", path, body) as response:
            while (fields := json.loads(response.readline() or "null")) != END:
                if fields is None:
                    raise http.client.IncompleteRead(b"")
                yield fields

    @contextmanager
    def _request(
        self, method: str, path: str, body: Json | None, timeout: float | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        connection = Connection(self._socket, timeout)
        data = None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, data, {"Content-Type": "application/json"})
            response = connection.getresponse()
            if response.status >= http.HTTPStatus.BAD_REQUEST:
                raise error_from_json(json.loads(response.read()))
            yield response
        except TimeoutError as error:
            raise DaemonUnavailable(
                "memexd runs, but does not answer.",
                "If that lasts, `memex down` and `memex up` start it again; nothing is lost.",
            ) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DaemonUnavailable(
                "memexd went away in the middle of this.",
                "Do the same again: what was under way is kept. `memex doctor` tells more.",
            ) from error
        finally:
            connection.close()


def _added(reply: Json) -> Added:
    return Added(
        {item["id"]: item["path"] for item in reply["items"]},
        tuple(error_from_json(error) for error in reply["errors"]),
        reply["since"],
    )


def _event_json(event: Event) -> Json:
    return {name: getattr(event, name) for name in Event.__slots__}
