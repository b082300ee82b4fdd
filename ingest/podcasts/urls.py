"""Addresses: what they must be, how they are shown, and the proxy on the way."""

from __future__ import annotations

import urllib.request
from typing import Final

import httpcore2
import httpx2

from ingest.podcasts.errors import AddressRefused, PodcastError
from ingest.readers.text import label

MAX_URL: Final = 4_096
"""Characters of an address."""
_PORTS: Final = {"http": 80, "https": 443}
_MAX_PORT: Final = 0xFFFF


def shown(url: str) -> str:
    """An address as it may be printed and logged: without credentials and without
    the query, in which private feeds have their keys.
    """
    try:
        parsed = httpx2.URL(url[:MAX_URL])
    except (httpx2.InvalidURL, ValueError):
        return label(url.partition("?")[0].rpartition("@")[2])
    query = "?…" if parsed.query else ""
    return label(f"{bare_url(parsed).copy_with(query=None, fragment=None)}{query}")


def parsed_url(url: str, base: httpx2.URL | None = None) -> httpx2.URL:
    """Raises `AddressRefused` for what is no http or https address with a host."""
    problem = ""
    try:
        parsed = base.join(url) if base else httpx2.URL(url.strip())
    except (httpx2.InvalidURL, ValueError) as error:
        problem = str(error)
    else:
        if len(url) > MAX_URL:
            problem = "it is too long"
        elif parsed.scheme not in _PORTS:
            problem = "only http and https are"
        elif not parsed.host:
            problem = "it names no server"
        elif port_of(parsed) > _MAX_PORT:
            problem = "there is no such port"
        else:
            return parsed.copy_with(fragment=None)
    raise AddressRefused(
        f"{shown(url)} is not asked: {label(problem)}.",
        "Give an address that begins with https:// or http://.",
    )


def bare_url(url: httpx2.URL) -> httpx2.URL:
    """Without name and password."""
    return url.copy_with(userinfo=b"") if url.userinfo else url


def port_of(url: httpx2.URL) -> int:
    """The port that is asked, the scheme's own included."""
    return url.port or _PORTS[url.scheme]


def origin_of(url: httpx2.URL) -> tuple[str, str, int]:
    """Scheme, host and port: to whom credentials are given."""
    return url.scheme, url.host, port_of(url)


def core_of(url: httpx2.URL) -> httpcore2.URL:
    """As httpcore wants it."""
    return httpcore2.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


def proxy_of(url: httpx2.URL) -> httpx2.URL | None:
    """The proxy that the environment asks for. Raises `PodcastError`."""
    proxies = urllib.request.getproxies()
    address = proxies.get(url.scheme) or proxies.get("all")
    if not address or urllib.request.proxy_bypass(f"{url.host}:{port_of(url)}"):
        return None
    try:
        proxy = httpx2.URL(address if "://" in address else f"http://{address}")
    except (httpx2.InvalidURL, ValueError):
        proxy = httpx2.URL()
    if proxy.scheme not in _PORTS or not proxy.host:
        raise PodcastError(
            f"The proxy {shown(address)} cannot be used: it is none for HTTP.",
            "Set HTTP_PROXY and HTTPS_PROXY to http://HOST:PORT.",
        )
    return proxy
