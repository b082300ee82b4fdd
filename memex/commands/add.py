"""`memex add`."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final, Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from memex import terminal
from memex.client import Added, Client
from memex.commands.common import connect, echo_json, json_option, paths
from memex.config import load_config
from memex.daemons import running, start
from memex.errors import DaemonUnavailable
from memex.progress import FINAL, Event, State
from memex.room import check_room

SAID: Final[Mapping[State, str]] = {
    "remembered": "remembered",
    "known": "was remembered before",
    "copy": "is a copy of",
    "forgotten": "was forgotten; name the file itself to remember it again",
    "failed": "failed:",
}
"""How the end of an item is told."""
QUIET_SECONDS: Final = 3
"""Seconds of silence after which it is looked whether memex-ingest still lives, and has room."""

REVIVALS: Final = 3
"""Times that a dead memex-ingest is started again."""


class _Screen(Protocol):
    """What shows the events."""

    def show(self, event: Event) -> None: ...


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH..."
)
@json_option
@click.pass_context
def command(context: click.Context, *, files: tuple[Path, ...], as_json: bool) -> None:
    """Remember files and folders.

    Text, Markdown, HTML, PDF, EPUB, DOCX, SRT, VTT, mail (.eml), and audio and
    video of every usual container. A transcript beside a recording (talk.srt,
    talk.vtt) is used instead of recognition. Adding the same again is safe;
    what was interrupted goes on where it stopped. On a disk that is nearly full
    nothing is taken in.
    """
    client = connect(context, "memex-ingest")
    added = client.add([path.absolute() for path in files])
    for error in added.errors:
        click.echo(f"memex: {error}", err=True)
    follow(context, client, added, as_json=as_json)


def follow(context: click.Context, client: Client, added: Added, *, as_json: bool) -> None:
    """Show what becomes of what was handed in; the exit code says whether all went well."""
    ends: list[Event] = []
    if added.items:
        try:
            ends = _follow(client.follow(added), as_json=as_json)
        except KeyboardInterrupt:
            click.echo("The rest goes on in the background; `memex status` shows it.", err=True)
            raise
    if as_json:
        echo_json({"items": [_summary(event) for event in ends]})
    else:
        _sum_up(ends)
    if added.errors or any(event.state == "failed" for event in ends):
        context.exit(1)


def _follow(events: Iterator[Event | None], *, as_json: bool) -> list[Event]:
    """Show the events until all items are done; the last event of each file. Raises
    `DiskFull` where they wait for room, which may be long.
    """
    ends = []
    silence = revived = 0
    with _Bars() if not as_json and sys.stderr.isatty() else _Lines(quiet=as_json) as screen:
        for event in events:
            if event is None:
                silence += 1
                if silence % QUIET_SECONDS == 0:
                    revived += _revive(revived)
                    floor = load_config(paths()).intake.floor_bytes
                    check_room(paths().home, floor, waits=True)
                continue
            silence = 0
            screen.show(event)
            if event.state in FINAL and event.state != "folder":
                ends.append(event)
    return ends


def _revive(times: int) -> bool:
    """Start memex-ingest again if it died; it goes on where it stopped."""
    if running(paths(), "memex-ingest") is not None:
        return False
    if times == REVIVALS:
        raise DaemonUnavailable(
            "memex-ingest dies again and again.", "Its log and `memex doctor` tell why."
        )
    click.echo("memex-ingest stopped; starting it again …", err=True)
    return start(paths(), "memex-ingest")


class _Lines:
    """One line for each finished file: for pipes and logs."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, event: Event) -> None:
        if event.state in SAID and not self._quiet:
            click.echo(_told(event), err=True)


class _Bars:
    """A progress bar for each file under way."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.fields[name]}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[stage]}", markup=False, style="dim"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, event: Event) -> None:
        if event.state == "working":
            task = self._task(event)
            self._progress.update(task, completed=event.done, total=event.total, stage=event.stage)
        elif event.state in FINAL:
            if event.item in self._tasks:
                self._progress.remove_task(self._tasks.pop(event.item))
            if event.state in SAID:
                self._progress.console.print(Text(_told(event)))

    def _task(self, event: Event) -> TaskID:
        if event.item not in self._tasks:
            name = Path(event.path).name
            self._tasks[event.item] = self._progress.add_task("", name=name[:40], stage="")
        return self._tasks[event.item]


def _told(event: Event) -> str:
    name = Path(event.path).name
    message = terminal.place(event.message) if event.state == "copy" else event.message
    return f"{name} {SAID[event.state]} {terminal.one_line(message)}".rstrip()


def _summary(event: Event) -> dict[str, object]:
    fields = asdict(event)
    return {name: fields[name] for name in ("path", "state", "document", "passages", "message")}


def _sum_up(ends: list[Event]) -> None:
    counts = Counter(event.state for event in ends)
    if len(ends) > 1:
        parts = (f"{counts[state]} {state}" for state in SAID if counts[state])
        click.echo(", ".join(parts), err=True)
