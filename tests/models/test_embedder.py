from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from memex.config import Config, ModelChoice, Paths
from memex.models.adapter import adapter_path, merge
from memex.models.catalogue import MINILM_TALK
from memex.models.loading import _digest, load_embedder
from memex.models.store import locate
from memex.protocols import Embedder
from tests.models.reference import by_sentence_transformers

if TYPE_CHECKING:
    from memex.protocols import Vectors


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    home = Path("nowhere")
    return load_embedder(Config(Paths(home, home / "config.toml"), ModelChoice()))


def abstracts(shared: Path, count: int) -> list[str]:
    with gzip.open(shared / "recall/scifact/corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = (json.loads(line)["text"] for line in lines)
        return [" ".join(next(texts).split()[:120]) for _ in range(count)]


def test_vectors_are_unit_vectors_in_the_order_of_the_texts(embedder: Embedder) -> None:
    texts = ["a bee " * n for n in (1, 400, 3, 90, 2)] + ["the dance of the bees", ""]
    rows = embedder.encode_documents(texts)
    assert rows.shape == (len(texts), embedder.dimension) == (7, 384)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    for text, row in zip(texts, rows, strict=True):
        assert embedder.encode_query(text) @ row > 0.99


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    assert embedder.encode_documents([]).shape == (0, 384)


def test_meaning_is_nearer_than_words(embedder: Embedder) -> None:
    query = embedder.encode_query("a puppy that naps")
    near, far = embedder.encode_documents(["A young dog is sleeping.", "A nap on the stock market"])
    assert query @ near > query @ far


def test_what_exceeds_the_limit_is_cut(embedder: Embedder) -> None:
    text = "bees dance " * 200
    whole, more = embedder.encode_documents([text, text + "and the stock market fell"])
    np.testing.assert_allclose(whole, more, atol=1e-5)


def test_the_model_names_its_weights(embedder: Embedder) -> None:
    assert MINILM_TALK.adapter
    assert embedder.model == f"all-MiniLM-L6-v2-talk@{MINILM_TALK.adapter.sha256[:12]}-int8"


def test_queries_and_documents_do_not_disturb_each_other(embedder: Embedder) -> None:
    texts = [f"number {n} " * (n % 60 + 1) for n in range(150)]
    alone = embedder.encode_documents(texts)
    expected = embedder.encode_query("who?")
    rows: list[Vectors] = []
    thread = threading.Thread(target=lambda: rows.append(embedder.encode_documents(texts)))
    thread.start()
    while thread.is_alive():
        assert embedder.encode_query("who?") @ expected > 0.999
    np.testing.assert_allclose(rows[0], alone, atol=1e-5)


def test_the_vectors_are_those_of_sentence_transformers(
    shared: Path, tmp_path: Path, config: Config, embedder: Embedder
) -> None:
    texts = abstracts(shared, 40)
    query = "who wrote the essay?"
    assert MINILM_TALK.adapter
    adapted = tmp_path / "adapted"
    adapted.mkdir()
    merge(locate(MINILM_TALK, config), adapter_path(MINILM_TALK.adapter), adapted)
    reference = by_sentence_transformers(adapted, texts, query, tmp_path)
    assert reference.model.startswith("mine@")
    assert reference.rows.shape == (40, 384)
    cosines = (embedder.encode_documents(texts) * reference.rows).sum(axis=1)
    assert cosines.mean() >= 0.99
    assert cosines.min() >= 0.97
    assert embedder.encode_query(query) @ reference.query >= 0.98


def test_another_model_is_known_by_its_files(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    before = _digest(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"weightz")
    assert _digest(tmp_path) != before
