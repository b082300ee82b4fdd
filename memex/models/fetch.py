"""Downloads one file so that a broken connection costs only what had not come yet."""

from __future__ import annotations

import hashlib
import http.client
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from memex.errors import DownloadFailed, ModelDamaged
from memex.models.wheels import Network

ATTEMPTS: Final = 4
"""Connections tried before a download is given up."""
PAUSE: Final = 0.5
"""Seconds before the second attempt; twice as long before each further one."""
TIMEOUT: Final = 60
"""Seconds without a byte."""
BLOCK: Final = 1 << 18
"""Bytes read at a time."""
RESUMED: Final = 206
NOTHING_LEFT: Final = 416
PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP errors that may be gone on the next attempt."""
CHECK: Final = "Check the network, the index and the credentials that pip uses, or HF_ENDPOINT"
"""What a user can do where a server cannot be reached or refuses."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A file to be downloaded."""

    url: str
    size: int
    """Bytes."""
    sha256: str
    """Hexadecimal."""


def fetch(remote: Remote, part: Path, network: Network) -> Generator[int, None, None]:
    """Download into `part`, going on where an earlier attempt stopped.

    Yields how many bytes are there. When it ends, `part` is whole and has the
    right SHA-256. Raises `DownloadFailed`, what came being kept, and
    `ModelDamaged` for another file: one announced with another size is not read,
    one with another SHA-256 is thrown away. `OSError` of the disk passes through.
    """
    opener = _opener(remote.url, network)
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE * 2 ** (attempt - 1))
        try:
            yield from _attempt(opener, remote, part)
            break
        except _Interrupted as error:
            reason = str(error)
    else:
        raise _broken_off(remote, _present(part), reason)
    _check(remote, part)


def _broken_off(remote: Remote, present: int, reason: str) -> DownloadFailed:
    if not present:
        return DownloadFailed(
            f"{remote.url} cannot be downloaded: {reason}.", f"{CHECK}; then pull again."
        )
    return DownloadFailed(
        f"The download of {remote.url} broke off at {present:,} of {remote.size:,} bytes:"
        f" {reason}.",
        "What came is kept; pull again to go on from there.",
    )


class _Interrupted(Exception):
    """The connection, not the disk, failed."""


class _NothingLeft(_Interrupted):
    """The server's file ends before what is here does: this is not its beginning."""


def _attempt(opener: urllib.request.OpenerDirector, remote: Remote, part: Path) -> Iterator[int]:
    """One connection. Raises `_Interrupted` unless the file is whole afterwards."""
    present = _present(part)
    if present > remote.size:
        part.unlink()
        present = 0
    if present == remote.size:
        yield present
        return
    try:
        response = _open(opener, remote.url, present)
    except _NothingLeft:
        part.unlink()
        raise
    with response, part.open("ab") as out:
        _check_size(response, remote)
        if present and not _continues(response, present):
            out.truncate(0)
        while out.tell() <= remote.size:
            block = _read(response)
            if not block:
                break
            out.write(block)
            yield out.tell()
    if _present(part) < remote.size:
        raise _Interrupted("the connection was closed early")


def _open(opener: urllib.request.OpenerDirector, url: str, start: int) -> http.client.HTTPResponse:
    headers = {"Accept-Encoding": "identity", "User-Agent": "memex-local"}
    if start:
        headers["Range"] = f"bytes={start}-"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - see _opener
    try:
        response: http.client.HTTPResponse = opener.open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == NOTHING_LEFT:
            raise _NothingLeft("the server has a shorter file") from error
        if error.code in PASSING:
            raise _Interrupted(_reason(error)) from error
        raise DownloadFailed(
            f"The server refuses {url}: {_reason(error)}.", f"{CHECK}; then pull again."
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise _Interrupted(_reason(error)) from error
    return response


def _reason(error: OSError | http.client.HTTPException) -> str:
    """What went wrong, in one line without a full stop."""
    told: object = error
    if isinstance(error, urllib.error.HTTPError):
        told = f"HTTP {error.code} {error.reason}"
    elif isinstance(error, urllib.error.URLError):
        told = error.reason
    if isinstance(told, OSError):
        told = told.strerror or told
    return " ".join(str(told).split()).rstrip(".") or type(error).__name__


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise _Interrupted(_reason(error)) from error


def _check_size(response: http.client.HTTPResponse, remote: Remote) -> None:
    """Raises `ModelDamaged` where a file of another size is announced, such as the page
    of a captive portal.
    """
    if response.status == RESUMED:
        announced = (response.headers.get("Content-Range") or "").rpartition("/")[2]
    else:
        announced = response.headers.get("Content-Length") or ""
    if announced.isdecimal() and int(announced) != remote.size:
        raise ModelDamaged(
            f"{remote.url} is not the file that was promised: the server announces"
            f" {int(announced):,} bytes instead of {remote.size:,}.",
            f"{CHECK}; then pull again.",
        )


def _continues(response: http.client.HTTPResponse, start: int) -> bool:
    """Whether the body begins at byte `start` rather than at the first."""
    given = response.headers.get("Content-Range") or ""
    return response.status == RESUMED and given.startswith(f"bytes {start}-")


def _present(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _check(remote: Remote, part: Path) -> None:
    with part.open("rb") as stream:
        sound = hashlib.file_digest(stream, "sha256").hexdigest() == remote.sha256
    if not sound:
        part.unlink()
        raise ModelDamaged(
            f"What came from {remote.url} is not the file that was promised"
            " (its SHA-256 differs); it was thrown away.",
            "Pull again; if it happens again, something between here and there alters downloads.",
        )


def _opener(url: str, network: Network) -> urllib.request.OpenerDirector:
    """Raises `DownloadFailed` for anything but HTTP and HTTPS."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise DownloadFailed(
            f"{url} is no address that can be downloaded: it does not begin with https://.",
            f"{CHECK}; then pull again.",
        )
    handlers: list[urllib.request.BaseHandler] = [
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=network.certificates))
    ]
    if network.proxy:
        proxies = {"http": network.proxy, "https": network.proxy}
        handlers.append(urllib.request.ProxyHandler(proxies))
    return urllib.request.build_opener(*handlers)
