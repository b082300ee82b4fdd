"""Which sentences are quoted of somebody or something: rules that can be read, and no model.

A sentence that speaks of them, or in which they speak of themselves, comes before one that they
merely said, and that before one that only calls them. Very short and very long ones and questions
come later, those with a number or another name sooner.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sentencex

from memex.digests.naming import Name
from memex.passages import times_of
from memex.types import Segment
from memex.words import has_digit, words

SHORT: Final = 6
"""Words under which a sentence tells little."""
FEWEST: Final = 3
"""Words under which it tells nothing without the sentence before it."""
LONG: Final = 45
"""Words over which it is hard to read."""
MOST: Final = 80
"""Words; what is longer has no punctuation, and is quoted in part."""
SPEAKS_OF: Final = 2.0
SAID: Final = 1.0
CALLED: Final = 0.5
LENGTH: Final = 0.5
"""What is taken off a sentence that is too short or too long."""
ASKED: Final = 0.5
"""What is taken off a question."""
TELLS: Final = 0.25
"""What a number, and what another name, is worth."""
SELF: Final = frozenset("i my mine me we our i'm i've i'd i'll we're we've we'll".split())
_ENDED: Final = re.compile(r"[.!?…][\"'”’)\]]*\s*$")


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence with its place."""

    text: str
    position: int
    """Of the segment in which it begins."""
    offset: int
    """Words of that segment before it."""
    segment: Segment
    """In which it begins."""
    start: float | None
    """Seconds."""
    end: float | None
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may be quoted."""

    told: Told
    document_id: str
    order: tuple[datetime, str, int]
    """By which the newest are known."""
    score: float


def whole(segments: Sequence[Segment], at: int, first: int, language: str | None) -> list[Told]:
    """The whole sentences that have a part in the segment `at`, of some segments in a row the
    first of which has the position `first`: what is spoken is cut into segments anywhere.
    """
    begin = end = at
    while begin > 0 and _goes_on(segments[begin - 1], segments[begin]):
        begin -= 1
    while end + 1 < len(segments) and _goes_on(segments[end], segments[end + 1]):
        end += 1
    run = segments[begin : end + 1]
    return [
        told
        for told, last in _run(run, first + begin, language)
        if told.position <= first + at <= last
    ]


def every(segments: Sequence[Segment], first: int, language: str | None) -> Iterator[Told]:
    """All sentences of some segments in a row, the first of which has the position `first`."""
    begin = 0
    for at in range(1, len(segments) + 1):
        if at == len(segments) or not _goes_on(segments[at - 1], segments[at]):
            run = segments[begin:at]
            yield from (told for told, _ in _run(run, first + begin, language))
            begin = at


def _run(
    segments: Sequence[Segment], first: int, language: str | None
) -> Iterator[tuple[Told, int]]:
    """The sentences of segments that go on from one to the next, with the position in which
    each ends.
    """
    parts = [segment.text.split() for segment in segments]
    places = [(number, i) for number, part in enumerate(parts) for i in range(len(part))]
    done = 0
    for sentence in _sentences(" ".join(word for part in parts for word in part), language):
        count = len(sentence.split())
        here = places[done : done + count]
        done += count
        yield _told(sentence, here, segments, first), first + here[-1][0]


def _sentences(text: str, language: str | None) -> list[str]:
    """The sentences of a text; a word or two are part of the one before: recognisers put full
    stops where somebody takes breath.
    """
    found: list[str] = []
    for sentence in sentencex.segment(language or "en", text):
        if found and len(sentence.split()) < FEWEST:
            found[-1] = f"{found[-1]} {sentence}"
        elif sentence.strip():
            found.append(sentence)
    return found


def _told(
    sentence: str, here: Sequence[tuple[int, int]], segments: Sequence[Segment], first: int
) -> Told:
    (number, offset), (last, until) = here[0], here[-1]
    start, _ = _times(segments[number], offset)
    _, end = _times(segments[last], until)
    text = " ".join(sentence.split())
    return Told(text, first + number, offset, segments[number], start, end)


def _times(segment: Segment, word: int) -> tuple[float | None, float | None]:
    return times_of(segment, word, word + 1, len(segment.text.split()))


def _goes_on(one: Segment, other: Segment) -> bool:
    """Whether a sentence may go on from one segment to the next: in speech, by one speaker."""
    spoken = one.start is not None and other.start is not None
    same = one.speaker == other.speaker and one.heading == other.heading
    return spoken and same and not _ENDED.search(one.text)


def score(sentence: str, name: Name, *, own: bool) -> float | None:
    """How much a sentence tells of a name; None where it has nothing to do with it. `own` is
    what they say themselves.
    """
    mentioned = name.is_mentioned(sentence)
    if not (own or mentioned):
        return None
    if own:
        value = SPEAKS_OF if mentioned or _of_oneself(sentence) else SAID
    else:
        value = CALLED if name.is_addressed(sentence) else SPEAKS_OF
    theirs = {part.casefold() for form in name.forms for part in form.text.split()}
    told = telling(sentence, theirs)
    return None if told is None else value + told


def telling(sentence: str, names: Set[str] = frozenset()) -> float | None:
    """How much a sentence tells by its form; None where it has no word. Some `names` are known
    to be in it, and tell nothing.
    """
    said = words(sentence)
    if not said:
        return None
    value = 0.0 if SHORT <= len(said) <= LONG else -LENGTH
    if len(said) < FEWEST:
        value -= SAID
    if sentence.endswith("?"):
        value -= ASKED
    others = [word for word in said[1:] if word.casefold() not in names | SELF]
    value += TELLS * any(has_digit(word) for word in said)
    return value + TELLS * any(word[0].isupper() for word in others)


def _of_oneself(sentence: str) -> bool:
    """Whether who says it speaks of themselves."""
    return any(word.casefold().replace("’", "'") in SELF for word in words(sentence))


def chosen(candidates: Iterable[Candidate], most: int) -> list[Candidate]:
    """The quotes, newest first: of each document its best one, then its second best."""
    return newest(ranked(candidates)[:most])


def newest(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The newest first."""
    return sorted(candidates, key=lambda one: one.order, reverse=True)


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The best of each document, best first, then the second best of each. What is said twice
    in the same words is there once, as it was said last.
    """
    best = sorted(newest(candidates), key=lambda one: -one.score)
    said: set[str] = set()
    turns: Counter[str] = Counter()
    rounds: list[tuple[int, Candidate]] = []
    for one in best:
        letters = "".join(filter(str.isalnum, one.told.text.casefold()))
        if letters not in said:
            said.add(letters)
            rounds.append((turns[one.document_id], one))
            turns[one.document_id] += 1
    return [one for _, one in sorted(rounds, key=lambda pair: pair[0])]


def shortened(text: str, name: Name | None = None) -> str:
    """A sentence that can be shown: of one that never ends the part that speaks of the name,
    or the beginning, with "…" where it was cut.
    """
    parts = text.split()
    if len(parts) <= MOST:
        return text
    step = MOST // 2
    begins = range(0, len(parts) - step, step)
    speaks = (b for b in begins if name and name.is_mentioned(" ".join(parts[b : b + MOST])))
    at = next(speaks, 0)
    kept = " ".join(parts[at : at + MOST])
    return f"{'…' if at else ''}{kept}{'…' if at + MOST < len(parts) else ''}"
