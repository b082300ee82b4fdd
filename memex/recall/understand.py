"""The first stage: what a query says besides its words.

Chips (`from:Ada kind:podcast since:2026-01-01`) are certain: they filter. What is read out of
plain language is a hint: the time of an event is not always the time of its telling, and who is
asked about is not always who spoke. So nothing of the text is dropped for it; the text without
the words of the time stands beside the whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final, Generic, Literal, TypeVar

from memex.chips import CHIP, value_of
from memex.protocols import Filters
from memex.times import Range, Said, range_of, time_of
from memex.types import KINDS
from memex.words import is_function_word, words

T = TypeVar("T")
Shape = Literal["question", "name", "quote", "description"]

SOURCES: Final[dict[str, tuple[str, ...]]] = {
    "podcast": ("audio",),
    "episode": ("audio",),
    "recording": ("audio",),
    "conversation": ("audio",),
    "call": ("audio",),
    "meeting": ("audio", "video", "subtitles"),
    "interview": ("audio", "video", "subtitles"),
    "talk": ("audio", "video", "subtitles"),
    "lecture": ("audio", "video", "subtitles"),
    "film": ("video", "subtitles"),
    "movie": ("video", "subtitles"),
    "video": ("video", "subtitles"),
    "documentary": ("video", "subtitles"),
    "book": ("book", "pdf"),
    "novel": ("book", "pdf"),
    "ebook": ("book", "pdf"),
    "article": ("web", "pdf"),
    "post": ("web",),
    "blog": ("web",),
    "website": ("web",),
    "webpage": ("web",),
    "paper": ("pdf", "document"),
    "pdf": ("pdf",),
    "report": ("pdf", "document"),
    "document": ("document", "pdf"),
    "note": ("note",),
    "diary": ("note",),
    "journal": ("note",),
    "email": ("mail",),
    "e-mail": ("mail",),
    "mail": ("mail",),
}
"""What people call a source, and the kinds of `KINDS` that it may be."""

_QUOTED: Final = re.compile(r"\"([^\"]+)\"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»")
_DETERMINER: Final = r"(?:an?|the|my|our|his|her|their|this|that|which|what|some|any|\w+['’]s)"
_SOURCE: Final = re.compile(
    rf"(?:(?<!\w)(?:(?:in|from|on|at|during) )?(?P<before>{_DETERMINER}|in|from|on|at|during) "
    r"(?:(?P<between>[^\W\d_]+) )?|(?P<start>^))"
    rf"(?P<noun>{'|'.join(sorted(SOURCES, key=len, reverse=True))})s?(?!['’\w-])",
    re.IGNORECASE,
)
_START: Final = re.compile(r"^ (?:about|from|by|with|on|where|in|of)\b", re.IGNORECASE)
"""How a text goes on that begins with a source: "podcast about bees"."""
_BASE: Final = """say tell mention think ask write claim explain suggest recommend promise talk
speak propose believe argue complain joke describe answer insist warn""".split()
_PAST: Final = """said told mentioned thought asked wrote claimed explained suggested recommended
promised talked spoke proposed believed argued complained joked described answered insisted
warned""".split()
_SAYING: Final = f"(?:{'|'.join(_BASE)})"
"""What somebody did: "did Ada say"."""
_SAYS: Final = f"(?:{'|'.join((*_PAST, *(verb + 's' for verb in _BASE)))})"
"""Forms that a modal verb does not have: "may think", "will say" name nobody."""
_WORDS_OF: Final = (
    r"(?:words|opinion|view|views|take|advice|suggestions?|recommendations?|ideas?|questions?"
    r"|answers?|thoughts|argument|joke|proposal|e?mails?|messages?)"
)
_LIKE_VERB: Final = re.compile(r"say|said|tell|told|mention|claim|explain|call|titled|named|read")
"""How words begin that may follow a source: "the book says", "a film called"."""
_PART: Final = re.compile(r"\w+")
_SENT: Final = "(?:said|told|written|explained|mentioned|recommended|suggested|sent)"
_SENDING: Final = "(?:e?-?mails?|notes?|messages?|mails?|anything|something|words|quotes?)"
_ASKING: Final = re.compile(
    r"(?:who|whom|whose|what|when|where|why|how|which|did|do|does|is|are|was|were|am|can|could"
    r"|has|have|had|will|would|should|tell me|remind me|(?:in|on|at|from|for|with|by|of|to|about) "
    r"(?:which|what|whom))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Hint(Generic[T]):
    """Something that a query says of what is looked for."""

    value: T
    words: str
    """The words that say it."""
    explicit: bool
    """Whether a chip says it, so that it filters; else it was read out of plain language."""


@dataclass(frozen=True, slots=True)
class Understood:
    """A query, and what it says."""

    query: str
    """As it was typed."""
    text: str
    """Without chips: empty where there was nothing else."""
    timeless: str
    """`text` without the words that say the time: empty where there was nothing else."""
    time: Hint[Range] | None = None
    """When it was said or written, or (only a hint tells not which) when it happened."""
    kinds: Hint[tuple[str, ...]] | None = None
    """The kinds of document that it may be in."""
    speaker: Hint[str] | None = None
    """Who said it, as their name is known."""
    origin: Hint[str] | None = None
    """What it is out of; only chips say it."""
    phrases: tuple[str, ...] = ()
    """What stands in quotation marks: words that are to be found as they are."""
    shape: Shape = "description"

    @property
    def asking(self) -> str:
        """What is searched by words and by sense."""
        return self.text or self.query


def understand(
    query: str, now: datetime, people: Iterable[str] = (), owner: str | None = None
) -> Understood:
    """Read a query asked at an aware time, in the user's zone (`memex.times.here`), by somebody
    who knows these people; `owner` is who "I" is. Raises `ValueError` for a naive `now`.
    """
    known = tuple(people)
    chips = list(_chips(query, now))
    text = _without(query, [(chip.start, chip.end) for chip in chips])
    time = _explicit_time(chips)
    said = None if time else time_of(text, now, known)
    timeless = _without(text, [(said.start, said.end)]) if said else text
    return Understood(
        query=query,
        text=text,
        timeless=timeless,
        time=time or _hint_of(said),
        kinds=_explicit(chips, "kind", _kinds_of) or _source(_masked(timeless)),
        speaker=_explicit(chips, "from", lambda value: _spelt(value, known))
        or _speaker(_masked(text), known, owner),
        origin=_explicit(chips, "in", str),
        phrases=tuple(_phrases(text)),
        shape=_shape(text, known),
    )


def narrowed(filters: Filters, query: Understood) -> Filters:
    """Filters, and what the chips of a query say besides; what both say of kind, speaker or
    origin, as the chips do.
    """
    time = query.time.value if query.time and query.time.explicit else Range(None, None)
    since = [each for each in (filters.since, time.since) if each]
    until = [each for each in (filters.until, time.until) if each]
    return replace(
        filters,
        kinds=query.kinds.value if query.kinds and query.kinds.explicit else filters.kinds,
        speaker=query.speaker.value
        if query.speaker and query.speaker.explicit
        else filters.speaker,
        since=max(since, default=None),
        until=min(until, default=None),
        origin=query.origin.value if query.origin else filters.origin,
    )


# Chips.


@dataclass(frozen=True, slots=True)
class _Chip:
    name: str
    value: str
    start: int
    end: int
    range: Range | None = None


def _chips(query: str, now: datetime) -> Iterable[_Chip]:
    """The chips of a query; what looks like one and means nothing stays text."""
    for match in CHIP.finditer(query):
        name = match["name"].casefold()
        value = value_of(match)
        chip = _Chip(name, value, match.start(), match.end())
        if name in {"from", "in"}:
            yield chip
        elif name == "kind":
            if _kinds_of(value):
                yield chip
        elif found := range_of(re.sub(r"(?<=[a-z])[-_](?=[a-z])", " ", value), now):
            yield _Chip(name, chip.value, chip.start, chip.end, _bound(name, found))


def _bound(name: str, found: Range) -> Range:
    """`since:` from its beginning on, `after:` from its end on; `until:` and `before:` up to its
    beginning, as the options of the same names.
    """
    if name == "since":
        return Range(found.since, None)
    if name == "after":
        return Range(found.until, None)
    return Range(None, found.since)


def _explicit_time(chips: Sequence[_Chip]) -> Hint[Range] | None:
    """What all chips of time leave."""
    ranges = [chip.range for chip in chips if chip.range]
    if not ranges:
        return None
    since = max((each.since for each in ranges if each.since), default=None)
    until = min((each.until for each in ranges if each.until), default=None)
    words_ = " ".join(f"{chip.name}:{chip.value}" for chip in chips if chip.range)
    return Hint(Range(since, until), words_, explicit=True)


def _explicit(chips: Sequence[_Chip], name: str, value: Callable[[str], T]) -> Hint[T] | None:
    """What the last chip of a name says."""
    chip = next((chip for chip in reversed(chips) if chip.name == name), None)
    return Hint(value(chip.value), f"{name}:{chip.value}", explicit=True) if chip else None


def _kinds_of(noun: str) -> tuple[str, ...]:
    """The kinds that a word means; none for one that is no source."""
    word = noun.strip().casefold()
    if word in KINDS:
        return (word,)
    return SOURCES.get(word) or SOURCES.get(word.removesuffix("s"), ())


# Hints.


def _hint_of(said: Said | None) -> Hint[Range] | None:
    return Hint(said.range, said.words, explicit=False) if said else None


def _source(text: str) -> Hint[tuple[str, ...]] | None:
    """The source that a text names as one: "in a podcast", "which book"; not "book a table",
    "the film industry".
    """
    for match in _SOURCE.finditer(text):
        between, after = match["between"], text[match.end() :]
        if between and is_function_word(between):
            continue
        if match["start"] is not None and not _START.match(after):
            continue
        following = re.match(r" ([a-z][\w'’-]*)", after)
        word = following[1] if following else ""
        if not word or is_function_word(word) or _LIKE_VERB.match(word):
            kinds = SOURCES[match["noun"].casefold()]
            return Hint(kinds, match[0].strip(), explicit=False)
    return None


def _speaker(text: str, people: tuple[str, ...], owner: str | None) -> Hint[str] | None:
    """The person, among those known, of whom a text says that they say something."""
    names = {**_aliases(people), **({"i": owner} if owner else {})}
    there = set(_PART.findall(text.casefold()))
    said = [name for name in names if there.issuperset(_PART.findall(name))]
    if not said:
        return None
    for pattern in _speaking(tuple(sorted(said, key=len, reverse=True))):
        match = pattern.search(text)
        if match:
            return Hint(names[_folded(match["who"])], match[0].strip(), explicit=False)
    return None


@lru_cache(maxsize=64)
def _speaking(names: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """What says that one of some people spoke."""
    spaced = (r"\s+".join(map(re.escape, name.split())) for name in names)
    who = f"(?P<who>{'|'.join(spaced)})"
    once = "(?:ever |just |always |also |really |once |already |never )?"
    forms = (
        rf"(?:did|does|has|had|would|could|might) {who} {once}(?:{_SAYING}|{_SAYS})\b",
        rf"{who}(?:['’]s)? (?:has |had )?{once}{_SAYS}\b",
        rf"according to {who}\b",
        rf"{who}['’]s? (?:\w+ )?{_WORDS_OF}\b",
        rf"{_SENT} (?:\w+ )?by {who}\b",
        rf"{_SENDING} (?:\w+ )?from {who}\b",
    )
    return tuple(re.compile(rf"(?<![\w'’]){form}", re.IGNORECASE) for form in forms)


@lru_cache(maxsize=4)
def _aliases(people: tuple[str, ...]) -> Mapping[str, str]:
    """People by what they are called: their whole name, or the first where only one has it."""
    folded = {_folded(name): name for name in people if name.strip()}
    firsts = Counter(name.split()[0] for name in folded)
    alone = {name.split()[0]: known for name, known in folded.items()}
    return {first: known for first, known in alone.items() if firsts[first] == 1} | folded


def _spelt(name: str, people: tuple[str, ...]) -> str:
    """A name as it is known; as it was typed where nobody is known by it."""
    return _aliases(people).get(_folded(name), name)


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


# The text.


def _phrases(text: str) -> Iterable[str]:
    for match in _QUOTED.finditer(text):
        phrase = " ".join(next(group for group in match.groups() if group).split())
        if phrase:
            yield phrase


def _shape(text: str, people: tuple[str, ...]) -> Shape:
    """What a query is: a quote where at least half of its words are quoted; a name where all of
    up to three words begin with a capital, or are somebody's name.
    """
    all_words = words(text)
    quoted = sum(len(words(phrase)) for phrase in _phrases(text))
    if quoted and 2 * quoted >= len(all_words):
        return "quote"
    if text.rstrip().endswith("?") or _ASKING.match(text):
        return "question"
    if all_words and (_folded(" ".join(all_words)) in _aliases(people) or _named(all_words)):
        return "name"
    return "description"


def _named(all_words: Sequence[str]) -> bool:
    return len(all_words) <= 3 and all(
        word[0].isupper() and not is_function_word(word) for word in all_words
    )


def _masked(text: str) -> str:
    """A text without what is quoted: that is said by others."""
    return _QUOTED.sub(lambda match: "\0" * len(match[0]), text)


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """A text without some stretches, in one line."""
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]} {text[end:]}"
    tidy = re.sub(r"\s+([,.;:?!])", r"\1", " ".join(text.split()))
    return re.sub(r"^[,.;:?!\s]+|[,;:\s]+$", "", tidy)
