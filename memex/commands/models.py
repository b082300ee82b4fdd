"""`memex models`."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import click
import tomlkit
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from memex.commands.common import echo_json, json_option
from memex.config import Config, load_config
from memex.configfile import edit
from memex.daemons import ROLES, running
from memex.errors import InvalidRequest, MemexError, ModelMissing
from memex.models.converted import locate_converted
from memex.models.download import pull
from memex.models.registry import MODELS, PROFILES, ModelEntry, check_role, chosen, entries
from memex.models.store import ModelState, locate, state
from memex.wire import Json

USED = ("speech", "embedding", "reader", "speaker")
"""Roles that a configuration chooses models for."""


@click.group()
def command() -> None:
    """List, fetch, choose and check models. Nothing is fetched but by `pull`."""


@command.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the models on record: which are here, which are used."""
    config = load_config()
    used = {chosen(config.models, role): role for role in USED}
    rows = [_row(state(entry, config), used) for entry in MODELS.values()]
    rows += [_own_row(name, role, config) for name, role in used.items() if name not in MODELS]
    if as_json:
        profiles = [_profile_row(name) for name in PROFILES]
        echo_json({"models": rows, "profile": config.models.profile, "profiles": profiles})
        return
    for row in rows:
        mark = click.style("*", fg="green", bold=True) if row["used"] else " "
        size = "your own" if row["size"] is None else f"{row['size'] / 1e6:,.0f} MB"
        click.echo(f"{mark} {row['name']:<34} {row['role']:<10} {size:>9}  {row['status']}")
    click.echo("* is used. Profiles, as `memex models pull` and `use` take them:", err=True)
    for name, profile in PROFILES.items():
        mark = click.style("*", fg="green", bold=True) if name == config.models.profile else " "
        size = f"{_size(name) / 1e6:,.0f} MB"
        click.echo(f"{mark} {name:<10} {size:>9}  {profile.purpose}", err=True)


def _size(name: str) -> int:
    """Bytes of a profile's models."""
    return sum(entry.size for entry in entries(name))


def _profile_row(name: str) -> dict[str, object]:
    profile = PROFILES[name]
    return {
        "name": name,
        "models": list(profile.names),
        "size": _size(name),
        "purpose": profile.purpose,
    }


def _row(found: ModelState, used: Collection[str]) -> Json:
    entry = found.entry
    return {
        "name": entry.name,
        "role": entry.role,
        "licence": entry.licence,
        "size": entry.size,
        "status": found.status,
        "path": str(found.path) if found.path else None,
        "used": entry.name in used,
    }


def _own_row(name: str, role: str, config: Config) -> Json:
    """Of a model that is used and not on record."""
    path = config.models.paths[name]
    status = "present" if path.exists() else "missing"
    known = {"name": name, "role": role, "status": status, "path": str(path)}
    return {**known, "licence": None, "size": None, "used": True}


@command.command("pull")
@click.argument("name", default="tiny")
def pull_(*, name: str) -> None:
    """Fetch a profile (tiny, small, standard, large) or one model; a broken download goes on."""
    config = load_config()
    for entry in entries(name):
        _pull(entry, config)


def _pull(entry: ModelEntry, config: Config) -> None:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(entry.name, total=entry.size)
        for step in pull(entry, config):
            label = f"{entry.name}: {step.stage}"
            progress.update(task, completed=step.done, total=step.total, description=label)
    click.echo(f"{entry.name} is here.")


@command.command("use")
@click.argument("name")
@click.option("--role", type=click.Choice(USED), help="Of a model of your own in [models.paths].")
def use(*, name: str, role: str | None) -> None:
    """Choose a profile, or one model for its role."""
    if role and name in PROFILES:
        raise click.UsageError("A profile fills every role: leave --role out.")
    config = load_config()
    own = name in config.models.paths and name not in MODELS
    found = () if own else entries(name)
    filled = None if name in PROFILES else _role(name, role)
    with edit(config.paths) as document:
        models = document.setdefault("models", tomlkit.table())
        if filled:
            models[filled] = name
        else:
            models["profile"] = name
            for each in USED:
                models.pop(each, None)
    click.echo(f"{name} is used from the next start on.")
    for entry in found:
        if state(entry, config).status != "present":
            click.echo(f"{entry.name} is not here yet: `memex models pull {entry.name}`.", err=True)
    if any(running(config.paths, role) for role in ROLES):
        click.echo("Restart the daemons: `memex down && memex up`.", err=True)


def _role(name: str, role: str | None) -> str:
    """What the model is chosen for. Raises `InvalidRequest` where it cannot serve as that."""
    entry = MODELS.get(name)
    role = role or (entry.role if entry else None)
    if role is None:
        raise InvalidRequest(
            f"{name} is a model of your own: nothing says what it does.",
            f"Name its role: memex models use {name} --role embedding",
        )
    if role not in USED:
        raise InvalidRequest(
            f"{name} is a {role} model, and none of these is chosen.",
            f"Roles of which one is: {', '.join(USED)}.",
        )
    if entry:
        check_role(entry, role)
    return role


@command.command("verify")
@click.pass_context
def verify(context: click.Context) -> None:
    """Compare every file of the models that are here, or should be, with its SHA-256."""
    config = load_config()
    used = {chosen(config.models, role) for role in USED}
    failed = False
    for entry in MODELS.values():
        if state(entry, config).status == "missing" and entry.name not in used:
            continue
        try:
            click.echo(f"{entry.name}: sound ({_verified(entry, config)})")
        except MemexError as error:
            failed = True
            click.echo(f"{entry.name}: {error}", err=True)
    if failed:
        context.exit(1)


def _verified(entry: ModelEntry, config: Config) -> Path:
    """Where the model lies; what it was converted to has been read as well. Raises `ModelError`."""
    path = locate(entry, config)
    if entry.form:
        with suppress(ModelMissing):  # not converted yet: that is done when it is loaded
            locate_converted(entry)
    return path
