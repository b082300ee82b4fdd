"""A closer look, token by token: whom it puts first, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from memex.config import load_config
from memex.models.loading import load_embedder
from memex.protocols import TokenEmbedder, Tokens
from memex.recall.features import asked
from memex.recall.fuse import Fused
from memex.recall.late import DEPTH, likenesses, look_closer
from memex.recall.understand import understand
from memex.types import Passage
from memex.words import WORD

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
MEANINGS = ("train", "ferry", "cake", "what")
SAME = {"railway": "train", "boat": "ferry"}


class Meanings:
    """A `TokenEmbedder`: each word is a token, its meaning one of the `MEANINGS` or none."""

    def encode_tokens(self, texts: Sequence[str]) -> list[Tokens]:
        return [
            Tokens(
                [word.span() for word in WORD.finditer(text)],
                np.array([_meaning(word) for word in WORD.findall(text)]).reshape(-1, 5),
            )
            for text in texts
        ]


def _meaning(word: str) -> list[float]:
    small = word.lower()
    at = [*MEANINGS, small].index(SAME.get(small, small))
    return [float(place == at) for place in range(len(MEANINGS) + 1)]


def passage(name: str, text: str) -> Passage:
    return Passage(name, name, text, "", "note", "", 0, 0)


def fused(name: str, score: float) -> Fused:
    return Fused(name, score, {}, {"lexical": score, "vector": score})


def test_what_means_the_same_comes_first() -> None:
    query = asked(understand("what ferry", NOW, ()), (), None)
    there = {each.id: each for each in (passage("a", "a cake"), passage("b", "a boat"))}
    found = look_closer(query, [fused("a", 1.1), fused("b", 1.0)], there, Meanings())
    assert [each.id for each in found] == ["b", "a"]
    assert found[0].score == 1.0  # what is most like the query keeps what it had


def test_only_words_with_content_tell() -> None:
    query = asked(understand("what ferry and train", NOW, ()), (), None)
    half, nothing = likenesses(query, ["boat", "what"], Meanings())
    assert half == pytest.approx(0.5)
    assert nothing == 0


def test_beyond_the_first_nothing_moves() -> None:
    query = asked(understand("ferry", NOW, ()), (), None)
    names = [f"p{number}" for number in range(DEPTH + 2)]
    there = {name: passage(name, "cake" if name != names[-1] else "ferry") for name in names}
    ranked = [fused(name, 2 - number / 10) for number, name in enumerate(names)]
    found = look_closer(query, ranked, there, Meanings())
    assert [each.id for each in found] == names
    assert found == sorted(found, key=lambda each: -each.score)


@pytest.mark.parametrize("query", ["…", "what"])
def test_a_query_without_content_and_no_passages(query: str) -> None:
    query_ = asked(understand(query, NOW, ()), (), None)
    assert look_closer(query_, [], {}, Meanings()) == []
    assert len(likenesses(query_, ["boat", ""], Meanings())) == 2


def test_the_real_embedder_reads_a_word_where_it_stands() -> None:
    """A river bank is nearer to a shore than to a lender."""
    embedder = load_embedder(load_config())
    assert isinstance(embedder, TokenEmbedder)
    query = asked(understand("Who sat by the shore?", NOW, ()), (), None)
    texts = ["Ada sat on the bank of the river.", "Ada sat in the bank, about a loan."]
    river, loan = likenesses(query, texts, embedder)
    assert river > loan
    (tokens,) = embedder.encode_tokens(["Ada sat."])
    assert [("Ada sat.")[start:end] for start, end in tokens.places] == ["Ada", "sat", "."]
    assert np.allclose(np.linalg.norm(tokens.vectors, axis=1), 1, atol=1e-4)
