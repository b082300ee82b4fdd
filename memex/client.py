"""The memory over the daemon's socket: the same calls, and nothing heavy imported."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from memex.config import Paths
from memex.errors import DaemonUnavailable, MemexError, StorageError
from memex.locks import holder
from memex.progress import Event
from memex.protocols import NO_FILTERS, Filters, Remembered, Retracted, Step, Token
from memex.types import Answer, Copy, Document, Hit
from memex.wire import (
    END,
    Json,
    answer_from_json,
    copy_from_json,
    copy_to_json,
    document_to_json,
    error_from_json,
    event_from_json,
    filters_to_json,
    hit_from_json,
)

START_SECONDS: Final = 60.0
"""What a daemon may take to start."""
STOP_SECONDS: Final = 30.0
"""What a daemon may take to stop."""
ROLES: Final[Mapping[str, str]] = {"memexd": "memex.server", "memex-ingest": "ingest.daemon"}
"""The daemons and the modules that run them. (Started by name: nothing of theirs is imported.)"""


class _Connection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("memexd")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.connect(str(self._path))
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

    def remember(
        self, document: Document, *, sha256: str, size: int
    ) -> Iterator[Step | Remembered]:
        """Store and index a document; the last item is the `Remembered`."""
        body = {"document": document_to_json(document), "sha256": sha256, "size": size}
        for fields in self._stream("/v1/documents", body):
            event = event_from_json(fields)
            if isinstance(event, Step | Remembered):
                yield event

    def recall(self, query: str, *, limit: int = 10, filters: Filters = NO_FILTERS) -> list[Hit]:
        """The passages that answer best, best first."""
        return [hit_from_json(hit) for hit in self.search(query, limit, filters)["hits"]]

    def search(
        self, query: str, limit: int, filters: Filters = NO_FILTERS, *, moments: bool = False
    ) -> Json:
        """`recall` as JSON (`docs/json.md`); with `moments`, the best sentence of each hit."""
        body = {"query": query, "limit": limit, "filters": filters_to_json(filters)}
        return self._call("POST", "/v1/recall", {**body, "moments": moments})

    def ask(
        self, question: str, *, filters: Filters = NO_FILTERS
    ) -> Iterator[Token | Retracted | Answer]:
        """Answer from what is remembered; the last item is the `Answer`."""
        for fields in self.ask_json(question, filters):
            if fields["type"] == "answer":
                yield answer_from_json(fields)
            else:
                event = event_from_json(fields)
                if isinstance(event, Token | Retracted):
                    yield event

    def ask_json(self, question: str, filters: Filters = NO_FILTERS) -> Iterator[Json]:
        """`ask` as JSON; the last item has the type "answer"."""
        body = {"question": question, "filters": filters_to_json(filters)}
        return self._stream("/v1/ask", body)

    def forget(self, document_id: str) -> None:
        """Remove a document everywhere."""
        self._call("DELETE", f"/v1/documents/{quote(document_id, safe='')}")

    def status(self) -> Json:
        """Counts and states."""
        return self._call("GET", "/v1/status")

    def documents(self, kind: str | None = None) -> list[Json]:
        """The catalogue, newest first."""
        query = f"?kind={kind}" if kind else ""
        return list(self._call("GET", f"/v1/documents{query}")["documents"])

    def document(self, prefix: str) -> Json:
        """One document with its copies and segments, by the beginning of its id."""
        return self._call("GET", f"/v1/documents/{quote(prefix, safe='')}")

    def copies(self, sha256: str) -> list[Copy]:
        """Where these bytes were seen."""
        rows = self._call("GET", f"/v1/copies/{sha256}")["copies"]
        return [copy_from_json(row) for row in rows]

    def add_copy(self, copy: Copy) -> None:
        """Note another file of a document that is remembered."""
        self._call("POST", "/v1/copies", copy_to_json(copy))

    def add(self, paths: Sequence[Path]) -> Added:
        """Put files and folders into the spool."""
        reply = self._call("POST", "/v1/add", {"paths": [str(path) for path in paths]})
        return Added(
            {item["id"]: item["path"] for item in reply["items"]},
            tuple(error_from_json(error) for error in reply["errors"]),
            reply["since"],
        )

    def report(self, event: Event) -> None:
        """Tell what becomes of an item."""
        self._call("POST", "/v1/progress", _event_json(event))

    def follow(self, added: Added) -> Iterator[Event | None]:
        """What becomes of the items, until all are done; None while nothing happens."""
        body = {"items": list(added.items), "since": added.since}
        for fields in self._stream("/v1/progress/follow", body):
            if fields.get("type") == "error":
                raise error_from_json(fields)
            yield Event(**{**fields, "children": tuple(fields["children"])}) if fields else None

    def reindex(self) -> Iterator[Step]:
        """Make the index again from the library."""
        for fields in self._stream("/v1/reindex", {}):
            event = event_from_json(fields)
            if isinstance(event, Step):
                yield event

    def _call(self, method: str, path: str, body: Json | None = None) -> Json:
        with self._request(method, path, body) as response:
            text = response.read()
            return json.loads(text) if text else {}

    def _stream(self, path: str, body: Json) -> Iterator[Json]:
        with self._request("POST", path, body) as response:
            while (fields := json.loads(response.readline() or "null")) != END:
                if fields is None:
                    raise http.client.IncompleteRead(b"")
                yield fields

    @contextmanager
    def _request(
        self, method: str, path: str, body: Json | None
    ) -> Iterator[http.client.HTTPResponse]:
        connection = _Connection(self._socket)
        data = None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, data, {"Content-Type": "application/json"})
            response = connection.getresponse()
            if response.status >= http.HTTPStatus.BAD_REQUEST:
                raise error_from_json(json.loads(response.read()))
            yield response
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise DaemonUnavailable(
                "memexd went away in the middle of this.",
                "Do the same again: what was under way is kept. `memex doctor` tells more.",
            ) from error
        finally:
            connection.close()


def _event_json(event: Event) -> Json:
    return {name: getattr(event, name) for name in Event.__slots__}


def running(paths: Paths, role: str) -> int | None:
    """The pid of a daemon of this data directory, None when it does not run."""
    return holder(paths.run / f"{role}.pid")


def start(paths: Paths, role: str) -> bool:
    """Start a daemon unless it runs; True when it was started.

    memexd is waited for until it answers. Raises what it said when it could not start.
    """
    paths.create()
    if running(paths, role) is not None:
        return False
    with (paths.logs / f"{role}.start").open("w+b") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", ROLES[role], "--quiet"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
            cwd="/",
        )
        deadline = time.monotonic() + START_SECONDS
        while not _ready(paths, role):
            if process.poll() is not None:
                if running(paths, role) is not None:  # another start was quicker
                    return False
                said.seek(0)
                raise _start_error(role, said.read().decode(errors="replace"))
            if time.monotonic() > deadline:
                raise DaemonUnavailable(f"{role} did not start in time.", "See `memex doctor`.")
            time.sleep(0.02)
    return True


def _start_error(role: str, said: str) -> MemexError:
    lines = [line for line in said.strip().splitlines() if line.startswith(f"{role}: ")]
    if lines:
        return DaemonUnavailable(lines[-1].removeprefix(f"{role}: "))
    return DaemonUnavailable(f"{role} broke off as it started.", "See `memex doctor`.")


def _ready(paths: Paths, role: str) -> bool:
    """Whether a daemon is up: memexd when it answers, memex-ingest when it has its lock."""
    if role != "memexd":
        return running(paths, role) is not None
    try:
        Client(paths).status()
    except DaemonUnavailable:
        return False
    return True


def stop(paths: Paths, role: str) -> bool:
    """Ask a daemon to finish and wait for it; False when it did not run."""
    pid = running(paths, role)
    if pid is None:
        return False
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return True
    except PermissionError as error:
        raise StorageError(f"{role} (process {pid}) belongs to another user.") from error
    deadline = time.monotonic() + STOP_SECONDS
    while running(paths, role) == pid:
        if time.monotonic() > deadline:
            raise DaemonUnavailable(
                f"{role} (process {pid}) does not stop.", f"`kill -9 {pid}` loses nothing."
            )
        time.sleep(0.02)
    return True


__all__ = ["Added", "Client", "running", "start", "stop"]
