"""Answers: quotes first, then a sentence that they support, or "not found"."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Final

from memex.answer.check import source_text
from memex.answer.evidence import Quote, Read, quotes
from memex.answer.spelled import spelled
from memex.answer.write import write
from memex.protocols import Embedder, LanguageModel, Retracted, Token
from memex.times import here
from memex.types import Answer, Citation, Passage

NOT_FOUND: Final = Answer("I find nothing about that.", (), found=False)


def answer(
    question: str,
    found: Sequence[Read],
    embedder: Embedder,
    model: LanguageModel,
    *,
    asks: str = "",
) -> Generator[Token | Retracted | Answer, None, None]:
    """Stream the answer to a question from what was found and read, if anything; the last item
    is the `Answer`. By what it `asks`, where that is not all of it, it is told whether a person is
    asked for, a time or a number.

    When the model writes nothing that its quotes support, the best quote is the answer.
    """
    if not found:
        yield NOT_FOUND
        return
    quoted = quotes(question, found, embedder, asks=asks)
    zone = here().tzinfo
    told = [_spelled(quote, zone) for quote in quoted]
    text, seen = "", "\n".join(source_text(read.hit.passage) for read in found)
    for item in write(question, told, seen, model, asks=asks):
        if isinstance(item, str):
            text = item
        else:
            yield item
    if not text:
        text = f"{_quoted(told[0].best)} [1]"
        yield Token(text)
    yield Answer(text, tuple(_citations(quoted, told)), found=True)


def _spelled(quote: Quote, zone: tzinfo | None) -> Quote:
    """A quote with its relative times spelled out, for whoever reads it without its date."""
    hit, best = quote.hit, quote.best
    passage = replace(hit.passage, text=spelled(hit.passage.text, hit.passage.said_at, zone))
    return replace(
        quote,
        hit=replace(hit, passage=passage),
        best=replace(best, text=spelled(best.text, best.said_at, zone)),
    )


def _quoted(passage: Passage) -> str:
    text = " ".join(passage.text.split())
    who = f"{passage.speaker}: " if passage.speaker and ", " not in passage.speaker else ""
    return f"{who}“{text}”"


def _citations(quoted: Sequence[Quote], told: Sequence[Quote]) -> Iterator[Citation]:
    for n, (quote, dated) in enumerate(zip(quoted, told, strict=True), start=1):
        yield Citation(n, quote.hit, dated.hit.passage.text)


__all__ = ["NOT_FOUND", "answer"]
