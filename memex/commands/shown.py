"""What the last command showed, so that `memex play 1` knows what 1 is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

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


def keep(paths: Paths, results: Sequence[Shown]) -> None:
    """Note the results that were just shown, numbered from 1.

    Where the disk refuses, it is said: the results themselves were shown.
    """
    file = paths.run / "shown.json"
    draft = file.with_suffix(".tmp")
    try:
        draft.write_text(json.dumps([asdict(result) for result in results]), encoding="utf-8")
        draft.chmod(0o600)
        draft.replace(file)
    except OSError as error:
        click.echo(f"memex: `memex play` will not know these: {error.strerror}.", err=True)


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
