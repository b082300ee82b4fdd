"""Late interaction: which passage means most nearly what is asked, word by word."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from memex.config import load_config
from memex.models.loading import load_embedder
from memex.protocols import TokenEmbedder, Tokens
from memex.recall.features import asked
from memex.recall.fuse import Fused
from memex.recall.late import compared
from memex.recall.understand import understand
from memex.tokens import embed, signs_of
from memex.words import WORD

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
MEANINGS = ("train", "ferry", "cake", "what", "and")
SAME = {"railway": "train", "boat": "ferry"}


def read(text: str) -> Tokens:
    """Each word is a token, its meaning one of the `MEANINGS`: a row of a Hadamard matrix, so that
    its signs say all of it.
    """
    corners = np.array([[1]], np.float32)
    for _ in range(3):
        corners = np.block([[corners, corners], [corners, -corners]])
    meanings = [SAME.get(word.lower(), word.lower()) for word in WORD.findall(text)]
    vectors = corners[[MEANINGS.index(each) for each in meanings]] / np.sqrt(np.float32(8))
    return Tokens([word.span() for word in WORD.finditer(text)], vectors)


def shares(query: str, *texts: str) -> list[float]:
    """What each text is less like a query than the one that is most."""
    found = [Fused(at, 1.0, {}, {"lexical": 1.0, "vector": 1.0}) for at in range(len(texts))]
    signs = {at: signs_of(text, read(text)) for at, text in enumerate(texts)}
    meant = asked(understand(query, NOW, ()), (), None)
    return [one.shares.get("tokens", 1) for one in compared(meant, read(query), found, signs)]


def test_what_means_the_same_is_most_like_the_query() -> None:
    assert shares("what ferry", "cake", "boat and cake") == pytest.approx([-1, 0])


def test_only_words_with_content_tell() -> None:
    assert shares("what ferry and train", "boat", "boat and railway") == pytest.approx([-0.5, 0])


def test_a_passage_without_words_counts_as_the_last() -> None:
    assert shares("ferry and train", "boat", "and", "railway boat") == pytest.approx(
        [-0.5, -0.5, 0]
    )


@pytest.mark.parametrize("texts", [("cake", "boat"), ("and", "what")])
def test_where_nothing_can_be_compared_nothing_is_said(texts: tuple[str, str]) -> None:
    query = "ferry" if texts == ("and", "what") else "what and"
    assert shares(query, *texts) == [1, 1]


def test_the_real_embedder_reads_a_word_where_it_stands() -> None:
    """A river bank is nearer to a shore than to a lender."""
    embedder = load_embedder(load_config())
    assert isinstance(embedder, TokenEmbedder)
    query = "Who sat by the shore?"
    texts = ["Ada sat on the bank of the river.", "Ada sat in the bank, about a loan."]
    found = [Fused(at, 1.0, {}, {"lexical": 1.0, "vector": 1.0}) for at in range(2)]
    signs = dict(zip((0, 1), embed(embedder, texts).signs, strict=True))
    meant = asked(understand(query, NOW, ()), (), None)
    river, loan = compared(meant, embedder.read_query(query)[1], found, signs)
    assert river.shares["tokens"] == 0
    assert loan.shares["tokens"] < -0.01
