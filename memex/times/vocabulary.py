"""The words of time, as pieces of regular expressions over lower-case text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

WEEKDAYS: Final = tuple("mon tue wed thu fri sat sun".split())
MONTHS: Final = tuple("jan feb mar apr may jun jul aug sep oct nov dec".split())
_COUNTED: Final = "zero one two three four five six seven eight nine ten eleven twelve".split()
NUMBERS: Final = dict(zip(_COUNTED, range(13), strict=True)) | {
    "a": 1,
    "an": 1,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
}
VAGUE: Final = {
    "a couple of": (2, 3),
    "a couple": (2, 3),
    "couple of": (2, 3),
    "couple": (2, 3),
    "a few": (2, 5),
    "few": (2, 5),
    "some": (2, 5),
    "several": (3, 10),
}
"""The fewest and the most that is meant."""
ORDINALS: Final = {
    word: n
    for n, word in enumerate(
        """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
        thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
        twenty-first twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth
        twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first""".split(),
        1,
    )
}
_TENS: Final = "twenties thirties forties fifties sixties seventies eighties nineties noughties"
DECADES: Final = dict(zip(_TENS.split(), range(20, 110, 10), strict=True))
"""Years after 1900, or 2000 where that decade has begun."""
PARTS: Final = {
    "morning": (5, 12),
    "afternoon": (12, 18),
    "evening": (17, 24),
    "night": (18, 29),
    "early hours": (0, 5),
    "small hours": (0, 5),
}
"""Parts of a day: the hours at which they begin and end; the night ends at 5 the next day."""

NAMELIKE: Final = frozenset({"april", "may", "june", "august", "jan"})
"""Months that people are called."""
CAPITAL: Final = frozenset({"sat", "sun", "wed", "mar", "dec"})
"""Short forms that are other words, too, unless they are written with a capital."""


def _any(words: Iterable[str]) -> str:
    """One of some words, the longest that fits."""
    return "(?:" + "|".join(sorted(words, key=len, reverse=True)) + ")"


COUNT: Final = rf"(?:\d{{1,3}}|{_any([*NUMBERS, *VAGUE])})"
WEEKDAY: Final = (
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day"
    r"|(?:mon|tues?|weds?|thu(?:rs?)?|fri|sat|sun)\b\.?)"
)
MONTH: Final = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?)"
)
SEASON: Final = r"(?:spring|summer|autumn|fall|winter)"
HOLIDAY: Final = (
    r"(?:christmas eve|christmas day|christmas|xmas|boxing day|new year's eve|new year's day"
    r"|new year(?:'s)?|easter sunday|easter monday|easter|good friday|thanksgiving(?: day)?"
    r"|hallowe'?en|valentine'?s(?: day)?)"
)
ORDINAL: Final = _any(ORDINALS)
DAY_NUMBER: Final = r"(?:3[01]|[12]\d|0?[1-9])"
YEAR: Final = r"(?:19|20)\d\d"
UNIT: Final = r"(?:minute|min|hour|day|week|month|quarter|year|decade)"
PART: Final = r"(?:morning|afternoon|evening|night|early hours|small hours)"
LAST: Final = r"(?:this past|this last|last|past|this|the past)"


def count_of(text: str) -> tuple[int, int]:
    """The fewest and the most that a `COUNT` means."""
    if text in VAGUE:
        return VAGUE[text]
    n = int(text) if text.isdecimal() else NUMBERS[text]
    return n, n


def ordinal_of(text: str) -> int:
    """The number of "first", "1st", "21st"."""
    return ORDINALS[text] if text in ORDINALS else int(text.rstrip("stndrh"))


def month_of(text: str) -> int:
    """The number of a `MONTH`, from 1."""
    return MONTHS.index(text[:3]) + 1


def weekday_of(text: str) -> int:
    """The number of a `WEEKDAY`, Monday is 0."""
    return WEEKDAYS.index(text[:3])


def unit_of(text: str) -> str:
    """The unit that a word means."""
    return "minute" if text == "min" else text
