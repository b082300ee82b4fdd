"""What an embedder made of texts that it has seen before, on disk (SQLite, one file for each
model), so that an eval repeats in seconds.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from memex.errors import InvalidRequest
from memex.protocols import Embedder, TokenEmbedder, Tokens

if TYPE_CHECKING:
    from memex.protocols import Vectors

KEY_BYTES: Final = 16
BATCH: Final = 256
"""Texts that are embedded between two writes, and read at a time."""
PATIENCE: Final = 60.0
"""Seconds that one eval waits for another one's write."""
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS read (
    key BLOB PRIMARY KEY, vector BLOB NOT NULL, kept BLOB NOT NULL
) WITHOUT ROWID
"""

Row = tuple[bytes, bytes]
"""A vector, float32, and what was kept of the tokens."""


class CachedEmbedder:
    """A `TokenEmbedder` that asks another embedder only for texts it has not seen; without
    tokens, where the other one tells none.
    """

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        """Raises `InvalidRequest` where the folder cannot hold it."""
        self._embedder = embedder
        self._file = folder / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', embedder.model)}.db"
        self._anew = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with self._database() as db:
                db.execute(SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise InvalidRequest(
                f"{folder} cannot hold the cache of vectors: {error}.",
                f"Remove {self._file}, or name another folder with --cache.",
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

        def encode(texts: Sequence[str]) -> tuple[Vectors, list[bytes]]:
            return self._embedder.encode_query(texts[0]).reshape(1, -1), [b""]

        return self._read("query", [text], encode)[0].reshape(-1)

    def read_query(self, text: str) -> tuple[Vectors, Tokens]:
        """The same, with its tokens, which are read each time."""
        if isinstance(self._embedder, TokenEmbedder):
            return self._embedder.read_query(text)
        return self.encode_query(text), Tokens([], np.empty((0, self.dimension), np.float32))

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimension)."""

        def encode(texts: Sequence[str]) -> tuple[Vectors, list[bytes]]:
            return self._embedder.encode_documents(texts), [b""] * len(texts)

        return self._read("document", texts, encode)[0]

    def read_documents(
        self, texts: Sequence[str], keep: Callable[[str, Tokens], bytes]
    ) -> tuple[Vectors, list[bytes]]:
        """The same, with what `keep` makes of the tokens: known by its name."""
        other = self._embedder
        if not isinstance(other, TokenEmbedder):
            return self.encode_documents(texts), [b""] * len(texts)

        def encode(texts: Sequence[str]) -> tuple[Vectors, list[bytes]]:
            return other.read_documents(texts, keep)

        return self._read(_role(keep), texts, encode)

    @contextmanager
    def anew(self) -> Iterator[None]:
        """Meanwhile queries are embedded as a user's are, known or not: for timing."""
        self._anew = True
        try:
            yield
        finally:
            self._anew = False

    def _read(
        self,
        role: str,
        texts: Sequence[str],
        encode: Callable[[Sequence[str]], tuple[Vectors, list[bytes]]],
    ) -> tuple[Vectors, list[bytes]]:
        keys = [_key(role, text) for text in texts]
        with self._database() as db:
            rows = _known(db, keys)
            new = {key: text for key, text in zip(keys, texts, strict=True) if key not in rows}
            for at in range(0, len(new), BATCH):
                batch = dict(list(new.items())[at : at + BATCH])
                vectors, kept = encode(list(batch.values()))
                read = zip(batch, map(_packed, vectors), kept, strict=True)
                made = {key: (vector, of) for key, vector, of in read}
                with db:
                    db.executemany(
                        "INSERT OR IGNORE INTO read VALUES (?, ?, ?)",
                        [(key, *row) for key, row in made.items()],
                    )
                rows |= made
        flat = np.frombuffer(b"".join(rows[key][0] for key in keys), np.float32)
        return flat.reshape(len(keys), self.dimension).copy(), [rows[key][1] for key in keys]

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._file, timeout=PATIENCE)) as db:
            yield db


def _known(db: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, Row]:
    rows: dict[bytes, Row] = {}
    for at in range(0, len(keys), BATCH):
        batch = keys[at : at + BATCH]
        marks = ", ".join("?" * len(batch))
        found = db.execute(f"SELECT key, vector, kept FROM read WHERE key IN ({marks})", batch)  # noqa: S608 (marks)
        rows |= {key: (vector, kept) for key, vector, kept in found}
    return rows


def _packed(vector: Vectors) -> bytes:
    return np.ascontiguousarray(vector, dtype=np.float32).tobytes()


def _role(keep: Callable[[str, Tokens], bytes]) -> str:
    return f"document, {keep.__module__}.{keep.__qualname__}"


def _key(role: str, text: str) -> bytes:
    return hashlib.sha256(f"{role}\0{text}".encode()).digest()[:KEY_BYTES]
