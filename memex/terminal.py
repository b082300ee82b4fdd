"""What is printed to a terminal: text made safe, times made readable; and what is typed."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import click

T = TypeVar("T")


def safe(text: str) -> str:
    """Text without anything that a terminal would obey: control characters and
    escape sequences are shown as they are written in Python. Newlines stay.
    """
    return "".join(
        char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in text
    )


def one_line(text: str) -> str:
    """Safe text on one line."""
    return safe(" ".join(text.split()))


def clock(seconds: float) -> str:
    """Seconds as HH:MM:SS."""
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def day(time: str | None) -> str:
    """An ISO time as a local date; "" where there is none."""
    return f"{datetime.fromisoformat(time).astimezone():%Y-%m-%d}" if time else ""


def local(time: datetime) -> str:
    """A time of day here; with the date when that is not today's."""
    here = time.astimezone()
    return (
        f"{here:%H:%M}"
        if here.date() == datetime.now(here.tzinfo).date()
        else f"{here:%Y-%m-%d %H:%M}"
    )


def place(uri: str) -> str:
    """A URI as a person writes it: the path of a file."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return one_line(uri)
    path = unquote(parts.path)
    home = str(Path.home())
    return one_line(f"~{path[len(home) :]}" if path.startswith(f"{home}/") else path)


def wrapped(text: str, indent: str = "   ") -> str:
    """Text folded to the terminal's width, each line behind the indent."""
    width = min(shutil.get_terminal_size().columns, 100)
    lines = (
        textwrap.fill(line, width, initial_indent=indent, subsequent_indent=indent)
        for line in safe(text).splitlines()
    )
    return "\n".join(lines)


def lit(text: str, spans: Iterable[Sequence[int]]) -> str:
    """Text as `wrapped` folds it, in bold and underlined between the characters of each span."""
    inside = {at for start, end in spans for at in range(start, end)}
    marks = iter(
        [at in inside for at, char in enumerate(text) for each in safe(char) if not each.isspace()]
    )
    runs = groupby(wrapped(text), key=lambda char: not char.isspace() and next(marks))
    return "".join(
        click.style("".join(run), bold=True, underline=True) if marked else "".join(run)
        for marked, run in runs
    )


def typed(
    question: str, read: Callable[[str], T], at_the_end: T, *, default: str | None = None
) -> T:
    """A line as `read` makes it, which raises `click.UsageError` to have it typed again; where
    the input has ended and is no terminal, `at_the_end`. Without a `default` an empty line is
    asked again.
    """
    try:
        return click.prompt(
            question, default=default, show_default=False, value_proc=read, err=True
        )
    except click.Abort:
        if sys.stdin.isatty():  # the user's Ctrl+C
            raise
        return at_the_end
