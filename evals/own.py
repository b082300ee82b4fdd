"""Recall on the user's own cases: what memexd serves now for questions that were marked or
approved (`memex evals`). Nothing of it is written anywhere unless asked for, and then
figures only.

The units are the segments of the documents; scored as every set is (`evals.metrics`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from evals import metrics
from evals.report import write_json
from memex.client import Client
from memex.config import default_paths
from memex.daemons import wait
from memex.errors import InvalidRequest
from memex.passages import split
from memex.types import Document
from memex.wire import Json, document_from_json

ALL: Final = "all"
SHOWN: Final = ("recall@1", "recall@5", "recall@10", "hit@10", "nDCG@10", "MRR")


@dataclass(frozen=True, slots=True)
class Scored:
    """What was scored."""

    scores: Mapping[str, Sequence[dict[str, float]]]
    """Question by question, by where the cases come from."""
    stale: int
    """Cases left out: something else stands in their place by now."""


def run(json_file: Path | None) -> None:
    """Measure, print, write. Raises `MemexError`."""
    paths = default_paths()
    wait(paths)
    found = measure(Client(paths))
    table = Table("cases", "n", *SHOWN)
    rows = []
    for name, scores in found.scores.items():
        means = metrics.mean_scores(scores)
        table.add_row(name, str(len(scores)), *(f"{100 * means[each]:.1f}" for each in SHOWN))
        rows.append({"set": "own", "category": name, "n": len(scores), **means})
    Console().print(table)
    if found.stale:
        Console(stderr=True).print(f"{found.stale} cases were left out: their place is another.")
    if json_file:
        write_json(json_file, "own", rows)


def measure(client: Client) -> Scored:
    """Ask every case. Raises `InvalidRequest` where there is none."""
    cases = client.cases()
    fresh = [case for case in cases if not case["stale"]]
    if not fresh:
        raise InvalidRequest(
            "There are no cases.", "`memex evals add TRACE` and `memex evals mine` make some."
        )
    homes = _homes(client, {e["document"] for case in fresh for e in case["evidence"]})
    scores: dict[str, list[dict[str, float]]] = {ALL: []}
    for case in fresh:
        found = client.search(case["query"], metrics.DEPTH, segments=True, trace=False)
        ranking = [
            _units(hit["document"], first, last)
            for hit, (first, last) in zip(found["hits"], found["segments"], strict=True)
        ]
        evidence = frozenset().union(
            *(_units(e["document"], e["first"], e["last"]) for e in case["evidence"])
        )
        score = metrics.score(ranking, evidence, metrics.count_homes(homes, evidence))
        scores[ALL].append(score)
        scores.setdefault(case["origin"], []).append(score)
    return Scored(scores, Counter(case["stale"] for case in cases)[True])


def _units(document: str, first: int, last: int) -> frozenset[str]:
    return frozenset(f"{document}:{position}" for position in range(first, last + 1))


def _homes(client: Client, document_ids: set[str]) -> dict[str, int]:
    """The homes of the segments of these documents."""
    return metrics.find_homes(
        _units(passage.document_id, passage.first, passage.last)
        for id_ in sorted(document_ids)
        for passage in split(_document(client.document(id_)))
    )


def _document(shown: Json) -> Document:
    return document_from_json({name: shown[name] for name in Document.__slots__})
