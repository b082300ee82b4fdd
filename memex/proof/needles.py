"""Needles: the spellings of the probes as bytes, and one pass that finds them all."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import quote, quote_plus

import ahocorasick_rs

from memex.proof.probes import Kind, Probe, folded

BLOCK: Final = 4 << 20
"""Bytes that are searched at once."""


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
        self._overlap = max(map(len, found), default=1) - 1
        self._automaton = ahocorasick_rs.BytesAhoCorasick(list(found))

    def count(self, blocks: Iterable[bytes | memoryview]) -> Counter[Kind]:
        """How often they occur in a stream, also across its blocks."""
        found: Counter[Kind] = Counter()
        tail = b""
        for block in blocks:
            text = tail + bytes(block).lower()
            for kind, _, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
                if end > len(tail):
                    found[self._kinds[kind]] += 1
            tail = text[-self._overlap :] if self._overlap else b""
        return found
