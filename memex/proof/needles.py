"""Needles: the spellings of the probes as bytes, and one pass that finds them all.

In a text the name of a file counts only where it stands whole: "minutes.txt" is not
in "theminutes.txt", nor in "minutes.txt.bak". Where values lie side by side without a
mark between them (columns, the pages of a database) nobody can say where a name ends,
and any occurrence counts.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final
from urllib.parse import quote, quote_plus

import ahocorasick_rs

from memex.proof.probes import Kind, Probe, folded

BLOCK: Final = 4 << 20
"""Bytes that are searched at once."""
AROUND: Final = 32
"""Bytes before and after a name that are looked at."""

_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
"""Bytes that no text has, and everything compressed."""
_ESCAPED: Final = re.compile(r'\\u([0-9a-f]{4})|\\[nrtbf"/]')
"""Characters as JSON writes them, in lower case."""
_QUOTED: Final = re.compile(rb"%([0-9a-f]{2})")
"""Bytes as URIs write them, in lower case."""
_SUFFIX: Final = re.compile(r"\.\w+")
_JOINED: Final = "_.-~"
"""What joins the parts of a name, besides letters and digits."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What was found in a stream."""

    times: Counter[Kind]
    """How often probes of each kind occur."""
    is_text: bool
    """Whether no byte of it is such as no text has."""


def spellings(text: str) -> Iterator[bytes]:
    """The ways in which a text may lie in a file, ASCII letters in lower case.

    UTF-8 and UTF-16, bare, in JSON or in a URI; letters beyond ASCII in either
    case, composed or not.
    """
    for cased in (text, text.lower(), text.upper(), folded(text)):
        for form in ("NFC", "NFD"):
            same = unicodedata.normalize(form, cased)
            yield same.encode(errors="surrogateescape").lower()
            yield same.encode("utf-16le", errors="surrogatepass").lower()
            for escaped in (
                json.dumps(same)[1:-1],
                json.dumps(same, ensure_ascii=False)[1:-1],
                quote(same, errors="surrogateescape"),
                quote(same, safe="", errors="surrogateescape"),
                quote_plus(same, errors="surrogateescape"),
            ):
                yield escaped.encode(errors="surrogateescape").lower()


class Needles:
    """All spellings of some probes."""

    def __init__(self, probes: Sequence[Probe]) -> None:
        """Stems are kept apart: they are looked up in dictionaries, not in bytes."""
        self.stems = frozenset(p.text.encode() for p in probes if p.kind == "stem")
        found = {
            spelling: probe.kind
            for probe in probes
            if probe.kind != "stem"
            for spelling in spellings(probe.text)
        }
        self._kinds: list[Kind] = list(found.values())
        self._stems = [kind == "path" and b"/" not in text for text, kind in found.items()]
        """Whether each is a file's name without its suffix."""
        self._overlap = max(map(len, found), default=1) - 1
        self._automaton = ahocorasick_rs.BytesAhoCorasick(list(found))

    def count(self, blocks: Iterable[bytes | memoryview]) -> Counted:
        """How often they occur in a stream, also across its blocks."""
        found: Counter[Kind] = Counter()
        partial: Counter[Kind] = Counter()
        text, counted, is_text = b"", 0, True
        for block in chain(blocks, [None]):  # at last what was left to be seen as a whole
            text += b"" if block is None else bytes(block).lower()
            is_text = is_text and not _CONTROL.search(text)
            until = len(text) - (0 if block is None else AROUND)
            for number, start, end in self._automaton.find_matches_as_indexes(
                text, overlapping=True
            ):
                if counted < end <= until:
                    kind = self._kinds[number]
                    found[kind] += 1
                    if kind == "path" and is_text:
                        partial[kind] += not _is_whole(text, start, end, stem=self._stems[number])
            cut = max(0, until - self._overlap - AROUND)
            text, counted = text[cut:], max(0, until - cut)
        return Counted(found - partial if is_text else found, is_text)


def _is_whole(text: bytes, start: int, end: int, *, stem: bool) -> bool:
    """Whether a name stands by itself there: nothing before it or after it is of the name,
    but for a suffix after a name that was given without one.
    """
    before = _plain(text[max(0, start - AROUND) : start])
    after = _plain(text[end : end + AROUND])
    if stem and (suffix := _SUFFIX.match(after)):
        after = after[suffix.end() :]
    return not (_joins(before[-1:]) or _joins(after.lstrip("./-~")[:1]))


def _joins(character: str) -> bool:
    """Whether a character may be of a name; none is not."""
    return bool(character) and (
        character in _JOINED or character.isalnum() or unicodedata.category(character)[0] == "M"
    )


def _plain(around: bytes) -> str:
    """What stands there, without the escapes of URIs and JSON."""
    quoted = _QUOTED.sub(lambda found: bytes.fromhex(found[1].decode()), around)
    return _ESCAPED.sub(
        lambda found: chr(int(found[1], 16)) if found[1] else " ",
        quoted.decode(errors="ignore"),
    )
