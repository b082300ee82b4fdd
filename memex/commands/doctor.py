"""`memex doctor`."""

from __future__ import annotations

import ctypes.util
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click

from memex import __version__
from memex.client import Client
from memex.commands.common import echo_json, json_option
from memex.config import Config, load_config
from memex.daemons import ROLES, running
from memex.errors import MemexError
from memex.models.registry import MODELS, chosen
from memex.models.store import locate
from memex.room import room, size


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check."""

    check: str
    well: bool
    said: str


@click.command()
@json_option
@click.pass_context
def command(context: click.Context, *, as_json: bool) -> None:
    """Look for what keeps Memex from working, and say what to do about it."""
    findings = list(_findings())
    if as_json:
        rows = [{"check": f.check, "well": f.well, "said": f.said} for f in findings]
        echo_json({"findings": rows})
    else:
        for finding in findings:
            mark = click.style("ok ", fg="green") if finding.well else click.style("BAD", fg="red")
            click.echo(f"{mark} {finding.check:<14} {finding.said}")
    if not all(finding.well for finding in findings):
        context.exit(1)


def _findings() -> Iterator[Finding]:
    yield Finding("memex", True, f"{__version__}, Python {platform.python_version()}")
    try:
        config = load_config()
    except MemexError as error:
        yield Finding("configuration", False, str(error))
        return
    yield Finding("configuration", True, str(config.paths.config))
    for check in (_data, _disk, _models, _daemons, _sound):
        yield from check(config)


def _checked(name: str, look: Callable[[], str]) -> Finding:
    """A finding: what `look` returns, or what it raises."""
    try:
        return Finding(name, True, look())
    except MemexError as error:
        return Finding(name, False, str(error))


def _data(config: Config) -> Iterator[Finding]:
    home = config.paths.home

    def look() -> str:
        config.paths.create()
        return str(home)

    yield _checked("data", look)
    mode = home.stat().st_mode & 0o777 if home.exists() else 0o700
    if mode & 0o077:
        yield Finding("data", False, f"{home} can be read by others. `chmod 700 {home}`.")


def _disk(config: Config) -> Iterator[Finding]:
    there = room(config.paths.home, config.intake.floor_bytes)
    said = f"{there.free / 1e9:.1f} GB free"
    if there.shortage:
        said += f", less than the {size(there.floor)} at which nothing more is taken in. Make room"
    yield Finding("disk", not there.shortage, said)


def _models(config: Config) -> Iterator[Finding]:
    for role in ("speech", "embedding", "reader", "speaker"):

        def look(role: str = role) -> str:
            name = chosen(config.models, role)
            if name in MODELS:
                locate(MODELS[name], config)
            return name

        yield _checked(role, look)


def _daemons(config: Config) -> Iterator[Finding]:
    for role in ROLES:

        def look(role: str = role) -> str:
            pid = running(config.paths, role)
            return f"process {pid}" if pid else "not running (`memex up` starts it)"

        found = _checked(role, look)
        yield found
        if role == "memexd" and found.said.startswith("process"):
            yield _checked("answers", lambda: f"memexd {Client(config.paths).status()['version']}")


def _sound(_: Config) -> Iterator[Finding]:
    found = sys.platform == "darwin" or ctypes.util.find_library("portaudio")
    remedy = "not installed: `memex play` is silent. `apt install libportaudio2` mends it"
    yield Finding("PortAudio", True, "installed" if found else remedy)
