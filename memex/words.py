"""Words as search and checks compare them: folded, stemmed, without function words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

import Stemmer

FUNCTION_WORDS: Final = frozenset(
    """
    a about above after again against all also am an and any are aren't as at be because been
    before being below between both but by can can't cannot could couldn't did didn't do does
    doesn't doing don't down during each either else ever every few for from further get gets got
    had hadn't has hasn't have haven't having he he'd he'll he's hence her here here's hers herself
    him himself his how how's however i i'd i'll i'm i've if in into is isn't it it's its itself
    just let let's like many may me might more most much must my myself neither no nor not now of
    off often on once one only onto or other others ought our ours ourselves out over own per
    perhaps quite rather really same shall she she'd she'll she's should shouldn't since so some
    still such than that that's the their theirs them themselves then there there's therefore these
    they they'd they'll they're they've this those though through thus to too toward towards under
    until up upon us very was wasn't we we'd we'll we're we've were weren't what what's when when's
    where where's whether which while who who's whom whose why why's will with within without won't
    would wouldn't yes yet you you'd you'll you're you've your yours yourself yourselves
    """.split()
)
"""English words that carry no content of their own."""

WORD: Final = re.compile(r"\d+(?:[.,:/\-]\d+)+|[^\W_]+(?:['’.\-][^\W_]+)*")
"""A word as it stands: "As", "co-founder", "it's"; a number whole: "3.5", "10:15", "1,000"."""


def words(text: str) -> list[str]:
    """The words of a text as they stand: "As We May Think", "co-founder", "3.5"."""
    return WORD.findall(text)


def is_function_word(word: str) -> bool:
    """Whether a word carries no content of its own."""
    return word.casefold().replace("’", "'") in FUNCTION_WORDS


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """What two spellings of a word share: case, accents and inflection removed
    (Snowball's English stemmer).
    """
    folded = unicodedata.normalize("NFKD", word.casefold())
    bare = "".join(char for char in folded if char.isalnum())
    return str(Stemmer.Stemmer("english").stemWord(bare)) or bare


def content_stems(text: str) -> list[str]:
    """The stems of the words that carry content, in order, with repetitions.

    Compounds count whole and in parts: "co-founder" gives all of co-founder, founder.
    """
    found = []
    for word in words(text):
        if is_function_word(word):
            continue
        found.append(stem(word))
        parts = re.split(r"['’.\-]", word)
        if len(parts) > 1 and not has_digit(word):
            found += [stem(part) for part in parts if len(part) > 1 and not is_function_word(part)]
    return found


def has_digit(word: str) -> bool:
    """Whether a word is a number, a date, a time: its parts by themselves say another thing."""
    return any(char.isdigit() for char in word)


def is_name_like(word: str) -> bool:
    """Whether a word looks like a name, a number or an abbreviation: what must not be invented."""
    return any(char.isdigit() or char.isupper() for char in word)
