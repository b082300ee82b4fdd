"""The ranker's weights, and what each stage and each weight brings.

What is said of a set is said by weights that were learnt without the questions it is said of:
of a set with halves one is learnt from, the other measured; another one that is learnt from is
left out where it is measured. Sets that are only measured are never learnt from.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from evals.ranking import Ranking, alone, fit, fused, read
from evals.report import write_json
from evals.rereading import COLUMNS, CROSS, CrossEncoder, Reread, reread
from evals.tables import differences, figures_of
from evals.vectors import CachedEmbedder
from memex.config import load_config
from memex.errors import InvalidRequest
from memex.models.loading import load_embedder
from memex.protocols import Step
from memex.recall.features import FEATURES
from memex.recall.fuse import WEIGHTS as LISTS
from memex.recall.learn import Matrix, as_mapping
from memex.recall.rank import WEIGHTS
from memex.significance import Difference, mean_difference

METRICS: Final = ("recall@1", "recall@5", "nDCG@10")
WHOLE: Final = "ranked"
"""The row of everything together."""
WIDE: Final = 200
"""Columns in a file."""
WITH_CROSS: Final = f"{WHOLE} with {CROSS}"

Scores = Mapping[str, Mapping[str, Sequence[float]]]
"""Set, metric: the score of each question."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Ways to rank, each with its scores."""

    scores: Mapping[str, Scores]
    weights: Mapping[str, float]
    """Learnt from all sets to learn from."""

    def difference(self, name: str, metric: str, sets: Sequence[str] = ()) -> Difference:
        """A row less the whole, over some sets; over all, where none is named."""
        ours, whole = self.scores[name], self.scores[WHOLE]
        return mean_difference(
            [(ours[each][metric], whole[each][metric]) for each in sets or whole]
        )


def run(
    learn: Sequence[Path],
    measure: Sequence[Path],
    limit: int | None,
    cross: Path | None,
    cache: Path,
    json_file: Path | None,
) -> None:
    """Learn, measure, print, write. Raises `MemexError`."""
    if len(learn) < 2:
        raise InvalidRequest(
            "There must be two sets to learn from: each is measured by what the others teach.",
            "Name another one with --learn.",
        )
    scorer = CrossEncoder.load(cross) if cross else None
    embedder = CachedEmbedder(load_embedder(load_config()), cache)
    plain: dict[str, Ranking] = {}
    found: dict[str, Ranking] = {}
    again: dict[str, Reread] = {}
    for folder in (*learn, *measure):
        learnt = folder in learn
        with _progress(folder.name) as told:
            whole = read(folder, embedder, told)
        with _progress(f"{folder.name}, as it is spelt") as told:
            as_spelt = read(folder, embedder, told, spelling=False)
        found[folder.name] = _few(whole.unseen() if learnt else whole, limit)
        plain[folder.name] = _few(as_spelt.unseen() if learnt else as_spelt, limit)
        if scorer:
            untaught = _few(whole.kept_back() if learnt else whole, limit)
            with _progress(f"{folder.name}, cross-encoder") as told:
                again[folder.name] = reread(untaught, scorer, told)
    names = [folder.name for folder in learn]
    tables = [ablate(found, plain, names)]
    if again:
        tables.append(cross_rows({name: each.ranking for name, each in again.items()}, names))
    _report(tables, again, json_file)


def _few(ranking: Ranking, limit: int | None) -> Ranking:
    return ranking.some(limit) if limit else ranking


def _report(tables: Sequence[Rows], again: Mapping[str, Reread], json_file: Path | None) -> None:
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    for rows in tables:
        _show(rows, console)
    console.print("shipped:", *(f"{name} {worth}" for name, worth in WEIGHTS.items()))
    if again:
        apart = {
            name: {metric: tables[-1].difference(WITH_CROSS, metric, [name]) for metric in METRICS}
            for name in again
        }
        console.print(differences(apart, f"{WITH_CROSS}, less {WHOLE}"))
        seconds = float(np.mean([each.seconds for each in again.values()]))
        console.print(f"{CROSS}: {1000 * seconds:.0f} ms of a core for a question")
    if json_file:
        write_json(json_file, "ablate", [as_row(rows) for rows in tables])


def ablate(
    found: Mapping[str, Ranking], plain: Mapping[str, Ranking], learn: Sequence[str]
) -> Rows:
    """Every row, of all sets; `plain` are the same without what may have been meant by words."""
    scores = {
        **{f"{name} alone": _fixed(found, alone(name)) for name in LISTS},
        "fused": _fixed(found, fused()),
        WHOLE: _learnt(found, found, learn, FEATURES),
        "without spelling": _learnt(plain, found, learn, FEATURES),
    }
    for left_out in FEATURES:
        used = [name for name in FEATURES if name != left_out]
        scores[f"without {left_out}"] = _learnt(found, found, learn, used)
    return Rows(scores, as_mapping(fit([found[name] for name in learn])))


def cross_rows(again: Mapping[str, Ranking], learn: Sequence[str]) -> Rows:
    """The rows of sets that a cross-encoder has read again: of the same candidates, and with
    weights learnt from the same questions, of which it knows none.
    """
    scores = {
        "fused": _fixed(again, fused(COLUMNS)),
        WHOLE: _learnt(again, again, learn, FEATURES),
        f"{CROSS} alone": _fixed(again, alone(CROSS, COLUMNS)),
        WITH_CROSS: _learnt(again, again, learn, COLUMNS),
    }
    every = range(len(COLUMNS))
    return Rows(scores, as_mapping(fit([again[name] for name in learn], every), COLUMNS))


def _fixed(sets: Mapping[str, Ranking], weights: Matrix) -> Scores:
    return {name: _scores(each, weights) for name, each in sets.items()}


def _learnt(
    sets: Mapping[str, Ranking],
    lessons: Mapping[str, Ranking],
    learn: Sequence[str],
    used: Sequence[str],
) -> Scores:
    """Each set by weights that its own questions have no part in."""
    columns = [COLUMNS.index(name) for name in used]
    learnt: dict[tuple[str, ...], Matrix] = {}
    scores = {}
    for name, each in sets.items():
        others = tuple(other for other in learn if other != name or each.halved)
        if others not in learnt:
            learnt[others] = fit([lessons[other] for other in others], columns)
        scores[name] = _scores(each, learnt[others])
    return scores


def _scores(ranking: Ranking, weights: Matrix) -> Mapping[str, Sequence[float]]:
    return {metric: ranking.scores(weights, metric) for metric in METRICS}


def as_row(rows: Rows) -> dict[str, object]:
    """What `--json` writes: means in percent."""
    return {
        "weights": rows.weights,
        "rows": {
            name: {
                each: {metric: 100 * float(np.mean(values)) for metric, values in of.items()}
                for each, of in scores.items()
            }
            for name, scores in rows.scores.items()
        },
    }


def _show(rows: Rows, console: Console) -> None:
    for metric in METRICS:
        table = Table(title=metric, box=box.SIMPLE_HEAD)
        table.add_column("", no_wrap=True)
        for column in (*rows.scores[WHOLE], "all", "95 %", "p"):
            table.add_column(column, justify="right")
        for name, scores in rows.scores.items():
            means = (f"{100 * np.mean(of[metric]):.1f}" for of in scores.values())
            less = ("", "", "") if name == WHOLE else figures_of(rows.difference(name, metric))
            table.add_row(name, *means, *less)
        console.print(table)
    console.print("learnt:", *(f"{name} {worth}" for name, worth in rows.weights.items()))


@contextmanager
def _progress(title: str) -> Iterator[Callable[[Step], None]]:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None)

        def told(step: Step) -> None:
            progress.update(task, completed=step.done, total=step.total)

        yield told
