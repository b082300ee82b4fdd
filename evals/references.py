"""Whether an answer says what a reference answer says.

By normalised text, as SQuAD's metrics have it (Rajpurkar et al., SQuAD: 100,000+ questions for
machine comprehension of text, EMNLP 2016), and more leniently by the words of content: an answer
in a sentence never equals a reference in two words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from memex.words import content_stems

MOST: Final = 0.75
"""Share of a reference's different words of content that an answer must have."""
UNITS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen"
).split()
TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety".split()
SCALES: Final = {"hundred": 100, "thousand": 1000}
ORDINALS: Final = {
    "first": "one",
    "second": "two",
    "third": "three",
    "fifth": "five",
    "eighth": "eight",
    "ninth": "nine",
    "twelfth": "twelve",
    "twentieth": "twenty",
    "thirtieth": "thirty",
}
VALUES: Final = {
    **{word: value for value, word in enumerate(UNITS)},
    **{word: 20 + 10 * at for at, word in enumerate(TENS)},
}
DAYS: Final = "monday tuesday wednesday thursday friday saturday sunday".split()
MONTHS: Final = "jan feb mar apr may jun jul aug sep oct nov dec".split()

_NEAR: Final = re.compile(
    rf"({'|'.join(DAYS)}|weekend|week) (before|after) "
    r"(?:(\d{1,2}) ?([a-z]{3})[a-z]*|([a-z]{3})[a-z]* (\d{1,2})),? ?(\d{4})"
)
_COUNT: Final = "|".join([*VALUES, *SCALES, *ORDINALS, *(f"{word}th" for word in UNITS[4:])])
_NUMBER: Final = re.compile(rf"\b(?:{_COUNT})(?:(?: and |[ -])(?:{_COUNT}))*\b")
_NO_WORD: Final = re.compile(r"[^\w\s]|\b(a|an|the)\b")


def holds(answer: str, references: Sequence[str]) -> bool:
    """Whether a text has one of the references, word for word or nearly all of its words. "The
    Friday before 22 October 2023" is 20 October 2023, too.
    """
    there, said = f" {_plain(answer)} ", _words(answer)
    for reference in (*references, *(day for each in references for day in _days(each))):
        wanted = _words(reference)
        if _plain(reference) and f" {_plain(reference)} " in there:
            return True
        if wanted and len(wanted & said) >= MOST * len(wanted):
            return True
    return False


def _plain(text: str) -> str:
    return " ".join(_NO_WORD.sub(" ", _counted(text)).split())


def _words(text: str) -> set[str]:
    return set(content_stems(_counted(text)))


def _counted(text: str) -> str:
    """A text in lower case with its numbers in digits: "twenty ninth", "29th" and "29"."""
    folded = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text.casefold())
    return _NUMBER.sub(lambda found: str(_value(found[0])), folded)


def _value(words: str) -> int:
    total = part = 0
    for said in re.findall(r"[a-z]+", words):
        word = ORDINALS.get(said, said.removesuffix("th"))
        if word in SCALES:
            part = (part or 1) * SCALES[word]
            total, part = (total + part, 0) if word == "thousand" else (total, part)
        else:
            part += VALUES.get(word, 0)
    return total + part


def _days(reference: str) -> Iterator[str]:
    """The dates of what is told by another date: of a day, of both days of a weekend, of the
    Monday with which a week begins.
    """
    found = _NEAR.search(reference.casefold())
    if not found:
        return
    named, where, day, month, month_first, day_last, year = found.groups()
    if (month or month_first) not in MONTHS:
        return
    try:
        at = date(int(year), MONTHS.index(month or month_first) + 1, int(day or day_last))
    except ValueError:  # there is no such day
        return
    first = "saturday" if named == "weekend" else "monday" if named == "week" else named
    if where == "before":
        last = at - timedelta(days=1) if named != "week" else at - timedelta(days=7)
        at = last - timedelta(days=(last.weekday() - DAYS.index(first)) % 7)
    else:
        at += timedelta(days=(DAYS.index(first) - at.weekday() - 1) % 7 + 1)
    for days in range(2 if named == "weekend" else 1):
        on = at + timedelta(days=days)
        yield f"{on.day} {on:%B %Y}"
