"""Quotes for tests, made by hand."""

from __future__ import annotations

from memex.answer.about import about
from memex.answer.evidence import Quote, Said
from memex.types import Hit, Passage


def quote(*turns: tuple[str, str]) -> Quote:
    """Of what people say, one turn after the other; the best sentence is the first turn."""
    people = frozenset(speaker for speaker, _ in turns)
    text = "\n".join(f"{speaker}: {said}" for speaker, said in turns)
    whole = Passage("d:0", "d", text, "A talk", "note", "x:d", 0, 0, speaker=", ".join(people))
    best = Passage("d:0", "d", turns[0][1], "A talk", "note", "x:d", 0, 0, speaker=turns[0][0])
    said = tuple(Said(text, about(text, speaker, people)) for speaker, text in turns)
    return Quote(Hit(whole, 1.0, {}), best, 0.5, 0.5, 1.0, False, False, said, people)
