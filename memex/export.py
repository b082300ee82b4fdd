"""Writing what is remembered into a directory that can be read without Memex.

A file a document, in Markdown, or one file of JSON lines; recordings beside it. What is
there already and has not changed is left as it is, so that it can be done again and again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from memex.archive import BLOCK, open_private, storage_error
from memex.errors import InvalidRequest, NotFound
from memex.markdown import front_matter, markdown
from memex.wire import Json

Format = Literal["markdown", "jsonl"]

README: Final = "README.txt"
LINES: Final = "documents.jsonl"
TRACES: Final = "traces.jsonl"
SEARCHES: Final = "searches.jsonl"
TITLE: Final = 80
"""Characters of a title that become part of a file's name."""
TITLE_BYTES: Final = 160
SHORT_ID: Final = 8
RECORDINGS: Final = frozenset({"audio", "video"})
_OURS: Final = "An export of a Memex."
_SUFFIX: Final = re.compile(r"\.\w{1,12}")
_UNSAFE: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')
_TOLD: Final = f"""{_OURS}

Memex is a personal memory. This directory is a copy of what it remembers, for reading
without it.

*.md             one file for each document: what it is between the two lines "---", then
                 its text. Times are hours:minutes:seconds from the start of a recording.
{LINES}  (with --format jsonl) the same, a document a line, with every field.
{TRACES}     what was asked, a query a line: what was shown for it, how you marked that.
{SEARCHES}   the searches that you saved, one a line.
Other files      the recordings, each beside the text of the same name.

`memex export` brings it up to date. It changes its own files only, and removes none: what
was forgotten since stays here until you remove it.
"""


@dataclass(slots=True)
class Exported:
    """What an export did."""

    documents: int = 0
    written: int = 0
    unchanged: int = 0
    recordings: int = 0
    """Copied now."""
    traces: int = 0
    searches: int = 0
    """That are saved."""
    missing: list[str] = field(default_factory=list)
    """Titles of recordings whose sound is nowhere any more, or was changed."""


def export(
    directory: Path,
    catalogue: list[Json],
    document: Callable[[str], Json],
    *,
    form: Format,
    sound: bool,
    kept: Path,
    traces: Iterable[Json] = (),
    searches: Iterable[Json] = (),
) -> Iterator[Exported]:
    """Write the documents of a catalogue, which `document` gives whole by their ids, traces
    and saved searches; yields how far it is after each document, and at the end. `kept` is where
    Memex keeps recordings of its own. Raises `InvalidRequest` where the directory holds other
    things, `StorageError`.
    """
    done = Exported()
    with _troubles(directory):
        _prepare(directory)
        length = _distinct([entry["id"] for entry in catalogue])
        before = _written(directory)
        with _lines(directory / LINES) if form == "jsonl" else _none() as line:
            for entry in catalogue:
                try:
                    whole = document(entry["id"])
                except NotFound:  # forgotten meanwhile
                    continue
                name = _name(whole, length)
                _rename(before.get(whole["id"][:length], ()), name)
                if line:
                    line(whole)
                    done.written += 1
                elif _write(directory, name, whole):
                    done.written += 1
                else:
                    done.unchanged += 1
                if sound and whole["kind"] in RECORDINGS:
                    _copy_sound(directory, name, whole, kept, done)
                done.documents += 1
                yield done
        done.traces = _write_lines(directory / TRACES, traces)
        done.searches = _write_lines(directory / SEARCHES, searches)
        yield done


def _write_lines(target: Path, rows: Iterable[Json]) -> int:
    """Write rows, a line each, in the place of earlier ones; how many there are."""
    there = target.exists()
    count = 0
    with _lines(target) as line:
        for count, row in enumerate(rows, start=1):  # noqa: B007 (the number of the last)
            line(row)
    if not (count or there):
        target.unlink()
    return count


def _prepare(directory: Path) -> None:
    """Make the directory, or see that it is an export."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    note = directory / README
    if note.is_file() and note.read_bytes().startswith(_OURS.encode()):
        return
    if any(directory.iterdir()):
        raise InvalidRequest(
            f"{directory} holds other things, and is not an export.", "Name a new directory."
        )
    _put(note, _TOLD.encode())


def _distinct(ids: list[str]) -> int:
    """How much of the ids tells them apart."""
    length = SHORT_ID
    while len({id_[:length] for id_ in ids}) < len(set(ids)):
        length += 1
    return length


def _name(document: Json, length: int) -> str:
    """As in "2026-11-24 Title (5c1f8a02)": safe on every usual file system."""
    day = str(document["created_at"] or "")[:10]
    title = "".join(char for char in document["title"] if char.isprintable())
    title = (
        _UNSAFE.sub(" ", title)[:TITLE]
        .encode("utf-8", "replace")[:TITLE_BYTES]
        .decode(errors="ignore")
    )
    title = " ".join(title.split()).strip(". ") or "Untitled"
    return f"{day} {title} ({document['id'][:length]})".strip()


def _written(directory: Path) -> dict[str, list[Path]]:
    """What an earlier export wrote, texts and recordings, by the ids in their names."""
    found: dict[str, list[Path]] = {}
    for path in directory.glob("* ([0-9a-f]*).*"):
        found.setdefault(path.stem.rpartition("(")[2].removesuffix(")"), []).append(path)
    return found


def _rename(before: Iterable[Path], name: str) -> None:
    """Let what lies there follow a title that changed."""
    for old in before:
        if old.stem != name:
            old.replace(old.with_name(f"{name}{old.suffix}"))


def _write(directory: Path, name: str, document: Json) -> bool:
    """Write a document as Markdown; False where it is there as it is."""
    text = (front_matter(document) + markdown(document)).encode("utf-8", "replace")
    target = directory / f"{name}.md"
    if target.is_file() and not target.is_symlink() and target.read_bytes() == text:
        return False
    _put(target, text)
    return True


def _copy_sound(directory: Path, name: str, document: Json, kept: Path, done: Exported) -> None:
    """Copy the recording: what Memex keeps of it, or the file that was heard, if its bytes
    are still the same.
    """
    for copy in document["copies"]:
        source = _path(copy["uri"])
        if source is None or copy["replaced_at"] or not source.is_file():
            continue
        own = source.resolve().is_relative_to(kept.resolve())
        suffix = source.suffix if _SUFFIX.fullmatch(source.suffix) else ""
        target = directory / f"{name}{suffix}"
        state = source.stat()
        if not own and state.st_size != copy["size"]:
            continue
        if target.is_file():
            there = target.stat()
            if (there.st_size, there.st_mtime_ns) == (state.st_size, state.st_mtime_ns):
                return
        if _copy(source, target, None if own else copy["sha256"]):
            done.recordings += 1
            return
    done.missing.append(document["title"])


def _path(uri: str) -> Path | None:
    parts = urlsplit(uri)
    return Path(unquote(parts.path)) if parts.scheme == "file" and "\0" not in uri else None


def _copy(source: Path, target: Path, sha256: str | None) -> bool:
    """Copy a file, unless its bytes are to have this hash and are others."""
    digest = hashlib.sha256()
    with _draft(target) as draft:
        with source.open("rb") as read, open_private(draft) as out:
            while block := read.read(BLOCK):
                digest.update(block)
                out.write(block)
        if sha256 and digest.hexdigest() != sha256:
            return False
        shutil.copystat(source, draft)
        draft.chmod(0o600)
        draft.replace(target)
    return True


@contextmanager
def _lines(file: Path) -> Iterator[Callable[[Json], None]]:
    """A file of JSON lines, in place when it is whole."""
    with _draft(file) as draft:
        with open_private(draft) as out:

            def line(value: Json) -> None:
                text = json.dumps(value, ensure_ascii=False)
                out.write(text.encode("utf-8", "replace") + b"\n")

            yield line
        draft.replace(file)


@contextmanager
def _none() -> Iterator[None]:
    yield None


def _put(file: Path, data: bytes) -> None:
    with _draft(file) as draft:
        with open_private(draft) as out:
            out.write(data)
        draft.replace(file)


@contextmanager
def _draft(file: Path) -> Iterator[Path]:
    """A name beside the file for what is not whole yet; gone at the end."""
    draft = file.with_name(f".{os.getpid()}{file.suffix}.draft")
    draft.unlink(missing_ok=True)
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _troubles(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise storage_error(directory, error) from error
