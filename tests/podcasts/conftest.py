from __future__ import annotations

import contextlib
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ingest.podcasts.patience import Patience
from ingest.podcasts.web import Limits, Web

Act = Callable[["Handler"], None]
"""What the server does with a request."""


@dataclass
class Asked:
    """A request as the server got it."""

    path: str
    """As it stands in the request line: whole behind a proxy."""
    headers: Message


@dataclass
class Site:
    """A web server on loopback that does what it is told, however bad."""

    url: str = ""
    port: int = 0
    acts: dict[str, list[Act]] = field(default_factory=dict)
    """By path, one after the other; the last one stays."""
    asked: list[Asked] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    """Set when the test is over: whoever dawdles stops."""

    def on(self, path: str, *acts: Act) -> str:
        """Sets what happens at a path; returns its URL."""
        self.acts[path] = list(acts)
        return self.url + path

    def headers_of(self, name: str) -> list[str | None]:
        """A header of each request, in order."""
        return [asked.headers.get(name) for asked in self.asked]


class Handler(BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        self.site.asked.append(Asked(self.path, self.headers))
        path = self.path.removeprefix(self.site.url).partition("?")[0]
        acts = self.site.acts.get(path, [status(404)])
        act = acts.pop(0) if len(acts) > 1 else acts[0]
        with contextlib.suppress(ConnectionError, BrokenPipeError):  # the client has enough
            act(self)

    def head(self, code: int, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's
        """Say nothing."""


def status(code: int, **headers: str) -> Act:
    """An answer without a body. `Retry_After="5"` is the header Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.head(code, {"Content-Length": "0", **named})


def redirect(to: str, code: int = 302) -> Act:
    return status(code, Location=to)


def body(data: bytes, kind: str = "application/rss+xml", code: int = 200, **headers: str) -> Act:
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def act(handler: Handler) -> None:
        handler.head(code, {"Content-Type": kind, "Content-Length": str(len(data)), **named})
        handler.wfile.write(data)

    return act


def hang_up(handler: Handler) -> None:
    """Not even a status line."""
    handler.connection.close()
    handler.close_connection = True


def say_nothing(handler: Handler) -> None:
    """Takes the request and keeps it."""
    handler.site.closing.wait(20)


def drip(handler: Handler) -> None:
    """A byte every 20 ms, for ever; headers first."""
    handler.head(200, {"Content-Type": "text/xml"})
    while not handler.site.closing.wait(0.02):
        handler.wfile.write(b" ")


def drip_headers(handler: Handler) -> None:
    """Headers that never end."""
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
    while not handler.site.closing.wait(0.02):
        handler.wfile.write(b"z")


@contextlib.contextmanager
def serving() -> Iterator[Site]:
    site = Site()
    handler = type("SiteHandler", (Handler,), {"site": site})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    site.port = server.server_port
    site.url = f"http://127.0.0.1:{site.port}"
    yield site
    site.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as served:
        yield served


@pytest.fixture
def other() -> Iterator[Site]:
    """A second server: another port is another host."""
    with serving() as served:
        yield served


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of the machine that runs the tests."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@pytest.fixture
def pauses() -> list[float]:
    """Seconds that the client paused, one after the other."""
    return []


@pytest.fixture
def web(pauses: list[float]) -> Web:
    """A client that does not sleep, and whose pauses are not random."""
    patience = Patience(attempts=3, sleep=pauses.append, random=lambda: 1.0)
    return Web(Limits(total=20.0), patience, ssl.create_default_context())
