"""SciFact and the other sets of BEIR: `corpus.jsonl`, `queries.jsonl`, `qrels/SPLIT.tsv`.

Thakur et al., BEIR: A heterogeneous benchmark for zero-shot evaluation of information
retrieval models, NeurIPS 2021; SciFact: Wadden et al., EMNLP 2020 (CC BY 4.0, ODC-By 1.0).
Only the queries that the named qrels judge are read; evidence is what is judged above 0.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from evals.published.form import Published, QueryRow, UnitRow, read_lines
from memex.errors import InvalidRequest

CORPUS: Final = "corpus.jsonl"
QUERIES: Final = "queries.jsonl"


def read(files: Sequence[Path]) -> Published:
    """The abstracts with the queries that were judged."""
    named = {path.name: path for path in files}
    qrels = [path for path in files if path.suffix == ".tsv"]
    if CORPUS not in named or QUERIES not in named or not qrels:
        raise InvalidRequest(
            "A set of BEIR is several files.", f"Name {CORPUS}, {QUERIES} and qrels/SPLIT.tsv."
        )
    judged: dict[str, list[str]] = {}
    for path in qrels:
        for query, document in _judgements(path):
            judged.setdefault(query, []).append(document)
    return Published(
        units=tuple(_units(named[CORPUS])),
        queries=tuple(
            QueryRow(
                id=row["_id"],
                group="corpus",
                query=row["text"],
                evidence=tuple(judged[row["_id"]]),
                category="claim",
            )
            for row in read_lines(named[QUERIES])
            if row["_id"] in judged
        ),
    )


def _units(path: Path) -> Iterator[UnitRow]:
    for row in read_lines(path):
        name = row["_id"]
        yield UnitRow(
            name, "corpus", "reading", name, 0, row["text"], title=row.get("title") or None
        )


def _judgements(path: Path) -> Iterator[tuple[str, str]]:
    """Query and document of each line that is judged relevant. Raises `InvalidRequest`."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                if float(row["score"]) > 0:
                    yield row["query-id"], row["corpus-id"]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InvalidRequest(f"{path} is not a file of qrels: {error!r}.") from error
