"""`memex models`."""

from __future__ import annotations

import click
import tomlkit
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from memex.client import ROLES, running
from memex.commands.common import echo_json, json_option
from memex.config import Config, load_config, private_directory
from memex.errors import MemexError, StorageError
from memex.models.download import pull
from memex.models.registry import MODELS, PROFILES, ModelEntry, chosen, entries
from memex.models.store import ModelState, locate, state

USED = ("speech", "embedding", "reader")
"""Roles that a configuration chooses models for."""


@click.group()
def command() -> None:
    """List, fetch, choose and check models. Nothing is fetched but by `pull`."""


@command.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the models on record: which are here, which are used."""
    config = load_config()
    used = {chosen(config.models, role) for role in USED}
    states = [state(entry, config) for entry in MODELS.values()]
    if as_json:
        echo_json({"models": [_row(found, used) for found in states], "profile": _profile(config)})
        return
    for found in states:
        entry = found.entry
        mark = click.style("*", fg="green", bold=True) if entry.name in used else " "
        size = f"{entry.size / 1e6:,.0f} MB"
        click.echo(f"{mark} {entry.name:<28} {entry.role:<10} {size:>9}  {found.status}")
    click.echo(
        f"* is used (profile {_profile(config)}). Profiles: {', '.join(PROFILES)}.", err=True
    )


def _profile(config: Config) -> str:
    return config.models.profile


def _row(found: ModelState, used: set[str]) -> dict[str, object]:
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


@command.command("pull")
@click.argument("name", default="tiny")
def pull_(*, name: str) -> None:
    """Fetch a profile (tiny, small) or one model; a broken download goes on."""
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
def use(*, name: str) -> None:
    """Choose a profile, or one model for its role."""
    config = load_config()
    found = entries(name)
    file = config.paths.config
    document = (
        tomlkit.parse(file.read_text(encoding="utf-8")) if file.exists() else tomlkit.TOMLDocument()
    )
    models = document.setdefault("models", tomlkit.table())
    if name in PROFILES:
        models["profile"] = name
        for role in USED:
            models.pop(role, None)
    else:
        models[found[0].role] = name
    try:
        private_directory(file.parent)
        file.write_text(tomlkit.dumps(document), encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror}.") from error
    click.echo(f"{name} is used from the next start on.")
    for entry in found:
        if state(entry, config).status != "present":
            click.echo(f"{entry.name} is not here yet: `memex models pull {entry.name}`.", err=True)
    if any(running(config.paths, role) for role in ROLES):
        click.echo("Restart the daemons: `memex down && memex up`.", err=True)


@command.command("verify")
@click.pass_context
def verify(context: click.Context) -> None:
    """Compare every file of the models that are here with its SHA-256."""
    config = load_config()
    failed = False
    for entry in MODELS.values():
        if state(entry, config).status == "missing":
            continue
        try:
            click.echo(f"{entry.name}: sound ({locate(entry, config)})")
        except MemexError as error:
            failed = True
            click.echo(f"{entry.name}: {error}", err=True)
    if failed:
        context.exit(1)
