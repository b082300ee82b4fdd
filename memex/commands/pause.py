"""`memex pause`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

import click

from memex import terminal
from memex.commands.common import paths
from memex.pause import Pause

UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LONGEST: Final = timedelta(days=3650)
"""Of a pause that ends by itself."""


class Length(click.ParamType[timedelta]):
    """A length of time: 90s, 30m, 2h, 1d, 1h30m."""

    name = "length"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Raises click's error for anything else."""
        if isinstance(value, timedelta):
            return value
        parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", str(value))
        if not parts or "".join(map("".join, parts)) != value:
            self.fail(f"{value!r} is no length of time. Say 30m, 2h, 1h30m.", param, ctx)
        try:
            length = sum((timedelta(**{UNITS[unit]: float(n)}) for n, unit in parts), timedelta())
        except OverflowError:
            length = LONGEST * 2
        if not timedelta() < length <= LONGEST:
            self.fail(f"{value!r} is not between a moment and {LONGEST.days} days.", param, ctx)
        return length


@click.command()
@click.option("--for", "length", type=Length(), help="Go on by itself after 30m, 2h, 1d.")
def command(*, length: timedelta | None) -> None:
    """Hear and read nothing until `memex resume`, or for a while.

    Searching and asking go on. What you name yourself (`memex add`) is still read.
    What comes into watched folders meanwhile is read afterwards.
    """
    where = paths()
    where.create()
    pause = Pause(where.pause)
    pause.begin(length)
    until = pause.until()
    click.echo(f"Paused until {terminal.local(until)}." if until else "Paused.")
