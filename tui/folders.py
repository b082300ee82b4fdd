"""The watched folders of the library: how each is, adding and removing them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.content import Content

from tui.entry import Entry
from tui.people import counted
from tui.section import QUIET, Done, Listing, Section, local
from tui.sure import Sure
from tui.text import cut, shown
from tui.threads import tell

if TYPE_CHECKING:
    from memex.config import WatchedFolder

LOOKED_THROUGH: Final = 10_000
"""Entries of a folder, at most, among which completions are looked for."""
OFFERED: Final = 50
"""Completions, at most."""
NONE: Final = (
    "No folder is watched. “a” watches one: what can be read in it is remembered, as it comes and "
    "changes."
)
ADDED: Final = (
    "What can be read in it and in the folders inside is remembered, as it comes and changes; what "
    "is deleted there stays remembered. `memex watch add --help` has choices."
)
REMOVED: Final = (
    "It is looked at no longer: what comes or changes there is not noticed. What was remembered "
    "from it stays: Documents has it, where it can be forgotten."
)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that is watched."""

    settings: WatchedFolder
    files: int | None = None
    """That are known of; None where it is not known."""
    settling: int = 0
    """Of these, new or changed."""
    scanned_at: str | None = None
    """ISO 8601; None: not yet."""
    trouble: str = ""
    """Why it cannot be looked into; "" where it can."""
    failed: int = 0
    """Files in it that could not be read."""

    @property
    def key(self) -> str:
        """Its path."""
        return str(self.settings.path)

    @property
    def words(self) -> str:
        """What typing finds it by."""
        return f"{self.key} {self.trouble}".casefold()

    def line(self, width: int) -> Content:
        """Its path; at the right how many files, or what is the matter."""
        sign = ("✗", "$text-error") if self.trouble else ("▤", "$primary")
        said, style = self.state(), "$text-error" if self.trouble else QUIET
        right = f"{cut(said, width // 2)} "
        left = Content.assemble(" ", sign, " ", cut(at_home(self.key), width - len(right) - 4))
        gap = " " * max(1, width - left.cell_length - Content(right).cell_length)
        return Content.assemble(left, gap, (right, style))

    def state(self) -> str:
        """How it is."""
        if self.trouble:
            return self.trouble
        if self.scanned_at is None:
            return "not looked at yet"
        settling = f", {self.settling:,} new or changed" if self.settling else ""
        failed = f", {self.failed:,} not read" if self.failed else ""
        return f"{counted(self.files or 0, 'file')}{settling}{failed}"

    def told(self) -> Content:
        """All that is known of it."""
        settings = self.settings
        looked = f"; looked at {local(self.scanned_at)}" if self.scanned_at else ""
        inside = "with the folders inside" if settings.recursive else "without the folders inside"
        left_out = f", without {', '.join(map(shown, settings.ignore))}" if settings.ignore else ""
        gone = (
            f"forgotten after {settings.grace:g} days" if settings.deleted == "forget" else "kept"
        )
        failed = " Those that were not read stand in Documents, with why." if self.failed else ""
        style = "$text-error" if self.trouble else QUIET
        return Content("\n").join(
            [
                Content.assemble((shown(self.key), "bold")),
                Content.styled(f"{shown(self.state())}{looked}.{failed}", style),
                Content.styled(f"{inside}{left_out}; what is deleted there is {gone}", QUIET),
            ]
        )


class Folders(Section[Folder]):
    """Those in trouble first."""

    ASKS = "Words of a path"
    OF_ROW = frozenset({"remove"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add"),
        Binding("d", "remove", "Remove"),
    ]

    def fetched(self) -> Sequence[Folder]:
        """As the configuration has them, in a thread: memexd is not needed for that."""
        return folders(self._line.folders(), {})

    def mark(self) -> object:
        """What changes when the configuration was read anew."""
        return [row["path"] for row in (self.status.get("ingest") or {}).get("watching") or ()]

    def show(self, rows: Sequence[Folder]) -> None:
        """Show them with what is told of them."""
        super().show(folders([row.settings for row in rows], self.status))

    def told(self) -> None:
        """Show how each is by now."""
        if self._all is None:
            self.redraw()
        else:
            self.show(self._all)

    def badge(self) -> tuple[str, bool]:
        """How many; red where one is in trouble."""
        return super().badge()[0], any(one.trouble for one in self._all or ())

    def known(self) -> Content:
        """Of one all that is known; and what holds for all."""
        if self.row is None:
            none = NONE if self._all is not None and not self._typed else ""
            return Content.styled(none, QUIET)
        lines = [self.row.told()]
        if away := self.away():
            lines.append(away)
        elif self.status and self.status.get("memex_ingest") is None:
            lines.append(
                Content.styled("memex-ingest is not running; `memex up` starts it", "$text-error")
            )
        if missing := self.status.get("missing"):
            said = f"In all folders, {counted(missing, 'file')} that were read are gone."
            lines.append(Content.styled(said, QUIET))
        return Content("\n").join(lines)

    def on_listing_picked(self, message: Listing.Picked) -> None:
        """All that is known stands below."""
        message.stop()

    def action_add(self) -> None:
        """Ask for a path, and watch it."""

        def take(typed: str) -> None:
            path = os.path.abspath(os.path.expanduser(typed))  # noqa: PTH100, PTH111 (links stay)
            new = self._line.follow_folder(Path(path))
            how = "is watched" if new else "was watched already"
            tell(self, Done(f"{shown(path)} {how}.", path))

        self.app.push_screen(
            Entry("Watch a folder", Content(ADDED), take, suggest=completions, value="~/")
        )

    def action_remove(self) -> None:
        """Watch one no longer, when that is meant."""
        folder = self.row
        if folder is None:
            return

        def work() -> str:
            self._line.leave_folder(folder.settings.path)
            return f"{shown(folder.key)} is watched no longer."

        def meant(yes: bool | None) -> None:
            if yes:
                self.do(work, "unwatch")

        said = folder.told() + Content(f"\n\n{REMOVED}")
        self.app.push_screen(Sure("Watch it no longer?", said, "removes it"), meant)


def folders(settings: Sequence[WatchedFolder], status: Mapping[str, Any]) -> list[Folder]:
    """The folders with what a status tells of them, those in trouble first."""
    watching = (status.get("ingest") or {}).get("watching") or ()
    told = {row["path"]: row for row in watching}
    failed = [str(row["path"]) for row in status.get("failed") or ()]
    found = [_folder(one, told.get(_printable(one.path), {}), failed) for one in settings]
    return sorted(found, key=lambda one: (not one.trouble, one.key))


def _folder(settings: WatchedFolder, told: Mapping[str, Any], failed: Sequence[str]) -> Folder:
    below = f"{_printable(settings.path)}{os.sep}"
    return Folder(
        settings=settings,
        files=told.get("files"),
        settling=told.get("settling", 0),
        scanned_at=told.get("scanned_at"),
        trouble=told.get("trouble", ""),
        failed=sum(path.startswith(below) for path in failed),
    )


def _printable(path: Path) -> str:
    """A path as memex-ingest tells it."""
    from memex.items import printable  # noqa: PLC0415 (a screen is up before it is imported)

    return printable(path)


def at_home(path: str) -> str:
    """A path with ~ for the home."""
    home = str(Path.home())
    return f"~{path[len(home) :]}" if f"{path}/".startswith(f"{home}/") else path


def completions(typed: str) -> list[str]:
    """The folders whose path begins so, in a thread: those that hide only where a dot is typed."""
    start, slash, name = typed.rpartition("/")
    folder = os.path.expanduser(f"{start}{slash}" or ".")  # noqa: PTH111 (one of nobody stays)
    try:
        with os.scandir(folder) as entries:
            found = list(_folders(islice(entries, LOOKED_THROUGH), name))
    except OSError:
        return []  # there is none yet: what is typed is looked at when it is taken
    return [f"{start}{slash}{each}/" for each in sorted(found)[:OFFERED]]


def _folders(entries: Iterator[os.DirEntry[str]], begun: str) -> Iterator[str]:
    for entry in entries:
        hidden = entry.name.startswith(".") and not begun.startswith(".")
        fits = entry.name.startswith(begun) and entry.name.isprintable()
        if fits and not hidden and entry.is_dir():
            yield entry.name
