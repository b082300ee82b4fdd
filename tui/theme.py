"""The colours, dark and light, and those of terminals that have 256 of them.

Such a terminal shows the nearest that it has. Of a dark ground with a tint that is black or navy
blue, and two grounds that are to be told apart become one; so these take what it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from textual.theme import Theme

DARK: Final = Theme(
    name="memex-dark",
    primary="#7aa2f7",
    secondary="#7dcfff",
    accent="#e0af68",
    foreground="#c8d0e0",
    background="#14161c",
    surface="#1a1d25",
    panel="#242936",
    success="#9ece6a",
    warning="#e0af68",
    error="#f7768e",
    dark=True,
)
LIGHT: Final = Theme(
    name="memex-light",
    primary="#2f5fb3",
    secondary="#0f6f86",
    accent="#9a5b00",
    foreground="#2b2f3a",
    background="#fbfaf6",
    surface="#f3f1ea",
    panel="#e5e2d8",
    success="#3b7a1e",
    warning="#9a5b00",
    error="#b3261e",
    dark=False,
)
DARK_OF_256: Final = Theme(
    name=DARK.name,
    primary="#87afff",
    secondary="#87d7ff",
    accent="#d7af5f",
    foreground="#d0d0d0",
    background="#121212",
    surface="#1c1c1c",
    panel="#303030",
    success="#afd75f",
    warning="#d7af5f",
    error="#ff8787",
    dark=True,
    variables={"cursor": "#005f87", "filled": "#5f5f87"},
)
LIGHT_OF_256: Final = Theme(
    name=LIGHT.name,
    primary="#005faf",
    secondary="#005f87",
    accent="#875f00",
    foreground="#303030",
    background="#ffffff",
    surface="#eeeeee",
    panel="#dadada",
    success="#5f8700",
    warning="#875f00",
    error="#af0000",
    dark=False,
    variables={"cursor": "#afd7ff", "filled": "#87afd7"},
)
MANY: Final = "truecolor"
"""What a terminal has that can show any colour, as Rich calls it."""
LIGHT_GROUNDS: Final = frozenset({"7", "15"})
"""Background colours in COLORFGBG that are light."""


def themes(colours: str | None) -> tuple[Theme, Theme]:
    """Dark and light, for a terminal that has these colours."""
    return (DARK, LIGHT) if colours == MANY else (DARK_OF_256, LIGHT_OF_256)


def preferred(environment: Mapping[str, str]) -> str:
    """The theme that suits the terminal, as far as it tells: `COLORFGBG` is "text;ground"."""
    ground = environment.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT.name if ground in LIGHT_GROUNDS else DARK.name
