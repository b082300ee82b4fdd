"""`memex service`."""

from __future__ import annotations

import click

from memex import service, terminal
from memex.commands.common import echo_json, json_option, paths
from memex.config import Paths, load_config
from memex.daemons import ROLES, running, start, stop
from memex.errors import ServiceError, StorageError
from memex.service import Systemd, manager
from memex.units import Setting


@click.group()
def command() -> None:
    """Let systemd or launchd keep the daemons running, from login to login."""


@command.command("install")
@click.option("--print", "only_print", is_flag=True, help="Show the units; write nothing.")
def install(*, only_print: bool) -> None:
    """Install the service for this data directory, and start it.

    Safe to repeat: the units follow the environment and the models that are used now.
    """
    config = load_config()
    keeper = manager()
    if not only_print:
        keeper.check()
        _refuse_another(keeper, config.paths)
    setting = keeper.setting(config)
    texts = keeper.texts(setting)
    if only_print:
        for name, text in texts.items():
            click.echo(f"# {terminal.safe(str(keeper.folder / name))}\n{text.decode()}")
        return
    config.paths.create()
    for role in reversed(list(ROLES)):
        if stop(config.paths, role):
            click.echo(f"{role} stopped, to be started by {keeper.name}.")
    for path in service.write(keeper.folder, texts):
        click.echo(f"Wrote {terminal.place(path.as_uri())}")
    keeper.enable()
    for role in ROLES:
        start(config.paths, role)
        click.echo(f"{role} runs (process {running(config.paths, role)}), kept by {keeper.name}.")
    _say_what_is_left(keeper, setting)


def _refuse_another(keeper: service.Keeper, where: Paths) -> None:
    """Raises `ServiceError` where the service of another data directory is installed."""
    if service.installed(keeper) and not keeper.serves(where):
        raise ServiceError(
            f"A service is installed for another data directory than {where.home}.",
            "There is one for each user: `memex service uninstall` first.",
        )


def _say_what_is_left(keeper: service.Keeper, setting: Setting) -> None:
    """What the user may want to know or do yet."""
    if not isinstance(keeper, Systemd):
        return
    if not keeper.lingers():
        click.echo("They run while you are logged in; `loginctl enable-linger` keeps them always.")
    if not setting.own_view:
        click.echo(
            "This system lets no service of a user's have its own view of the disk: they can "
            "write wherever you can."
        )
    elif not setting.private_tmp:
        click.echo("They share /tmp with all programs, because Memex has something there.")


@command.command("uninstall")
def uninstall() -> None:
    """Stop the daemons and remove the units. What is remembered stays."""
    keeper = manager()
    files = service.installed(keeper)
    if not files:
        click.echo("No service is installed.")
        return
    keeper.check()
    keeper.disable()
    for file in files:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{file} cannot be removed: {error.strerror}.") from error
        click.echo(f"Removed {terminal.place(file.as_uri())}")
    keeper.forget()
    click.echo(f"The data stay in {terminal.safe(str(paths().home))}.")


@command.command("status")
@json_option
def status(*, as_json: bool) -> None:
    """Say whether the service is installed, and how its daemons are. Changes nothing."""
    where = paths()
    keeper = manager()
    files = service.installed(keeper)
    mine = keeper.serves(where)
    daemons = {
        role: {"state": keeper.state(role) if mine else "", "process": running(where, role)}
        for role in ROLES
    }
    if as_json:
        fields = {"manager": keeper.name, "installed": bool(files), "serves": mine}
        echo_json({**fields, "units": [str(file) for file in files], "daemons": daemons})
        return
    if not files:
        click.echo("No service is installed. `memex service install` does that.")
    elif not mine:
        click.echo(
            f"The service is of another data directory than {terminal.safe(str(where.home))}."
        )
    else:
        click.echo(f"Kept by {keeper.name}; the units are in {terminal.safe(str(keeper.folder))}.")
    for role, found in daemons.items():
        process = f"process {found['process']}" if found["process"] else "not running"
        state = f" ({found['state']})" if found["state"] else ""
        click.echo(f"{role:>13}  {process}{state}")
