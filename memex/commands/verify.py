"""`memex verify`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import click

from memex import terminal
from memex.audit import Finding
from memex.audit.library import audit_library
from memex.audit.spool import audit_spool
from memex.commands.common import connect, echo_json, json_option, paths
from memex.commands.stages import progress
from memex.protocols import Step
from memex.wire import Json


@click.command()
@click.option("--no-mend", is_flag=True, help="Only look.")
@json_option
@click.pass_context
def command(context: click.Context, *, no_mend: bool, as_json: bool) -> None:
    """Look for damage in library, index and spool, and mend the index.

    The index is made from the library and can be made again. A damaged library is
    reported, with what to do; the exit code is 1 then. `memex models verify` checks models.
    """
    findings: list[Json] = []
    with progress() as tell:
        for item in audit_library(paths().library):
            _note(item, tell, findings)
        for item in audit_spool(paths().spool):
            _note(item, tell, findings)
        if not any(finding["where"] == "library" for finding in findings):
            for step in connect(context).verify(mend=not no_mend):
                _note(step, tell, findings)
    sound = all(finding["mended"] for finding in findings)
    if as_json:
        echo_json({"sound": sound, "findings": findings})
    else:
        _show(findings, sound=sound)
    if not sound:
        context.exit(1)


def _note(item: Step | Finding | Json, tell: Callable[[Step], None], findings: list[Json]) -> None:
    if isinstance(item, Step):
        tell(item)
    else:
        findings.append(asdict(item) if isinstance(item, Finding) else item)


def _show(findings: list[Json], *, sound: bool) -> None:
    for finding in findings:
        mark = (
            click.style("mended", fg="green") if finding["mended"] else click.style("BAD", fg="red")
        )
        said = terminal.one_line(f"{finding['said']} {finding['remedy']}")
        click.echo(f"{mark:<6} {said}")
    if any(finding["where"] == "library" for finding in findings):
        click.echo("The index was not looked at: it is made from the library.", err=True)
    elif sound:
        click.echo("Library, index and spool are sound.")
