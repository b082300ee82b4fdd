"""Addresses of feeds: as users type them, and as they may be shown."""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, urlsplit

from memex.errors import InvalidRequest

MAX_URL: Final = 4_096
"""Characters of an address."""
_SCHEMES: Final = ("feed:", "itpc:", "pcast:", "podcast:")
"""What programs write before or instead of http, so that they are asked for it."""


def subscription_url(text: str) -> str:
    """An address as a user or a program gives it, ready to be asked: "feed:" and its
    like removed, "https://" put before a bare host.

    Raises `InvalidRequest`.
    """
    address = text.strip()
    scheme = next((each for each in _SCHEMES if address.lower().startswith(each)), "")
    rest = address[len(scheme) :]
    if scheme and rest.startswith("//"):
        rest = "https:" + rest
    elif "://" not in rest:
        rest = "https://" + rest
    problem = _problem(rest)
    if problem:
        raise InvalidRequest(
            f"{shown(rest)} is no address of a feed: {problem}.",
            "Give one that begins with https:// or http://.",
        )
    return rest.partition("#")[0]


def shown(url: str) -> str:
    """An address as it may be printed and logged: without name and password and without
    the query, in which private feeds have their keys.
    """
    try:
        parts = urlsplit(url[:MAX_URL])
    except ValueError:
        return _printable(url.partition("?")[0].rpartition("@")[2])
    query = "?…" if parts.query else ""
    bare = SplitResult(parts.scheme, _host(parts), parts.path, "", "")
    return _printable(f"{bare.geturl()}{query}")


def key_of(url: str) -> str:
    """What two spellings of one address share."""
    return url.partition("://")[2].rstrip("/")


def _problem(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "it cannot be read"
    if len(url) > MAX_URL:
        return "it is too long"
    if not url.isprintable() or " " in url:
        return "it has spaces or control characters in it"
    if parts.scheme.lower() not in {"http", "https"}:
        return "only http and https are asked"
    return "" if parts.hostname and port != 0 else "it names no server"


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]


def _printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())
