"""Forgetting a document: what would go, and carrying it out. For threads, but for the preview."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from textual.content import Content

from memex.errors import DaemonUnavailable
from tui.link import Line
from tui.memory import Memory
from tui.messages import Weighed
from tui.text import cut, day, shown

if TYPE_CHECKING:
    from memex.wire import Json

UNSURE: Final = (
    "`memex up` finishes what was begun. What is in the list then was not: forget it again."
)


def weighed(line: Line, document: str) -> Weighed:
    """What a forgetting would concern. Raises `MemexError`."""
    return Weighed(document, line.use(lambda memory: memory.selected(_selection(document))))


def forgotten(line: Line, weighed: Weighed) -> frozenset[str]:
    """Forget it; the ids of the documents that are gone. Raises `MemexError`."""
    ids = [row["id"] for row in weighed.found["documents"]]

    def work(memory: Memory) -> None:
        steps = memory.forgetting(ids, heard=_selection(weighed.document))
        if "forgotten" not in [step["type"] for step in steps]:
            raise DaemonUnavailable("memexd went away in the middle of this.")

    try:
        line.use(work)
    except DaemonUnavailable as error:
        raise DaemonUnavailable(error.message, UNSURE) from error
    return frozenset(ids)


def _selection(document: str) -> Json:
    """One document, as `memex forget ID` has it."""
    nothing = dict.fromkeys(("source", "since", "until", "matching"))
    return {"documents": [document], **nothing}


def preview(found: Mapping[str, Any]) -> Content:
    """What would go, and what would not."""
    rows, echoes = found["documents"], found["echoes"]
    lines = [Content(f"{len(rows)} versions of it go together.\n")] if len(rows) > 1 else []
    for row in rows:
        copies = f", {row['copies']} copies" if row["copies"] > 1 else ""
        facts = f"{row['kind']} {day(row['created_at'])}, {row['segments']:,} segments{copies}"
        lines += [
            Content.styled(cut(row["title"], 100), "bold"),
            Content.styled(f"  {facts}", "$foreground 55%"),
            Content.styled(f"  {shown(row['uri'])}", "$foreground 55%"),
        ]
    if echoes:
        lines.append(Content(f"and {echoes:,} links to what was overheard"))
    told = (
        "Its text, its place in the index, kept sound, what was searched and found in it: all of "
        "that goes. The file itself, which is yours, stays where it is, and is not read again as "
        "it is. Backups and exports are out of Memex's reach."
    )
    return Content("\n").join([*lines, Content(""), Content(told)])
