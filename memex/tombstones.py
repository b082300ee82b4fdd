"""What stays of the forgotten: salted hashes, so that a rescan does not bring it back.

A hash can be compared with what is found later, and tells nothing by itself.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Iterable
from typing import Final

from memex.database import Database

_SALT: Final = "tombstone salt"


class Tombstones:
    """The tombstones of the library."""

    def __init__(self, database: Database) -> None:
        """A room of the library; its salt is made when it is first opened."""
        self._database = database
        with database.transaction() as db:
            db.execute(
                "INSERT INTO settings VALUES (?, ?) ON CONFLICT DO NOTHING",
                (_SALT, secrets.token_hex(32)),
            )
        row = database.one("SELECT value FROM settings WHERE name = ?", _SALT)
        assert row is not None
        self._salt = bytes.fromhex(row["value"])

    def put_up(self, keys: Iterable[str]) -> None:
        """What has one of these keys is not to come back."""
        with self._database.transaction() as db:
            db.executemany(
                "INSERT INTO tombstones VALUES (?) ON CONFLICT DO NOTHING",
                [(self._hash(key),) for key in keys],
            )

    def lift(self, keys: Iterable[str]) -> None:
        """What has one of these keys may come back."""
        with self._database.transaction() as db:
            db.executemany(
                "DELETE FROM tombstones WHERE hash = ?", [(self._hash(key),) for key in keys]
            )

    def among(self, keys: Iterable[str]) -> set[str]:
        """Those of these keys that have a tombstone."""
        hashes = {self._hash(key): key for key in keys}
        rows = self._database.all(
            "SELECT hash FROM tombstones WHERE hash IN (SELECT value FROM json_each(?))",
            json.dumps(list(hashes)),
        )
        return {hashes[row["hash"]] for row in rows}

    def _hash(self, key: str) -> str:
        return hmac.digest(self._salt, key.encode(errors="surrogateescape"), "sha256").hex()


def of_bytes(sha256: str) -> str:
    """The key of a file's bytes."""
    return f"bytes {sha256}"


def of_text(document_id: str) -> str:
    """The key of a document, in whatever container."""
    return f"text {document_id}"


def of_file(uri: str, signature: str) -> str:
    """The key of a file in a state: a scan need not read it again to know."""
    return f"file {uri} {signature}"
