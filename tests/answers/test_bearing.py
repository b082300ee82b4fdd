from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from memex.answer.bearing import Bearing, bearing
from memex.answer.evidence import read
from memex.config import Config, ModelChoice, Paths
from memex.models.loading import load_embedder
from memex.passages import split
from memex.protocols import Embedder
from memex.recall.features import asked
from memex.recall.understand import understand
from memex.types import Document, Hit, Segment

NOW = datetime(2026, 11, 25, tzinfo=UTC)
TALK = (
    ("Deborah", "How was your week, Jolene? Mine was hard."),
    ("Jolene", "Quiet. I repotted the lemon tree and read a lot on the balcony."),
    ("Deborah", "I lost a friend, so I have been spending time in the garden for comfort."),
    ("Jolene", "I am so sorry. On Sunday I baked a plum cake for the neighbours."),
)


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    home = Path("nowhere")
    return load_embedder(Config(Paths(home, home / "config.toml"), ModelChoice()))


class Talk:
    """One conversation."""

    def __init__(self, turns: Sequence[tuple[str | None, str]]) -> None:
        self.segments_ = tuple(Segment(text=text, speaker=who) for who, text in turns)
        self.document = Document("talk", "note", "A talk", "x:talk", NOW, self.segments_)

    def segments(self, document_id: str, first: int, last: int) -> Sequence[Segment]:
        return self.segments_[first : last + 1]

    def language(self, document_id: str) -> str | None:
        return None

    def speakers(self, document_id: str) -> Sequence[str]:
        return sorted({segment.speaker for segment in self.segments_ if segment.speaker})


def bears(question: str, embedder: Embedder, turns: Sequence[tuple[str | None, str]]) -> Bearing:
    talk = Talk(turns)
    found = read([Hit(passage, 1.0, {}) for passage in split(talk.document)], talk, embedder)
    words = asked(understand(question, NOW), [], None)
    return bearing(question, words, found, embedder)


def test_what_is_said_is_probable_and_what_is_not_is_not(embedder: Embedder) -> None:
    there = bears("What did Jolene bake for the neighbours?", embedder, TALK)
    absent = bears("Which hotel did Tobias book in Lisbon?", embedder, TALK)
    assert there.probability > 0.6
    assert absent.probability < 0.2
    assert absent.named == 0


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (
            "Why did Deborah spend time in the garden?",
            "Why did Jolene spend time in the garden?",
        ),
        (
            "Who baked a plum cake on Sunday, did Jolene?",
            "Did Deborah bake a plum cake on Sunday?",
        ),
    ],
)
def test_the_same_of_somebody_else_is_no_answer(embedder: Embedder, right: str, wrong: str) -> None:
    of_them, of_others = bears(right, embedder, TALK), bears(wrong, embedder, TALK)
    assert of_them.lead > 0 > of_others.lead
    assert of_others.probability < of_them.probability / 2


def test_a_question_of_nobody_has_no_lead(embedder: Embedder) -> None:
    assert bears("When was the lemon tree repotted?", embedder, TALK).lead == 0


def test_a_text_that_nobody_says_has_none_either(embedder: Embedder) -> None:
    note = [(None, "The spare key is with Odile at number 12. She is away in August.")]
    found = bears("Who has the spare key, Odile?", embedder, note)
    assert found.lead == 0
    assert found.named == 1
    assert found.probability > 0.5
