"""Retention: for how long Memex keeps what it recorded or fetched itself.

Sound goes earlier than words, and each source may have times of its own:

    [retention]
    audio = "30d"              # the sound
    transcripts = "forever"    # what was said
    private = "never"          # both, of what was recorded in private

    [retention.sources.podcast]
    audio = "7d"

A rule is only ever about sound that Memex itself keeps and about documents that it
received; a file of the user's own, and what is remembered of it, is none of its business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

FOREVER: Final = None
"""A lifetime without an end."""
NEVER: Final = timedelta(0)
"""The lifetime of what is not kept at all."""
PRIVATE: Final = "private"
"""The consent mode, and the class, of what was recorded in private."""
OTHERS: Final = "others"
"""The class of everything that has no rule of its own."""

_UNITS: Final = {"h": "hours", "d": "days", "w": "weeks"}

Lifetime = timedelta | None


@dataclass(frozen=True, slots=True)
class Rule:
    """For how long things of a class are kept; None: for ever."""

    audio: Lifetime = FOREVER
    transcripts: Lifetime = FOREVER


@dataclass(frozen=True, slots=True)
class Retention:
    """The rules, `[retention]`."""

    others: Rule = Rule()
    private: Rule = Rule(NEVER, NEVER)
    sources: Mapping[str, Rule] = field(default_factory=dict)
    """By source: "microphone", "wearable", "podcast"."""

    def classes(self) -> dict[str, Rule]:
        """The rules by their names, the narrowest first."""
        return {PRIVATE: self.private, **self.sources, OTHERS: self.others}

    def class_of(self, source: str, consent: str) -> str:
        """The name of the class of what has this source and consent mode."""
        if consent == PRIVATE:
            return PRIVATE
        return source if source in self.sources else OTHERS

    def rule(self, source: str, consent: str) -> Rule:
        """The rule for what has this source and consent mode."""
        return self.classes()[self.class_of(source, consent)]


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording that Memex itself keeps."""

    uri: str
    kept_at: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """What retention needs to know of a document."""

    document_id: str
    title: str
    source: str
    """ "" where nothing is known of it."""
    consent: str
    added_at: datetime
    received: bool
    """Whether Memex alone has it: no file of the user's own says, or said, the same."""
    sounds: tuple[Sound, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """What the rules let go."""

    holding: Holding
    name: str
    """Of its class."""
    sounds: tuple[Sound, ...]
    """Those that go."""
    words: bool
    """Whether the whole document goes, with all its sounds."""


def due(rules: Retention, holdings: Iterable[Holding], now: datetime) -> list[Due]:
    """What has outlived its time: sounds, and documents with all of theirs."""
    found = []
    for holding in holdings:
        name = rules.class_of(holding.source, holding.consent)
        rule = rules.classes()[name]
        words = holding.received and _over(holding.added_at, rule.transcripts, now)
        sounds = tuple(
            sound for sound in holding.sounds if words or _over(sound.kept_at, rule.audio, now)
        )
        if words or sounds:
            found.append(Due(holding, name, sounds, words))
    return found


def _over(since: datetime, lifetime: Lifetime, now: datetime) -> bool:
    """Whether a time is up. Where the clock was set back, nothing is."""
    return lifetime is not None and now - since >= lifetime


def lifetime(text: str) -> Lifetime:
    """The length of "12h", "30d", "8w", "forever", "never". Raises `ValueError`."""
    if text == "forever":
        return FOREVER
    if text == "never":
        return NEVER
    parts = re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", text)
    if parts is None:
        raise ValueError(f"{text!r} is no time to keep something")
    return timedelta(**{_UNITS[parts[2]]: int(parts[1])})


def told(lifetime: Lifetime) -> str:
    """A lifetime as `lifetime` takes it."""
    if lifetime is FOREVER:
        return "forever"
    hours = round(lifetime / timedelta(hours=1))
    if not hours:
        return "never"
    return f"{hours // 24}d" if hours % 24 == 0 else f"{hours}h"
