"""The archive: the sound that Memex keeps itself, of what lies nowhere else.

    audio/5c/5c1f….opus     named by the item that it came with

A file is on the disk for good before the library has a copy that names it, so a crash
leaves at worst one that nothing names: `sweep` removes those.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from ingest.keeping import encode
from memex.client import Client
from memex.config import Audio, Config
from memex.durable import sync
from memex.errors import DiskFull, MemexError, StorageError, UnreadableFile
from memex.items import Item, printable
from memex.protocols import Step
from memex.retention import NEVER
from memex.spool import Spool, State
from memex.types import Document

BLOCK: Final = 1 << 20
"""Bytes copied at a time."""
HEARD: Final = frozenset({"audio", "video"})
"""Kinds that have a sound."""
_WAITING: Final[tuple[State, ...]] = ("new", "cur")
"""An item that failed has its thing in the spool: when it is tried again it is kept again."""

_log = logging.getLogger(__name__)


class Archive:
    """One directory, in the hands of the one worker."""

    def __init__(self, directory: Path, config: Callable[[], Config]) -> None:
        """`config` is asked again for each item: the user may change it."""
        self._directory = directory
        self._config = config

    def welcome(self, item: Item) -> bool:
        """Whether an item may be remembered at all (not what retention never keeps)."""
        origin = item.provenance
        if origin is None:
            return True
        return self._config().retention.rule(origin.source, origin.consent).transcripts != NEVER

    def keep(self, item: Item, document: Document, progress: Callable[[Step], None]) -> Path | None:
        """Keep an item's sound, on the disk for good; None where there is none to be kept.

        What `progress` raises ends it. Raises `StorageError` (`DiskFull`), `UnreadableFile`.
        """
        if item.provenance is None or document.kind not in HEARD:
            return None
        source = Path(item.path)
        how = self._how(item)
        if how == "none":
            return None
        folder = self.folder(item)
        target = folder / f"{item.id}.opus"
        try:
            _make(self._directory)
            _make(folder)
            if how == "opus" and _encoded(item, source, target, progress):
                return target
            return _taken(source, folder / f"{item.id}{source.suffix.lower()}", progress)
        except OSError as error:
            raise _failed(target, error) from error

    def _how(self, item: Item) -> Audio:
        config = self._config()
        origin = item.provenance
        assert origin is not None
        never = config.retention.rule(origin.source, origin.consent).audio == NEVER
        return "none" if never or not origin.keep_sound else config.intake.audio

    def folder(self, item: Item) -> Path:
        """Where its sound lies, if it is kept."""
        return self._directory / item.id[:2]

    def keeps(self, item: Item, uri: str) -> bool:
        """Whether a copy's URI is that of the sound kept of this item."""
        return uri.startswith(f"{self.folder(item).as_uri()}/{item.id}.")

    def has(self, item: Item) -> bool:
        """Whether a sound of this item is kept."""
        return any(self.folder(item).glob(f"{item.id}.*"))

    def folders(self) -> Iterator[Path]:
        """The folders in which sounds lie."""
        if self._directory.is_dir():
            yield from sorted(path for path in self._directory.iterdir() if path.is_dir())

    def sweep(self, client: Client, spool: Spool, *folders: Path) -> bool:
        """Remove what no copy names and no item in the spool is about to: of items that
        were refused, forgotten or known, or left by a crash. False where memexd cannot say.
        """
        waiting = {item.id for state in _WAITING for item in spool.items(state)}
        try:
            needed = waiting | client.kept()  # asked after: what has left the spool is there
        except MemexError as error:
            _log.info("kept sounds are looked over later: %s", error)
            return False
        for folder in folders:
            for file in sorted(folder.iterdir()):
                if file.suffix == ".part" or file.name.partition(".")[0] not in needed:
                    file.unlink(missing_ok=True)
        return True


def _encoded(item: Item, source: Path, target: Path, progress: Callable[[Step], None]) -> bool:
    """Keep it as Opus; False where its sound cannot be decoded, though its words are known."""
    if target.exists():  # whole: the process died after it
        return True
    try:
        encode(source, target, progress=progress)
    except UnreadableFile as error:
        _log.warning("%s is kept as it is: %s", printable(item.path), type(error).__name__)
        return False
    return True


def _taken(source: Path, target: Path, progress: Callable[[Step], None]) -> Path:
    """Keep the very bytes: another name for them, or a copy where the disk has no such thing."""
    if target.exists():
        return target
    draft = target.with_name(f"{target.name}.part")
    draft.unlink(missing_ok=True)
    try:
        try:
            os.link(source, draft, follow_symlinks=False)
        except OSError:  # another disk, or one without hard links
            _copied(source, draft, progress)
        draft.chmod(0o600)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    sync(target.parent)
    return target


def _copied(source: Path, draft: Path, progress: Callable[[Step], None]) -> None:
    total = source.stat().st_size
    with source.open("rb") as old, draft.open("xb") as new:
        while block := old.read(BLOCK):
            new.write(block)
            progress(Step("keeping", new.tell(), total, "bytes"))


def _make(folder: Path) -> None:
    """A folder of the archive, on the disk for good."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        sync(folder.parent)


def _failed(target: Path, error: OSError) -> StorageError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFull(
            f"There is no room left on the disk of {target.parent}; the sound is not kept.",
            "Make room and try again.",
        )
    return StorageError(
        f"{target} cannot be written: {error.strerror}.", "Mend the permissions of its folder."
    )
