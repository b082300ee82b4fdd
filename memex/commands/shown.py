"""What the last command showed, so that `memex play 1` and `memex right 1` know what 1 is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from memex.config import Paths
from memex.errors import NotFound


@dataclass(frozen=True, slots=True)
class Shown:
    """A numbered result."""

    title: str
    uri: str
    start: float | None
    """Seconds; None for what is not a recording."""
    end: float | None
    """Seconds."""


def keep(paths: Paths, results: Sequence[Shown], trace: int | None) -> None:
    """Note the results that were just shown, numbered from 1, and the trace they left.

    Where the disk refuses, it is said: the results themselves were shown.
    """
    try:
        _put(paths.run / "shown.json", json.dumps([asdict(result) for result in results]))
        _put(paths.run / "trace.json", json.dumps(trace))
    except OSError as error:
        click.echo(f"memex: `memex play` will not know these: {error.strerror}.", err=True)


def _put(file: Path, text: str) -> None:
    draft = file.with_suffix(".tmp")
    draft.write_text(text, encoding="utf-8")
    draft.chmod(0o600)
    draft.replace(file)


def trace_of(paths: Paths) -> str:
    """The trace of what the last command showed. Raises `NotFound`."""
    try:
        trace = json.loads((paths.run / "trace.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        trace = None
    if not isinstance(trace, int):
        raise NotFound(
            "Nothing was shown that left a trace.",
            "Search or ask first; `memex trace list` has earlier ones.",
        )
    return str(trace)


def recall(paths: Paths, number: int) -> Shown:
    """The result of that number. Raises `NotFound`."""
    try:
        results = json.loads((paths.run / "shown.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        results = []
    if not 1 <= number <= len(results):
        raise NotFound(
            f"There is no result {number} to play.", "Search or ask first; see `memex search`."
        )
    return Shown(**results[number - 1])
