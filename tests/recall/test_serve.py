"""Which of the passages that were found are shown."""

from __future__ import annotations

from dataclasses import replace

from memex.passages import split
from memex.recall.serve import serve
from memex.types import Passage
from tests.documents import document
from tests.recall.test_rank import equally, passage
from tests.recall.test_snippet import snippets

FILL = "They went on about the weather and the harvest. "
HERON = (
    "The heron stood all morning in the reeds of the lake, and nobody who passed saw it move. "
    "They went on about the weather, the harvest, and the prices of that year. "
)
SHIP = "Then a ship with three masts came from Riga and brought salt, tar, hemp, wax and honey."


def served(query: str, *passages: Passage, limit: int = 10) -> list[str]:
    """The ids of what is shown, where they were found in this order."""
    found = dict(enumerate(passages))
    hits = serve(snippets(query), equally(*passages), found, limit)
    return [hit.passage.id for hit in hits]


def neighbours(after: str = SHIP) -> tuple[Passage, Passage]:
    """Passages of which the second begins with what the first ends with: a heron."""
    text = f"{FILL * 12}{HERON}{FILL * 13}{after}"
    one, other = split(document(text))
    assert "heron" in one.text
    assert "heron" in other.text
    return one, other


def test_what_says_the_same_elsewhere_is_not_shown_again() -> None:
    text = "The heron stood in the reeds of the lake, and the crane did not."
    same = passage("mail", f"> {text.upper()}")
    assert served("heron", passage("note", text), same) == ["note:0"]
    assert served("heron", same, passage("note", text)) == ["mail:0"]


def test_a_neighbour_that_would_show_the_same_gives_its_place_to_the_next() -> None:
    one, other = neighbours()
    elsewhere = passage("note", "Herons, they say.")
    assert served("heron", one, other, elsewhere, limit=2) == [one.id, elsewhere.id]
    assert served("heron", other, one, elsewhere, limit=2) == [other.id, elsewhere.id]


def test_a_neighbour_that_would_show_something_else_is_shown() -> None:
    one, other = neighbours(after="The heron and the crane flew off.")
    assert served("the heron and the crane", one, other) == [one.id, other.id]


def test_another_document_that_would_show_the_same_is_shown() -> None:
    one, other = neighbours()
    elsewhere = replace(other, id="elsewhere:1", document_id="elsewhere")
    assert served("heron", one, elsewhere) == [one.id, elsewhere.id]
