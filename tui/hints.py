"""What stands in the place of hits, where there are none. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.content import Content

from tui.text import cut

QUIET: Final = "$foreground 55%"
EXAMPLES: Final = (
    ('"as we may think"', "words as they stand"),
    ("kind:podcast from:Ada", "of whom, and where"),
    ("hypertext last spring", "when"),
    ("since:2026-01 before:2026-03", "from when to when"),
)
LISTED: Final = 6
"""Queries of a list."""


def nothing(query: str) -> Content:
    """That a query found nothing, and what to do."""
    said = f"Fewer words, or other ones? What “{cut(query, 60)}” means is looked for, too."
    return Content.assemble(("Nothing found.\n\n", "bold"), said)


def tips(saved: Sequence[str], earlier: Sequence[str]) -> Content:
    """What can be typed, and what was."""
    lines = [
        Content.styled("Type what you remember of it.\n", "bold"),
        Content("It is searched at every key: words, names as you spell them, and what is meant."),
        Content(""),
    ]
    lines += [
        Content.assemble((f"  {example:<30}", "$text-accent"), (said, QUIET))
        for example, said in EXAMPLES
    ]
    for title, queries in {"Saved (Ctrl+R)": saved, "Earlier (↑, Ctrl+R)": earlier}.items():
        if queries:
            lines += [Content(""), Content.styled(title, "bold")]
            lines += [Content.styled(f"  {cut(each, 70)}", QUIET) for each in queries[:LISTED]]
    return Content("\n").join(lines)
