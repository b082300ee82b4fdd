"""Pausing: nothing is heard or read until it is over."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from memex.durable import private
from memex.errors import StorageError


class Pause:
    """A small file in the data directory, so that it outlasts every process."""

    def __init__(self, path: Path) -> None:
        """Nothing is made yet."""
        self._path = path

    def begin(self, length: timedelta | None = None) -> None:
        """Pause for so long, or until `end`. Raises `StorageError`."""
        until = None if length is None else datetime.now(UTC) + length
        draft = self._path.with_suffix(".draft")
        text = json.dumps({"until": until.isoformat() if until else None})
        try:
            with open(draft, "w", encoding="utf-8", opener=private) as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(self._path)
        except OSError as error:
            raise StorageError(
                f"{self._path} cannot be written: {error.strerror}.", "Mend its permissions."
            ) from error

    def end(self) -> bool:
        """Go on; False when nothing was paused. Raises `StorageError`."""
        paused = self.active()
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"{self._path} cannot be removed: {error.strerror}.", "Mend its permissions."
            ) from error
        return paused

    def active(self) -> bool:
        """Whether it is paused now."""
        return self._read() is not None

    def until(self) -> datetime | None:
        """When it ends by itself; None when it does not, or nothing is paused."""
        read = self._read()
        return read[0] if read else None

    def _read(self) -> tuple[datetime | None] | None:
        """The pause's end; a file that says nothing is a pause until `end`: whoever
        wanted no one to listen is not to be listened to.
        """
        try:
            text = json.loads(self._path.read_text(encoding="utf-8"))["until"]
            until = datetime.fromisoformat(text).astimezone(UTC) if text else None
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, LookupError):
            return (None,)
        return None if until and until <= datetime.now(UTC) else (until,)
