"""Figures that must not be fallen behind: the sections `recall.SET`, `answers.SET` and
`followups.SET` of floors.toml.

Besides its floors every set of recall holds the rule that what is served is never below the
best retriever that looks at one kind of evidence.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evals.results import SERVED, SINGLE, SetResult

FILE: Final = Path(__file__).with_name("floors.toml")
RULE: Final = ("recall@5", "nDCG@10")
"""The metrics at which what is served is held against the single retrievers."""
AT_MOST: Final = frozenset({"served", "declined", "changed", "others"})
"""Of answers and follow-ups: the shares that are to be small."""


@dataclass(frozen=True, slots=True)
class Floors:
    """What one set must reach."""

    set: str
    least: Mapping[str, float]
    """By metric, of what is served, or by what is declined and shown: shares."""
    limit: int | None = None
    """Questions that are asked, the first ones; None: all."""


def read_floors(path: Path = FILE) -> dict[str, Floors]:
    """The floors of recall, by set."""
    return _read(path, "recall")


def read_answer_floors(path: Path = FILE) -> dict[str, Floors]:
    """The floors of answers, by set; that of `AT_MOST` is a ceiling."""
    return _read(path, "answers")


def read_followup_floors(path: Path = FILE) -> dict[str, Floors]:
    """The floors of follow-ups, by set; those of `AT_MOST` are ceilings."""
    return _read(path, "followups")


def _read(path: Path, kind: str) -> dict[str, Floors]:
    sections = tomllib.loads(path.read_text(encoding="utf-8"))[kind]
    return {
        name: Floors(
            name,
            {metric: float(least) for metric, least in section.items() if metric != "limit"},
            section.get("limit"),
        )
        for name, section in sections.items()
    }


def broken_answers(shares: Mapping[str, float], floors: Floors) -> list[str]:
    """What does not hold of some shares (`evals.answers.shares`, `evals.followups.shares`), in
    sentences.
    """
    found = [f"{floors.set}: no {name}" for name in floors.least if name not in shares]
    for name, floor in floors.least.items():
        share = shares.get(name, floor)
        if share > floor if name in AT_MOST else share < floor:
            found.append(f"{floors.set}: {name} is {share:.4f}, its floor {floor:.4f}")
    return found


def broken(result: SetResult, floors: Floors) -> list[str]:
    """What does not hold, in sentences."""
    if not result.n:
        return [f"{result.set}: no question was scored"]
    found = [f"{one.id} is unscored: {one.reason}" for one in result.unscored]
    means = {
        name: {metric: one.mean for metric, one in row.intervals().items()}
        for name, row in result.rows.items()
    }
    served = means[SERVED]
    found += [
        f"{result.set}: {metric} is {served[metric]:.4f}, its floor {least:.4f}"
        for metric, least in floors.least.items()
        if served[metric] < least
    ]
    found += [
        f"{result.set}: {metric} is {served[metric]:.4f}, that of {name} {means[name][metric]:.4f}"
        for metric in RULE
        for name in SINGLE
        if name in means and served[metric] < means[name][metric]
    ]
    return found
