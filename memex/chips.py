"""Chips: what narrows a search, as it is typed in the query (`from:Ada in:"Rose walk"`)."""

from __future__ import annotations

import re
from typing import Final

CHIP: Final = re.compile(
    r"(?<!\S)(?P<name>from|in|kind|since|until|before|after):"
    r"(?:\"(?P<quoted>[^\"]+)\"|“(?P<curly>[^”]+)”|(?P<bare>[^\s\"“]+))",
    re.IGNORECASE,
)


def value_of(match: re.Match[str]) -> str:
    """What a chip says, without its name and quotation marks."""
    return (match["quoted"] or match["curly"] or match["bare"]).strip()


def chip(name: str, value: str) -> str:
    """What is typed to narrow a search: in quotation marks that are not in the value, where it
    needs any; "" where all are.
    """
    if not re.search(r"[\s\"“]", value):
        return f"{name}:{value}"
    if '"' not in value:
        return f'{name}:"{value}"'
    return "" if "”" in value else f"{name}:“{value}”"


def renamed(query: str, before: str, now: str) -> str:
    """A query with the new name of somebody, where its chips have the old one."""

    def put(match: re.Match[str]) -> str:
        who = " ".join(value_of(match).split()).casefold()
        meant = match["name"].casefold() == "from" and who == before.casefold()
        return (chip("from", now) if meant else "") or match[0]

    return CHIP.sub(put, query)
