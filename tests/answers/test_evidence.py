from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from memex.answer.evidence import Quote, quotes, read
from memex.testing import WordLengths
from memex.types import Hit, Passage, Segment


@dataclass(frozen=True)
class Talk:
    """The texts of one document."""

    said: tuple[Segment, ...]

    def segments(self, document_id: str, first: int, last: int) -> Sequence[Segment]:
        return self.said[first : last + 1]

    def language(self, document_id: str) -> str | None:
        return "en"

    def speakers(self, document_id: str) -> frozenset[str]:
        return frozenset(filter(None, (each.speaker for each in self.said)))


def quoted(question: str, *turns: tuple[str, str]) -> Quote:
    """The quote of a passage in which people say this."""
    said = tuple(
        Segment(text, 10.0 * at, 10.0 * at + 9, speaker=speaker)
        for at, (speaker, text) in enumerate(turns)
    )
    text = "\n".join(f"{speaker}: {text}" for speaker, text in turns)
    speakers = ", ".join(dict.fromkeys(speaker for speaker, _ in turns))
    passage = Passage(
        "d:0", "d", text, "", "talk", "x:d", 0, len(said) - 1, start=0.0, speaker=speakers
    )
    found = read([Hit(passage, 1.0, {})], Talk(said), WordLengths())
    return quotes(question, found, WordLengths())[0]


ADA = ("Ada", "My favourite drink of them all is the cold smoky one.")
BEN = ("Ben", "My favourite drink of them all is the warm green one.")


def test_what_speaks_of_whom_is_asked_of_comes_first() -> None:
    for turns in ((ADA, BEN), (BEN, ADA)):
        assert "smoky" in quoted("what is the favourite drink of Ada?", *turns).best.text
        assert "green" in quoted("what is the favourite drink of Ben?", *turns).best.text


def test_who_is_only_called_by_name_is_not_quoted_for_it() -> None:
    thanks = ("Ada", "Thank you so much for that, Ben, it was very kind of you to think of me.")
    other = ("Ben", "I mended the old lantern with a piece of wire that lay behind the shed.")
    assert "wire" in quoted("what did Ben use for the lantern?", thanks, other).best.text


def test_a_quote_knows_of_whom_its_sentences_speak() -> None:
    quote = quoted("what is the favourite drink of Ada?", ADA, BEN)
    assert quote.around == {"Ada", "Ben"}
    assert [each.about.people for each in quote.said] == [{"Ada"}, {"Ben"}]
    assert quote.said[0].text == ADA[1]
