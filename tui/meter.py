"""A level as a bar: how loud it is where a device hears. Pure."""

from __future__ import annotations

from typing import Final

from textual.content import Content

from memex.levels import full

LOUD: Final = -12.0
"""dBFS from which it is loud."""
TOO_LOUD: Final = -3.0
"""dBFS from which the loudest samples are likely cut off."""


def meter(level: float | None, width: int) -> Content:
    """A bar of so many cells, and the level in dBFS; nothing where no level is known."""
    if level is None:
        return Content("")
    style = "$error" if level >= TOO_LOUD else "$warning" if level >= LOUD else "$success"
    loud = full(level, width)
    return Content.assemble(
        ("━" * loud, style), ("─" * (width - loud), "$foreground 20%"),
        (f"{level:4.0f} dB", "$foreground 55%"),
    )  # fmt: skip
