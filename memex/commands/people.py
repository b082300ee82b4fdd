"""`memex people`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import click

from memex import terminal
from memex.commands.common import connect, echo_json, json_option
from memex.commands.lesson import voice_read_aloud
from memex.errors import MemexError, error_from_json
from memex.wire import Json

ENROL: Final = "ingest.voices.enrol"
"""The program that listens to a recording of one person."""


@click.group()
def command() -> None:
    """Say who speaks. A voice that is heard is "Voice 3" until it has a name."""


@command.command("list")
@json_option
@click.pass_context
def list_(context: click.Context, *, as_json: bool) -> None:
    """List whose voices are known: people, then voices without a name."""
    people = connect(context, "memexd").people()
    if as_json:
        echo_json({"people": people})
        return
    for each in people:
        mark = click.style("*", fg="green", bold=True) if each["owner"] else " "
        said = f"{each['segments']} segments in {each['documents']} documents"
        click.echo(f"{mark} {terminal.one_line(each['name']):<24} {_spoken(each):>7}  {said}")
    if not people:
        click.echo("No voice is known yet: they come with recordings.", err=True)
    elif any(each["owner"] for each in people):
        click.echo("* is you.", err=True)


def _spoken(known: Json) -> str:
    """For how long somebody was heard."""
    minutes = known["seconds"] / 60
    return f"{minutes:.0f} min" if minutes >= 1 else f"{known['seconds']:.0f} s"


@command.command("name")
@click.argument("voice")
@click.argument("name")
@click.option("--me", "owner", is_flag=True, help="This is you.")
@click.pass_context
def name_(context: click.Context, *, voice: str, name: str, owner: bool) -> None:
    """Say who VOICE ("Voice 3", or 3) is, or call a person otherwise.

    With the name of somebody who is known already, the two are one.
    """
    changed = connect(context, "memexd").name_voice(voice, name, owner=owner)
    click.echo(f"{name} it is, {_changed(changed)}.")


@command.command("merge")
@click.argument("into")
@click.argument("other")
@click.pass_context
def merge(context: click.Context, *, into: str, other: str) -> None:
    """Say that two are one; the name of the first stays."""
    changed = connect(context, "memexd").merge_people(into, other)
    click.echo(f"{into} and {other} are one, {_changed(changed)}.")


@command.command("forget")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def forget(context: click.Context, *, name: str, yes: bool) -> None:
    """Forget a voice, or a person with all their voices.

    What they said stays, and is nobody's; so does their name where it was said or written.
    """
    if not yes:
        click.confirm(f"Forget how {name} sounds, and that they spoke?", abort=True)
    changed = connect(context, "memexd").forget_voice(name)
    click.echo(f"{name} is forgotten, {_changed(changed)}.")
    click.echo("Backups and exports made before still have it.", err=True)


@command.command("enroll")
@click.argument("name")
@click.option(
    "--from",
    "recording",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A recording in which only they speak, 20 s or more.",
)
@click.option("--say", is_flag=True, help="They read some sentences into the microphone, now.")
@click.option("--me", "owner", is_flag=True, help="This is you.")
@click.pass_context
def enroll(
    context: click.Context, *, name: str, recording: Path | None, say: bool, owner: bool
) -> None:
    """Learn how somebody sounds, from a recording or as they speak. The sound is not kept."""
    if say == (recording is not None):
        raise click.UsageError("Give a recording (--from FILE), or --say.")
    client = connect(context, "memexd")
    voice = _voice_of(recording) if recording else voice_read_aloud()
    client.enrol(name, voice, owner=owner)
    click.echo(f"{name} will be recognised from now on.")


def _voice_of(recording: Path) -> Json:
    """How somebody sounds, by a process of its own. Raises `MemexError`."""
    asked = [sys.executable, "-m", ENROL, str(recording)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    try:
        found = json.loads(done.stdout)
    except ValueError as error:
        reason = (done.stderr.strip().splitlines() or ["it was killed"])[-1]
        raise MemexError(f"The recording could not be heard: {reason}.") from error
    if "error" in found:
        raise error_from_json(found["error"])
    return dict(found)


def _changed(reply: Json) -> str:
    """In how many documents that is so."""
    count = reply["documents"]
    return f"in {count} document{'' if count == 1 else 's'}"
