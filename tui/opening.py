"""Opening what was found where it belongs: editor, pager, the desktop's reader."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from memex.errors import InvalidRequest, MemexError, NotFound
from tui.findings import Place
from tui.text import shown

PLAIN: Final = frozenset({"note", "subtitles", "mail"})
"""Kinds that an editor shows as they are."""
TO_LINE: Final = frozenset(
    {"vi", "vim", "nvim", "nano", "emacs", "emacsclient", "micro", "kak", "joe", "less", "jed"}
)
"""Programs that take a line as `+12`."""
WITH_COLON: Final = frozenset({"hx", "helix", "subl", "zed"})
"""Programs that take it as `file:12`."""
OPENERS: Final = ("xdg-open", "open")
"""The desktop's."""

Which = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Opening:
    """A program to run."""

    arguments: tuple[str, ...]
    takes_screen: bool
    """Whether it runs in the terminal, so that this program gives way to it."""


def file_of(uri: str) -> Path | None:
    """The file that a URI names; None where it names none."""
    parts = urlsplit(uri)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def recording_of(place: Place) -> Path:
    """What is played for a place. Raises `NotFound` where its sound is not here."""
    file = file_of(place.uri)
    if file is None:
        raise NotFound(
            f"The sound of {shown(place.title)} is not kept here; it came from {shown(place.uri)}.",
            "`[intake] audio` in the configuration says what is kept from now on.",
        )
    if not file.is_file():
        raise NotFound(
            f"{shown(file.name)} is no longer there.",
            "What was said stays. Was it moved, or let go by retention?",
        )
    return file


def opening(
    place: Place, line: int | None, environment: Mapping[str, str], which: Which
) -> Opening:
    """What opens a place, at a line where one is known. Raises `NotFound`, `InvalidRequest`."""
    file = file_of(place.uri)
    if file is not None and not file.exists():
        raise NotFound(f"{shown(str(file))} is no longer there.", "What it said stays here.")
    if file is not None and place.kind in PLAIN:
        return _editor(file, line, environment, which)
    if file is None and urlsplit(place.uri).scheme not in {"http", "https"}:
        raise NotFound(f"{shown(place.uri)} is nothing that can be opened.")
    for program in OPENERS:
        if which(program):
            return Opening((program, str(file) if file else place.uri), takes_screen=False)
    raise NotFound(f"No program here opens {shown(place.title)}.", "On Linux, install xdg-utils.")


def launch(found: Opening) -> None:
    """Start it, and go on. Raises `MemexError`."""
    quiet = subprocess.DEVNULL
    try:
        subprocess.Popen(
            found.arguments, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
        )
    except OSError as error:
        raise _unstarted(found, error) from error


def run(found: Opening) -> None:
    """Run it on this terminal to its end. Raises `MemexError`."""
    try:
        subprocess.run(found.arguments, stderr=sys.__stderr__, check=False)
    except OSError as error:
        raise _unstarted(found, error) from error


def _unstarted(found: Opening, error: OSError) -> MemexError:
    program = shown(found.arguments[0])
    return MemexError(
        f"{program} does not start: {error.strerror}.", f"`{program}` in a shell may tell more."
    )


def _editor(file: Path, line: int | None, environment: Mapping[str, str], which: Which) -> Opening:
    """The user's editor, or pager."""
    named = (_words(name, environment.get(name, "")) for name in ("VISUAL", "EDITOR", "PAGER"))
    for words in (*named, ["less"], ["vi"], ["nano"]):
        if words and which(words[0]):
            return Opening((*words, *_at(Path(words[0]).stem, file, line)), takes_screen=True)
    raise NotFound("There is no editor here.", "Name one: `export EDITOR=nano`.")


def _words(name: str, command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as error:
        raise InvalidRequest(
            f"{name} is no command: {shown(command)} ({error}).", "Mend its quotes."
        ) from error


def _at(program: str, file: Path, line: int | None) -> tuple[str, ...]:
    """A file and a line as a program takes them; `--` would be taken for a file by some."""
    path = str(file.absolute())
    if line is None:
        return (path,)
    if program in TO_LINE:
        return (f"+{line}", path)
    if program in {"code", "codium"}:
        return ("-g", f"{path}:{line}")
    return (f"{path}:{line}",) if program in WITH_COLON else (path,)


def quoted(place: Place, text: str) -> str:
    """A stretch with its source, as it is copied."""
    source = [place.title]
    if place.speaker:
        source.insert(0, place.speaker)
    if place.start is not None:
        whole = int(place.start)
        source.append(f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}")
    if place.page is not None:
        source.append(f"page {place.page}")
    if place.said_at:
        source.append(place.said_at[:10])
    file = file_of(place.uri)
    return f"“{' '.join(text.split())}”\n— {', '.join(source)}\n{file or place.uri}\n"
