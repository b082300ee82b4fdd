"""`memex listen`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import click
import tomlkit

from memex.client import Client
from memex.commands.captions import Ended, JsonLines, Lines, Live, Screen
from memex.commands.common import connect, paths
from memex.config import Paths
from memex.configfile import edit
from memex.daemons import ROLES, running, start
from memex.errors import AlreadyRunning, DaemonUnavailable
from memex.locks import RoleLock, holder
from memex.wire import Json

LOOK_EVERY: Final = 5.0
"""Seconds between two looks at whether the daemons live."""
RETRY_EVERY: Final = 0.5
"""Seconds until memexd is followed again."""
REVIVALS: Final = 3
"""Times that a daemon that died is started again."""
QUITE: Final = 90
"""Seconds up to which they are told as seconds."""


@click.command()
@click.option("--always/--never", default=None, help="From now on without this command, or not.")
@click.option("--json", "as_json", is_flag=True, help="Print events as JSON lines.")
@click.option("--quiet", is_flag=True, help="Listen, and show nothing.")
@click.pass_context
def command(context: click.Context, *, always: bool | None, as_json: bool, quiet: bool) -> None:
    """Listen as long as this runs, and show what is said.

    What is heard can be found seconds later, and stays. `--always` lets Memex listen
    whenever it runs; this command then only shows what it hears. Ctrl+C ends it.
    """
    where = paths()
    where.create()
    if always is not None:
        _set(where, always=always)
        if always:
            connect(context, "memex-ingest", "memex-ears")
        return
    client = connect(context, "memex-ingest", "memex-ears")
    tally = _Tally()
    screen = _screen(as_json=as_json)
    with _asked(where):
        try:
            if quiet:
                _wait(where)
            else:
                _follow(client, where, screen, tally)
        except KeyboardInterrupt:
            pass
        finally:
            screen.close()
    if not quiet:
        click.echo(tally.told(), err=True)


def _set(where: Paths, *, always: bool) -> None:
    with edit(where) as document:
        document.setdefault("listen", tomlkit.table())["always"] = always
    click.echo(
        "Memex listens from now on, whenever it runs. `memex listen --never` ends that."
        if always
        else "Memex listens only while `memex listen` runs."
    )


@contextmanager
def _asked(where: Paths) -> Iterator[None]:
    """Have it listened as long as this lasts, however it ends: the kernel frees the lock."""
    try:
        lock = RoleLock(where.listening)
    except AlreadyRunning:
        other = holder(where.listening)
        click.echo(
            f"Another `memex listen` (process {other}) has it listened; this one only shows.",
            err=True,
        )
        yield
        return
    try:
        yield
    finally:
        lock.release()


def _screen(*, as_json: bool) -> Screen:
    if as_json:
        return JsonLines()
    return Live() if sys.stdout.isatty() else Lines()


def _follow(client: Client, where: Paths, screen: Screen, tally: _Tally) -> None:
    """Show what comes; when a daemon dies, what the next one says."""
    life = _Life(where)
    away = False
    while True:
        try:
            for event in client.follow_live():
                away = False
                life.look()
                if event:
                    tally.note(event)
                    screen.show(event)
        except DaemonUnavailable:
            if not away:
                screen.close()
                click.echo("memexd is away: what is said is heard, and shown later.", err=True)
            away = True
            life.look()
            time.sleep(RETRY_EVERY)


def _wait(where: Paths) -> None:
    life = _Life(where)
    while True:
        time.sleep(RETRY_EVERY)
        life.look()


class _Life:
    """Whether the daemons live."""

    def __init__(self, where: Paths) -> None:
        self._paths = where
        self._next = time.monotonic() + LOOK_EVERY
        self._dead: set[str] = set()
        self._revived = 0

    def look(self) -> None:
        """Start again what died. Raises `DaemonUnavailable` where they were stopped, or one
        dies again and again.
        """
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + LOOK_EVERY
        dead = {role for role in ROLES if running(self._paths, role) is None}
        if dead == set(ROLES):
            raise DaemonUnavailable("Memex was stopped.", "`memex listen` starts it again.")
        for role in sorted(dead & self._dead):
            if self._revived == REVIVALS:
                raise DaemonUnavailable(f"{role} dies again and again.", "See `memex doctor`.")
            self._revived += 1
            click.echo(f"{role} stopped; starting it again …", err=True)
            start(self._paths, role)
        self._dead = dead


class _Tally:
    """How much was said."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._ended = Ended()
        self._began = datetime.now(UTC)

    def note(self, event: Json) -> None:
        """Count an utterance that is over."""
        over = event["kind"] == "caption" and event["final"] and event["settled"]
        if over and self._ended.first(event):
            at = datetime.fromisoformat(event["at"])
            if at >= self._began:
                self._seconds += max(0.0, (datetime.now(UTC) - at).total_seconds())

    def told(self) -> str:
        """As it is told at the end."""
        if not self._seconds:
            return "Nothing was said."
        length = (
            f"{self._seconds:.0f} seconds"
            if self._seconds < QUITE
            else f"{self._seconds / 60:.0f} minutes"
        )
        return f"About {length} of speech heard; `memex search` finds what was said."
