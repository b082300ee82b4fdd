"""One look at a watched folder, compared with what the library knows of it.

Disk and library are read side by side in the order of their URIs, so that
memory does not grow with the folder. Nothing here knows of time or threads.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_from_bytes

from ingest.readers import readable
from ingest.readers.transcripts import is_companion
from ingest.signature import signature
from memex.items import printable
from memex.types import KnownFile

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """A file on the disk."""

    uri: str
    path: Path
    signature: str


@dataclass(frozen=True, slots=True)
class Blind:
    """A folder that could not be looked into: nothing is known of what is below."""

    uri: str
    """With a slash at its end."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A file that is new, or not as it was when it was read."""

    found: Found


@dataclass(frozen=True, slots=True)
class Lost:
    """A known file that lies there no more."""

    uri: str


@dataclass(frozen=True, slots=True)
class Back:
    """A file that was missing lies there again, unchanged."""

    uri: str


@dataclass(frozen=True, slots=True)
class Same:
    """A file that is as it was."""


Change = Fresh | Lost | Back | Same
Ignored = Callable[..., bool]


def walk(folder: Path, ignored: Ignored, *, recursive: bool = True) -> Iterator[Found | Blind]:
    """The readable files below a folder in the order of their URIs; links are not followed.

    `ignored(relative, folder=…)` leaves out. Raises `OSError` where the folder
    itself cannot be listed.
    """
    return _walk(os.fspath(folder), folder.as_uri(), "", ignored, recursive=recursive)


def _walk(
    folder: str, uri: str, within: str, ignored: Ignored, *, recursive: bool
) -> Iterator[Found | Blind]:
    with os.scandir(folder) as entries:
        listed = sorted(
            (_key(entry), entry.name, entry.is_dir(follow_symlinks=False))
            for entry in entries
            if entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)
        )
    for key, name, is_folder in listed:
        relative = within + name
        if ignored(relative, folder=is_folder):
            continue
        path = os.path.join(folder, name)  # noqa: PTH118 (a Path for each file costs too much)
        if not is_folder:
            yield from _file(path, f"{uri}/{key}")
        elif recursive:
            try:
                yield from _walk(path, f"{uri}/{key[:-1]}", f"{relative}/", ignored, recursive=True)
            except OSError as error:
                _log.warning("%s cannot be looked into: %s", printable(path), error.strerror)
                yield Blind(f"{uri}/{key}")


def _key(entry: os.DirEntry[str]) -> str:
    """The name as it stands in a URI; a folder sorts with the slash that follows it."""
    name = quote_from_bytes(os.fsencode(entry.name))
    return f"{name}/" if entry.is_dir(follow_symlinks=False) else name


def _file(name: str, uri: str) -> Iterator[Found | Blind]:
    path = Path(name)
    if not readable(path) or is_companion(path):
        return
    try:
        yield Found(uri, path, signature(path, path.lstat()))
    except FileNotFoundError:
        return  # gone while we looked
    except OSError as error:
        _log.warning("%s cannot be looked at: %s", printable(path), error.strerror)
        yield Blind(uri)


def compare(
    disk: Iterable[Found | Blind],
    known: Iterable[KnownFile],
    on_its_disk: Callable[[KnownFile], bool],
) -> Iterator[Change]:
    """What changed, both sides in the order of their URIs.

    `on_its_disk` says whether the disk that a file lay on is still there: where
    it is not (unmounted), nothing is lost.
    """
    rows = iter(known)
    row = next(rows, None)
    for seen in disk:
        while row and row.uri < seen.uri:
            yield from _gone(row, on_its_disk)
            row = next(rows, None)
        if isinstance(seen, Blind):
            while row and row.uri.startswith(seen.uri):
                row = next(rows, None)
        elif row and row.uri == seen.uri:
            yield _change(seen, row)
            row = next(rows, None)
        else:
            yield Fresh(seen)
    while row:
        yield from _gone(row, on_its_disk)
        row = next(rows, None)


def _change(seen: Found, row: KnownFile) -> Change:
    if seen.signature != row.signature:
        return Fresh(seen)
    return Back(seen.uri) if row.missing else Same()


def _gone(row: KnownFile, on_its_disk: Callable[[KnownFile], bool]) -> Iterator[Change]:
    if not row.missing and on_its_disk(row):
        yield Lost(row.uri)
