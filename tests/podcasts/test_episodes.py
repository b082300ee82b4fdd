from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from ingest.podcasts.episodes import place, provenance
from ingest.podcasts.feed import Episode, Feed
from ingest.provenance import stamp
from memex.items import Item, Lane
from memex.types import Segment
from tests.documents import spoken

NOW = datetime(2026, 5, 5, tzinfo=UTC)
ONE = Episode("g-1", "One", NOW, None, None, "https://pod.example/1", None, "Notes.", None)
HOME = replace(ONE, guid="g-2", link="https://pod.example/")
SHARED = replace(ONE, guid="g-3", link="https://pod.example/listen")
FEED = Feed(
    "https://pod.example/feed?key=secret", "Pod", "Ada", "", "https://pod.example/show", None, None,
    (ONE, HOME, SHARED, replace(SHARED, guid="g-4")),
)  # fmt: skip


def test_each_episode_has_a_place_of_its_own() -> None:
    """Another text in the same place would replace it."""
    places = [place(FEED, episode) for episode in FEED.episodes]
    assert places[0] == "https://pod.example/1"
    assert len(set(places)) == len(places)
    assert not any("secret" in each for each in places)


def test_chapters_become_headings() -> None:
    origin = provenance(FEED, ONE, notes="", marks='[["Hello", 0, 5.0], ["Roses", 5.0, null]]')
    item = Item("x", "/x.mp3", NOW, lane=Lane.BULK, provenance=origin)
    talk = spoken(Segment("Welcome.", 0.0, 4.0), Segment("A rose.", 4.9, 9.0))
    stamped = stamp(talk, item)
    assert [segment.heading for segment in stamped.segments] == ["Hello", "Roses"]
    assert stamped.attributes == {"source": "podcast", "zone": "+0000", "feed": "Pod"}
    assert (stamped.author, stamped.uri) == ("Ada", "https://pod.example/1")
