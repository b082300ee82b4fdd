"""Something to forget, and looking for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from memex.proof import Kind, Probe, Report, search
from memex.protocols import Step
from memex.types import Copy, Document
from tests.documents import document

SECRET = replace(
    document(
        "The zyxomantic quivering of Brobdingovia perplexes all Marlothanian gardeners, who"
        " water Kwyjibosk's déjàvuesque orchids by moonlight.",
        "Nobody at the Sprankledoff harbour would say what the lanternfish had cost.",
        title="Flumoxident Överlåtelse",
        uri="file:///home/ada/S%C3%A9crafide%20notes/quixomere.md",
    ),
    author="Wilhelmina Thrustlebeck",
)
PLAIN = "the zyxomantic quivering of brobdingovia perplexes"
"""Six words in a row of it."""


def copy_of(document: Document) -> Copy:
    sha256 = f"{document.id:0<64}"[::-1]
    return Copy(
        document.id, document.uri, sha256, document.kind, document.title, 1, datetime.now(UTC)
    )


def looked(home: Path, wanted: tuple[Probe, ...]) -> Report:
    *steps, report = search(home, wanted)
    assert isinstance(report, Report)
    done = [step.done for step in steps if isinstance(step, Step)]
    assert done == sorted(done)
    return report


def places(report: Report) -> dict[str, set[Kind]]:
    """The kinds of probes found in each file, by its suffix or name."""
    found: dict[str, set[Kind]] = {}
    for finding in report.findings:
        found.setdefault(finding.file, set()).add(finding.probe)
    return found


def where(report: Report) -> set[str]:
    return {finding.where for finding in report.findings}
