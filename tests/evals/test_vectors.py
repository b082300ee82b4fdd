from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from evals.vectors import CachedEmbedder
from memex.errors import InvalidRequest

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
    assert again.missing(["ccc", "d", "d"]) == 1
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


def test_what_was_half_written_is_cut_off(tmp_path: Path) -> None:
    CachedEmbedder(Counting(), tmp_path).encode_documents(["a", "bb"])
    folder = tmp_path / "counting-1"
    with (folder / "vectors.f32").open("ab") as stored:
        stored.write(b"12345")
    with (folder / "keys.bin").open("r+b") as stored:
        stored.truncate(20)
    embedder = Counting()
    cached = CachedEmbedder(embedder, tmp_path)
    assert cached.encode_documents(["a", "bb", "ccc"])[:, 0].tolist() == [1, 2, 3]
    assert embedder.asked == ["bb", "ccc"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidRequest, match="file"):
        CachedEmbedder(Counting(), tmp_path / "file")
