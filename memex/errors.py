"""Every error that Memex raises on purpose.

    MemexError
    ├── UnreadableFile          a file that cannot become a document
    │   ├── UnsupportedFile     no reader for this kind of file
    │   ├── EncryptedFile       a password would be needed
    │   ├── DamagedFile         truncated, mislabelled or malformed
    │   ├── NoTextFound         readable, but nothing is written or said in it
    │   └── FileTooLarge        beyond a bound that protects this machine
    ├── ModelError
    │   ├── ModelMissing        not on this machine yet
    │   ├── ModelDamaged        its SHA-256 is not the one on record
    │   ├── ModelCrashed        its process ended in the middle of an answer
    │   └── DownloadFailed      a pull that broke off (what came is kept)
    ├── StorageError            the data directory cannot be written
    │   ├── DiskFull
    │   └── IndexDamaged        the index's files are not what was written
    ├── InvalidRequest          the question, query or option makes no sense
    ├── NotFound                no document, passage or item of that name
    ├── DaemonError
    │   ├── DaemonUnavailable   nothing answers on the socket
    │   └── AlreadyRunning      another process owns this data directory
    └── ServiceError            systemd or launchd is not there, or refuses

The message says what happened; `remedy`, where there is one, says what to do.
Both are shown to the user as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class MemexError(Exception):
    """Base of all deliberate errors.

    `message` says what happened, `remedy` what the user can do about it
    (an empty string when there is nothing to do).
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".rstrip()


class UnreadableFile(MemexError):
    """A file that cannot become a document."""


class UnsupportedFile(UnreadableFile):
    """No reader is registered for this kind of file."""


class EncryptedFile(UnreadableFile):
    """The file needs a password."""


class DamagedFile(UnreadableFile):
    """The file is truncated, mislabelled or malformed."""


class NoTextFound(UnreadableFile):
    """The file is sound, but nothing is written or said in it."""


class FileTooLarge(UnreadableFile):
    """The file, or what it unpacks to, is beyond a bound."""


class ModelError(MemexError):
    """A model cannot be used."""


class ModelMissing(ModelError):
    """The model's files are not on this machine."""


class ModelDamaged(ModelError):
    """A model file's SHA-256 is not the one on record."""


class ModelCrashed(ModelError):
    """The process of the model ended while it was at work."""


class DownloadFailed(ModelError):
    """A download broke off; what has come so far is kept for the next try."""


class StorageError(MemexError):
    """The data directory cannot be read or written."""


class DiskFull(StorageError):
    """There is no room left on the device."""


class IndexDamaged(StorageError):
    """The index's files are not what was written; they can be made again."""


class InvalidRequest(MemexError):
    """A question, query or option that makes no sense."""


class NotFound(MemexError):
    """No document, passage or item of that name."""


class DaemonError(MemexError):
    """The daemon cannot serve the request."""


class DaemonUnavailable(DaemonError):
    """Nothing answers on the socket."""


class AlreadyRunning(DaemonError):
    """Another process owns this data directory."""


class ServiceError(MemexError):
    """The session's service manager (systemd, launchd) is not there, or refuses."""


def error_to_json(error: MemexError) -> dict[str, str]:
    """An error with its class, so that another process raises the same."""
    return {"error": type(error).__name__, "message": error.message, "remedy": error.remedy}


def error_from_json(fields: Mapping[str, Any]) -> MemexError:
    """The inverse of `error_to_json`."""
    named = globals().get(str(fields.get("error")))
    kind = named if isinstance(named, type) and issubclass(named, MemexError) else MemexError
    return kind(fields.get("message", "The daemon failed."), fields.get("remedy", ""))
