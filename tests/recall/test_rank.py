"""What is looked at again, and what comes first by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from memex.recall.features import FEATURES, asked, features
from memex.recall.fuse import Fused
from memex.recall.rank import DEPTH, WEIGHTS, rank
from memex.recall.spelling import Alternative
from memex.recall.understand import understand
from memex.types import Passage
from memex.vocabulary import Neighbour

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


class Few:
    """A memory of ten documents: all say "train", one each of the others."""

    def near(self, said: str) -> list[Neighbour]:
        return []

    def sounding(self, code: str) -> Mapping[str, int]:
        return {}

    def exactly(self, word: str) -> int:
        return self.documents(word)

    def documents(self, word: str) -> int:
        return 10 if word == "train" else 1

    def most(self) -> int:
        return 10


def passage(name: str, text: str, speaker: str | None = None, day: int = 1) -> Passage:
    return Passage(
        id=f"{name}:0",
        document_id=name,
        text=text,
        title="",
        kind="note",
        uri="",
        first=0,
        last=0,
        speaker=speaker,
        said_at=datetime(2026, 4, day, 12, 0, tzinfo=UTC),
    )


def equally(*passages: Passage) -> list[Fused]:
    """As a fusion would give them that cannot tell them apart."""
    return [Fused(at, 1.0, {}, {"lexical": 1.0, "vector": 1.0}) for at in range(len(passages))]


def first(query: str, *passages: Passage, meant: tuple[Alternative, ...] = ()) -> str:
    """The document that comes first; which it is does not depend on their order."""
    ways = set()
    for order in (passages, passages[::-1]):
        ranked = rank(
            asked(understand(query, NOW, ("Ada", "Ben")), meant, Few()),
            equally(*order),
            dict(enumerate(order)),
        )
        assert sorted(one.row for one in ranked) == list(range(len(order)))
        ways.add(order[ranked[0].row].document_id)
    (found,) = ways
    return found


def test_words_side_by_side_come_before_words_apart() -> None:
    beside = passage("beside", "We took the night train to Vienna.")
    apart = passage("apart", "The train was late. We slept by night in Vienna.")
    assert first("the night train", beside, apart) == "beside"


def test_what_is_less_like_the_query_word_by_word_comes_later() -> None:
    near, far = passage("near", "The ship sailed."), passage("far", "The cake rose.")
    found = [
        replace(one, shares={**one.shares, "tokens": less})
        for one, less in zip(equally(far, near), (-0.2, 0.0), strict=True)
    ]
    query = asked(understand("the boat", NOW), (), Few())
    ranked = rank(query, found, {0: far, 1: near})
    assert [one.row for one in ranked] == [1, 0]
    assert ranked[1].score == pytest.approx(ranked[0].score - 0.2 * WEIGHTS["tokens"])


def test_who_is_named_speaks() -> None:
    ada = passage("ada", "Roses need water.", "Ada")
    ben = passage("ben", "Roses need water.", "Ben")
    assert first("what did Ben say about roses", ada, ben) == "ben"
    assert first("what did Ada say about roses", ada, ben) == "ada"


def test_what_was_said_when_the_query_says() -> None:
    then = passage("then", "Roses need water.", day=20)
    before = passage("before", "Roses need water.", day=3)
    assert first("roses, on 20 April", then, before) == "then"
    assert first("roses, on 3 April", then, before) == "before"


def test_what_is_quoted_stands_there_as_it_is_quoted() -> None:
    exact = passage("exact", "He said: The harpsichord, was — tuned by night. Rain fell.")
    apart = passage("apart", "Was the harpsichord tuned? By the night. The harpsichord was tuned.")
    assert first('"the harpsichord was tuned by night"', exact, apart) == "exact"
    assert first("who said “tuned by night”, of the harpsichord?", exact, apart) == "exact"


def test_beyond_its_depth_the_order_stays() -> None:
    passages = [passage(str(at), f"Number {at}.") for at in range(DEPTH + 5)]
    found = [
        Fused(at, 1 - at / 100, {}, {"lexical": 1 - at / 100, "vector": 0.5})
        for at in range(len(passages))
    ]
    query = asked(understand(f"number {DEPTH + 4}", NOW), (), Few())
    ranked = rank(query, found, dict(enumerate(passages)))
    assert [one.row for one in ranked[DEPTH:]] == [one.row for one in found[DEPTH:]]
    scores = [one.score for one in ranked]
    assert scores == sorted(scores, reverse=True)


def test_of_nothing_nothing() -> None:
    assert rank(asked(understand("train", NOW), (), Few()), [], {}) == []


@pytest.mark.parametrize(
    "query", ["who is it", "?", "1984", "kind:note", "Ada Ben Ada", "мир", "train " * 300]
)
@pytest.mark.parametrize("text", ["", "…", "Ada met Ben in the train in 1984.\n\nWho? Ada."])
def test_every_feature_is_a_share(query: str, text: str) -> None:
    passages = [passage("one", text, "Ada, Ben"), passage("two", "Another train.")]
    for vocabulary in (Few(), None):
        rows = features(asked(understand(query, NOW), (), vocabulary), equally(*passages), passages)
        assert [len(row) for row in rows] == [len(FEATURES)] * 2
        assert all(0 <= each <= 1 + 1e-9 for row in rows for each in row)
