"""Answers: quotes first, then a sentence that they support, or "not found"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from memex.answer.evidence import Quote, bears, quotes
from memex.answer.write import write
from memex.library import Library
from memex.protocols import Embedder, LanguageModel, Retracted, Token
from memex.types import Answer, Citation, Hit, Passage

NOT_FOUND: Final = Answer("I find nothing about that.", (), found=False)


def answer(
    question: str,
    hits: Sequence[Hit],
    library: Library,
    embedder: Embedder,
    model: LanguageModel,
) -> Iterator[Token | Retracted | Answer]:
    """Stream the answer to a question from the passages found; the last item is the `Answer`.

    When the model writes nothing that its quotes support, the best quote is the answer.
    """
    found = [quote for quote in quotes(question, hits, library, embedder) if bears(quote)]
    if not found:
        yield NOT_FOUND
        return
    text = ""
    for item in write(question, found, model):
        if isinstance(item, str):
            text = item
        else:
            yield item
    if not text:
        text = f"{_quoted(found[0].best)} [1]"
        yield Token(text)
    yield Answer(text, _citations(found), found=True)


def _quoted(passage: Passage) -> str:
    text = " ".join(passage.text.split())
    who = f"{passage.speaker}: " if passage.speaker and ", " not in passage.speaker else ""
    return f"{who}“{text}”"


def _citations(found: Sequence[Quote]) -> tuple[Citation, ...]:
    return tuple(Citation(n, quote.hit) for n, quote in enumerate(found, start=1))


__all__ = ["NOT_FOUND", "answer"]
