"""The holidays that are known: those of the Gregorian calendar and around Easter, and
Thanksgiving as in the United States.
"""

from __future__ import annotations

from memex.times import recurring
from memex.times.recurring import Named


def holiday(text: str) -> tuple[Named, Named]:
    """The days that are meant by a holiday, and its very day."""
    days = recurring.month_days
    word = text.removesuffix(" day").removesuffix("'s") if "new year" in text else text
    very = {"christmas": days(12, 25, 25), "xmas": days(12, 25, 25)}
    table: dict[str, Named] = {
        "christmas eve": days(12, 24, 24),
        "christmas day": days(12, 25, 25),
        "christmas": days(12, 24, 26),
        "xmas": days(12, 24, 26),
        "boxing day": days(12, 26, 26),
        "new year's eve": days(12, 31, 31),
        "new year": days(1, 1, 1) if text.endswith("day") else recurring.new_year,
        "easter sunday": recurring.around_easter(0, 0),
        "easter monday": recurring.around_easter(1, 1),
        "easter": recurring.around_easter(-2, 1),
        "good friday": recurring.around_easter(-2, -2),
    }
    if word in table:
        core = recurring.around_easter(0, 0) if word == "easter" else table[word]
        if word == "new year":
            core = days(1, 1, 1)
        return table[word], very.get(word, core)
    if word.startswith("thanks"):
        return recurring.thanksgiving, recurring.thanksgiving
    name = days(10, 31, 31) if word.startswith("hallow") else days(2, 14, 14)
    return name, name
