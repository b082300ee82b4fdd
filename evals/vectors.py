"""Vectors of texts that were embedded before, on disk, so that an eval repeats in seconds.

One folder per model: `keys.bin` holds 16 bytes of hash per text, `vectors.f32`
the rows in the same order, read through a memory map. Both only grow; a row
counts once its key is written.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from memex.errors import InvalidRequest
from memex.protocols import Embedder

if TYPE_CHECKING:
    from memex.protocols import Vectors

KEY_BYTES: Final = 16
BATCH: Final = 256
"""Texts that are embedded between two writes."""


class CachedEmbedder:
    """An `Embedder` that asks another one only for texts it has not seen."""

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        self._embedder = embedder
        self._folder = folder / re.sub(r"[^A-Za-z0-9.-]+", "-", embedder.model)
        self._rows: dict[bytes, int] = {}
        self._anew = False
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._locked():
                self._repair()
        except OSError as error:
            raise InvalidRequest(
                f"{folder} cannot hold the cache of vectors: {error.strerror}.",
                "Name another folder with --cache.",
            ) from error

    @property
    def model(self) -> str:
        """The other one's."""
        return self._embedder.model

    @property
    def dimension(self) -> int:
        """The other one's."""
        return self._embedder.dimension

    def encode_query(self, text: str) -> Vectors:
        """Shape (dimension,)."""
        if self._anew:
            return self._embedder.encode_query(text)
        key = _key("query", text)
        if key not in self._rows:
            self._append([key], self._embedder.encode_query(text).reshape(1, -1))
        return self._read([key]).reshape(-1)

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimension)."""
        keys = [_key("document", text) for text in texts]
        missing = {
            key: text for key, text in zip(keys, texts, strict=True) if key not in self._rows
        }
        new = list(missing)
        for at in range(0, len(new), BATCH):
            batch = new[at : at + BATCH]
            self._append(batch, self._embedder.encode_documents([missing[key] for key in batch]))
        return self._read(keys)

    @contextmanager
    def anew(self) -> Iterator[None]:
        """Meanwhile queries are embedded as a user's are, known or not: for timing."""
        self._anew = True
        try:
            yield
        finally:
            self._anew = False

    def missing(self, texts: Sequence[str]) -> int:
        """How many of the documents' texts would have to be embedded."""
        return len({key for text in texts if (key := _key("document", text)) not in self._rows})

    @property
    def _vectors(self) -> Path:
        return self._folder / "vectors.f32"

    @property
    def _keys(self) -> Path:
        return self._folder / "keys.bin"

    def _read(self, keys: Sequence[bytes]) -> Vectors:
        if not keys:
            return np.empty((0, self.dimension), dtype=np.float32)
        whole = self._vectors.stat().st_size // (self.dimension * 4)  # another may be writing one
        shape = (whole, self.dimension)
        stored = np.memmap(self._vectors, dtype=np.float32, mode="r", shape=shape)
        return np.array(stored[[self._rows[key] for key in keys]])

    def _append(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        with self._locked():
            first = self._repair()
            with self._vectors.open("ab") as stored:
                stored.write(np.ascontiguousarray(vectors, dtype=np.float32).tobytes())
            with self._keys.open("ab") as stored:
                stored.write(b"".join(keys))
        self._rows.update({key: first + at for at, key in enumerate(keys)})

    def _repair(self) -> int:
        """Take in what another process wrote, cut off what was half written. Returns the rows."""
        self._vectors.touch()
        self._keys.touch()
        width = self.dimension * 4
        rows = min(self._keys.stat().st_size // KEY_BYTES, self._vectors.stat().st_size // width)
        if rows > len(self._rows):
            stored = self._keys.read_bytes()
            self._rows = {stored[at * KEY_BYTES : (at + 1) * KEY_BYTES]: at for at in range(rows)}
        for path, size in ((self._keys, KEY_BYTES), (self._vectors, width)):
            if path.stat().st_size != rows * size:
                with path.open("r+b") as file:
                    file.truncate(rows * size)
        return rows

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Two evals may run at once; one writes at a time."""
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _key(role: str, text: str) -> bytes:
    return hashlib.sha256(f"{role}\0{text}".encode()).digest()[:KEY_BYTES]
