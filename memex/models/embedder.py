"""Sentence embeddings by CTranslate2: the default embedder."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import ctranslate2
import numpy as np
from tokenizers import Encoding, Tokenizer

from memex.models import heap
from memex.models.entry import Prompts
from memex.models.pooling import POOLING, Pooling, read_pooling
from memex.protocols import Tokens

if TYPE_CHECKING:
    from memex.protocols import Vectors

BATCH_TOKENS: Final = 256
"""Tokens in a batch, padding included; larger ones leave the processor's cache."""
CHUNK: Final = 2048
"""Texts tokenized at a time: bounds memory, and long enough to sort by length."""

log = logging.getLogger(__name__)


class CTranslate2Embedder:
    """A BERT-like sentence-transformers model, converted by
    `memex.models.convert_embedding`.

    The vector of a text is the mean of its token vectors, or that of its first
    token, scaled to length 1 (Reimers and Gurevych, Sentence-BERT, 2019): as the
    model says. The model's prompt goes before the text, and what is then longer
    than its limit (256 tokens for all-MiniLM-L6-v2) is cut there. Safe to share
    between threads; a query does not wait behind documents.
    """

    def __init__(
        self, folder: Path, model: str, prompts: Prompts | None = None, device: str = "auto"
    ) -> None:
        """Load the converted model in `folder`; `model` is its name and revision.

        `device` is "cpu", "cuda", or "auto": CUDA where there is one that works.
        """
        self._model = model
        self._prompts = prompts or Prompts()
        self._pooling = _pooling(folder)
        limit = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(int(limit["max_seq_length"]))
        self._tokenizer.no_padding()
        self._at_once = _cores() + 1  # or a core idles between two batches
        self._places = threading.BoundedSemaphore(self._at_once)
        self._encoder = self._load(folder, device)
        self._dimension = int(self._forward([self._tokenizer.encode("").ids]).shape[-1])

    @property
    def model(self) -> str:
        """Name and revision."""
        return self._model

    @property
    def dimension(self) -> int:
        """Components of a vector."""
        return self._dimension

    @property
    def device(self) -> str:
        """Where it computes: "cpu" or "cuda"."""
        return str(self._encoder.device)

    def encode_query(self, text: str) -> Vectors:
        """Shape (dimension,), L2 norm 1."""
        return self.read_query(text)[0]

    def read_query(self, text: str) -> tuple[Vectors, Tokens]:
        """`encode_query`, and the tokens."""
        encoding = self._tokenizer.encode(self._prompts.query + text)
        hidden = self._forward([encoding.ids])
        vector: Vectors = self._pooled(hidden, [encoding.ids])[0]
        return vector, self._tokens(encoding, hidden[0], self._prompts.query)

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimension), each row of L2 norm 1."""
        return self._read(texts, None)[0]

    def read_documents(
        self, texts: Sequence[str], keep: Callable[[str, Tokens], bytes]
    ) -> tuple[Vectors, list[bytes]]:
        """`encode_documents`, and what `keep` makes of each text and its tokens."""
        return self._read(texts, keep)

    def _read(
        self, texts: Sequence[str], keep: Callable[[str, Tokens], bytes] | None
    ) -> tuple[Vectors, list[bytes]]:
        """So many batches at once, however many callers there are: more of them only drive each
        other out of the processor's caches.
        """
        vectors = np.empty((len(texts), self._dimension), dtype=np.float32)
        kept = [b""] * len(texts)
        prompt = self._prompts.document

        def read(batch: Mapping[int, Encoding]) -> None:
            ids = [encoding.ids for encoding in batch.values()]
            with self._places:
                hidden = self._forward(ids)
            vectors[list(batch)] = self._pooled(hidden, ids)
            if keep:
                for (at, encoding), rows in zip(batch.items(), hidden, strict=True):
                    kept[at] = keep(texts[at], self._tokens(encoding, rows, prompt))

        with ThreadPoolExecutor(self._at_once) as pool:
            for start in range(0, len(texts), CHUNK):
                chunk = [prompt + text for text in texts[start : start + CHUNK]]
                encodings = dict(enumerate(self._tokenizer.encode_batch(chunk), start))
                list(pool.map(read, _batches(encodings)))
        return vectors, kept

    def _pooled(self, hidden: Vectors, ids: Sequence[Sequence[int]]) -> Vectors:
        """The unit vectors of texts, shape (texts, dimension)."""
        pooled = hidden[:, 0] if self._pooling == "cls" else _sums(hidden, ids)
        return _units(pooled)

    def _tokens(self, encoding: Encoding, hidden: Vectors, prompt: str) -> Tokens:
        """The tokens of a text behind a prompt. A model that says all with its first token has
        not learnt to say anything with the others: none.
        """
        before = len(prompt)
        own = {
            at: (start - before, end - before)
            for at, (start, end) in enumerate(encoding.offsets)
            if before <= start < end and self._pooling != "cls"
        }
        return Tokens(list(own.values()), _units(hidden[list(own)]))

    def _forward(self, ids: list[list[int]]) -> Vectors:
        """The last layer, shape (texts, longest text, dimension)."""
        hidden: Any = self._encoder.forward_batch(ids).last_hidden_state
        if self.device == "cuda":
            hidden = hidden.to_device(ctranslate2.Device.cpu)
        return np.asarray(hidden, dtype=np.float32)

    def _load(self, folder: Path, device: str) -> Any:  # noqa: ANN401 - ctranslate2 is untyped
        if device == "auto" and ctranslate2.get_cuda_device_count():
            try:
                return self._on_cuda(folder)
            except RuntimeError as error:  # a driver without the libraries
                log.warning("CUDA cannot be used (%s): embedding on the CPU.", error)
        if device == "cuda":
            return self._on_cuda(folder)
        heap.keep()
        # one thread per batch, and one worker more, for a query
        return ctranslate2.Encoder(
            str(folder),
            device="cpu",
            compute_type="int8",
            inter_threads=self._at_once + 1,
            intra_threads=1,
        )

    def _on_cuda(self, folder: Path) -> Any:  # noqa: ANN401 - ctranslate2 is untyped
        encoder = ctranslate2.Encoder(str(folder), device="cuda", compute_type="int8_float16")
        encoder.forward_batch([[0]])  # the libraries are loaded on first use
        return encoder


def _pooling(folder: Path) -> Pooling:
    """A conversion that does not say is an old one, when only models that take the
    mean were converted.
    """
    return read_pooling(folder) if (folder / POOLING).exists() else "mean"


def _sums(hidden: Vectors, ids: Sequence[Sequence[int]]) -> Vectors:
    """The sums over the tokens that are there; they point where the means do."""
    lengths = np.array([len(text) for text in ids])
    mask = (np.arange(hidden.shape[1]) < lengths[:, None]).astype(np.float32)
    sums: Vectors = np.einsum("btd,bt->bd", hidden, mask)
    return sums


def _units(vectors: Vectors) -> Vectors:
    """Each row with L2 norm 1."""
    scaled: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return scaled


def _batches(encodings: Mapping[int, Encoding]) -> Iterator[dict[int, Encoding]]:
    """Texts of about the same length, `BATCH_TOKENS` at a time, with their positions."""
    batch: dict[int, Encoding] = {}
    longest = 0
    for at, encoding in sorted(encodings.items(), key=lambda each: -len(each[1].ids)):
        if batch and (len(batch) + 1) * longest > BATCH_TOKENS:
            yield batch
            batch = {}
        longest = longest if batch else len(encoding.ids)
        batch[at] = encoding
    if batch:
        yield batch


def _cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
