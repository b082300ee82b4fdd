"""`memex status`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import click

from memex import __version__, terminal
from memex.client import Client
from memex.commands.common import echo_json, json_option, paths
from memex.condition import SILENT, condition, silence
from memex.errors import DaemonUnavailable
from memex.wire import Json

SHOWN: Final = 10
"""Failures that are shown."""
GAPS_SHOWN: Final = 3
"""The latest."""
UNASKED: Final = "not asked to listen"
"""memex-ears' reason where nobody asks."""


@click.command()
@json_option
def command(*, as_json: bool) -> None:
    """Say what Memex holds and what it is doing. Starts nothing."""
    status, trouble = _status()
    if as_json:
        echo_json(status)
        return
    for name, value in _lines(status, trouble):
        click.echo(f"{name:>13}  {value}")


def _status() -> tuple[Json, str]:
    """What memexd says; where it says nothing what the files do, and why. Raises `StorageError`."""
    where = paths()
    status = condition(where)
    if status["memexd"] is None:
        return status, "not running; `memex up` starts it"
    try:
        return status | Client(where).status(), ""  # an older memexd may say less
    except DaemonUnavailable as error:
        pid = status["memexd"]
        begins = not where.socket.exists()
        return status, f"process {pid}: {'it is starting' if begins else error.message}"


def _lines(status: Json, trouble: str) -> Iterator[tuple[str, str]]:
    """What is shown, by its name."""
    ingest = status.get("ingest") or {}
    yield "data", terminal.one_line(status["home"])
    yield "memexd", trouble or _version(status["version"], status["memexd"])
    yield "memex-ingest", _ingest(status, ingest.get("version"))
    yield from _ears(status)
    if not trouble:
        yield from _memory(status, ingest)
    waiting, working = status["queue"]["waiting"], status["queue"]["working"]
    yield "queue", f"{waiting:,} waiting, {working:,} under way"
    if not trouble:
        yield "last", _last(status["last"])
    yield "disk", f"{status['disk']['free'] / 1e9:,.1f} GB free"
    yield from _ingesting(status, ingest)
    yield from _gaps(status["gaps"])
    for folder in ingest.get("watching", []):
        yield "watching", f"{terminal.one_line(folder['path'])}: {watching(folder)}"
    if not trouble:
        yield "network", _network(status["feeds"], ingest)
    for feed in status.get("feeds", []):
        yield "podcast", f"{terminal.one_line(feed['title'] or feed['url'])}: {following(feed)}"
    for failure in status["failed"][:SHOWN]:
        yield "failed", f"{failure['path']}: {terminal.one_line(failure['reason'])}"
    if len(status["failed"]) > SHOWN:
        yield "", f"… and {len(status['failed']) - SHOWN} more: `memex failed list`"


def _network(feeds: list[Json], ingest: Json) -> str:
    """What the network is used for."""
    if not feeds:
        return "not used: no podcast is followed"
    podcasts = "a podcast" if len(feeds) == 1 else f"{len(feeds)} podcasts"
    return f"for {podcasts}{', through a proxy' if ingest.get('proxy') else ''}"


def _memory(status: Json, ingest: Json) -> Iterator[tuple[str, str]]:
    """What memexd alone knows."""
    kinds = ", ".join(f"{count} {kind}" for kind, count in status["documents"].items())
    yield "documents", kinds or "none yet"
    yield "passages", f"{status['passages']:,}"
    if status["indexing"]:
        yield "indexing", f"{status['indexing']['done']} of {status['indexing']['total']}"
    models = status["models"] | ({"speech": ingest["speech"]} if "speech" in ingest else {})
    yield "models", ", ".join(f"{role} {name}" for role, name in models.items())
    if status.get("ranking"):
        yield "ranking", _ranking(status["ranking"])


def _ranking(learnt: Json) -> str:
    """The weights that were learnt from marks."""
    at = terminal.local(datetime.fromisoformat(learnt["learnt_at"]))
    said = f"by {learnt['questions']} questions of yours, learnt {at}"
    if learnt["used"]:
        return said
    return f"! not {said}: that was for {terminal.one_line(learnt['model'])}; `memex tune`"


def _version(version: str, process: int) -> str:
    """A daemon that runs; one from before an update says so."""
    old = "" if version == __version__ else f" (not {__version__}: `memex down`, `memex up`)"
    return f"{version}{old}, process {process}"


def _ingest(status: Json, version: str | None) -> str:
    """How memex-ingest is."""
    process = status["memex_ingest"]
    if process is None:
        return "not running; `memex up` starts it"
    said = _version(version, process) if version else f"process {process}"
    silent = silence(status, datetime.now(UTC))
    if silent < SILENT:
        return said
    return f"{said}: no sign of life for {silent:,.0f} s"


def _ears(status: Json) -> Iterator[tuple[str, str]]:
    """Whether it is listened, and to what."""
    private, ears = status.get("private"), status.get("ears")
    if private:
        until = private["until"]
        end = f"until {terminal.local(datetime.fromisoformat(until))}" if until else "by you"
        yield "private", f"{end}; `memex private off` ends it"
    if status.get("memex_ears") is None:
        yield "memex-ears", "not running; `memex up` starts it"
    elif ears is None:
        yield "ears", f"process {status['memex_ears']}"
    else:
        for device in (ears, *ears["others"]):
            yield "ears", _hearing(device, ears["since"])


def _hearing(device: Json, since: str) -> str:
    """How a device is, in a line."""
    name, reason = terminal.one_line(device["device"]), terminal.one_line(device["reason"])
    at = terminal.local(datetime.fromisoformat(device.get("since", since)))
    match device["state"]:
        case "listening":
            what = ", recording" if device["recording"] else ""
            return f"listening on {name} since {at}{what}"
        case "silent":
            return f"! listening on {name}, but {reason}"
        case "lost":
            return f"! {reason} (since {at})"
        case "off" if reason == UNASKED:
            return f"{reason}: `memex listen`"
        case "off":
            return reason or "off"
        case state:
            return f"{state} since {at}"


def _ingesting(status: Json, ingest: Json) -> Iterator[tuple[str, str]]:
    """What memex-ingest said of itself, and what it is not to do."""
    if ingest.get("doing"):
        yield "reading", terminal.one_line(ingest["doing"])
    if ingest.get("fetching"):
        yield "fetching", terminal.one_line(ingest["fetching"])
    if status["paused"]:
        until = status["paused"]["until"]
        end = f"until {terminal.local(datetime.fromisoformat(until))}" if until else "by you"
        yield "paused", f"{end}; `memex resume` goes on"
    waits: dict[str, list[str]] = {}
    for lane, reason in ingest.get("held", {}).items():
        if reason and reason != "paused":
            waits.setdefault(reason, []).append(lane)
    if waits:
        yield "held back", "; ".join(f"{', '.join(lanes)}: {why}" for why, lanes in waits.items())


def _gaps(gaps: list[Json]) -> Iterator[tuple[str, str]]:
    """When nothing could be heard or read."""
    yield "gaps", f"{len(gaps)} known" if gaps else "none known"
    latest = sorted(gaps, key=lambda gap: datetime.fromisoformat(gap["since"]))[-GAPS_SHOWN:]
    for gap in reversed(latest):
        since = datetime.fromisoformat(gap["since"])
        until = datetime.fromisoformat(gap["until"]) if gap["until"] else None
        length = terminal.clock(((until or datetime.now(UTC)) - since).total_seconds())
        end = terminal.local(until) if until else "now"
        of = f"no {gap['of']}, " if "of" in gap else ""
        yield "", f"{terminal.local(since)} to {end} ({length}): {of}{gap['reason']}"


def _last(last: Json) -> str:
    """When something was last heard and read."""
    told = [
        f"{name} {terminal.local(datetime.fromisoformat(time))}"
        for name, time in last.items()
        if time
    ]
    return ", ".join(told) or "nothing heard or read yet"


def watching(folder: Json) -> str:
    """How a watched folder is, in a line."""
    if folder["trouble"]:
        return f"! {folder['trouble']}"
    if folder["scanned_at"] is None:
        return "not looked at yet"
    settling = f", {folder['settling']} new or changed" if folder["settling"] else ""
    return f"{folder['files']:,} files{settling}"


def following(feed: Json) -> str:
    """How a podcast is, in a line."""
    at = feed["checked_at"]
    looked = (
        f"looked at {terminal.local(datetime.fromisoformat(at))}" if at else "not looked at yet"
    )
    return f"! {terminal.one_line(feed['trouble'])} ({looked})" if feed["trouble"] else looked
