"""A language model that somebody else serves, by the interface of OpenAI (`/chat/completions`).

Nothing here is asked unless its address is named on a command line. The connection is encrypted,
but to this machine itself; no redirect is followed and no proxy used, so that what is sent goes
where it was said to go, and nowhere else.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import SplitResult, urlsplit

from memex.errors import InvalidRequest, MemexError
from memex.judging import first_word
from memex.protocols import Message
from memex.urls import MAX_URL

KEY: Final = "MEMEX_JUDGE_KEY"
"""The variable of the environment that has the server's key."""
PATH: Final = "/chat/completions"
TIMEOUT: Final = 120.0
"""Seconds without a byte."""
MOST: Final = 24_000
"""Characters of a prompt: about 6,000 tokens, which any server reads."""
MOST_REPLY: Final = 1 << 20
"""Bytes of a reply."""
_REMEDIES: Final = {
    401: f"Check the key in {KEY}.",
    403: f"Check the key in {KEY}.",
    404: "Check the address, which usually ends in /v1, and the name of the model.",
    429: "The server wants less: try again later.",
}


class EndpointFailed(MemexError):
    """The server does not answer, or not as it should."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A `memex.judging.Chooser` behind an address."""

    url: str
    """Of the interface: "https://example.org/v1"."""
    model: str
    key: str = field(default="", repr=False)
    """Sent as a bearer token; "" for none."""

    def __post_init__(self) -> None:
        """Raises `InvalidRequest` for an address that is not asked."""
        problem = _problem(self.url)
        if problem:
            raise InvalidRequest(
                f"The address is not asked: {problem}.",
                "Give one like https://HOST/v1, or http://localhost:PORT/v1.",
            )

    @property
    def name(self) -> str:
        """The model and its server."""
        return f"{self.model} at {self.server}"

    @property
    def server(self) -> str:
        """Where everything goes."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def is_here(self) -> bool:
        """Whether that is this machine."""
        return _is_loopback(urlsplit(self.url).hostname or "")

    def fits(self, messages: Sequence[Message]) -> bool:
        """Whether it is little enough for any server."""
        return sum(len(message.content) for message in messages) <= MOST

    def choose(self, messages: Sequence[Message], options: Sequence[str]) -> str | None:
        """The option with which the reply begins. Raises `EndpointFailed`."""
        body = {
            "model": self.model,
            "messages": [{"role": each.role, "content": each.content} for each in messages],
            "temperature": 0,
        }
        return first_word(_content(self._ask(json.dumps(body).encode()), self.server), options)

    def _ask(self, body: bytes) -> bytes:
        parts = urlsplit(self.url)
        connection = _connection(parts)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        try:
            connection.request("POST", parts.path.rstrip("/") + PATH, body, headers)
            with connection.getresponse() as response:
                reply = response.read(MOST_REPLY + 1)
        except (OSError, http.client.HTTPException) as error:
            raise EndpointFailed(
                f"{self.server} does not answer: {error or type(error).__name__}.",
                "Check the address and the connection; no verdict was kept.",
            ) from error
        finally:
            connection.close()
        if response.status != HTTPStatus.OK:
            raise EndpointFailed(
                f"{self.server} answers with an error: HTTP {response.status}.",
                _REMEDIES.get(response.status, "Its log may say why."),
            )
        if len(reply) > MOST_REPLY:
            raise EndpointFailed(f"{self.server} answers with more than a verdict.", "")
        return reply


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    assert parts.hostname
    if parts.scheme == "https":
        trust = ssl.create_default_context()
        return http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=TIMEOUT, context=trust
        )
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT)


def _content(reply: bytes, server: str) -> str:
    """What the model wrote. Raises `EndpointFailed`."""
    try:
        content = json.loads(reply)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError) as error:
        raise EndpointFailed(
            f"{server} does not speak the interface of OpenAI: {error!r}.",
            "Check the address, which usually ends in /v1.",
        ) from error
    return content if isinstance(content, str) else ""


def _problem(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "it cannot be read"
    if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url:
        return "it is too long, or has spaces or other odd characters in it"
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        return "it names no server"
    if parts.username or parts.password or parts.query or parts.fragment:
        return f"it has more than a server and a path; the key belongs into {KEY}"
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        return "only https leaves this machine"
    return ""


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
