"""The card of a cross-encoder: what it was made of, what it was taught by, what it is worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from memex.models.registry import ModelEntry

METRICS: Final = ("recall@1", "recall@5", "nDCG@10")
LICENCES: Final[Mapping[str, str]] = {
    "own": "CC0 1.0",
    "qmsum": "MIT",
    "friendsqa": "Apache 2.0",
    "scifact": "claims CC BY 4.0, abstracts ODC-By 1.0",
}
"""Of the sets that may be learnt from and shipped."""
UNKNOWN: Final = "licence unknown: look whether what is learnt from it may be given away"


@dataclass(frozen=True, slots=True)
class Figures:
    """What held-out questions of a set say."""

    set: str
    questions: int
    rows: Mapping[str, Mapping[str, float]]
    """Metric by metric, of each order of the same candidates; shares."""


@dataclass(frozen=True, slots=True)
class Card:
    """What there is to tell."""

    base: ModelEntry
    taught: Mapping[str, int]
    """Questions of each set."""
    steps: int
    figures: Sequence[Figures]


def card(said: Card) -> str:
    """A README.md, with the front matter that model hubs read."""
    learnt = "\n".join(
        f"  - {name}: {count} questions ({LICENCES.get(name, UNKNOWN)})"
        for name, count in sorted(said.taught.items())
    )
    table = "\n".join(_table(said.figures))
    return f"""---
license: {said.base.licence.lower()}
language: en
library_name: sentence-transformers
pipeline_tag: text-ranking
---
# A cross-encoder made of {said.base.name}

Reads a question and a passage together and says one figure: the higher, the likelier the passage
answers it. Figures of one question can be compared with each other, not with those of another.

- **Base**: {said.base.name} ({said.base.licence}), {said.base.note}; its words' embeddings as they
  were; the figure is how nearly each word of the question is met by one of the passage
  (`evals.late_head`: load it with `evals.rereading.CrossEncoder.load`).
- **Licence**: {said.base.licence}.
- **For**: to rank again the passages that a search of Memex puts first: 100 to 160 words of what
  was said, heard or read, with a line of title, date and speakers above them.
- **Learnt from**, {said.steps} steps, each question once or as often as its set was named:
{learnt}
- **How**: `python -m evals cross` (what a step is, says `evals/cross.py`). What was held out:
  `evals.dataset.kept_back`.
- **Not for**: other languages than English; long texts, of which it reads the beginning;
  questions that compare or count, since it sees one passage at a time; to say that there is no
  answer, which was not measured. It never saw questions with typos or misheard words.

Held-out questions, the first twenty candidates ({" / ".join(METRICS)}, in per cent):

{table}
"""


def _table(figures: Sequence[Figures]) -> Iterator[str]:
    yield f"| | {' | '.join(f'{each.set}, {each.questions}' for each in figures)} |"
    yield "| --- |" + " --- |" * len(figures)
    for row in figures[0].rows:
        cells = (
            " / ".join(f"{100 * each.rows[row][of]:.1f}" for of in METRICS) for each in figures
        )
        yield f"| {row} | {' | '.join(cells)} |"
