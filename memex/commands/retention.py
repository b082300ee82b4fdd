"""`memex retention`."""

from __future__ import annotations

from datetime import timedelta

import click

from memex import terminal
from memex.commands.common import connect, echo_json, json_option
from memex.retention import told
from memex.wire import Json


@click.group()
def command() -> None:
    """For how long Memex keeps what it recorded or fetched itself.

    The rules are `[retention]` in the configuration: audio, transcripts, private,
    and [retention.sources.NAME]. memexd applies them daily, new ones from a day
    after it first saw them. Files of yours are never touched.
    """


@command.command("show")
@json_option
@click.pass_context
def show(context: click.Context, *, as_json: bool) -> None:
    """Show the rules, and what each covers now."""
    reply = connect(context).retention()
    if as_json:
        echo_json(reply)
        return
    click.echo(f"{'':<14}{'sound':>9}{'words':>9}  covers now")
    for row in reply["classes"]:
        name = terminal.one_line(row["name"])
        click.echo(
            f"{name:<14}{_told(row['audio']):>9}{_told(row['transcripts']):>9}"
            f"  {row['documents']:,} document{'' if row['documents'] == 1 else 's'},"
            f" {row['bytes'] / 1e6:,.1f} MB of sound"
        )
    if reply["due"]:
        click.echo(
            f"Due: {_summary(reply['due'])}; `memex retention apply --dry-run` lists them.",
            err=True,
        )


@command.command("apply")
@click.option("--dry-run", is_flag=True, help="Only list what would go.")
@json_option
@click.pass_context
def apply(context: click.Context, *, dry_run: bool, as_json: bool) -> None:
    """Let go what has outlived its time: sound, and with a transcript the whole document."""
    reply = connect(context).apply_retention(dry_run=dry_run)
    if as_json:
        echo_json(reply)
        return
    for row in reply["gone"]:
        what = "sound and words" if row["transcript"] else "sound"
        title = click.style(terminal.one_line(row["title"]), fg="cyan")
        click.echo(
            f"{row['document'][:8]}  {terminal.day(row['added_at'])}  {title}"
            f" ({terminal.one_line(row['class'])}): {what}, {row['bytes'] / 1e6:,.1f} MB"
        )
    if reply["gone"]:
        click.echo(f"{'Would go' if dry_run else 'Gone'}: {_summary(reply['gone'])}.", err=True)
    else:
        click.echo("Nothing has outlived its time.", err=True)


def _summary(rows: list[Json]) -> str:
    """Counts and megabytes of what goes."""
    words = sum(row["transcript"] for row in rows)
    sounds = sum(len(row["sounds"]) for row in rows)
    size = sum(row["bytes"] for row in rows) / 1e6
    recordings = f"{sounds:,} recording{'' if sounds == 1 else 's'}"
    documents = f"{words:,} document{'' if words == 1 else 's'}"
    return f"the sound of {recordings} ({size:,.1f} MB) and the words of {documents}"


def _told(days: float | None) -> str:
    return told(None if days is None else timedelta(days=days))
