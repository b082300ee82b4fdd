"""`memex export`."""

from __future__ import annotations

from pathlib import Path

import click

from memex import terminal
from memex.commands.common import connect, echo_json, json_option, paths
from memex.commands.stages import progress
from memex.export import Exported, Format, export
from memex.protocols import Step

SHOWN = 10
"""Missing recordings that are named."""


@click.command("export")
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "form",
    "--format",
    type=click.Choice(["markdown", "jsonl"]),
    default="markdown",
    show_default=True,
    help="A file a document, or a line.",
)
@click.option("--no-audio", is_flag=True, help="Leave recordings out.")
@click.option("hidden", "--all", is_flag=True, help="Older versions too.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    *,
    directory: Path,
    form: Format,
    no_audio: bool,
    hidden: bool,
    as_json: bool,
) -> None:
    """Write everything as Markdown or JSON lines, with the recordings, traces and saved searches
    beside it.

    Done again into the same directory, it brings what is there up to date.
    """
    client = connect(context)
    catalogue = client.documents(hidden=hidden)
    done = Exported()
    with progress() as tell:
        writing = export(
            directory,
            catalogue,
            client.document,
            form=form,
            sound=not no_audio,
            kept=paths().audio,
            traces=client.whole_traces(),
            searches=client.saved_searches(),
        )
        for done in writing:
            tell(Step("exporting", done.documents, len(catalogue), "documents"))
    if as_json:
        echo_json(
            {
                "directory": str(directory),
                "documents": done.documents,
                "written": done.written,
                "unchanged": done.unchanged,
                "recordings": done.recordings,
                "missing": done.missing,
            }
        )
        return
    click.echo(
        f"{done.documents} documents: {done.written} written, {done.unchanged} unchanged,"
        f" {done.recordings} recordings copied. {done.traces} traces,"
        f" {done.searches} saved searches."
    )
    for title in done.missing[:SHOWN]:
        click.echo(f"The recording of {terminal.one_line(title)} is not there any more.", err=True)
    if len(done.missing) > SHOWN:
        click.echo(f"… and {len(done.missing) - SHOWN} more.", err=True)
