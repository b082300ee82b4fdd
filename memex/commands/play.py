"""`memex play`."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import click

from memex import terminal
from memex.commands.common import paths
from memex.commands.shown import Shown, recall
from memex.errors import InvalidRequest, NotFound
from memex.playback import play

LEAD: Final = 0.3
"""Seconds before the moment from which it is played."""
LONGEST: Final = 30.0
"""Seconds that are played unless told otherwise."""


@click.command()
@click.argument("number", type=int)
@click.option("--seconds", type=click.FloatRange(min=0.1), help="How long to play.")
def command(*, number: int, seconds: float | None) -> None:
    """Hear result NUMBER of the last search or answer, from its second on."""
    shown = recall(paths(), number)
    if shown.start is None:
        raise InvalidRequest(f"{terminal.one_line(shown.title)} is not a recording.")
    url = urlsplit(shown.uri)
    recording = Path(unquote(url.path))
    if url.scheme != "file" or not recording.is_file():
        raise _gone(shown, recording if url.scheme == "file" else None)
    start = max(0.0, shown.start - LEAD)
    length = seconds or min(LONGEST, (shown.end or shown.start + LONGEST) - start + LEAD)
    click.echo(f"{terminal.one_line(shown.title)}, {terminal.clock(shown.start)}", err=True)
    play(recording, start, start + length)


def _gone(shown: Shown, recording: Path | None) -> NotFound:
    """Why there is nothing to play."""
    where = paths()
    title = terminal.one_line(shown.title)
    if recording is None or recording.is_relative_to(where.spool):
        return NotFound(
            f"The sound of {title} is not kept here"
            f"{'' if recording else f'; it came from {terminal.one_line(shown.uri)}'}.",
            "`[intake] audio` in the configuration says what is kept from now on.",
        )
    if recording.is_relative_to(where.audio):
        return NotFound(
            f"The sound of {title} was let go by retention; what was said stays.",
            "`memex retention show` has the rules.",
        )
    return NotFound(f"{terminal.place(shown.uri)} is no longer there.", "")
