"""A memory that is small enough to be read, and a loudspeaker that keeps what it is given."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memex.client import Added
from memex.config import WatchedFolder
from memex.errors import DaemonUnavailable, InvalidRequest, MemexError, NotFound, error_to_json
from memex.playback import RATE
from memex.progress import Event
from memex.protocols import NO_FILTERS, Filters
from memex.urls import subscription_url
from tui.memory import Hush, Memory

if TYPE_CHECKING:
    from memex.wire import Json
    from tests.hearing.making import Samples


def segment(text: str, **others: object) -> dict[str, Any]:
    """A segment as the daemon has it."""
    names = ("start", "end", "speaker", "page", "heading", "line")
    return {"text": text, **dict.fromkeys(names), "words": [], **others}


def talk(sentences: Sequence[str], seconds: float = 4.0) -> list[dict[str, Any]]:
    """A recording in which Ada and Ben take turns."""
    return [
        segment(
            text,
            start=n * seconds,
            end=(n + 1) * seconds - 0.5,
            speaker="Ada" if n % 4 < 2 else "Ben",
            words=_words(text, n * seconds, seconds - 0.5),
        )
        for n, text in enumerate(sentences)
    ]


def _words(text: str, start: float, seconds: float) -> list[list[object]]:
    words = text.split()
    each = seconds / len(words)
    return [[w, start + n * each, start + (n + 1) * each, 0.9] for n, w in enumerate(words)]


@dataclass
class Doc:
    """A document."""

    title: str
    kind: str
    segments: list[dict[str, Any]]
    uri: str = "file:///nowhere/at/all"
    said_at: str | None = "2026-05-04T12:00:00+00:00"
    copies: int = 1


TALK = [
    "Welcome to the long trail.",
    "A show about the tools we remember with.",
    "That word came from Ted Nelson.",
    "He called it hypertext in 1965.",
    "Writing that branches, he said.",
    "No sheet of paper holds hypertext.",
    "Thank you for listening.",
    "Until next week.",
]
NOTE = [
    segment("Bread", heading="Bread", line=1),
    segment("Bake the loaf for forty minutes.", heading="Bread", line=3),
    segment("A note on hypertext and bees.", heading="Bread", line=5),
]


def library() -> dict[str, Doc]:
    """A talk and a note."""
    return {
        "talk": Doc("A desk that remembers", "audio", talk(TALK)),
        "note": Doc("Things to look up", "note", NOTE, said_at="2026-02-08T12:00:00+00:00"),
    }


@dataclass
class FakeMemory(Memory):
    """Finds segments that have all the words of a query that are no chips."""

    held: dict[str, Doc] = field(default_factory=library)
    searches: list[tuple[str, bool]] = field(default_factory=list)
    """Each query, and whether it left a trace."""
    labels: list[tuple[str, str | None, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Of each label."""
    windows: list[tuple[str, int, int]] = field(default_factory=list)
    past: list[str] = field(default_factory=list)
    """Earlier queries, oldest first."""
    saved: dict[int, str] = field(default_factory=dict)
    """Saved searches by number, oldest first."""
    pieces: list[Json] = field(default_factory=list)
    """What is streamed of an answer."""
    afters: list[Json | None] = field(default_factory=list)
    """What each question came after."""
    refusal: MemexError | None = None
    """What a search raises."""
    open: threading.Event = field(default_factory=threading.Event)
    """Cleared, searches wait."""
    added: list[Path] = field(default_factory=list)
    tracing: bool = True
    state: Json = field(default_factory=dict)
    """What the status says besides."""
    unread: list[Json] = field(default_factory=list)
    """What failed, oldest first."""
    retried: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    kin: dict[str, list[str]] = field(default_factory=dict)
    """Older versions of documents, which are forgotten with them."""
    speakers: list[Json] = field(default_factory=list)
    """Whose voices are known."""
    named: list[tuple[str, str, bool]] = field(default_factory=list)
    """Who was named, how, and whether that is the owner."""
    followed: list[Json] = field(default_factory=list)
    """The podcasts."""
    refreshed: list[str] = field(default_factory=list)
    changed: list[Json] = field(default_factory=list)
    """What was renamed and removed."""
    heard: queue.Queue[Json | MemexError] = field(default_factory=queue.Queue)
    """What is told to whoever follows what is heard."""
    followers: int = 0

    def __post_init__(self) -> None:
        self.open.set()

    def search(
        self,
        query: str,
        limit: int,
        filters: Filters = NO_FILTERS,
        *,
        segments: bool = False,
        trace: bool = True,
    ) -> Json:
        self.searches.append((query, trace))
        assert self.open.wait(20)
        if self.refusal:
            raise self.refusal
        if trace and self.tracing:
            self.past.append(query)
        words = [word.lower() for word in query.split() if ":" not in word]
        found = [
            (id_, position)
            for id_, document in self.held.items()
            for position, each in enumerate(document.segments)
            if words and all(word in each["text"].lower() for word in words)
            if filters.document_id in {None, id_}
        ][:limit]
        kinds = [self.held[id_].kind for id_, _ in found]
        chosen = [word.partition(":")[2] for word in query.split() if word.startswith("kind:")]
        found = [
            each for each, kind in zip(found, kinds, strict=True) if not chosen or kind in chosen
        ]
        return {
            "query": query,
            "hits": [self._hit(*each, words, n) for n, each in enumerate(found)],
            "segments": [[position, position] for _, position in found],
            "facets": {
                "kinds": {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)},
                "people": self._people(found),
                "months": {},
                "origins": {},
                "documents": {},
            },
            "ms": 12.3,
            "trace": len(self.past) if trace and self.tracing else None,
        }

    def _people(self, found: Sequence[tuple[str, int]]) -> dict[str, int]:
        names = [self.held[id_].segments[position]["speaker"] for id_, position in found]
        return {name: names.count(name) for name in dict.fromkeys(names) if name}

    def _hit(self, id_: str, position: int, words: list[str], n: int) -> Json:
        document = self.held[id_]
        found = document.segments[position]
        spans = [
            (found["text"].lower().index(word), found["text"].lower().index(word) + len(word))
            for word in words
        ]
        return {
            "id": f"{id_}:{position}",
            "document": id_,
            "title": document.title,
            "kind": document.kind,
            "uri": document.uri,
            **{
                name: found[name] for name in ("text", "start", "end", "page", "heading", "speaker")
            },
            "said_at": document.said_at,
            "score": 2.0 / (n + 1),
            "ranks": {},
            "snippet": {
                "text": found["text"],
                "matches": sorted(spans),
                "start": found["start"],
                "end": found["end"],
            },
        }

    def segments(self, document_id: str, first: int, last: int) -> Json:
        self.windows.append((document_id, first, last))
        found = self.held[document_id].segments
        return {"first": first, "count": len(found), "segments": found[first : last + 1]}

    def ask_json(
        self, question: str, filters: Filters = NO_FILTERS, after: Json | None = None
    ) -> Iterator[Json]:
        self.past.append(question)
        self.afters.append(after)
        yield from self.pieces

    def traces(self, limit: int) -> list[Json]:
        return [{"query": query} for query in reversed(self.past)][:limit]

    def saved_searches(self) -> list[Json]:
        return [{"id": n, "query": query} for n, query in reversed(self.saved.items())]

    def save_search(self, query: str) -> int:
        number = max(self.saved, default=0) + 1
        self.saved[number] = query
        return number

    def remove_searches(self, *search_ids: int) -> int:
        return sum(self.saved.pop(id_, None) is not None for id_ in search_ids)

    def trace(self, name: str) -> Json:
        return {"id": int(name), "query": self.past[int(name) - 1], "citations": []}

    def label(self, name: str, verdict: str | None, *, mark: str = "", note: str = "") -> Json:
        self.labels.append((name, verdict, mark))
        self.notes.append(note)
        return {}

    def status(self) -> Json:
        kinds = [document.kind for document in self.held.values()]
        counts = {kind: kinds.count(kind) for kind in kinds}
        told = {"failed": [*self.unread], "feeds": [*self.followed]}
        daemons = {"memexd": 6, "memex_ingest": 7}
        return {"documents": counts, **daemons, "changes": len(self.changed), **told, **self.state}

    def changes(self, after: int) -> list[Json]:
        return self.changed[after:]

    def documents(self, kind: str | None = None, *, hidden: bool = False) -> list[Json]:
        old = {id_ for ids in self.kin.values() for id_ in ids}
        return [self._entry(id_) for id_ in self.held if id_ not in old]

    def _entry(self, id_: str) -> Json:
        document = self.held[id_]
        length = document.segments[-1]["end"] if document.segments else None
        return {
            "id": id_,
            **{name: getattr(document, name) for name in ("kind", "title", "uri", "copies")},
            "created_at": document.said_at,
            "author": None,
            "duration": length,
            "segments": len(document.segments),
        }

    def people(self) -> list[Json]:
        return [*self.speakers]

    def about(self, name: str, limit: int) -> Json:
        """Each time somebody speaks; then somebody else, who speaks of them."""
        said = [
            {**self._hit(id_, at, [], 0), "n": at + 1}
            for id_, document in self.held.items()
            for at, spoken in enumerate(document.segments)
            if name in {spoken["speaker"], *spoken["text"].split()}
        ]
        return {"name": name, "quotes": said[:limit]}

    def name_voice(self, who: str, name: str, *, owner: bool = False) -> Json:
        if name.startswith("Voice "):
            raise InvalidRequest(f"{name!r} is what a voice is called.", "Choose another name.")
        self.named.append((who, name, owner))
        changed = set()
        for id_, document in self.held.items():
            for each in document.segments:
                if each["speaker"] == who:
                    each["speaker"] = name
                    changed.add(id_)
        others = [each for each in self.speakers if each["name"] not in {who, name}]
        told = next(each for each in self.speakers if each["name"] == who)
        self.speakers = [*others, {**told, "name": name, "named": True, "owner": owner}]
        self.changed.append({"type": "renamed", "before": who, "now": name})
        return {"documents": len(changed)}

    def feeds(self) -> list[Json]:
        return [{**feed, "episodes": 3} for feed in self.status()["feeds"]]

    def add_feeds(self, feeds: Sequence[Json]) -> Json:
        added, errors = [], []
        for each in feeds:
            try:
                url = subscription_url(each["url"])
            except InvalidRequest as error:
                errors.append({"url": each["url"], **error_to_json(error)})
                continue
            new = url not in [feed["url"] for feed in self.followed]
            if new:
                self.followed.append(feed_of(len(self.followed) + 1, url))
            added.append({**self.followed[-1], "new": new})
        return {"feeds": added, "errors": errors}

    def refresh_feeds(self, *names: str) -> list[Json]:
        self.refreshed += names or ("all",)
        return [feed for feed in self.followed if not names or str(feed["id"]) in names]

    def remove_feed(self, name: str) -> Json:
        gone = next(feed for feed in self.followed if str(feed["id"]) == name)
        self.followed.remove(gone)
        return gone

    def retry(self, id_: str) -> Added:
        self.retried.append(id_)
        self.unread = [each for each in self.unread if id_ not in {each["id"], "all"}]
        return Added({}, (), 0)

    def drop(self, id_: str) -> list[str]:
        self.dropped.append(id_)
        self.unread = [each for each in self.unread if each["id"] != id_]
        return []

    def selected(self, selection: Json) -> Json:
        ids = [kin for id_ in selection["documents"] for kin in (id_, *self.kin.get(id_, ()))]
        return {"documents": [self._entry(id_) for id_ in ids], "echoes": 0}

    def forgetting(
        self, document_ids: Sequence[str], *, verify: bool = False, heard: Json | None = None
    ) -> Iterator[Json]:
        for n, id_ in enumerate(document_ids):
            yield {"type": "step", "stage": "text", "done": n, "total": len(document_ids)}
            del self.held[id_]
        self.changed.append({"type": "removed", "documents": [*document_ids]})
        yield {"type": "forgotten", "documents": [*document_ids], "before": None, "after": None}

    def add(self, paths: Sequence[Path]) -> Added:
        self.added += paths
        return Added({str(n): str(path) for n, path in enumerate(paths)}, (), 0)

    def follow(self, added: Added) -> Iterator[Event | None]:
        for item, path in added.items.items():
            yield None
            failed = Path(path).suffix == ".xyz"
            yield Event(item, path, "failed" if failed else "remembered", message="No reader.")
        self.held |= library()

    def follow_live(self) -> Iterator[Json]:
        self.followers += 1
        try:
            while True:
                try:
                    event = self.heard.get(timeout=0.02)
                except queue.Empty:
                    yield {}
                    continue
                if isinstance(event, MemexError):
                    raise event
                yield event
        finally:
            self.followers -= 1


def feed_of(id_: int, url: str, title: str = "", **others: object) -> Json:
    """A podcast as the daemon has it."""
    times = dict.fromkeys(("added_at", "checked_at", "next_at"))
    choices = {"private": False, "trouble": None, "back": 10, "keep_audio": True}
    return {"id": id_, "url": url, "title": title, **times, **choices, **others}


def speaker(name: str, segments: int, **others: object) -> Json:
    """Somebody whose voice is known, as the daemon has it."""
    return {
        "name": name,
        "named": not name.startswith("Voice "),
        "owner": False,
        "voices": [1],
        "scopes": ["around"],
        "seconds": 4.0 * segments,
        "documents": 1,
        "segments": segments,
        "last_at": "2026-05-04T12:00:00+00:00",
        **others,
    }


@dataclass
class FakeReach:
    """The way to it, which can be cut."""

    fake: FakeMemory = field(default_factory=FakeMemory)
    up: bool = True
    may_start: bool = True
    started: int = 0
    listens: bool = False
    ears: Json = field(default_factory=lambda: {"ears": None, "private": None, "paused": None})
    """How the ears are."""
    watched: list[WatchedFolder] = field(default_factory=list)

    def memory(self, *, start: bool) -> Memory:
        if not self.up:
            if not (self.may_start and start):
                raise DaemonUnavailable("memexd is not running.", "Start it with `memex up`.")
            self.up = True
            self.started += 1
        return _Cut(self)  # type: ignore[return-value]

    def running(self) -> bool:
        return self.up

    def models(self) -> list[tuple[str, str, str]]:
        return [("speech", "whisper-tiny.en", "present"), ("reader", "SmolLM2", "missing")]

    def listen(self) -> None:
        self.listens = True

    def hearing(self) -> Mapping[str, Any]:
        return dict(self.ears)

    def hush(self, how: Hush, *, on: bool | None) -> str:
        on = not self.ears[how] if on is None else on
        self.ears[how] = {"until": None} if on else None
        return f"{how} is {'on' if on else 'off'}"

    def folders(self) -> Sequence[WatchedFolder]:
        return [*self.watched]

    def watch(self, folder: Path) -> bool:
        if not folder.is_dir():
            raise NotFound(f"{folder} is no folder.", "Type one that is there.")
        if folder in [each.path for each in self.watched]:
            return False
        self.watched.append(WatchedFolder(folder))
        return True

    def unwatch(self, folder: Path) -> None:
        self.watched = [each for each in self.watched if each.path != folder]


class _Cut:
    """The memory, as long as it is up."""

    def __init__(self, reach: FakeReach) -> None:
        self._reach = reach

    def __getattr__(self, name: str) -> object:
        if not self._reach.up:
            raise DaemonUnavailable("memexd went away in the middle of this.")
        return getattr(self._reach.fake, name)


class Tape:
    """A loudspeaker that is heard at once, and kept; it can be held."""

    latency = 0.0

    def __init__(self) -> None:
        self.blocks: list[Samples] = []
        self.rests = 0
        self.closed = 0
        self.going = threading.Event()
        self.going.set()

    @property
    def seconds(self) -> float:
        return sum(map(len, self.blocks)) / RATE

    def write(self, block: Samples) -> None:
        assert self.going.wait(20)
        self.blocks.append(block)

    def rest(self) -> None:
        self.rests += 1

    def close(self) -> None:
        self.closed += 1
