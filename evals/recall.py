"""Recall of passages on corpora with questions: one row of figures per method.

For each set and method, every question is asked once and the first 100 hits are
scored by `evals.metrics`. Figures are means over the questions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from evals import metrics
from evals.corpus import parts
from evals.dataset import RecallSet, find_sets, read_recall_set
from evals.report import write_json
from evals.searchers import Methods, all_methods
from evals.vectors import CachedEmbedder
from memex.config import load_config
from memex.models.loading import load_embedder
from memex.protocols import Step

REFERENCE: Final = "bm25"
"""The method that the others are compared with."""
SERVED: Final = "memex"
"""The method that users get."""
COMPARED: Final = ("recall@5", "nDCG@10")
SHOWN: Final = ("recall@1", "recall@5", "recall@10", "hit@10", "nDCG@10", "MRR")


def run(data: Path, scope: str, limit: int | None, cache: Path, json_file: Path | None) -> None:
    """Measure, print, write. Raises `MemexError`."""
    folders = find_sets(data)
    embedder = CachedEmbedder(load_embedder(load_config()), cache)
    results: list[SetResult] = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for folder in folders:
            found = read_recall_set(folder, limit)
            asking = progress.add_task(found.name, total=len(found.queries))
            embedding = progress.add_task(f"{found.name}: embedding", total=None)

            def embedded(step: Step, task: TaskID = embedding) -> None:
                progress.update(task, completed=step.done, total=step.total)

            def asked(task: TaskID = asking) -> None:
                progress.advance(task)

            results.append(measure(found, scope, all_methods(embedder, embedded), asked))
            progress.console.print(f"{found.name} is done", highlight=False)
    for result in results:
        Console().print(table(result))
    if json_file:
        write_json(json_file, "recall", [as_row(result) for result in results])


@dataclass(slots=True)
class Row:
    """What one method scored, question by question."""

    scores: list[dict[str, float]] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    texts: list[list[str]] = field(default_factory=list)
    """Of the first ten hits of each question."""

    def means(self) -> dict[str, float]:
        """The mean of each metric, and the words per hit."""
        words = metrics.words_per_hit(self.texts)
        return {**metrics.mean_scores(self.scores), "words_per_hit": words}

    def by_category(self, metric: str) -> dict[str, float]:
        """The mean of one metric for each category of questions."""
        return {
            category: metrics.mean_scores(
                [s for s, c in zip(self.scores, self.categories, strict=True) if c == category]
            )[metric]
            for category in sorted(set(self.categories))
        }

    def values(self, metric: str) -> list[float]:
        """One metric, question by question."""
        return [score[metric] for score in self.scores]


@dataclass(frozen=True, slots=True)
class SetResult:
    """All methods on one set."""

    set: str
    scope: str
    passages: int
    rows: Mapping[str, Row]

    @property
    def n(self) -> int:
        """Questions."""
        return len(next(iter(self.rows.values())).scores)


def measure(
    data: RecallSet, scope: str, methods: Methods, asked: Callable[[], None] = lambda: None
) -> SetResult:
    """Ask every question of a set of every method. `asked` is called after each question."""
    rows: dict[str, Row] = {}
    passages = 0
    for part in parts(data, scope):
        passages += len(part.passages)
        homes = metrics.find_homes(map(part.units, part.passages))
        with methods(part) as searchers:
            for query in part.queries:
                wanted = metrics.count_homes(homes, query.evidence)
                for name, searcher in searchers.items():
                    hits = searcher.search(query.text, metrics.DEPTH)
                    ranking = [part.units(hit) for hit in hits]
                    row = rows.setdefault(name, Row())
                    row.scores.append(metrics.score(ranking, query.evidence, wanted))
                    row.categories.append(query.category)
                    row.texts.append([hit.text for hit in hits[: metrics.CUT]])
                asked()
    return SetResult(set=data.name, scope=scope, passages=passages, rows=rows)


def comparisons(result: SetResult) -> dict[str, dict[str, dict[str, float]]]:
    """Served minus each other method, with the 95 % interval of a paired bootstrap."""
    if SERVED not in result.rows:
        return {}
    ours = result.rows[SERVED]
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, theirs in result.rows.items():
        if name == SERVED:
            continue
        found[f"{SERVED} - {name}"] = {
            metric: dict(
                zip(
                    ("mean", "low", "high"),
                    metrics.paired_difference(ours.values(metric), theirs.values(metric)),
                    strict=True,
                )
            )
            for metric in COMPARED
        }
    return found


def as_row(result: SetResult) -> dict[str, object]:
    """A result as it is written to JSON; metrics are shares from 0 to 1."""
    return {
        "set": result.set,
        "scope": result.scope,
        "n": result.n,
        "passages": result.passages,
        "rows": {name: row.means() for name, row in result.rows.items()},
        "words_per_hit": {name: row.means()["words_per_hit"] for name, row in result.rows.items()},
        "categories": {
            name: {metric: row.by_category(metric) for metric in COMPARED}
            for name, row in result.rows.items()
        },
        "comparisons": comparisons(result),
    }


def table(result: SetResult) -> Table:
    """The result as a person reads it, in per cent."""
    shown = Table(
        title=f"{result.set}, {result.scope}: {result.n} questions, {result.passages} passages",
        caption="\n".join(_sentences(result)),
    )
    shown.add_column("method", no_wrap=True)
    for name in (*SHOWN, "words/hit"):
        shown.add_column(name.replace("recall", "r"), justify="right", no_wrap=True)
    for name, row in result.rows.items():
        means = row.means()
        figures = [f"{100 * means[metric]:.1f}" for metric in SHOWN]
        shown.add_row(name, *figures, f"{means['words_per_hit']:.0f}")
    return shown


def _sentences(result: SetResult) -> list[str]:
    return [
        f"{name}: {metric} {_points(by['mean'])} [{_points(by['low'])}, {_points(by['high'])}]"
        for name, compared in comparisons(result).items()
        for metric, by in compared.items()
    ]


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"
