from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from evals.vectors import CachedEmbedder
from memex.errors import InvalidRequest
from memex.protocols import Tokens

if TYPE_CHECKING:
    from memex.protocols import Vectors


class Counting:
    """Vectors of text lengths; counts what it is asked."""

    model = "counting 1"
    dimension = 2

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode_query(self, text: str) -> Vectors:
        self.asked.append(text)
        return np.array([0, len(text)], dtype=np.float32)

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([[len(text), 0] for text in texts], dtype=np.float32)


class Reading(Counting):
    """The same, and one token a text."""

    def read_query(self, text: str) -> tuple[Vectors, Tokens]:
        return self.encode_query(text), Tokens([(0, 1)], np.ones((1, 2), np.float32))

    def read_documents(
        self, texts: Sequence[str], keep: Callable[[str, Tokens], bytes]
    ) -> tuple[Vectors, list[bytes]]:
        tokens = Tokens([(0, 1)], np.ones((1, 2), np.float32))
        return self.encode_documents(texts), [keep(text, tokens) for text in texts]


def initial(text: str, tokens: Tokens) -> bytes:
    return f"{text[0]}{len(tokens.places)}".encode()


def test_a_query_that_is_timed_is_embedded_though_it_is_known(tmp_path: Path) -> None:
    counting = Counting()
    cached = CachedEmbedder(counting, tmp_path)
    cached.encode_query("who")
    with cached.anew():
        assert cached.encode_query("who").tolist() == [0, 3]
    cached.encode_query("who")
    assert counting.asked == ["who", "who"]


def test_nothing_is_embedded_twice_even_by_another_process(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    cached = CachedEmbedder(first, tmp_path)
    assert cached.encode_documents(["a", "bb", "a"])[:, 0].tolist() == [1, 2, 1]
    assert cached.encode_documents(["bb", "ccc"])[:, 0].tolist() == [2, 3]
    assert first.asked == ["a", "bb", "ccc"]
    again = CachedEmbedder(second, tmp_path)
    assert again.encode_documents(["ccc", "a"])[:, 0].tolist() == [3, 1]
    assert second.asked == []


def test_a_query_is_not_a_document(tmp_path: Path) -> None:
    cached = CachedEmbedder(Counting(), tmp_path)
    cached.encode_documents(["abc"])
    assert cached.encode_query("abc").tolist() == [0, 3]
    assert cached.encode_query("abc").shape == (2,)


def test_two_writers_do_not_mix_up_rows(tmp_path: Path) -> None:
    one, two = CachedEmbedder(Counting(), tmp_path), CachedEmbedder(Counting(), tmp_path)
    one.encode_documents(["a"])
    two.encode_documents(["bb", "a"])
    assert one.encode_documents(["ccc", "a", "bb"])[:, 0].tolist() == [3, 1, 2]
    assert two.encode_documents(["a", "bb", "ccc"])[:, 0].tolist() == [1, 2, 3]


def test_what_was_kept_of_tokens_is_read_once_and_a_query_each_time(tmp_path: Path) -> None:
    first, second = Reading(), Reading()
    vectors, kept = CachedEmbedder(first, tmp_path).read_documents(["a", "bb"], initial)
    assert (vectors[:, 0].tolist(), kept) == ([1, 2], [b"a1", b"b1"])
    again = CachedEmbedder(second, tmp_path)
    assert again.read_documents(["bb", "ccc"], initial)[1] == [b"b1", b"c1"]
    assert again.encode_documents(["bb"])[:, 0].tolist() == [2]
    assert again.read_query("who")[1].places == again.read_query("who")[1].places == [(0, 1)]
    assert second.asked == ["ccc", "bb", "who", "who"]


def test_an_embedder_that_tells_no_tokens_keeps_none(tmp_path: Path) -> None:
    cached = CachedEmbedder(Counting(), tmp_path)
    assert cached.read_documents(["a", "bb"], initial)[1] == [b"", b""]
    vector, tokens = cached.read_query("abc")
    assert (vector.tolist(), tokens.places, tokens.vectors.shape) == ([0, 3], [], (0, 2))


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "counting-1.db").write_bytes(b"no database" * 100)
    with pytest.raises(InvalidRequest, match="not a database") as raised:
        CachedEmbedder(Counting(), tmp_path)
    assert "counting-1.db" in raised.value.remedy


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidRequest, match="file"):
        CachedEmbedder(Counting(), tmp_path / "file")
