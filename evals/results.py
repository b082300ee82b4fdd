"""What a run of `recall` found, question by question, and its form in JSON.

Figures are shares from 0 to 1. Means, intervals and comparisons are computed from the
scores of the questions; the JSON has both, so that runs can be compared later.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from evals.dataset import SCOPES, Unscored
from memex.errors import InvalidRequest
from memex.significance import Difference, Interval, difference, intervals, mean_difference

SERVED: Final = "memex"
"""The method that users get."""
SINGLE: Final = ("bm25", "lexical", "vector")
"""The methods that look at one kind of evidence: what is served is never to be below the best."""
COMPARED: Final = ("recall@1", "recall@5", "recall@10", "nDCG@10")
"""The metrics that decide."""
TALK: Final = frozenset({"conversation", "meeting"})
"""Sources in which people talk with each other."""
DIGITS: Final = 6
"""To which the scores of a question are rounded in JSON."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was scored."""

    id: str
    text: str
    category: str
    source: str
    """The kind of the units that are its evidence; "several" where they are not of one."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one method scored; each column has a figure for each question."""

    scores: Mapping[str, Sequence[float]]
    words_per_hit: float = 0.0
    latency_ms: float | None = None
    """Median time of a query whose first ten hits are wanted; None where not measured."""

    def values(self, metric: str) -> Sequence[float]:
        """One metric, question by question."""
        return self.scores[metric]

    def intervals(self, wanted: Sequence[bool] | None = None) -> dict[str, Interval]:
        """Each metric's mean with its interval, over all or the wanted questions."""
        columns = np.asarray(list(self.scores.values()), dtype=np.float64).T
        chosen = columns if wanted is None else columns[np.asarray(wanted, dtype=bool)]
        if not len(chosen):
            return {}
        return dict(zip(self.scores, intervals(chosen), strict=True))


@dataclass(frozen=True, slots=True)
class Found:
    """A hit as a person looks at it."""

    title: str
    text: str
    relevant: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A question with its evidence and what was served for it."""

    question: Asked
    answer: str
    evidence: tuple[str, ...]
    """Texts of the evidence units."""
    hits: tuple[Found, ...]
    """The first of them."""
    scores: Mapping[str, float]
    """nDCG@10 of each method."""
    stages: Mapping[str, float]
    """See `evals.stages`; empty where the method has none."""


@dataclass(frozen=True, slots=True)
class SetResult:
    """All methods on one set."""

    set: str
    scope: str
    passages: int
    questions: tuple[Asked, ...]
    rows: Mapping[str, Row]
    stages: Row | None = None
    """Of what is served."""
    unscored: tuple[Unscored, ...] = ()
    unanswerable: int = 0
    without_evidence: int = 0
    worst: tuple[Case, ...] = field(default=())
    """The questions on which what is served does worst, the worst first."""

    @property
    def name(self) -> str:
        """Of the set; with its scope, where that is not the usual one."""
        return self.set if self.scope == SCOPES[0] else f"{self.set}, {self.scope}"

    @property
    def n(self) -> int:
        """Questions that were scored."""
        return len(self.questions)

    def groups(self, of: Callable[[Asked], str]) -> dict[str, list[bool]]:
        """Which questions are in each group, by the group's name."""
        names = [of(question) for question in self.questions]
        return {name: [one == name for one in names] for name in sorted(set(names))}


@dataclass(frozen=True, slots=True)
class Run:
    """A run of `recall` as it was written."""

    name: str
    versions: Mapping[str, str]
    results: tuple[SetResult, ...]


def comparisons(result: SetResult) -> dict[str, dict[str, Difference]]:
    """What is served minus each other method."""
    ours = result.rows.get(SERVED)
    if ours is None or not result.n:
        return {}
    return {
        f"{SERVED} - {name}": {
            metric: difference(ours.values(metric), theirs.values(metric)) for metric in COMPARED
        }
        for name, theirs in result.rows.items()
        if name != SERVED
    }


def across(results: Sequence[SetResult]) -> dict[str, dict[str, dict[str, Difference]]]:
    """The same as a mean over the sets, each counting the same: of all, and of those of talk.

    Only methods that every set has; nothing where there is one set.
    """
    scored = [result for result in results if result.n and SERVED in result.rows]
    talk = [one for one in scored if {question.source for question in one.questions} <= TALK]
    chosen = {f"mean of {len(scored)} sets": scored}
    if len(talk) < len(scored):
        chosen[f"mean of {len(talk)} sets of talk"] = talk
    return {name: _mean_comparisons(sets) for name, sets in chosen.items() if len(sets) > 1}


def _mean_comparisons(results: Sequence[SetResult]) -> dict[str, dict[str, Difference]]:
    shared = [name for name in results[0].rows if all(name in one.rows for one in results)]
    return {
        f"{SERVED} - {name}": {
            metric: mean_difference(
                [
                    (one.rows[SERVED].values(metric), one.rows[name].values(metric))
                    for one in results
                ]
            )
            for metric in COMPARED
        }
        for name in shared
        if name != SERVED
    }


def as_row(result: SetResult) -> dict[str, object]:
    """A result as it is written to JSON."""
    totals = {name: row.intervals() for name, row in result.rows.items()}
    words = {name: row.words_per_hit for name, row in result.rows.items()}
    means = {name: {metric: one.mean for metric, one in of.items()} for name, of in totals.items()}
    return {
        "set": result.set,
        "scope": result.scope,
        "n": result.n,
        "passages": result.passages,
        "unanswerable": result.unanswerable,
        "without_evidence": result.without_evidence,
        "unscored": [asdict(one) for one in result.unscored],
        "rows": {name: {**of, "words_per_hit": words[name]} for name, of in means.items()},
        "words_per_hit": words,
        "latency_ms": {name: row.latency_ms for name, row in result.rows.items()},
        "intervals": {
            name: {metric: [one.low, one.high] for metric, one in of.items()}
            for name, of in totals.items()
        },
        "stages": _plain(result.stages.intervals()) if result.stages else {},
        "categories": _by(result, lambda question: question.category),
        "sources": _by(result, lambda question: question.source),
        "comparisons": {name: _plain(of) for name, of in comparisons(result).items()},
        "questions": [asdict(question) for question in result.questions],
        "scores": {name: _rounded(row) for name, row in result.rows.items()},
        "stage_scores": _rounded(result.stages) if result.stages else {},
        "worst": [asdict(case) for case in result.worst],
    }


def read_run(path: Path) -> Run:
    """A file that `recall --json` wrote. Raises `InvalidRequest`."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["eval"] != "recall":
            raise InvalidRequest(f"{path} is a run of {content['eval']}, not of recall.")
        results = tuple(_result(row) for row in content["results"])
        return Run(path.name, dict(content["versions"]), results)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{path} cannot be read: {error}.") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidRequest(
            f"{path} is not a run of recall: {error!r}.",
            "Make one with: python -m evals recall --json FILE.",
        ) from error


def _by(result: SetResult, of: Callable[[Asked], str]) -> dict[str, object]:
    """Method, then group, then metric."""
    groups = result.groups(of)
    return {
        name: {group: _plain(row.intervals(wanted)) for group, wanted in groups.items()}
        for name, row in result.rows.items()
    }


def _plain(found: Mapping[str, Interval] | Mapping[str, Difference]) -> dict[str, object]:
    return {name: asdict(one) for name, one in found.items()}


def _rounded(row: Row) -> dict[str, list[float]]:
    return {
        metric: [round(value, DIGITS) for value in values] for metric, values in row.scores.items()
    }


def _result(row: Mapping[str, Any]) -> SetResult:
    questions = tuple(Asked(**question) for question in row["questions"])
    rows = {
        name: Row(_columns(scores, len(questions)), row["words_per_hit"][name], _ms(row, name))
        for name, scores in row["scores"].items()
    }
    stages = row["stage_scores"]
    return SetResult(
        set=row["set"],
        scope=row["scope"],
        passages=row["passages"],
        questions=questions,
        rows=rows,
        stages=Row(_columns(stages, len(questions))) if stages else None,
        unscored=tuple(Unscored(**one) for one in row["unscored"]),
        unanswerable=row["unanswerable"],
        without_evidence=row["without_evidence"],
        worst=tuple(_case(case) for case in row["worst"]),
    )


def _ms(row: Mapping[str, Any], name: str) -> float | None:
    found = row["latency_ms"][name]
    return None if found is None else float(found)


def _columns(scores: Mapping[str, Sequence[float]], n: int) -> dict[str, list[float]]:
    """The columns, checked: JSON may have been written by hand."""
    columns = {metric: [float(value) for value in values] for metric, values in scores.items()}
    if any(len(values) != n for values in columns.values()):
        raise ValueError("a column of scores is not as long as the questions")
    return columns


def _case(row: Mapping[str, Any]) -> Case:
    return Case(
        question=Asked(**row["question"]),
        answer=row["answer"],
        evidence=tuple(row["evidence"]),
        hits=tuple(Found(**hit) for hit in row["hits"]),
        scores=dict(row["scores"]),
        stages=dict(row["stages"]),
    )
