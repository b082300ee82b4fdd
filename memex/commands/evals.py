"""`memex evals`."""

from __future__ import annotations

import click

from memex import terminal
from memex.client import Client
from memex.commands import judge, labels
from memex.commands.common import connect, echo_json, json_option
from memex.errors import NotFound
from memex.wire import Json


@click.group()
def command() -> None:
    """Judge answers, and make eval cases of your own memory: a question, and where its answer
    stands.

    Cases lie in the library, go with the document in which the answer stands, and leave this
    machine in a backup only. `python -m evals own` measures with them.
    """


command.add_command(labels.command, "label")
command.add_command(judge.command, "judge")


@command.command("add")
@click.argument("name", metavar="TRACE|last")
@click.option("--query", help="Another question than was asked.")
@click.pass_context
def add(context: click.Context, *, name: str, query: str | None) -> None:
    """Make a case of a trace in which something was called right.

    Of an answer that is right as a whole the evidence is what it cites.
    """
    made = connect(context).add_trace_case(name, query)
    click.echo(f"Case {made['case']}.", err=True)


@command.command("list")
@json_option
@click.pass_context
def list_(context: click.Context, *, as_json: bool) -> None:
    """List the cases."""
    cases = connect(context).cases()
    if as_json:
        echo_json({"cases": cases})
        return
    for case in cases:
        stale = "  (something else stands there now)" if case["stale"] else ""
        click.echo(
            f"{case['id']:>4} {case['origin']:<6}  {terminal.one_line(case['query'])}{stale}"
        )
    if not cases:
        click.echo("There is none: `memex evals add TRACE`, `memex evals mine`.", err=True)


@command.command("remove")
@click.argument("ids", nargs=-1, required=True, type=int, metavar="ID...")
@click.pass_context
def remove(context: click.Context, *, ids: tuple[int, ...]) -> None:
    """Remove cases for good."""
    count = connect(context).remove_cases(*ids)
    if not count:
        raise NotFound("There is no such case.", "See `memex evals list`.")
    click.echo(f"{count} removed.", err=True)


@command.command("mine")
@click.option("-n", "--number", default=20, show_default=True, help="Drafts to be shown, at most.")
@click.pass_context
def mine(context: click.Context, *, number: int) -> None:
    """Have the local model draft questions about passages of your memory, and say of each
    whether it counts.

    Ends at any time; what was decided stays, and no passage comes twice.
    """
    client = connect(context)
    made = 0
    for _ in range(number):
        draft = _next(client)
        if draft is None:
            break
        click.echo(f"\n{click.style(terminal.one_line(draft['title']), fg='cyan')}")
        click.echo(terminal.wrapped(draft["text"]))
        query = _decide(terminal.one_line(draft["query"]))
        if query is None:
            break
        if query:
            client.add_case(query, draft["evidence"])
            made += 1
        else:
            client.decline_case(draft["evidence"])
    click.echo(f"{made} cases were added.", err=True)


def _decide(query: str) -> str | None:
    """The question as it counts; "" where it does not, None where it is enough."""
    click.echo(click.style(query, bold=True))
    said = click.prompt(
        "Does it count? yes, no, edit, quit", type=click.Choice(["y", "n", "e", "q"]), err=True
    )
    if said == "e":
        return str(click.prompt("The question", default=query, err=True)).strip()
    return {"y": query, "n": ""}.get(said)


def _next(client: Client) -> Json | None:
    """The next draft that stands up; None where there is none."""
    click.echo("Drafting …", err=True)
    dropped = 0
    for fields in client.draft_case():
        match fields["type"]:
            case "draft":
                return fields
            case "dropped":
                dropped += 1
    if dropped:
        click.echo(
            f"Of {dropped} passages the model wrote no question of use. Try again, or a larger"
            " model: `memex models use small`.",
            err=True,
        )
    else:
        click.echo("Of every passage a question was drafted already.", err=True)
    return None
