"""Why a look at a feed ends before its time."""

from __future__ import annotations


class Stopped(Exception):
    """The process was asked to end; what came is kept."""


class Held(Exception):
    """Nothing may be fetched now; the feed stays due."""
