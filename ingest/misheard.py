"""The second look at what was heard: a name that the memory knows, in the place of the
word that the recogniser made of it.

Whisper writes a name that it never saw as what it sounds like: "Nuzad Alzaman". Telling
it names beforehand makes it invent them (docs/decisions/hearing.md). So it is asked
afterwards, and only where three say so:
- the recogniser: it doubted a word that it took for a name, or had to spell;
- the sound: a name of the memory sounds like it (`memex.phonetics`), and the model takes
  the phrase with that name for about as likely to have been said;
- the context: the name is among those that may come up now, and no other fits as well.
What was heard is kept (`memex.types.Correction`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from memex.names import COMMON
from memex.phonetics import Sound, alike, sound_of
from memex.types import Correction, Word

DOUBTED: Final = 0.8
"""Probability below which a word may have been misheard."""
ALIKE: Final = 0.7
"""Mean of how alike a name and what was heard sound and are spelt, at least."""
SPELT: Final = 0.5
"""How alike they are spelt, at least."""
LETTERS: Final = 4
"""Of a name, and of what was heard, at least: shorter ones sound like anything."""
MORE: Final = 1
"""Words more than a name has that may have been heard in its place, or less."""
PRICE: Final = 4.0
"""By how much less likely than what was heard the phrase may be with the name, in nats
(natural logarithm): the memory knows the name, the recogniser does not."""
LEAD: Final = 1.5
"""By how much likelier than with any other name, in nats."""
LOOKS: Final = 12
"""Names that are tried in a phrase, at most: those that sound most alike."""
_BARE: Final = re.compile(r"^[^\w]*(?P<word>.*?)(?P<tail>(?:['’]s)?[^\w]*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Name:
    """A name of the memory."""

    text: str
    sound: Sound
    parts: tuple[str, ...]
    """The letters of each of its words."""


@dataclass(frozen=True, slots=True)
class _Look:
    """A name that may have been said in the place of some words."""

    first: int
    last: int
    """The word after them."""
    name: Name
    alike: float


Likelihoods = Callable[[Sequence[str]], Sequence[float]]
"""How likely each text is to be what was said: log probability, in nats."""
Spelt = Callable[[str], bool]
"""Whether the recogniser has no token for a word: it must spell it."""


def names_of(texts: Iterable[str]) -> tuple[Name, ...]:
    """Names by their sounds; without those that are too short to tell."""
    found = (
        Name(text, sound_of(text), tuple(sound_of(part).letters for part in text.split()))
        for text in texts
    )
    return tuple(name for name in found if len(name.sound.letters) >= LETTERS)


def corrected(
    words: Sequence[Word], names: Sequence[Name], spelt: Spelt, likelihoods: Likelihoods
) -> tuple[tuple[Word, ...], tuple[Correction, ...]]:
    """The words of a phrase with names in the places where they were misheard, and which."""
    looks = _looks(words, names, spelt)
    if not looks:
        return tuple(words), ()
    heard, *others = likelihoods([_text(words), *(_text(_with(words, look)) for look in looks)])
    gains = sorted(
        ((likely - heard, look) for likely, look in zip(others, looks, strict=True)),
        key=lambda pair: -pair[0],
    )
    chosen = [look for n, (gain, look) in enumerate(gains) if gain >= -PRICE and _leads(gains, n)]
    made = []
    for look in sorted(chosen, key=lambda look: -look.first):  # from the end: places stay
        replaced = words[look.first : look.last]
        made.append(Correction(look.name.text, _said(replaced), replaced[0].start))
        words = _with(words, look)
    return tuple(words), tuple(reversed(made))


def _leads(gains: Sequence[tuple[float, _Look]], place: int) -> bool:
    """Whether no other look at the same words gains about as much; `gains` is in order."""
    gain, look = gains[place]
    rivals = [
        (other, one)
        for n, (other, one) in enumerate(gains)
        if n != place and one.first < look.last and look.first < one.last
    ]
    return all(
        other < gain and (one.name.text == look.name.text or gain - other >= LEAD)
        for other, one in rivals
    )


def _looks(words: Sequence[Word], names: Sequence[Name], spelt: Spelt) -> list[_Look]:
    """The names to be tried, those first that sound most alike."""
    known = {name.sound.letters for name in names}
    most = max((len(name.parts) for name in names), default=0) + MORE
    doubted = _doubted(words, spelt)
    found = [
        look
        for first, last in _spans(len(words), most)
        if any(doubted[first:last])
        for look in _like(words[first:last], first, names, known)
    ]
    return sorted(found, key=lambda look: -look.alike)[:LOOKS]


def _spans(words: int, most: int) -> Iterator[tuple[int, int]]:
    for first in range(words):
        for last in range(first + 1, min(first + most, words) + 1):
            yield first, last


def _doubted(words: Sequence[Word], spelt: Spelt) -> list[bool]:
    """Which words the recogniser doubted, and took for names or had to spell."""
    begins = [True] + [_ends_sentence(before) for before, _ in pairwise(words)]
    return [
        word.probability < DOUBTED and ((not begin and _is_name(bare)) or spelt(bare))
        for word, begin in zip(words, begins, strict=True)
        for bare in [_parts(word.text)[0]]
    ]


def _is_name(bare: str) -> bool:
    return bare[:1].isupper() and bare.casefold() not in COMMON


def _ends_sentence(word: Word) -> bool:
    text = word.text.strip()
    return text.endswith((".", "?", "!")) and text.rstrip(".").casefold() not in COMMON


def _like(
    heard: Sequence[Word], first: int, names: Sequence[Name], known: set[str]
) -> Iterator[_Look]:
    """The names that sound like what was heard; but where a name was heard, only those that
    it is a part of. What the recogniser was sure of must be in the name, too.
    """
    sound = sound_of(_said(heard))
    if len(sound.letters) < LETTERS:
        return
    there = {letters for letters in known if letters in sound.letters}
    sure = {sound_of(_parts(w.text)[0]).letters for w in heard if w.probability >= DOUBTED}
    for name in names:
        letters = name.sound.letters
        if letters in there or sound.letters in letters or not sure.issubset(name.parts):
            continue
        if abs(len(name.parts) - len(heard)) > MORE or any(part not in letters for part in there):
            continue
        sounds, spelt = alike(sound, name.sound)
        if spelt >= SPELT and (sounds + spelt) / 2 >= ALIKE:
            yield _Look(first, first + len(heard), name, (sounds + spelt) / 2)


def _with(words: Sequence[Word], look: _Look) -> Sequence[Word]:
    """The words with the name in its place; its words share the time by their letters."""
    heard = words[look.first : look.last]
    parts = look.name.text.split()
    start, end = heard[0].start, heard[-1].end
    letters, done, new = sum(map(len, parts)), 0, []
    for part in parts:
        before, done = done, done + len(part)
        begin, stop = (start + (end - start) * share / letters for share in (before, done))
        new.append(Word(f" {part}", begin, stop, min(word.probability for word in heard)))
    new[-1] = replace(new[-1], text=new[-1].text + _parts(heard[-1].text)[1])
    if not heard[0].text.startswith(" "):
        new[0] = replace(new[0], text=new[0].text.lstrip())
    return [*words[: look.first], *new, *words[look.last :]]


def _parts(text: str) -> tuple[str, str]:
    """A word without what stands around it, and what stands behind it ("'s" too)."""
    found = _BARE.match(text.strip())
    return (found["word"], found["tail"]) if found else (text, "")


def _said(words: Iterable[Word]) -> str:
    """Words as they were heard, without the punctuation at the end."""
    text = _text(words).strip()
    return _parts(text)[0] or text


def _text(words: Iterable[Word]) -> str:
    return "".join(word.text for word in words)
