"""Can answers be trusted? Questions that are answered in a memory, and questions that are not.

For each set and kind (`evals.asking`): how many were declined, how many answers have what the
reference has (`evals.references`), alone and with the quote that is shown first, how many
sentences say more than what they cite (`evals.support`). "Served" are those whose evidence is
among the passages that the answer is made of: what recall lost, no reader finds. Beside it, with
--bare, the same model with the same passages and a plain prompt.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING, Final

import numpy as np
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from scipy.optimize import minimize

from evals.asking import Case, Half, Kind, PartTexts, halves
from evals.dataset import find_sets
from evals.references import holds
from evals.report import write_json
from evals.searchers import served
from evals.support import sentences, unsupported
from evals.vectors import CachedEmbedder
from memex.answer import answer
from memex.answer.bearing import NOTHING, Bearing, bearing
from memex.answer.evidence import read
from memex.config import load_config
from memex.memory import ASK_LIMIT
from memex.models.loading import load_embedder, load_language_model
from memex.protocols import Embedder, LanguageModel, Message, Step, never
from memex.types import Answer, Hit

if TYPE_CHECKING:
    from numpy.typing import NDArray

BARE: Final = (
    "Answer the question from the passages, in one short sentence. If they do not answer it, say"
    " that you do not know."
)
BARE_TOKENS: Final = 64
"""Tokens that the bare model may write."""
BARE_CHARACTERS: Final = 5_000
"""Characters of passages that it reads: what fits into its context."""
CURVE: Final = ("served", "absent", "trap")
"""What the curve has a column of."""
RIDGE: Final = 1e-3
"""What the squares of weights cost."""
TINY: Final = 1e-9
"""So that no logarithm is infinite."""
DECLINED: Final = (
    "do not know",
    "don't know",
    "not mention",
    "not provide",
    "not specif",
    "no info",
)
"""What a bare model says that does not know."""


NONE: Final = "none"
"""The reader that writes nothing: the best quote is the answer."""
STEPS: Final = tuple(step / 20 for step in range(2, 19))
"""Probabilities from which on an answer may be given, for the curve."""


class Mute:
    """A `LanguageModel` that says nothing."""

    model = NONE
    parameters = 0
    context = 2048

    def count_tokens(self, text: str) -> int:
        """None."""
        return 0

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 128,
        grammar: str | None = None,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] = never,
    ) -> Generator[str, None, None]:
        """Stream nothing."""
        yield from ()

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question."""

    set: str
    id: str
    kind: Kind
    category: str
    question: str
    references: tuple[str, ...]
    single: bool
    """Whether one unit is all its evidence."""
    served: bool
    """Whether a passage that the answer could be made of has of its evidence."""
    text: str
    """What is answered if it is."""
    quote: str
    """The first of the quotes as it is shown, its relative times spelled out; empty where there is
    none."""
    holds: bool
    """Whether the answer says what the reference says."""
    shown: bool
    """Whether the answer or the first quote does."""
    sentences: int
    unsupported: tuple[str, ...]
    bearing: Bearing = NOTHING
    seconds: float = 0.0
    bare: str = ""
    """What the bare model says."""


def run(
    data: Path,
    limit: int | None,
    reader: str | None,
    bare: bool,
    cache: Path,
    json_file: Path | None,
) -> None:
    """Measure, print, write. Raises `MemexError`."""
    folders = find_sets(data)
    config = load_config()
    if reader:
        config = replace(config, models=replace(config.models, reader=reader))
    embedder = CachedEmbedder(load_embedder(config), cache)
    outcomes: list[Outcome] = []
    with (
        closing(Mute() if reader == NONE else load_language_model(config)) as model,
        Progress(console=Console(stderr=True), transient=True) as progress,
    ):
        for folder in folders:
            asking = progress.add_task(folder.name, total=None)
            sure = config.answers.sure
            for outcome in measure(folder, limit, embedder, model, bare=bare, sure=sure):
                outcomes.append(outcome)
                progress.advance(asking)
        name = model.model
    if json_file:
        write_json(json_file, "answers", [_row(each, config.answers.sure) for each in outcomes])
    Console().print(f"read by {name}; given from {config.answers.sure} on", highlight=False)
    Console().print(table(outcomes, config.answers.sure))
    Console().print(curve(outcomes))
    Console().print(f"SAID, fitted to these: {fitted(outcomes)}", highlight=False)


def _row(outcome: Outcome, sure: float) -> dict[str, object]:
    """As it is written to JSON: `given` says whether the configuration has it answered."""
    probability = outcome.bearing.probability
    return {**asdict(outcome), "probability": probability, "given": probability >= sure}


def measure(
    folder: Path,
    limit: int | None,
    embedder: Embedder,
    model: LanguageModel,
    *,
    bare: bool = False,
    sure: float = 0.0,
) -> Iterator[Outcome]:
    """Ask all of a set, or at most `limit` questions of each kind. Nothing is written where
    nothing is there and the answer is less probable than `sure`. Raises `InvalidRequest`.
    """
    for half in halves(folder, limit):
        yield from _asked(folder.name, half, embedder, model, bare=bare, sure=sure)


def shares(outcomes: Sequence[Outcome], sure: float) -> dict[str, float]:
    """Of one set: the share of what is served, absent and traps that is declined ("declined", …),
    and of what is served that is answered with the reference in answer or quote ("shown").
    """
    found = {
        kind: fmean(each.bearing.probability < sure for each in rows)
        for _, kind, rows in _groups(outcomes)
        if rows and kind in CURVE
    }
    served = [each for each in outcomes if each.kind == "answerable" and each.served]
    given = (each.shown and each.bearing.probability >= sure for each in served)
    return {**found, "shown": fmean(given)}


def _asked(
    name: str,
    half: Half,
    embedder: Embedder,
    model: LanguageModel,
    *,
    bare: bool,
    sure: float,
) -> Iterator[Outcome]:
    texts = PartTexts({source.document.id: source.document for source in half.part.sources})
    with served(half.part, embedder, _silently) as whole:
        for case in half.cases:
            question, found = case.query.text, whole.serve(case.query, ASK_LIMIT)
            began = time.perf_counter()
            there = read(found.hits, texts, embedder)
            bears = bearing(question, found.asked, there, embedder)
            written = case.kind == "answerable" or bears.probability >= sure
            *_, last = answer(question, there, embedder, model if written else Mute())
            assert isinstance(last, Answer)
            outcome = replace(
                _outcome(name, case, half, found.hits, last),
                bearing=bears,
                seconds=time.perf_counter() - began,
            )
            if bare and found.hits:
                outcome = replace(outcome, bare=_bare(question, found.hits, model))
            yield outcome


def _silently(step: Step) -> None:
    """Embedding is quick, or was done before."""


def _outcome(name: str, case: Case, half: Half, hits: Sequence[Hit], found: Answer) -> Outcome:
    query = case.query
    quote = found.citations[0].spelled if found.citations else ""
    right = found.found and holds(found.text, query.answers)
    return Outcome(
        set=name,
        id=query.id,
        kind=case.kind,
        category=query.category,
        question=query.text,
        references=query.answers,
        single=len(query.evidence) == 1,
        served=any(half.part.units(hit.passage) & query.evidence for hit in hits),
        text=found.text,
        quote=quote,
        holds=right,
        shown=right or (found.found and holds(quote, query.answers)),
        sentences=len(sentences(found)) if found.found else 0,
        unsupported=tuple(unsupported(found, query.text)),
    )


def _bare(question: str, hits: Sequence[Hit], model: LanguageModel) -> str:
    passages = "\n\n".join(hit.passage.text for hit in hits)[:BARE_CHARACTERS]
    asked = Message("user", f"Passages:\n{passages}\n\nQuestion: {question}")
    with closing(model.complete([Message("system", BARE), asked], max_tokens=BARE_TOKENS)) as said:
        return "".join(said)


def table(outcomes: Sequence[Outcome], sure: float) -> Table:
    """A row for each set and kind, in per cent but for what is counted. What is less probable
    than `sure` is declined.
    """
    shown = Table(box=box.SIMPLE_HEAD)
    for name in ("set", "kind"):
        shown.add_column(name, no_wrap=True)
    for name in ("n", "declined", "right", "or quote", "bare", "sentences", "more", "s"):
        shown.add_column(name, justify="right", no_wrap=True)
    for name, kind, rows in _groups(outcomes):
        if rows:
            shown.add_row(name, kind, *_figures(rows, sure))
    return shown


def _groups(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, str, list[Outcome]]]:
    for name in dict.fromkeys(outcome.set for outcome in outcomes):
        of_set = [outcome for outcome in outcomes if outcome.set == name]
        answerable = [outcome for outcome in of_set if outcome.kind == "answerable"]
        there = [outcome for outcome in answerable if outcome.served]
        yield name, "served", there
        yield name, "served, one turn", [outcome for outcome in there if outcome.single]
        yield name, "not served", [outcome for outcome in answerable if not outcome.served]
        yield name, "absent", [outcome for outcome in of_set if outcome.kind == "absent"]
        yield name, "trap", [outcome for outcome in of_set if outcome.kind == "trap"]


def _figures(outcomes: Sequence[Outcome], sure: float) -> Iterator[str]:
    answerable = outcomes[0].kind == "answerable"
    given = [each for each in outcomes if each.bearing.probability >= sure]
    bare = [each for each in outcomes if each.bare]
    yield str(len(outcomes))
    yield f"{100 - 100 * len(given) / len(outcomes):.1f}"
    yield _percent(each.holds and each in given for each in outcomes) if answerable else ""
    yield _percent(each.shown and each in given for each in outcomes) if answerable else ""
    yield _percent(map(_bare_is_right, bare)) if bare else ""
    yield str(sum(each.sentences for each in given))
    yield str(sum(len(each.unsupported) for each in given))
    yield f"{median(each.seconds for each in outcomes):.2f}"


def _bare_is_right(outcome: Outcome) -> bool:
    """Whether the bare model has the answer; where there is none, whether it declines."""
    if outcome.kind == "answerable":
        return holds(outcome.bare, outcome.references)
    return any(phrase in outcome.bare.casefold() for phrase in DECLINED)


def _percent(values: Iterable[bool]) -> str:
    return f"{100 * fmean(values):.1f}"


def curve(outcomes: Sequence[Outcome]) -> Table:
    """What is declined, in per cent, from which probability on: of what is served, absent, a
    trap, the mean of the sets.
    """
    shown = Table(box=box.SIMPLE_HEAD)
    for name in ("from", *(kind for kind in CURVE)):
        shown.add_column(name, justify="right", no_wrap=True)
    for step in STEPS:
        declined = {
            kind: [
                fmean(each.bearing.probability < step for each in rows)
                for _, of, rows in _groups(outcomes)
                if of == kind and rows
            ]
            for kind in CURVE
        }
        cells = (f"{100 * fmean(of):.1f}" if of else "" for of in declined.values())
        shown.add_row(f"{step:.2f}", *cells)
    return shown


def fitted(outcomes: Sequence[Outcome]) -> tuple[float, ...]:
    """`SAID` of `memex.answer.bearing` as it tells best what is served from what is absent: by
    maximum likelihood, each kind of each set weighing the same.
    """
    groups = [
        (kind == "served", rows)
        for _, kind, rows in _groups(outcomes)
        if rows and kind in {"served", "absent"}
    ]
    bears = [each.bearing for _, rows in groups for each in rows]
    said = np.asarray([(1.0, each.sentence, each.covered, each.named) for each in bears])
    of_them = np.asarray([each.of_them for each in bears])
    right = np.asarray([served for served, rows in groups for _ in rows])
    worth = np.asarray([1 / len(rows) for _, rows in groups for _ in rows])

    def loss(weights: NDArray[np.float64]) -> float:
        probable = of_them / (1 + np.exp(-said @ weights))
        surprise = -np.log(np.where(right, probable, 1 - probable) + TINY)
        return float(worth @ surprise / worth.sum() + RIDGE * (weights @ weights))

    found = minimize(loss, np.ones(said.shape[1])).x
    return tuple(round(float(weight), 2) for weight in found)
