"""Recall of passages on corpora with questions: one row of figures per method.

For each set and method, every question is asked once and the first 100 hits are
scored by `evals.metrics`. A question that some method cannot be asked, or whose
evidence is nowhere, is unscored: in no method's figures, and shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from rich.console import Console
from rich.progress import Progress, TaskID

from evals import metrics, stages
from evals.corpus import Part, parts
from evals.dataset import Query, RecallSet, Unit, Unscored, find_sets, read_recall_set
from evals.latency import Anew, milliseconds
from evals.report import write_json
from evals.results import SERVED, Asked, Case, Found, Row, SetResult, across, as_row
from evals.searchers import Methods, Searcher, Staged, all_methods
from evals.tables import differences, show
from evals.vectors import CachedEmbedder
from memex.config import load_config
from memex.errors import MemexError
from memex.models.loading import load_embedder
from memex.protocols import Step
from memex.types import Passage

WORST: Final = 20
"""Questions of a set that are kept with their hits, to be looked at."""
LOOKED_AT: Final = 5
"""Hits of such a question."""
SHOWN_EVIDENCE: Final = 5
"""Evidence units of such a question."""
EXCERPT: Final = 700
"""Characters of a text that are kept of them."""
RANKING: Final = f"nDCG@{metrics.CUT}"
"""The metric by which a question is bad."""


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

            methods = all_methods(embedder, embedded)
            results.append(measure(found, scope, methods, asked, embedder.anew))
            progress.console.print(f"{found.name} is done", highlight=False)
    if json_file:
        write_json(json_file, "recall", [as_row(result) for result in results])
    for result in results:
        show(Console(), result)
    for name, compared in across(results).items():
        Console().print(differences(compared, name))


@dataclass(slots=True)
class _Tally:
    """What was found so far, question by question."""

    questions: list[Asked] = field(default_factory=list)
    unscored: list[Unscored] = field(default_factory=list)
    scores: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    texts: dict[str, list[list[str]]] = field(default_factory=dict)
    """Of the first ten hits of each question."""
    stages: list[dict[str, float]] = field(default_factory=list)
    times: dict[str, list[float]] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)

    def rows(self) -> dict[str, Row]:
        """The rows of the methods."""
        return {
            name: Row(
                _columns(scores),
                metrics.words_per_hit(self.texts[name]),
                median(self.times[name]) if self.times.get(name) else None,
            )
            for name, scores in self.scores.items()
        }

    def worst(self) -> tuple[Case, ...]:
        """Those that are served worst; of these, where another method does best."""
        return tuple(
            sorted(
                self.cases,
                key=lambda case: (case.scores[SERVED], -max(case.scores.values())),
            )[:WORST]
        )


def measure(
    data: RecallSet,
    scope: str,
    methods: Methods,
    asked: Callable[[], None] = lambda: None,
    anew: Anew = nullcontext,
) -> SetResult:
    """Ask every question of a set of every method. `asked` is called after each question."""
    units = {unit.id: unit for unit in data.units}
    tally = _Tally(unscored=list(data.unscored))
    passages = 0
    for part in parts(data, scope):
        passages += len(part.passages)
        homes = metrics.find_homes(map(part.units, part.passages))
        with methods(part) as searchers:
            for query in part.queries:
                wanted = metrics.count_homes(homes, query.evidence)
                try:
                    _ask(part, searchers, query, wanted, units, tally)
                except MemexError as error:
                    tally.unscored.append(Unscored(query.id, query.text, str(error)))
                asked()
            for name, times in milliseconds(searchers, part.queries, anew).items():
                tally.times.setdefault(name, []).extend(times)
    return SetResult(
        set=data.name,
        scope=scope,
        passages=passages,
        questions=tuple(tally.questions),
        rows=tally.rows(),
        stages=Row(_columns(tally.stages)) if tally.stages else None,
        unscored=tuple(tally.unscored),
        unanswerable=data.unanswerable,
        without_evidence=data.without_evidence,
        worst=tally.worst(),
    )


def _ask(
    part: Part,
    searchers: Mapping[str, Searcher],
    query: Query,
    wanted: int,
    units: Mapping[str, Unit],
    tally: _Tally,
) -> None:
    """One question, asked of every method. Raises what they raise, before anything counts."""
    if not wanted:
        tally.unscored.append(Unscored(query.id, query.text, "no passage covers its evidence"))
        return
    found = {name: one.search(query, metrics.DEPTH) for name, one in searchers.items()}
    looked = {name: _look(part, one, query, found[name]) for name, one in searchers.items()}
    kinds = {units[id_].kind for id_ in query.evidence}
    question = Asked(
        query.id, query.text, query.category, kinds.pop() if len(kinds) == 1 else "several"
    )
    tally.questions.append(question)
    ranking: dict[str, float] = {}
    for name, hits in found.items():
        score = metrics.score([part.units(hit) for hit in hits], query.evidence, wanted)
        tally.scores.setdefault(name, []).append(score)
        tally.texts.setdefault(name, []).append([hit.text for hit in hits[: metrics.CUT]])
        ranking[name] = score[RANKING]
    if SERVED in found:
        if looked[SERVED]:
            tally.stages.append(looked[SERVED])
        tally.cases.append(
            Case(
                question=question,
                answer=query.answer,
                evidence=_evidence(query, units),
                hits=_hits(part, query, found[SERVED]),
                scores=ranking,
                stages=looked[SERVED],
            )
        )


def _look(
    part: Part, searcher: Searcher, query: Query, served: Sequence[Passage]
) -> dict[str, float]:
    """What the stages of a searcher did with a question; empty where it has none."""
    if not isinstance(searcher, Staged):
        return {}
    seen = searcher.stages(query)
    covered = stages.Covered(
        lists={name: [part.units(one) for one in found] for name, found in seen.lists.items()},
        ranked=[part.units(one) for one in seen.ranked],
        served=[part.units(one) for one in served],
    )
    return stages.score(covered, query.evidence)


def _evidence(query: Query, units: Mapping[str, Unit]) -> tuple[str, ...]:
    """The first texts that answer it, in the order of their ids, with who says them."""
    found = [units[id_] for id_ in sorted(query.evidence)[:SHOWN_EVIDENCE]]
    said = [f"{unit.speaker}: {unit.text}" if unit.speaker else unit.text for unit in found]
    left = len(query.evidence) - len(found)
    more = [f"… and {left} more"] if left else []
    return (*map(_excerpt, said), *more)


def _excerpt(text: str) -> str:
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}…"


def _hits(part: Part, query: Query, hits: Sequence[Passage]) -> tuple[Found, ...]:
    """The first hits with what they are."""
    gains = metrics.relevant([part.units(hit) for hit in hits[:LOOKED_AT]], query.evidence)
    return tuple(
        Found(
            title=" · ".join(filter(None, [hit.title, str(hit.said_at or "")[:10]])),
            text=_excerpt(hit.text),
            relevant=gain,
        )
        for hit, gain in zip(hits, gains, strict=False)
    )


def _columns(scores: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    return {name: [one[name] for one in scores] for name in scores[0]}
