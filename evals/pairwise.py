"""Which of two readers, or of two prompts, answers better? Pair by pair, on the same evidence.

A judge is shown both answers, then again with their places swapped. A preference counts only
where it holds both times; where the judge twice prefers the same place, that is a tie, and is
counted as its position bias (Zheng et al., Judging LLM-as-a-judge with MT-Bench and Chatbot
Arena, NeurIPS 2023). With --by-hand the judge is a person who does not see which answer is
whose. Asked are the questions whose evidence is among the passages that were found: what recall
lost, no reader finds.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeVar

import click
from rich.console import Console
from rich.progress import track

from evals.answers import NONE, Mute
from evals.asking import Half, PartTexts, halves
from evals.dataset import Query, find_sets
from evals.report import write_json
from evals.searchers import served
from evals.vectors import CachedEmbedder
from memex import terminal
from memex.answer import answer
from memex.answer.evidence import Read, quotes, read
from memex.config import Config, load_config
from memex.endpoint import KEY, Endpoint
from memex.errors import InvalidRequest
from memex.judging import ByModel, Chooser
from memex.memory import ASK_LIMIT
from memex.models.catalogue import PROFILES
from memex.models.loading import load_embedder, load_language_model
from memex.protocols import Embedder, LanguageModel, Message, Step, never
from memex.significance import sign_test
from memex.types import Answer

T = TypeVar("T")
Side = Literal["a", "b"]
Place = Literal["first", "second"]

FIRST: Final = "1"
SECOND: Final = "2"
MOST: Final = 400
"""Characters of a quote that the judge reads."""
INSTRUCTION: Final = (
    "You compare two answers to a question that were given from the same quotes. The better one"
    " answers the question and says no more than the quotes do. Say 1 if the first answer is"
    " better, or 2 if the second one is. Say the number only."
)


@dataclass(frozen=True, slots=True)
class Reader:
    """One side."""

    name: str
    """Of a model, of a profile, or a GGUF file; `NONE` for quotes only."""
    prompt: Path | None = None
    """A file with the instruction that takes the place of the model's own."""

    @property
    def title(self) -> str:
        """As it is shown."""
        return f"{self.name}, {self.prompt.name}" if self.prompt else self.name


class Prompted:
    """A `LanguageModel` that is given another instruction than whoever asks it says."""

    def __init__(self, model: LanguageModel, instruction: str) -> None:
        """Over a model."""
        self._model = model
        self._instruction = instruction

    @property
    def model(self) -> str:
        """The model's name."""
        return self._model.model

    @property
    def parameters(self) -> int:
        """Its size."""
        return self._model.parameters

    @property
    def context(self) -> int:
        """Tokens that prompt and answer share."""
        return self._model.context

    def count_tokens(self, text: str) -> int:
        """Tokens of a text."""
        return self._model.count_tokens(text)

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 128,
        grammar: str | None = None,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] = never,
    ) -> Generator[str, None, None]:
        """Stream the answer to the same messages under the other instruction."""
        told = [
            replace(message, content=self._instruction) if message.role == "system" else message
            for message in messages
        ]
        return self._model.complete(
            told, max_tokens=max_tokens, grammar=grammar, stop=stop, cancelled=cancelled
        )

    def close(self) -> None:
        """Let the model's memory go."""
        self._model.close()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its evidence, read."""

    set: str
    query: Query
    there: Sequence[Read]
    quotes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to a question."""

    set: str
    id: str
    question: str
    references: tuple[str, ...]
    quotes: tuple[str, ...]
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class Preference:
    """What became of a pair."""

    pair: Pair
    winner: Side | None = None
    """None for a tie."""
    place: Place | None = None
    """The place that was preferred both times, whoever stood there."""
    silent: bool = False
    """Whether the judge did not say which, at least once."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Preferences, counted."""

    n: int
    a: int
    b: int
    same: int
    """Pairs of the same words, which nobody is asked about."""
    first: int
    """Ties since the first place was preferred both times."""
    second: int
    silent: int
    p: float
    """The exact sign test over the pairs that one side won."""

    @property
    def ties(self) -> int:
        """Pairs that nobody won, but for those of the same words."""
        return self.n - self.same - self.a - self.b


def run(
    data: Path,
    limit: int | None,
    sides: tuple[Reader, Reader],
    judge: str | Chooser | None,
    cache: Path,
    json_file: Path | None,
) -> None:
    """Ask both, have a judge compare (None: the user), print, write. Raises `MemexError`."""
    config = load_config()
    embedder = CachedEmbedder(load_embedder(config), cache)
    asked = [one for folder in find_sets(data) for one in gathered(folder, limit, embedder)]
    if not asked:
        raise InvalidRequest("No question of these sets has its evidence found.")
    first, second = (list(_texts(asked, side, config, embedder)) for side in sides)
    pairs = [
        Pair(one.set, one.query.id, one.query.text, one.query.answers, one.quotes, a, b)
        for one, a, b in zip(asked, first, second, strict=True)
    ]
    if judge is None:
        name, found = "by hand", by_hand(pairs)
    elif isinstance(judge, str):
        with closing(load_language_model(_with_reader(config, judge))) as model:
            name, found = model.model, by_judge(_shown(pairs, "Judging"), ByModel(model))
    else:
        name, found = judge.name, by_judge(_shown(pairs, "Judging"), judge)
    sums = summed(found)
    titles = (sides[0].title, sides[1].title)
    for line in told(sums, titles, name):
        Console().print(line, highlight=False, markup=False, soft_wrap=True)
    if json_file:
        readers = {"a": titles[0], "b": titles[1]}
        row = {"readers": readers, "judge": name, **asdict(sums), "ties": sums.ties}
        write_json(json_file, "pairwise", [{**row, "pairs": [asdict(each) for each in found]}])


def endpoint(url: str, model: str) -> Endpoint:
    """A judge elsewhere; what it is sent is said first. Raises `InvalidRequest`."""
    made = Endpoint(url, model, os.environ.get(KEY, ""))
    click.echo(f"Questions, quotes and answers of the sets go to {made.server}.", err=True)
    return made


def gathered(folder: Path, limit: int | None, embedder: Embedder) -> Iterator[Asked]:
    """The questions of a set whose evidence is found, at most `limit`, each with what was."""
    for half in halves(folder, limit):
        texts = PartTexts({source.document.id: source.document for source in half.part.sources})
        with served(half.part, embedder, _silently) as whole:
            for query in _answerable(half):
                hits = whole.serve(query, ASK_LIMIT).hits
                if any(half.part.units(hit.passage) & query.evidence for hit in hits):
                    there = read(hits, texts, embedder)
                    quoted = quotes(query.text, there, embedder)
                    shown = tuple(quote.hit.passage.text for quote in quoted)
                    yield Asked(folder.name, query, there, shown)


def by_judge(pairs: Iterable[Pair], judge: Chooser) -> list[Preference]:
    """What a judge prefers, asked twice."""
    return [_judged(pair, judge) for pair in pairs]


def by_hand(pairs: Sequence[Pair]) -> list[Preference]:
    """What the user prefers, until it is enough; whose answer stands first is drawn, and not
    shown.
    """
    found = [Preference(pair) for pair in pairs if pair.a == pair.b]
    differing = [pair for pair in pairs if pair.a != pair.b]
    for at, pair in enumerate(differing, start=1):
        swapped = hashlib.sha256(f"{pair.set} {pair.id}".encode()).digest()[0] % 2 == 1
        sides: tuple[Side, Side] = ("b", "a") if swapped else ("a", "b")
        click.echo(f"\n{at} of {len(differing)}\n{terminal.safe(_told(pair, sides, pair.quotes))}")
        said = terminal.typed("Which is better? 1, 2, t(ie), q(uit)", _key, "q")
        if said == "q":
            break
        winner = dict(zip((FIRST, SECOND), sides, strict=True)).get(said)
        found.append(Preference(pair, winner))
    return found


def summed(found: Sequence[Preference]) -> Sums:
    """Count what became of pairs."""
    winners = Counter(each.winner for each in found)
    places = Counter(each.place for each in found)
    return Sums(
        n=len(found),
        a=winners["a"],
        b=winners["b"],
        same=sum(each.pair.a == each.pair.b for each in found),
        first=places["first"],
        second=places["second"],
        silent=sum(each.silent for each in found),
        p=sign_test(winners["a"], winners["b"]),
    )


def told(sums: Sums, titles: tuple[str, str], judge: str) -> Iterator[str]:
    """The result in lines."""
    compared = sums.n - sums.same
    yield f"judge: {judge}; {sums.n} pairs, {sums.same} of them of the same words"
    yield f"  a  {titles[0]}: better in {sums.a}"
    yield f"  b  {titles[1]}: better in {sums.b}"
    yield f"  ties: {sums.ties}; sign test over the {sums.a + sums.b} others: p {sums.p:.4f}"
    if judged := sums.first + sums.second:
        yield (
            f"  position bias: in {judged} of {compared} the judge prefers a place, not an answer"
            f" ({sums.first} the first, {sums.second} the second)"
        )
    if sums.silent:
        yield f"  in {sums.silent} it said neither 1 nor 2"


def _judged(pair: Pair, judge: Chooser) -> Preference:
    if pair.a == pair.b:
        return Preference(pair)
    orders: tuple[tuple[Side, Side], ...] = (("a", "b"), ("b", "a"))
    said = [judge.choose(prompt(pair, sides), (FIRST, SECOND)) for sides in orders]
    match said:
        case [one, other] if one is None or other is None:
            return Preference(pair, silent=True)
        case [one, other] if one == other:
            return Preference(pair, place="first" if one == FIRST else "second")
        case [one, _]:
            return Preference(pair, winner="a" if one == FIRST else "b")
    raise AssertionError(said)


def prompt(pair: Pair, sides: tuple[Side, Side]) -> list[Message]:
    """The messages to a judge: the answers in this order."""
    short = [" ".join(quote.split())[:MOST] for quote in pair.quotes]
    return [Message("system", INSTRUCTION), Message("user", _told(pair, sides, short))]


def _told(pair: Pair, sides: tuple[Side, Side], quoted: Sequence[str]) -> str:
    known = [f"Known to be right: {'; '.join(pair.references)}"] if pair.references else []
    lines = [
        f"Question: {pair.question}",
        "Quotes:",
        *(f"- {quote}" for quote in quoted),
        *known,
        *(
            f"Answer {number}: {pair.a if side == 'a' else pair.b}"
            for number, side in zip((FIRST, SECOND), sides, strict=True)
        ),
        "Which answer is better?",
    ]
    return "\n".join(lines)


def _key(line: str) -> str:
    """Raises `click.UsageError`, upon which it is asked again."""
    if line.strip() not in {FIRST, SECOND, "t", "q"}:
        raise click.UsageError("Type 1, 2, t or q.")
    return line.strip()


def _answerable(half: Half) -> Iterator[Query]:
    return (case.query for case in half.cases if case.kind == "answerable")


def _texts(
    asked: Sequence[Asked], side: Reader, config: Config, embedder: Embedder
) -> Iterator[str]:
    """What one side answers."""
    with closing(_model(side, config)) as model:
        for one in _shown(asked, side.title):
            *_, last = answer(one.query.text, one.there, embedder, model)
            assert isinstance(last, Answer)
            yield last.text


def _model(side: Reader, config: Config) -> LanguageModel:
    """Raises `ModelError`, `InvalidRequest`."""
    if side.name == NONE:
        return Mute()
    model = load_language_model(_with_reader(config, side.name))
    if side.prompt is None:
        return model
    try:
        return Prompted(model, side.prompt.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{side.prompt} cannot be read: {error}.") from error


def _with_reader(config: Config, name: str) -> Config:
    """The configuration with another reader: a model, a profile's, or a GGUF file."""
    models, path = config.models, Path(name)
    if name in PROFILES:
        return replace(config, models=replace(models, reader=PROFILES[name].reader))
    if path.suffix == ".gguf":
        paths = {**models.paths, path.stem: path.resolve()}
        return replace(config, models=replace(models, reader=path.stem, paths=paths))
    return replace(config, models=replace(models, reader=name))


def _shown(items: Sequence[T], what: str) -> Iterable[T]:
    console = Console(stderr=True)
    return track(items, what, console=console, transient=True, disable=not console.is_terminal)


def _silently(step: Step) -> None:
    """Embedding is quick, or was done before."""
