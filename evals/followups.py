"""Are follow-ups understood? Questions of the project's own set, asked one after the other.

Each is asked by itself, after what was asked before it (`memex.answer.followup`; the answer is what
Memex gave by its quotes alone), and worded as it would stand by itself. Counted are those whose
evidence is among the first five passages, those whose first quote is of it, and those that are
declined. Questions that stand by themselves are to stay as they are: those of the file, and all of
`queries.jsonl`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

from evals.answers import Mute
from evals.asking import PartTexts
from evals.corpus import Part, part_of, sources
from evals.dataset import PLAIN_CORPUS, Query, read_recall_set
from evals.report import write_json
from evals.searchers import Served, served
from evals.vectors import CachedEmbedder
from memex.answer import answer
from memex.answer.bearing import bearing
from memex.answer.evidence import read, with_cited
from memex.answer.followup import Meant, balanced, meant
from memex.config import load_config
from memex.errors import InvalidRequest
from memex.memory import ASK_LIMIT
from memex.models.loading import load_embedder
from memex.protocols import Embedder, Step
from memex.types import Answer, Turn

OWN: Final = Path(__file__).with_name("sets") / "own"
FILE: Final = "followups.txt"
FIRST: Final = 5
"""Passages among which the evidence is looked for."""
KINDS: Final = {"?": "first", "+": "follows", "-": "absent", "=": "alone"}
"""What a line of the file is, by its sign."""
FIELDS: Final = {"first": 2, "follows": 3, "absent": 2, "alone": 2}
"""What such a line has."""


@dataclass(frozen=True, slots=True)
class Line:
    """A question of the file."""

    kind: str
    """One of `KINDS`."""
    text: str
    whole: str
    """The same question as it stands by itself."""
    evidence: frozenset[str]
    """Unit ids; none of what nothing answers."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a question."""

    found: bool
    """Whether its evidence is among the first passages."""
    quoted: bool
    """Whether the quote that is shown first is of its evidence."""
    probability: float
    """Of there being an answer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A question by itself, after another, and worded so that it stands by itself."""

    kind: str
    question: str
    understood: str | None
    """None where it stayed as it is."""
    alone: Asked
    after: Asked
    whole: Asked


@dataclass(frozen=True, slots=True)
class Measured:
    """What became of all."""

    outcomes: tuple[Outcome, ...]
    changed: Mapping[str, str]
    """Questions of `queries.jsonl` that did not stay as they are, and what became of them."""
    others: int
    """How many of these there are."""


def run(cache: Path, json_file: Path | None) -> None:
    """Measure, print, write. Raises `MemexError`."""
    config = load_config()
    embedder = CachedEmbedder(load_embedder(config), cache)
    found = measure(OWN, embedder, config.answers.sure)
    Console().print(table(found.outcomes, config.answers.sure))
    for question, understood in found.changed.items():
        Console().print(f"changed: {question} → {understood}", highlight=False, markup=False)
    Console().print(f"changed of {found.others} others: {len(found.changed)}", highlight=False)
    if json_file:
        write_json(json_file, "followups", [asdict(each) for each in found.outcomes])


def read_lines(folder: Path) -> list[Line]:
    """The file of a set. Raises `InvalidRequest` where it is malformed."""
    path = folder / FILE
    rows = map(json.loads, (folder / PLAIN_CORPUS).read_text(encoding="utf-8").splitlines())
    said = {row["id"]: f"{row['said'] or ''} {row['text']}".casefold() for row in rows}
    return [
        _line(line, said, f"{path}:{number}")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if line and not line.startswith("#")
    ]


def _line(line: str, said: Mapping[str, str], where: str) -> Line:
    kind = KINDS.get(line[:2].strip())
    parts = [part.strip() for part in line[2:].split(" | ")]
    if kind is None or len(parts) != FIELDS[kind]:
        raise InvalidRequest(f"{where} is no question.", f"See the first lines of {FILE}.")
    text, whole = parts[0], parts[1] if kind in {"follows", "absent"} else parts[0]
    if kind == "absent":
        return Line(kind, text, whole, frozenset())
    words = [each.casefold() for each in parts[-1].split(";;")]
    evidence = frozenset(id_ for id_, text in said.items() if any(w in text for w in words))
    if not evidence:
        raise InvalidRequest(f"{where}: nothing says {parts[-1]!r}.", "Use words of a unit.")
    return Line(kind, text, whole, evidence)


def measure(folder: Path, embedder: Embedder, sure: float) -> Measured:
    """Ask all of the file, and all other questions of the set after the last of it; an answer is
    given from the probability `sure` on.
    """
    data = read_recall_set(folder)
    part = part_of(tuple(sources(data.units)), ())
    with served(part, embedder, _silently) as whole:
        asking = _Asking(whole, part, embedder, sure)
        outcomes, turn = [], Turn("")
        for line in read_lines(folder):
            alone = asking.ask(line.text, line.evidence)
            after = asking.ask(line.text, line.evidence, turn) if line.kind != "first" else alone
            worded = asking.ask(line.whole, line.evidence) if line.whole != line.text else alone
            if line.kind in {"first", "follows"}:
                turn = after.turn
            asked = (each.asked for each in (alone, after, worded))
            outcomes.append(Outcome(line.kind, line.text, after.meant.understood, *asked))
        others = {
            query.text: meant(query.text, turn, query.asked_at or whole.now, whole.people)
            for query in data.queries
        }
    changed = {text: found.text for text, found in others.items() if found.follows}
    return Measured(tuple(outcomes), changed, len(others))


@dataclass(frozen=True, slots=True)
class _Answered:
    meant: Meant
    asked: Asked
    turn: Turn


@dataclass(frozen=True, slots=True)
class _Asking:
    """As `memex.memory.Memex.ask` does it, over the passages of a part."""

    whole: Served
    part: Part
    embedder: Embedder
    sure: float

    def ask(self, question: str, evidence: frozenset[str], before: Turn | None = None) -> _Answered:
        """Answer a question by its quotes."""
        found = meant(question, before, self.whole.now, self.whole.people)
        there = self.whole.serve(Query("", "", found.text, evidence, ""), ASK_LIMIT)
        cited = before.passages if before and found.follows else ()
        named = self.whole.recall.index.named(cited)
        hits = with_cited(there.hits, [named[id_] for id_ in cited])
        texts = PartTexts({each.document.id: each.document for each in self.part.sources})
        sentences = read(hits, texts, self.embedder)
        wanted = replace(there.asked, shares=balanced(there.asked.shares, found))
        bears = bearing(found.text, wanted, sentences, self.embedder)
        *_, last = answer(found.text, sentences, self.embedder, Mute(), asks=found.asks)
        assert isinstance(last, Answer)
        quotes = [citation.hit.passage for citation in last.citations]
        asked = Asked(
            any(self.part.units(hit.passage) & evidence for hit in hits[:FIRST]),
            any(self.part.units(quote) & evidence for quote in quotes[:1]),
            bears.probability,
        )
        given = bears.probability >= self.sure
        ids = tuple(each.id for each in quotes)
        turn = Turn(found.text, last.text, ids) if given else Turn(found.text)
        return _Answered(found, asked, turn)


def _silently(step: Step) -> None:
    """Embedding is quick, or was done before."""


def shares(found: Measured, sure: float) -> dict[str, float]:
    """Of the follow-ups: the share whose evidence is found by themselves ("alone") and after what
    was asked before ("found"), that is answered with a quote of it ("quoted") and that is declined;
    what is declined of that which nothing answers ("absent"); the share that is changed of what
    stands by itself, in the file and in `queries.jsonl` ("others").
    """
    by_kind = {
        kind: [each for each in found.outcomes if each.kind == kind] for kind in KINDS.values()
    }
    follows = [each.after for each in by_kind["follows"]]
    return {
        "alone": fmean(each.alone.found for each in by_kind["follows"]),
        "found": fmean(each.found for each in follows),
        "quoted": fmean(each.quoted and each.probability >= sure for each in follows),
        "declined": fmean(each.probability < sure for each in follows),
        "absent": fmean(each.after.probability < sure for each in by_kind["absent"]),
        "changed": fmean(each.understood is not None for each in by_kind["alone"]),
        "others": len(found.changed) / found.others,
    }


def table(outcomes: Sequence[Outcome], sure: float) -> Table:
    """A row for each kind, by itself and after what was asked before, in per cent."""
    shown = Table(box=box.SIMPLE_HEAD)
    for name in ("", "n", "changed", "asked", "in the first 5", "quoted", "declined"):
        shown.add_column(name, justify="left" if name in {"", "asked"} else "right", no_wrap=True)
    for kind in KINDS.values():
        rows = [each for each in outcomes if each.kind == kind]
        changed = sum(each.understood is not None for each in rows)
        ways = {
            "by itself": [each.alone for each in rows],
            "after": [each.after for each in rows if kind != "first"],
            "worded whole": [each.whole for each in rows if each.whole != each.alone],
        }
        for name, asked in ((name, asked) for name, asked in ways.items() if asked):
            cells = (
                [each.found for each in asked],
                [each.quoted and each.probability >= sure for each in asked],
                [each.probability < sure for each in asked],
            )
            said = [f"{100 * fmean(cell):.1f}" for cell in cells]
            if kind == "absent":
                said[:2] = ["", ""]
            shown.add_row(kind, str(len(rows)), str(changed), name, *said)
    return shown
