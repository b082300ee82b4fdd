"""`python -m evals convert`: a published set becomes one that `recall` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from evals.published import beir, friendsqa, locomo, longmemeval, qmsum, realtalk, squad
from evals.published.form import Reader, write
from memex.errors import InvalidRequest

READERS: Final[Mapping[str, Reader]] = {
    "locomo": locomo.read,
    "realtalk": realtalk.read,
    "qmsum": qmsum.read,
    "friendsqa": friendsqa.read,
    "beir": beir.read,
    "spoken-squad": squad.read,
    "longmemeval": longmemeval.read,
}


def run(name: str, files: Sequence[Path], out: Path) -> None:
    """Read, write, say what it was. Raises `MemexError`."""
    said = ", ".join(path.name for path in files)
    try:
        found = READERS[name](files)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise InvalidRequest(f"{said}: not as {name} was published: {error!r}.") from error
    if not found.units or not found.queries:
        raise InvalidRequest(f"{said}: nothing in it, or no question. Is it {name}?")
    write(found, out)
    answerable = sum(query.answerable for query in found.queries)
    click.echo(
        f"{out}: {len(found.units)} units, {len(found.queries)} questions, "
        f"{answerable} of them answerable."
    )
