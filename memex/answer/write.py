"""The short answer: a local model reads the quotes, and every word is checked.

What streams has been looked at word by word (it stands in some quote or in the
question); at the end of each sentence one quote must support all of it, or the
answer is taken back and the best quote stands in for it.

A model of under a billion parameters mixes up notes and their numbers, and loses
itself in long ones: it is given the best sentences alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Final

from memex.answer.check import source_text, supporting, unsupported, without_citations
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
    "You answer a question from numbered notes. Use only what the notes say. "
    "Answer in one short sentence and end it with the number of the note, like [1]."
)
ONE_NOTE_GRAMMAR: Final = r"""root ::= [^\n\[\]<>|.!?] [^\n\[\]<>|!?]{3,240} [.!?]"""
MANY_NOTES_GRAMMAR: Final = r"""
root ::= sentence (" " sentence)?
sentence ::= [^\[\]\n<>|] [^\[\]\n<>|]{3,240} "[" number "]"
number ::= NUMBERS
"""

PREAMBLES: Final = tuple(
    f"The answer{to}is{colon} "
    for to in (" ", *(f" to {which} question " for which in ("this", "the", "that", "your")))
    for colon in (":", "")
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
    question: str, quotes: Sequence[Quote], model: LanguageModel, *, asks: str = ""
) -> Iterator[Token | Retracted | str]:
    """Stream the checked answer; the last item is its whole text, "" if none stood up."""
    small = model.parameters < SMALL
    notes = [quotes[0].best] if small else [quote.hit.passage for quote in quotes]
    sources = [source_text(quote.hit.passage) for quote in quotes[: len(notes)]]
    known = " ".join(sources)
    done: list[str] = []
    pending = ""
    streaming = model.complete(
        prompt(question, notes, asks=asks), max_tokens=MAX_TOKENS, grammar=grammar(len(notes))
    )
    with closing(streaming) as tokens:
        for piece in _direct(_pieces(tokens)):
            if unsupported(without_citations(piece), known, question):
                break
            pending += piece
            if not piece.startswith("["):
                yield Token(piece)
            if _CITED.search(pending):
                number = supporting(pending, sources, question)
                if number is None:
                    break
                done.append(f"{without_citations(pending).rstrip()} [{number}]")
                yield Token(f"[{number}] ")
                pending = ""
                if len(done) == SENTENCES:
                    break
        else:
            number = supporting(pending, sources, question) if len(notes) == 1 else None
            if number is not None:
                done.append(f"{pending.strip()} [{number}]")
                yield Token(f" [{number}]")
                pending = ""
    if pending.strip():
        yield Retracted()
        yield from (Token(f"{sentence} ") for sentence in done)
    yield " ".join(done)


def _flat(passage: Passage) -> str:
    return " ".join(passage.text.split())


def _note(number: int, passage: Passage) -> str:
    where = [passage.title]
    if passage.speaker:
        where.append(passage.speaker)
    if passage.said_at:
        where.append(f"{passage.said_at:%d %B %Y}")
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
