"""The script: events in watched folders and at the other doors, by seeded dice."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final

from evals.torture.texts import Texts, identity
from evals.torture.world import POISON, World
from memex.client import Client
from memex.errors import MemexError
from memex.items import Lane, Provenance
from memex.spool import Spool

MOST: Final = 150
"""Files in the watched folders: beyond it more are deleted than made."""
SOURCE: Final = "torture"
"""The provenance of what is received."""
PICTURE: Final = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
PAPERS: Final = ((b"%PDF-1.7\nthis is none", ".pdf"), (PICTURE, ".txt"), (b"\n \n", ".txt"),
                 (b"PK\x03\x04 nothing", ".epub"))  # fmt: skip
"""What nobody can read, under names that promise it."""


class Script:
    """Makes one event after the other, and notes in `world` what it did."""

    def __init__(
        self, random: Random, folders: tuple[Path, ...], aside: Path, client: Client, spool: Path
    ) -> None:
        """`folders` are watched, `aside` is not; `spool` is the spool's directory."""
        self.world = World()
        self.events = 0
        self._random = random
        self._texts = Texts(random)
        self._folders = folders
        self._aside = aside
        self._client = client
        self._spool = Spool(spool)
        self._owed: dict[Path, str] = {}
        self._doors: Mapping[Callable[[], None], int] = {
            self._create: 20,
            self._edit: 12,
            self._swap: 8,
            self._revert: 5,
            self._move: 12,
            self._move_folder: 2,
            self._delete: 8,
            self._delete_folder: 1,
            self._restore: 4,
            self._copy: 5,
            self._link: 4,
            self._touch: 5,
            self._poison: 3,
            self._ignored: 1,
            self._name: 5,
            self._receive: 6,
        }
        for folder in (*folders, aside):
            folder.mkdir(parents=True, exist_ok=True)

    def step(self) -> None:
        """Do one thing; then ask again for what was not acknowledged."""
        doors, weights = list(self._doors), list(self._doors.values())
        self.events += 1
        with suppress(_NothingThere):
            self._random.choices(doors, weights)[0]()
        self.settle_debts()

    def settle_debts(self) -> bool:
        """Add by name what the daemon has not acknowledged yet; whether all is."""
        for path, text in list(self._owed.items()):
            try:
                added = self._client.add([path])
            except MemexError:
                return False
            if added.errors:
                return False
            del self._owed[path]
            self.world.named[path] = text
        return True

    def _new_text(self) -> str:
        text = self._texts.make(big=self._random.random() < 0.05)
        self.world.texts[identity(text)] = text
        return text

    def _write(self, path: Path, text: str) -> None:
        """Write in place: whatever else links to the file changes with it."""
        for other in self._linked(path):
            self.world.write(other, identity(text))
        path.write_text(text, encoding="utf-8")

    def _linked(self, path: Path) -> list[Path]:
        if not path.exists() or path.stat().st_nlink == 1:
            return [path]
        return [other for other in self.world.files if other.samefile(path)]

    def _place(self) -> Path:
        """A path at which nothing lies, in a folder that is there."""
        folder = self._random.choice(self._folders)
        if self._random.random() < 0.4:
            folder = folder / self._random.choice(("a", "b b", "ü/c", "ü/d"))
        folder.mkdir(parents=True, exist_ok=True)
        return folder / self._texts.name()

    def _any(self) -> Path:
        """A file that can be read."""
        return self._chosen([p for p, text in self.world.files.items() if text != POISON])

    def _chosen(self, paths: list[Path]) -> Path:
        if not paths:
            raise _NothingThere
        return self._random.choice(paths)

    def _create(self) -> None:
        if len(self.world.files) >= MOST:
            self._delete()
        else:
            self._write(self._place(), self._new_text())

    def _edit(self) -> None:
        papers = {".pdf", ".epub"}
        path = self._chosen([path for path in self.world.files if path.suffix not in papers])
        self._write(path, self._new_text())

    def _swap(self) -> None:
        """Replace by rename, as careful editors save."""
        self._put(self._any(), self._new_text().encode())

    def _put(self, path: Path, content: bytes) -> None:
        draft = path.parent / ".draft.tmp"
        draft.write_bytes(content)
        self.world.write(path, identity(content.decode()))
        draft.rename(path)

    def _revert(self) -> None:
        """Edit back to a text that was there before."""
        path = self._any()
        older = sorted(t for t, places in self.world.places.items() if path in places)
        self._write(path, self.world.texts[self._random.choice(older)])

    def _move(self) -> None:
        path = self._chosen(list(self.world.files))
        target = self._place().with_suffix(path.suffix)
        self.world.move(path, target)
        path.rename(target)

    def _move_folder(self) -> None:
        folder = self._some_folder()
        target = self._place().with_suffix("")
        if target.is_relative_to(folder):
            raise _NothingThere
        for path in [path for path in self.world.files if path.is_relative_to(folder)]:
            self.world.move(path, target / path.relative_to(folder))
        folder.rename(target)

    def _some_folder(self) -> Path:
        """A folder with files in it, and no folder."""
        parents = {path.parent for path in self.world.files} - set(self._folders)
        return self._chosen(
            sorted(p for p in parents if not any(p in other.parents for other in parents))
        )

    def _delete(self) -> None:
        path = self._chosen(list(self.world.files))
        self.world.remove(path)
        path.unlink()

    def _delete_folder(self) -> None:
        folder = self._some_folder()
        for path in [path for path in self.world.files if path.is_relative_to(folder)]:
            self.world.remove(path)
        shutil.rmtree(folder)

    def _restore(self) -> None:
        """Something is written where something lay before."""
        path = self._chosen([path for path in self.world.had if path not in self.world.files])
        path.parent.mkdir(parents=True, exist_ok=True)
        if self._random.random() < 0.5:
            self._write(path, self.world.texts[min(self.world.had[path])])
        else:
            self._write(path, self._new_text())

    def _copy(self) -> None:
        path = self._any()
        target = self._place().with_suffix(path.suffix)
        self.world.write(target, self.world.files[path])
        shutil.copyfile(path, target)

    def _link(self) -> None:
        path = self._any()
        target = self._place().with_suffix(path.suffix)
        self.world.write(target, self.world.files[path])
        target.hardlink_to(path)

    def _touch(self) -> None:
        self._chosen(list(self.world.files)).touch()

    def _poison(self) -> None:
        content, suffix = self._random.choice(PAPERS)
        if self._random.random() < 0.3:
            path = self._any()
            if path.suffix not in {".txt", ".TXT"} or path.stat().st_nlink > 1:
                raise _NothingThere
            content = PICTURE
        else:
            path = self._place().with_suffix(suffix)
        self.world.write(path, POISON)
        path.write_bytes(content + str(self.events).encode() * bool(content.strip()))

    def _ignored(self) -> None:
        """What nobody wants remembered."""
        path = self._place()
        name = self._random.choice((f"~${path.name}", f"{path.name}.part", f".{path.name}"))
        path.with_name(name).write_text("zq ignored", encoding="utf-8")

    def _name(self) -> None:
        """Add a file by name that lies elsewhere: a new one, or one that was edited."""
        known = sorted({*self.world.named, *self._owed})
        path = self._aside / self._texts.name()
        if known and self._random.random() < 0.4:
            path = self._random.choice(known)
        text = self._new_text()
        self.world.named.pop(path, None)
        self.world.places.setdefault(identity(text), set()).add(path)
        path.write_text(text, encoding="utf-8")
        self._owed[path] = identity(text)

    def _receive(self) -> None:
        """Something comes in that lies nowhere else; what it says may be known already."""
        text = self._new_text()
        if self._random.random() < 0.3 and self.world.places:
            text = self.world.texts[self._random.choice(sorted(self.world.places))]
        draft = self._spool.draft(f"draft{self.events}.txt")
        lane = self._random.choice((Lane.LIVE, Lane.BULK))
        self.world.places.setdefault(identity(text), set()).add(draft)
        try:
            draft.write_text(text, encoding="utf-8")
            self._spool.receive(draft, Provenance(source=SOURCE), lane)
        except (MemexError, OSError):  # no room: whoever has it keeps it
            draft.unlink(missing_ok=True)
        else:
            self.world.received.add(identity(text))


class _NothingThere(Exception):
    """There is nothing yet that this could be done to."""
