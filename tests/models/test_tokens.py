"""What is kept of the words of a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest

from memex.config import load_config
from memex.models.loading import load_embedder
from memex.protocols import TokenEmbedder, Tokens
from memex.testing import WordLengths
from memex.tokens import embed, likenesses, signs_of

if TYPE_CHECKING:
    from memex.protocols import Vectors


@pytest.fixture(scope="module")
def embedder() -> TokenEmbedder:
    found = load_embedder(load_config())
    assert isinstance(found, TokenEmbedder)
    return found


def signs(
    vectors: Sequence[Sequence[float]], text: str, places: Sequence[tuple[int, int]]
) -> bytes:
    return signs_of(text, Tokens(places, np.array(vectors, np.float32)))


def test_a_word_in_pieces_is_their_mean_and_one_without_content_is_left_out() -> None:
    pieces = [[1.0, -3.0], [-2.0, 1.0], [5.0, 5.0], [1.0, 1.0], [9.0, 9.0]]
    found = signs(pieces, "co-op and tea.", [(0, 2), (3, 5), (6, 9), (10, 13), (13, 14)])
    assert found == bytes([0b00000000, 0b11000000])


def test_words_behind_the_limit_are_left_out() -> None:
    assert signs([[1.0]], "tea and cake", [(0, 3)]) == bytes([0b10000000])
    assert signs_of("", Tokens([], np.empty((0, 384), np.float32))) == b""


@pytest.mark.parametrize("dimension", [8, 12])
def test_the_most_like_word_of_each_text_counts(dimension: int) -> None:
    random = np.random.default_rng(0)
    words = random.choice([-1.0, 1.0], (3, dimension)).astype(np.float32)
    packed = [np.packbits(words[own] > 0, axis=1).tobytes() for own in ([0, 1], [2])]
    asked = words[[0, 2]] / np.float32(np.sqrt(dimension))
    cosines = words @ words.T / dimension
    expected = [[1, max(cosines[0, 2], cosines[1, 2])], [cosines[2, 0], 1]]
    assert likenesses(asked, packed) == pytest.approx(np.array(expected), abs=1e-5)


def test_signs_come_near_to_the_whole_vectors(embedder: TokenEmbedder) -> None:
    """For each question the same sentence is most like it, and by about as much."""
    texts = ["Ada bought a red bicycle.", "The ferry to Oban was cancelled.", "Bread wants salt."]
    read = embed(embedder, texts)
    for number, question in enumerate(("who has a bike", "which ship did not sail", "baking loaf")):
        _, tokens = embedder.read_query(question)
        whole = [_whole(tokens.vectors, embedder, text) for text in texts]
        found = likenesses(tokens.vectors, read.signs).mean(axis=1)
        assert int(found.argmax()) == int(np.argmax(whole)) == number
        assert np.corrcoef(found, whole)[0, 1] > 0.9


def _whole(asked: Vectors, embedder: TokenEmbedder, text: str) -> float:
    _, (packed,) = embedder.read_documents([text], lambda _, tokens: tokens.vectors.tobytes())
    vectors = np.frombuffer(packed, np.float32).reshape(-1, embedder.dimension)
    return float((asked @ vectors.T).max(axis=1).mean())


def test_texts_are_embedded_alike_whether_tokens_are_kept_or_not(embedder: TokenEmbedder) -> None:
    texts = [f"bees dance {'often ' * number}" for number in (40, 1, 300, 7)]
    read = embed(embedder, texts)
    np.testing.assert_allclose(read.vectors, embedder.encode_documents(texts), atol=1e-5)
    assert [len(each) // 48 for each in read.signs][1::2] == [2, 2]  # "often" says nothing
    vector, tokens = embedder.read_query("Ada sat.")
    np.testing.assert_allclose(vector, embedder.encode_query("Ada sat."), atol=1e-5)
    assert [("Ada sat.")[start:end] for start, end in tokens.places] == ["Ada", "sat", "."]
    assert np.allclose(np.linalg.norm(tokens.vectors, axis=1), 1, atol=1e-4)


def test_an_embedder_that_tells_no_tokens_keeps_none() -> None:
    assert embed(WordLengths(), ["to be", ""]).signs == [b"", b""]
