"""Colours, where a terminal has few of them."""

from __future__ import annotations

import pytest
from rich.color import Color, ColorSystem
from textual.theme import Theme

from tests.tui.fakes import FakeReach
from tui.app import MemexApp
from tui.theme import DARK, DARK_OF_256, LIGHT_OF_256, themes

GREYS = {16, *range(231, 256)}


def nearest(colour: str | None) -> int | None:
    """The number of what a terminal of 256 colours shows."""
    assert colour is not None
    return Color.parse(colour).downgrade(ColorSystem.EIGHT_BIT).number


@pytest.mark.parametrize("theme", [DARK_OF_256, LIGHT_OF_256])
def test_grounds_are_told_apart_in_256_colours(theme: Theme) -> None:
    plain = [nearest(each) for each in (theme.background, theme.surface, theme.panel)]
    lit = [nearest(theme.variables[name]) for name in ("cursor", "filled")]
    assert len({*plain, *lit}) == 5
    assert GREYS.issuperset(plain)
    assert GREYS.isdisjoint(lit)


def test_of_the_usual_colours_a_dark_ground_would_be_blue() -> None:
    assert nearest(DARK.panel) not in GREYS


@pytest.mark.parametrize(
    ("colours", "many"), [("truecolor", True), ("256", False), ("standard", False), (None, False)]
)
def test_what_a_terminal_has_decides(
    colours: str | None, many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (themes(colours)[0] is DARK) == many
    monkeypatch.setattr("textual.constants.COLOR_SYSTEM", colours)
    app = MemexApp(FakeReach())
    assert (app.get_theme("memex-dark") is DARK) == many
    assert {"cursor", "filled"} <= app.get_css_variables().keys()
