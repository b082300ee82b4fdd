"""The short answer: a local model reads the quotes, and every word is checked.

What streams has been looked at word by word (it stands in some quote or in the
question); at the end of each sentence one quote must support all of it, or the
answer is taken back and the best quote stands in for it.

A model of under a billion parameters mixes up notes and their numbers, and loses
itself in long ones: it is given the best sentences of the best quote alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Final

from memex.answer.check import (
    known_words,
    misattributed,
    source_text,
    supporting,
    tells_when_said,
    unsupported,
    without_citations,
)
from memex.answer.evidence import Quote
from memex.protocols import LanguageModel, Message, Retracted, Token
from memex.types import Passage

SENTENCES: Final = 2
"""Sentences of an answer, at most."""
MAX_TOKENS: Final = 96
"""Tokens that the model may write."""
SMALL: Final = 1_000_000_000
"""Parameters under which a model reads one note at a time."""

ONE_NOTE: Final = "You answer a question from a text, with a short sentence from the text."
MANY_NOTES: Final = (
    "You answer a question from numbered notes. Use only what the notes say. Mind who says it. "
    "A date in brackets is the day meant. "
    "Answer in one short sentence and end it with the number of the note, like [1]."
)
ONE_NOTE_GRAMMAR: Final = r"""root ::= [^\n\[\]<>|.!?] [^\n\[\]<>|!?]{3,240} [.!?]"""
MANY_NOTES_GRAMMAR: Final = r"""
root ::= sentence (" " sentence)?
sentence ::= [^\[\]\n<>|] [^\[\]\n<>|]{3,240} "[" number "]"
number ::= NUMBERS
"""

PREAMBLES: Final = (
    *(
        f"The answer{to}is{colon} "
        for to in (" ", *(f" to {which} question " for which in ("this", "the", "that", "your")))
        for colon in (":", "")
    ),
    *(f"According to the {source}, " for source in ("text", "notes", "note", "passage")),
    *(f"The {source} that " for source in ("text says", "text states", "notes say", "notes state")),
)
"""With which a sentence may begin that has not begun yet; longer ones first."""

_PIECE: Final = re.compile(r"\S+\s*")
_CITED: Final = re.compile(r"\[\d+\][.!?]?\s*$")


def prompt(question: str, notes: Sequence[Passage], *, asks: str = "") -> list[Message]:
    """The messages: a constant instruction, then the notes, then the question; of a follow-up
    what it follows, and then what it `asks`.
    """
    asked = _asked(question, asks)
    if len(notes) == 1:
        return [
            Message("system", ONE_NOTE),
            Message("user", f"Text: {_flat(notes[0])}\n{asked}"),
        ]
    numbered = "\n".join(_note(number, note) for number, note in enumerate(notes, start=1))
    return [
        Message("system", MANY_NOTES),
        Message("user", f"Notes:\n{numbered}\n\n{asked}"),
    ]


def _asked(question: str, asks: str) -> str:
    followed = question.removeprefix(asks).strip(" ()?") if asks else ""
    return f"About: {followed}\nQuestion: {asks}?" if followed else f"Question: {question}"


def grammar(notes: int) -> str:
    """GBNF: a sentence, or sentences that each end in the number of a note that exists."""
    if notes == 1:
        return ONE_NOTE_GRAMMAR
    numbers = " | ".join(f'"{number}"' for number in range(1, notes + 1))
    return MANY_NOTES_GRAMMAR.replace("NUMBERS", numbers)


def warm(model: LanguageModel) -> None:
    """Load the model and let it read the constant part of the prompt, so that the
    first answer is not the slow one.
    """
    system = ONE_NOTE if model.parameters < SMALL else MANY_NOTES
    messages = [Message("system", system), Message("user", "")]
    with closing(model.complete(messages, max_tokens=1)) as tokens:
        next(tokens, None)


def write(
    question: str, quotes: Sequence[Quote], seen: str, model: LanguageModel, *, asks: str = ""
) -> Iterator[Token | Retracted | str]:
    """Stream the checked answer; the last item is its whole text, "" if none stood up. What the
    question asks may be said again as far as it stands in what was `seen`, all that was found.
    """
    small = model.parameters < SMALL
    notes = _notes(quotes, small)
    read = quotes[: len(notes)]
    known = " ".join(source_text(quote.hit.passage) for quote in read)
    asked = known_words(question, seen)
    done: list[str] = []
    pending = ""
    streaming = model.complete(
        prompt(question, notes, asks=asks), max_tokens=MAX_TOKENS, grammar=grammar(len(notes))
    )
    with closing(streaming) as tokens:
        for piece in _direct(_pieces(tokens)):
            if unsupported(without_citations(piece), known, asked):
                break
            pending += piece
            if not piece.startswith("["):
                yield Token(piece)
            if _CITED.search(pending):
                number = _supporting(pending, read, question, asked)
                if number is None:
                    break
                done.append(f"{without_citations(pending).rstrip()} [{number}]")
                yield Token(f"[{number}] ")
                pending = ""
                if len(done) == SENTENCES:
                    break
        else:
            number = _supporting(pending, read, question, asked) if len(notes) == 1 else None
            if number is not None:
                done.append(f"{pending.strip()} [{number}]")
                yield Token(f" [{number}]")
                pending = ""
    if pending.strip():
        yield Retracted()
        yield from (Token(f"{sentence} ") for sentence in done)
    yield " ".join(done)


def _supporting(sentence: str, read: Sequence[Quote], question: str, asked: str) -> int | None:
    """The number of the quote that supports a sentence; None where none does. Words may be of
    the question as far as they are `asked` of what was found.
    """
    sources = [
        source_text(passage, day=tells_when_said(sentence, passage, question))
        for passage in (quote.hit.passage for quote in read)
    ]
    number = supporting(sentence, sources, asked)
    wrong = number is not None and misattributed(sentence, read[number - 1], asked)
    return None if wrong else number


def _notes(quotes: Sequence[Quote], small: bool) -> list[Passage]:
    """What is read, the best first: of all quotes but the first only the best sentences, since
    the first word waits until everything is read.
    """
    first, *others = quotes
    return [first.best] if small else [first.hit.passage, *(quote.best for quote in others)]


def _flat(passage: Passage) -> str:
    return " ".join(passage.text.split())


def _note(number: int, passage: Passage) -> str:
    day = f"{passage.said_at.day} {passage.said_at:%B %Y}" if passage.said_at else ""
    where = filter(None, (passage.title, passage.speaker, day))
    return f"[{number}] ({', '.join(where)}) {_flat(passage)}"


def _direct(pieces: Iterator[str]) -> Iterator[str]:
    """The pieces without the words that small models begin with."""
    held = ""
    for piece in pieces:
        held += piece
        if any(preamble.startswith(held) for preamble in PREAMBLES):
            continue
        preamble = next((p for p in PREAMBLES if held.startswith(p)), "")
        held = held[len(preamble) :]
        if held:
            yield held[0].upper() + held[1:] if preamble else held
            break
    yield from pieces


def _pieces(tokens: Iterator[str]) -> Iterator[str]:
    """Whole words, each with the space behind it."""
    buffer = ""
    for token in tokens:
        buffer += token
        *whole, buffer = _PIECE.findall(buffer) or [buffer]
        if buffer.endswith((" ", "\n")):
            whole, buffer = [*whole, buffer], ""
        yield from whole
    if buffer:
        yield buffer
