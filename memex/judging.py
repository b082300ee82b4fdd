"""Judging: a model says yes or no to answers, as the user labelled others.

What the user called right or wrong, and why, are the examples in the prompt. Of an answer that
the user labelled, none of its own fold is among them (folds go by the words of the question), so
that agreement is never measured on what the judge was told. How far it is to be trusted says
`memex.agreement`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any, Final, Protocol

from memex.protocols import LanguageModel, Message

FOLDS: Final = 5
"""Parts into which questions go by their words; the examples are of the other parts."""
EXAMPLES: Final = 8
"""Labelled answers in a prompt, at most."""
NEAREST: Final = 3
"""Hits that are shown where the answer is "not found"."""
MOST_QUOTES: Final = 5
MOST_QUOTE: Final = 600
"""Characters of a quote of what is judged."""
MOST_EXAMPLE: Final = 200
"""Characters of a quote of an example."""
MOST_TEXT: Final = 1_000
"""Characters of a question, answer or critique."""
MAX_TOKENS: Final = 4
"""What a word of the grammar takes."""
TEMPLATE: Final = 16
"""Tokens that a chat template may put around a message."""
YES: Final = "yes"
NO: Final = "no"
INSTRUCTION: Final = (
    "You check answers that were given from somebody's own notes and recordings. You are told a"
    " question, the answer, and the quotes that it rests on. Say yes if the answer answers the"
    " question and the quotes say so. Say no if it does not, or if it says more than they do."
    " Where nothing was found, say yes if the nearest quotes do not answer the question, and no"
    " if one of them does. Begin with yes or no."
)


@dataclass(frozen=True, slots=True)
class Sample:
    """An answer that is to be judged, or was labelled."""

    id: int
    """Of its trace."""
    question: str
    answer: str
    found: bool
    """False where the answer is that nothing was found."""
    quotes: tuple[str, ...]
    """What it cites; what was nearest where nothing was found."""
    right: bool | None = None
    """What the user calls it; None where it has no label."""
    critique: str = ""
    """Why, in the user's words."""

    @property
    def key(self) -> str:
        """The question, however it is typed."""
        return " ".join(self.question.casefold().split())

    @property
    def fold(self) -> int:
        """The part that it belongs to, with all answers to the same question."""
        return int.from_bytes(hashlib.sha256(self.key.encode()).digest()[:4], "big") % FOLDS


class Chooser(Protocol):
    """Something that says one of a few words. Real: `ByModel`, `memex.endpoint.Endpoint`."""

    @property
    def name(self) -> str:
        """The model, as it is shown."""

    def fits(self, messages: Sequence[Message]) -> bool:
        """Whether it can read as much."""

    def choose(self, messages: Sequence[Message], options: Sequence[str]) -> str | None:
        """One of the options; None where it says none of them."""


class Judge(Protocol):
    """Says whether an answer is right. Real: `ByExamples`, and the daemon's by its client."""

    @property
    def name(self) -> str:
        """Who judges, as it is shown."""

    def judge(self, sample: Sample, examples: Sequence[Sample]) -> bool | None:
        """Whether it is right, by examples, the best first; None where it does not say."""


@dataclass(frozen=True, slots=True)
class ByModel:
    """A `Chooser` whose grammar allows nothing but the options."""

    model: LanguageModel

    @property
    def name(self) -> str:
        """The model's."""
        return self.model.model

    def fits(self, messages: Sequence[Message]) -> bool:
        """Whether prompt and word fit into the context."""
        taken = sum(self.model.count_tokens(message.content) + TEMPLATE for message in messages)
        return taken + MAX_TOKENS <= self.model.context

    def choose(self, messages: Sequence[Message], options: Sequence[str]) -> str | None:
        """One of the options."""
        words = " | ".join(f'"{option}"' for option in options)
        said = self.model.complete(messages, max_tokens=MAX_TOKENS, grammar=f"root ::= {words}")
        with closing(said) as pieces:
            return first_word("".join(pieces), options)


@dataclass(frozen=True, slots=True)
class ByExamples:
    """A `Judge` that is told how the user labelled."""

    chooser: Chooser

    @property
    def name(self) -> str:
        """The model's."""
        return self.chooser.name

    def judge(self, sample: Sample, examples: Sequence[Sample]) -> bool | None:
        """By as many of the examples as can be read."""
        said = self.chooser.choose(fitted(self.chooser, sample, examples), (YES, NO))
        return None if said is None else said == YES


def first_word(text: str, options: Sequence[str]) -> str | None:
    """The option with which a text begins, in any case; None where it is none."""
    word = "".join(text.split()[:1]).strip("*_\"'`.,:;!()[]").casefold()
    return next((option for option in options if option.casefold() == word), None)


def prompt(sample: Sample, examples: Sequence[Sample]) -> list[Message]:
    """The messages: the instruction, each example with what the user said of it, the sample."""
    turns = chain.from_iterable(
        (Message("user", told(each, MOST_EXAMPLE)), Message("assistant", _verdict(each)))
        for each in examples
    )
    return [Message("system", INSTRUCTION), *turns, Message("user", told(sample, MOST_QUOTE))]


def fitted(chooser: Chooser, sample: Sample, examples: Sequence[Sample]) -> list[Message]:
    """The prompt with as many of the first examples as can be read."""
    for count in range(len(examples), 0, -1):
        messages = prompt(sample, examples[:count])
        if chooser.fits(messages):
            return messages
    return prompt(sample, ())


def examples_for(
    sample: Sample, labelled: Iterable[Sample], most: int = EXAMPLES
) -> tuple[Sample, ...]:
    """Labelled answers of other folds, right and wrong by turns: with a critique first, then
    the latest.
    """
    others = sorted(
        (each for each in labelled if each.right is not None and each.fold != sample.fold),
        key=lambda each: (not each.critique, -each.id),
    )
    right = [each for each in others if each.right]
    wrong = [each for each in others if not each.right]
    turns = chain.from_iterable(zip_longest(wrong, right))
    return tuple(each for each in turns if each is not None)[:most]


def verdicts(
    judge: Judge, samples: Iterable[Sample], labelled: Sequence[Sample]
) -> Iterator[tuple[Sample, bool | None]]:
    """Each sample with what the judge says of it."""
    for sample in samples:
        yield sample, judge.judge(sample, examples_for(sample, labelled))


def told(sample: Sample, most: int) -> str:
    """A sample as the judge reads it, with so many characters of each quote."""
    label = "Quotes" if sample.found else "Nearest quotes, not shown as an answer"
    quotes = (f"- {_cut(quote, most)}" for quote in sample.quotes[:MOST_QUOTES])
    return "\n".join(
        (
            f"Question: {_cut(sample.question, MOST_TEXT)}",
            f"Answer: {_cut(sample.answer, MOST_TEXT)}",
            f"{label}:",
            *quotes,
            "Is the answer right?",
        )
    )


def sample_of(trace: Mapping[str, Any]) -> Sample | None:
    """What there is to judge in a trace (`docs/json.md`); None where there is no answer."""
    if trace["kind"] != "ask" or trace["answer"] is None:
        return None
    found = bool(trace["found"])
    shown = trace["citations"] if found else trace["hits"][:NEAREST]
    verdict = trace["verdict"]
    return Sample(
        id=trace["id"],
        question=trace["understood"] or trace["query"],
        answer=trace["answer"],
        found=found,
        quotes=tuple(each["text"] for each in shown),
        right=None if verdict is None else verdict == "right",
        critique=trace["note"],
    )


def distinct(samples: Iterable[Sample]) -> list[Sample]:
    """Each answer to a question once, the latest label of it where there is one; by fold, since
    prompts with the same examples begin alike, which a model reads once.
    """
    found: dict[tuple[str, str], Sample] = {}
    for each in sorted(samples, key=lambda each: (each.right is not None, each.id)):
        found[each.key, each.answer] = each
    return sorted(found.values(), key=lambda each: (each.fold, each.id))


def sample_to_json(sample: Sample) -> dict[str, Any]:
    """For the socket."""
    return {name: getattr(sample, name) for name in Sample.__slots__}


def sample_from_json(fields: Mapping[str, Any]) -> Sample:
    """From the socket. Raises `TypeError`, `KeyError`."""
    return Sample(**{**fields, "quotes": tuple(fields["quotes"])})


def _verdict(sample: Sample) -> str:
    said = YES if sample.right else NO
    return f"{said}: {_cut(sample.critique, MOST_TEXT)}" if sample.critique else said


def _cut(text: str, most: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"
