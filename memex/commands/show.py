"""`memex show`."""

from __future__ import annotations

import sys
from datetime import datetime
from itertools import groupby

import click

from memex import terminal
from memex.commands.common import connect, echo_json, json_option
from memex.wire import Json


@click.command()
@click.argument("document", metavar="ID")
@json_option
@click.pass_context
def command(context: click.Context, *, document: str, as_json: bool) -> None:
    """Show a document with its text; the beginning of its id is enough."""
    found = connect(context).document(document)
    if as_json:
        echo_json(found)
        return
    _head(found)
    if sys.stdout.isatty():
        click.echo_via_pager(_body(found))
    else:
        click.echo("".join(_body(found)))


def _head(document: Json) -> None:
    click.echo(click.style(terminal.one_line(document["title"]), fg="cyan", bold=True))
    facts = {
        "id": document["id"],
        "kind": document["kind"],
        "author": document["author"],
        "created": document["created_at"],
        "length": document["duration"] and terminal.clock(document["duration"]),
        "language": document["language"],
        "text": document["source"],
        **document["attributes"],
    }
    for name, value in facts.items():
        if value:
            click.echo(f"{terminal.one_line(name):>10}  {terminal.one_line(str(value))}")
    for number, copy in enumerate(document["copies"]):
        label = "file" if number == 0 else "also"
        gone = " (no longer there)" if copy["missing_since"] else ""
        click.echo(f"{label:>10}  {terminal.place(copy['uri'])}{gone}")
    for echo in document["echoes"]:
        click.echo(f"{'again':>10}  {_again(echo)}")
    for echo in document["overheard"]:
        title = terminal.one_line(echo["title"])
        click.echo(f"{'with':>10}  {title} ({echo['document_id'][:8]}), {_stretch(echo)}")


def _again(echo: Json) -> str:
    """When a stretch was heard again, and by what."""
    by = " ".join(terminal.one_line(echo[name]) for name in ("source", "device") if echo[name])
    at = terminal.local(datetime.fromisoformat(echo["heard_at"]))
    return f"{_stretch(echo)} on {at} ({by})"


def _stretch(echo: Json) -> str:
    return f"{terminal.clock(echo['start'])} to {terminal.clock(echo['end'])}"


def _body(document: Json) -> list[str]:
    """The text: headings, speakers and times where they change."""
    lines = []
    for heading, under in groupby(document["segments"], key=lambda segment: segment["heading"]):
        lines.append(f"\n{terminal.one_line(heading)}\n" if heading else "\n")
        for speaker, said in groupby(under, key=lambda segment: segment["speaker"]):
            lines += [_segment(segment, speaker) for segment in said]
    return lines


def _segment(segment: Json, speaker: str | None) -> str:
    mark = ""
    if segment["start"] is not None:
        mark = f"{terminal.clock(segment['start'])} "
    elif segment["page"] is not None:
        mark = f"p. {segment['page']} "
    who = f"{terminal.one_line(speaker)}: " if speaker else ""
    return f"{terminal.wrapped(mark + who + segment['text'], '  ')}\n"
