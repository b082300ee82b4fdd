"""The secret by which satellites show that they may send sound."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from memex.durable import private, sync
from memex.errors import StorageError

SHORTEST: Final = 16
"""Characters of a token that a user may have put there."""


def token(path: Path) -> str:
    """The token of a data directory, made at the first use; only its owner can read it.

    Raises `StorageError`.
    """
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{path} cannot be read: {error}.", "Mend its permissions.") from error
    if len(text) < SHORTEST:
        raise StorageError(
            f"The token in {path} is too short.", "Remove the file: another one is made."
        )
    return text


def same(token: str, told: object) -> bool:
    """Whether a token is the one that was told; takes as long for any."""
    return isinstance(told, str) and hmac.compare_digest(token.encode(), told.encode())


def _make(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with open(draft, "w", encoding="ascii", opener=private) as file:
        file.write(secrets.token_urlsafe(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    sync(path.parent)
