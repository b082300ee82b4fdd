"""Asks servers that nobody vouches for: politely, suspiciously, and with an end.

One request is one connection. Redirects are followed by hand, so that each new
address is looked at; a body is bounded as it is unpacked; a proxy of the
environment is used. What is checked of an address behind a proxy is its spelling,
for there it is the proxy that asks the DNS.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import httpcore2
import httpx2

from ingest.podcasts.addresses import Deadline, Guard, Overdue, is_public_name
from ingest.podcasts.bodies import PACKINGS, read_body
from ingest.podcasts.errors import (
    AddressRefused,
    BrokenOff,
    RefusedByServer,
    TooLarge,
    Unreachable,
)
from ingest.podcasts.patience import Patience, retry_after
from ingest.podcasts.urls import bare_url, core_of, origin_of, parsed_url, port_of, proxy_of, shown
from ingest.readers.text import label
from memex import __version__

USER_AGENT: Final = f"Memex/{__version__} (podcasts)"
FEEDS: Final = (
    "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
)
"""What is asked for by default."""
MEBIBYTE: Final = 1 << 20

_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD: Final = frozenset({301, 308})
_MAX_VALIDATOR: Final = 500
"""Characters of an ETag or a date that is sent back."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may cost."""

    body: int = 32 * MEBIBYTE
    """Bytes, unpacked."""
    redirects: int = 8
    connect: float = 15.0
    """Seconds."""
    read: float = 30.0
    """Seconds without a byte."""
    total: float = 120.0
    """Seconds of one attempt, all redirects and the whole body included."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave to ask later whether anything has changed."""

    etag: str | None = None
    last_modified: str | None = None


NO_VALIDATORS: Final = Validators()


@dataclass(frozen=True, slots=True)
class Page:
    """What came."""

    url: str
    """Where it came from in the end, without credentials."""
    moved_to: str | None
    """The address to ask from now on, where the server said so (301, 308)."""
    unchanged: bool
    """True where nothing has changed since the validators were given (304)."""
    body: bytes
    """Unpacked; empty where nothing has changed."""
    content_type: str | None
    """As the server has it: "application/rss+xml; charset=utf-8"."""
    validators: Validators
    """For the next request."""
    private: bool
    """Whether it came from the own network rather than the Internet."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer whose body is still to come."""

    url: str
    """Where it comes from in the end, without credentials."""
    moved_to: str | None
    """As in `Page`."""
    status: int
    headers: httpx2.Headers
    blocks: Iterable[bytes]
    """The body as it comes, packed."""
    private: bool

    @property
    def validators(self) -> Validators:
        """What to send back the next time."""
        return Validators(self._validator("etag"), self._validator("last-modified"))

    def _validator(self, name: str) -> str | None:
        value = (self.headers.get(name) or "").strip()
        sound = value.isascii() and value.isprintable() and len(value) <= _MAX_VALIDATOR
        return value if value and sound else None

    @property
    def content_type(self) -> str | None:
        """In one line of bounded length."""
        return label(self.headers.get("content-type") or "") or None

    @property
    def length(self) -> int | None:
        """Bytes of the body that the server promises."""
        value = (self.headers.get("content-length") or "").strip()
        return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else None

    def refusal(self) -> RefusedByServer:
        """The error that this answer is."""
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "unknown"
        return RefusedByServer(
            f"{shown(self.url)} answers with an error: HTTP {self.status} {phrase}.",
            _REMEDIES.get(self.status, "It is tried again later."),
            status=self.status,
            retry_after=retry_after(self.headers.get("retry-after")),
        )


_REMEDIES: Final = {
    401: "Put the name and password into the address: https://NAME:PASSWORD@…",
    403: "Open the address in a browser; a private feed may have a new one.",
    404: "Look for the podcast's new address.",
    410: "The podcast has ended here; remove the feed.",
}


@dataclass(frozen=True, slots=True)
class Web:
    """The network, as podcasts may use it."""

    limits: Limits = field(default_factory=Limits)
    patience: Patience = field(default_factory=Patience)
    trust: ssl.SSLContext = field(default_factory=httpcore2.default_ssl_context)

    def get(
        self,
        url: str,
        *,
        typed: str | None = None,
        validators: Validators = NO_VALIDATORS,
        accept: str = FEEDS,
        limit: int | None = None,
    ) -> Page:
        """A whole document of at most `limit` bytes (`Limits.body`), tried several times.

        `typed` is the feed's address as the user gave it: its host and port, and
        no other, may be in a private network. Raises `PodcastError`.
        """
        headers = {"Accept": accept, "Accept-Encoding": PACKINGS}
        if validators.etag:
            headers["If-None-Match"] = validators.etag
        if validators.last_modified:
            headers["If-Modified-Since"] = validators.last_modified
        bound = self.limits.body if limit is None else limit
        return self.patience.keep_trying(lambda: self._attempt(url, headers, typed, bound))

    def _attempt(self, url: str, headers: Mapping[str, str], typed: str | None, limit: int) -> Page:
        deadline = Deadline(self.limits.total)
        with self.open(url, headers, typed=typed, deadline=deadline) as reply:
            unchanged = reply.status == HTTPStatus.NOT_MODIFIED
            if reply.status != HTTPStatus.OK and not unchanged:
                raise reply.refusal()
            if (reply.length or 0) > limit and not unchanged:
                raise TooLarge(f"{shown(url)} has more than {limit / MEBIBYTE:,.0f} MiB.")
            packing = reply.headers.get("content-encoding")
            body = b"" if unchanged else read_body(reply.blocks, packing, limit)
            return Page(
                reply.url, reply.moved_to, unchanged, body, reply.content_type,
                reply.validators, reply.private,
            )  # fmt: skip

    @contextmanager
    def open(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        typed: str | None = None,
        deadline: Deadline,
    ) -> Iterator[Reply]:
        """One attempt, redirects included; the body comes while the context is open.

        Any HTTP status but a redirect is a `Reply`. Raises `AddressRefused`,
        `Unreachable`, `BrokenOff`.
        """
        route = _Route(parsed_url(url), parsed_url(typed) if typed else None)
        with _translated(route):
            for _ in range(self.limits.redirects + 1):
                with self._exchange(route, headers, deadline) as reply:
                    if not route.goes_on(reply):
                        yield reply
                        return
        raise AddressRefused(
            f"{shown(url)} redirects more than {self.limits.redirects} times.",
            "Look for the podcast's new address.",
        )

    @contextmanager
    def _exchange(
        self, route: _Route, headers: Mapping[str, str], deadline: Deadline
    ) -> Iterator[Reply]:
        """One request on one connection."""
        url = route.url
        proxy = proxy_of(url)
        own = route.is_typed(url)
        if not own and proxy is not None and not is_public_name(url.host):
            raise AddressRefused(
                f"{shown(str(url))} is in a private network, where a feed has no business."
            )
        guard = Guard(deadline, anywhere=own or proxy is not None)
        sent = [*{"User-Agent": USER_AGENT, **headers, **route.credentials()}.items()]
        limits = self.limits
        timeout = {
            "connect": limits.connect, "read": limits.read, "write": limits.read, "pool": None,
        }  # fmt: skip
        with (
            self._connections(guard, proxy) as connections,
            connections.stream(
                "GET", core_of(url), headers=sent, extensions={"timeout": timeout}
            ) as response,
        ):
            reached = guard.reached
            private = not is_public_name(url.host if proxy or reached is None else str(reached))
            found = httpx2.Headers(response.headers)
            yield Reply(
                str(bare_url(url)), route.moved_to(), response.status, found,
                response.iter_stream(), private,
            )  # fmt: skip

    def _connections(self, guard: Guard, proxy: httpx2.URL | None) -> httpcore2.ConnectionPool:
        if proxy is None:
            return httpcore2.ConnectionPool(ssl_context=self.trust, network_backend=guard)
        return httpcore2.HTTPProxy(
            core_of(bare_url(proxy)),
            proxy_auth=(proxy.username, proxy.password) if proxy.username else None,
            ssl_context=self.trust,
            proxy_ssl_context=self.trust if proxy.scheme == "https" else None,
            network_backend=guard,
        )


class _Route:
    """The way from the address that was asked for to the one that answers."""

    def __init__(self, url: httpx2.URL, typed: httpx2.URL | None) -> None:
        self.url = url
        self._start = url
        self._typed = typed
        self._seen = {str(bare_url(url))}
        self._lasting: httpx2.URL | None = None
        self._for_good = True

    def is_typed(self, url: httpx2.URL) -> bool:
        """Whether a URL has host and port of the one that the user typed."""
        typed = self._typed
        return typed is not None and (typed.host, port_of(typed)) == (url.host, port_of(url))

    def credentials(self) -> dict[str, str]:
        """The user's name and password, for the server they were given for only."""
        if not self._start.username or origin_of(self.url) != origin_of(self._start):
            return {}
        pair = f"{self._start.username}:{self._start.password}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}

    def goes_on(self, reply: Reply) -> bool:
        """Follow a redirect; False where the answer is none. Raises `AddressRefused`."""
        location = reply.headers.get("location")
        if reply.status not in _MOVED or not location:
            return False
        self.url = bare_url(parsed_url(location, self.url))
        if str(self.url) in self._seen:
            raise AddressRefused(
                f"{shown(str(self._start))} redirects in a circle.",
                "Look for the podcast's new address.",
            )
        self._seen.add(str(self.url))
        self._for_good = self._for_good and reply.status in _FOR_GOOD
        if self._for_good:
            self._lasting = self.url
        return True

    def moved_to(self) -> str | None:
        """The last address up to which every redirect was for good."""
        if self._lasting is None:
            return None
        if self._start.userinfo and origin_of(self._lasting) == origin_of(self._start):
            return str(self._lasting.copy_with(userinfo=self._start.userinfo))
        return str(self._lasting)


@contextmanager
def _translated(route: _Route) -> Iterator[None]:
    """Errors of httpcore as this package's."""
    try:
        yield
    except httpcore2.TimeoutException as error:
        raise Unreachable(
            f"{shown(str(route.url))} is too slow: {label(error) or 'no answer in time'}.",
            "It is tried again later.",
            passing=not isinstance(error, Overdue),
        ) from error
    except httpcore2.ConnectError as error:
        certificate = _certificate_error(error)
        raise Unreachable(
            f"{shown(str(route.url))} cannot be reached: {label(error)}.",
            "Check the address and the connection.",
            passing=not certificate,
        ) from error
    except httpcore2.ProxyError as error:
        raise Unreachable(
            f"The proxy does not lead to {shown(str(route.url))}: {label(error)}.",
            "Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY.",
        ) from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        raise BrokenOff(
            f"The connection to {shown(str(route.url))} broke off: {label(error)}.",
            "It is tried again later.",
        ) from error
    except httpcore2.UnsupportedProtocol as error:
        raise AddressRefused(f"{shown(str(route.url))} is not asked: {label(error)}.") from error


def _certificate_error(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
