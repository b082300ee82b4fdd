"""Which episodes are the same although their feed was rebuilt: a change of host
often gives every episode another GUID, and nothing of it should come twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from ingest.podcasts.feed import Episode

_FILE: Final = re.compile(r"\.[A-Za-z0-9]{2,5}$")
_WORDS: Final = re.compile(r"\W+")


def identity(episode: Episode) -> frozenset[str]:
    """What an episode is known by: its GUID, its enclosure's address without scheme
    and query (with it where the path names no file), its title with the time of
    publication.
    """
    signs = {f"guid {episode.guid}"}
    if episode.enclosure is not None:
        signs.add(f"file {_file(episode.enclosure.url)}")
    title = _WORDS.sub(" ", episode.title.casefold()).strip()
    if title and episode.published is not None:
        signs.add(f"title {title} {episode.published.isoformat()}")
    return frozenset(signs)


def identities(episodes: Iterable[Episode]) -> tuple[frozenset[str], ...]:
    """The identity of each episode of one feed, in their order, without what several
    of them share and so is no mark of any: a player's address, a GUID used twice.

    Where nothing is left, all marks together are one.
    """
    each = [identity(episode) for episode in episodes]
    counts = Counter(sign for signs in each for sign in signs)
    return tuple(
        frozenset(sign for sign in signs if counts[sign] == 1)
        or frozenset({"\n".join(sorted(signs))})
        for signs in each
    )


def same_episode(one: Episode, other: Episode) -> bool:
    """Whether two descriptions, perhaps of different days, mean one episode."""
    return not identity(one).isdisjoint(identity(other))


def _file(url: str) -> str:
    parts = urlsplit(url)
    names_file = _FILE.search(parts.path) and not parts.path.endswith((".php", ".aspx", ".cgi"))
    query = "" if names_file or not parts.query else f"?{parts.query}"
    return f"{parts.netloc.rpartition('@')[2].lower()}{parts.path}{query}"
