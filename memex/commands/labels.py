"""`memex evals label`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import click

from memex import terminal
from memex.client import Client
from memex.commands.common import connect
from memex.commands.trace import understood
from memex.errors import NotFound
from memex.judging import NEAREST
from memex.traces import MOST_NOTE, Verdict
from memex.wire import Json

ALL: Final = 1_000_000
"""Traces: more than there are."""
KEYS: Final[dict[str, Verdict]] = {"y": "right", "n": "wrong"}


@dataclass(frozen=True, slots=True)
class Said:
    """What was typed about an answer."""

    key: str
    """y, n, s or q."""
    why: str
    """In the user's words; "" for none."""


@click.command()
@click.option("-n", "--limit", type=click.IntRange(min=1), help="Answers, at most.")
@click.option("--again", is_flag=True, help="Those that have a label, too.")
@click.pass_context
def command(context: click.Context, *, limit: int | None, again: bool) -> None:
    """Say of answers, one by one, the latest first, whether they are right, and why not.

    y right, n wrong, s skip, q quit; why may follow at once: "n that was another Ada". Of an
    answer that nothing was found: whether it was right to say so. Each label is stored at once
    (`memex right` and `memex wrong` give the same), so you can stop at any time and go on later.
    """
    client = connect(context)
    chosen = _answers(client, again=again)[:limit]
    if not chosen:
        click.echo(
            "Every answer has a label; --again shows them. New ones come of `memex ask`.", err=True
        )
    done = 0
    for at, number in enumerate(chosen, start=1):
        trace = _trace(client, number)
        if trace is None:
            continue
        _show(trace, f"{at} of {len(chosen)}")
        said = _asked(trace)
        if said.key == "q":
            break
        if verdict := KEYS.get(said.key):
            client.label(str(number), verdict, note=said.why or _why(trace, verdict))
            done += 1
    click.echo(f"{done} labelled.", err=True)


def _answers(client: Client, *, again: bool) -> list[int]:
    """The traces that have an answer, the latest first; those without a label, or all."""
    return [
        int(line["id"])
        for line in client.traces(ALL)
        if line["kind"] == "ask" and line["found"] is not None
        if again or line["verdict"] is None
    ]


def _trace(client: Client, number: int) -> Json | None:
    """None where it was forgotten meanwhile."""
    try:
        return client.trace(str(number))
    except NotFound:
        return None


def _show(trace: Json, progress: str) -> None:
    when = terminal.local(datetime.fromisoformat(trace["asked_at"]))
    click.echo(f"\n{click.style(progress, fg='cyan')}  {when}")
    click.echo(click.style(terminal.one_line(trace["query"]), bold=True))
    understood(trace["understood"])
    click.echo(terminal.wrapped(trace["answer"]))
    if not trace["found"]:
        click.echo("\nNearest to it:" if trace["hits"] else "\nThere was nothing near it.")
    for line in _quotes(trace):
        click.echo(line)


def _quotes(trace: Json) -> Iterator[str]:
    """What is cited, or was nearest, each with its source."""
    for each in trace["citations"] if trace["found"] else trace["hits"][:NEAREST]:
        at = f", {terminal.clock(each['start'])}" if each["start"] is not None else ""
        number = click.style(f"[{each['n']}]", bold=True)
        title = click.style(terminal.one_line(each["title"]), fg="cyan")
        yield f"\n{number} {title}{at}"
        yield terminal.wrapped(f"“{each['text']}”")


def _asked(trace: Json) -> Said:
    """What the user says; where nobody types any more, that it is enough."""
    question = "Is it right?" if trace["found"] else "Is it right that nothing was found?"
    if trace["verdict"]:
        why = f", {terminal.one_line(trace['note'])}" if trace["note"] else ""
        question = f"{question} (so far: {trace['verdict']}{why})"
    return terminal.typed(f"{question} y, n, s(kip), q(uit)", _said, Said("q", ""))


def _said(line: str) -> Said:
    """Raises `click.UsageError`, upon which it is asked again."""
    key, _, why = line.strip().partition(" ")
    if key.casefold() not in {"y", "n", "s", "q"}:
        raise click.UsageError("Type y, n, s or q.")
    return Said(key.casefold(), _noted(why))


def _why(trace: Json, verdict: Verdict) -> str:
    """Why an answer is wrong; Enter leaves it unsaid, or as it was said of the same before."""
    before = trace["note"] if trace["verdict"] == verdict else ""
    if verdict == "right":
        return str(before)
    said = terminal.typed("What is wrong with it? (Enter: nothing to add)", _noted, "", default="")
    return said or str(before)


def _noted(text: str) -> str:
    """Raises `click.UsageError`, upon which it is asked again."""
    if len(text) > MOST_NOTE:
        raise click.UsageError(f"That is too long: at most {MOST_NOTE:,} characters.")
    return text.strip()
