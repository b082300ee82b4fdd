from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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


SAID = (
    Segment("What do we do about the lantern that hangs in the old boathouse?", 0.0, 4.0),
    Segment("Leave it.", 5.0, 6.0),
    Segment("The key is under the third stone.", 7.0, 9.0),
)


def of_first(said: tuple[Segment, ...]) -> Passage:
    """The quote of a passage that ends with the first segment."""
    whole = Passage("d:0", "d", said[0].text, "", "talk", "x:d", 0, 0, start=0.0)
    found = read([Hit(whole, 1.0, {})], Talk(said), WordLengths())
    return quotes("where is the lantern?", found, WordLengths())[0].hit.passage


def test_a_quote_goes_on_behind_the_end_of_its_passage() -> None:
    quote = of_first(SAID)
    assert quote.text.endswith("boathouse? Leave it. The key is under the third stone.")
    assert (quote.first, quote.last, quote.start, quote.end) == (0, 2, 0.0, 9.0)


def test_a_quote_does_not_go_on_under_another_heading() -> None:
    other = replace(SAID[2], heading="Supper")
    quote = of_first((*SAID[:2], other))
    assert quote.text.endswith("boathouse? Leave it.")


def test_a_quote_that_goes_on_is_no_longer_than_sixty_words() -> None:
    long = Segment(" ".join(["word"] * 50) + ".", 10.0, 30.0)
    assert of_first((SAID[0], long)).text == SAID[0].text
