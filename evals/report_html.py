"""HTML that is escaped by construction: a plain string is text, an `Html` is markup."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

VOID: Final = frozenset({"meta", "line", "rect", "circle", "path", "polygon", "polyline", "br"})
"""Elements without an end tag here; those of SVG are closed in place."""


class Html(str):
    """Markup that was made by `tag` or `join`."""

    __slots__ = ()


def tag(name: str, /, *inner: str, **attributes: str | float | None) -> Html:
    """An element. What is not `Html` in it is text and is escaped, as all attributes are.

    An attribute's trailing underscore is dropped and others become hyphens (`class_`,
    `text_anchor`); one that is None is left out.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID and not inner:
        return Html(f"<{name}{written}/>")
    return Html(f"<{name}{written}>{join(inner)}</{name}>")


def join(parts: Iterable[str]) -> Html:
    """One after the other."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Html:
    """A table whose first column names the rows; a row of one cell heads those after it."""
    names = list(head)
    lines = [
        tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in cells))
        if cells
        else tag("tr", tag("th", first, scope="rowgroup", colspan=len(names)))
        for first, *cells in rows
    ]
    return tag(
        "div",
        tag(
            "table",
            tag("thead", tag("tr", *(tag("th", name, scope="col") for name in names))),
            tag("tbody", *lines),
        ),
        class_="wide",
    )


def _number(value: str | float) -> str:
    """Coordinates to a tenth of a pixel."""
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
