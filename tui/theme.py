"""The colours, dark and light."""

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
LIGHT_GROUNDS: Final = frozenset({"7", "15"})
"""Background colours in COLORFGBG that are light."""


def preferred(environment: Mapping[str, str]) -> str:
    """The theme that suits the terminal, as far as it tells: `COLORFGBG` is "text;ground"."""
    ground = environment.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT.name if ground in LIGHT_GROUNDS else DARK.name
