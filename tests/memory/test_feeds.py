from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from memex.errors import InvalidRequest, NotFound
from memex.feeds import Feeds
from memex.library import Library
from memex.types import FeedLook, KnownFeed
from memex.wire import (
    feed_to_json,
    look_from_json,
    look_to_json,
    whole_feed_from_json,
    whole_feed_to_json,
)

NOW = datetime.now(UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def feeds(tmp_path: Path) -> Iterator[Feeds]:
    library = Library(tmp_path / "library.db")
    yield library.feeds
    library.close()


def look(feed: KnownFeed, next_at: datetime = LATER, trouble: str = "") -> FeedLook:
    return FeedLook(feed.url, True, "Tides", '"one"', None, NOW, next_at, trouble, 2)


def test_a_feed_is_due_until_it_was_looked_at(feeds: Feeds) -> None:
    feed, new = feeds.add("pod.example/feed", back=3, keep_audio=False)
    assert new
    assert (feed.url, feed.back, feed.keep_audio) == ("https://pod.example/feed", 3, False)
    assert feeds.due() == [feed]
    feeds.note(feed.id, look(feed))
    assert feeds.due() == []
    (noted,) = feeds.all()
    assert (noted.title, noted.private, noted.etag, noted.failures) == ("Tides", True, '"one"', 2)
    feeds.note(feed.id, look(feed, NOW - timedelta(seconds=1)))
    assert [each.id for each in feeds.due()] == [feed.id]
    feeds.note(feed.id, look(feed))
    feeds.refresh()
    assert [each.id for each in feeds.due()] == [feed.id]


def test_the_same_feed_with_other_credentials_is_the_same(feeds: Feeds) -> None:
    first, _ = feeds.add("http://pod.example/feed/")
    feeds.note(first.id, look(first))
    again, new = feeds.add("https://ada:secret@pod.example/feed")
    assert not new
    assert again.id == first.id
    assert again.url == "https://ada:secret@pod.example/feed"
    assert feeds.due() == [again]


def test_only_the_choices_that_are_made_change(feeds: Feeds) -> None:
    """A list that is imported again does not undo what was chosen for one podcast."""
    feed, _ = feeds.add("https://pod.example/feed", back=3, keep_audio=False)
    feeds.mark(feed.id, ["a"])
    feeds.note(feed.id, look(feed))
    for back in (None, 2):
        again, _ = feeds.add("https://pod.example/feed", back=back)
        assert (again.back, again.keep_audio) == (back or 3, False)
        assert (again.checked_at, again.etag, again.failures) == (NOW, None, 2)
        assert feeds.known(feed.id, ["a"]) == {"a"}
    more, _ = feeds.add("https://pod.example/feed", back=9, keep_audio=True)
    assert (more.back, more.keep_audio, more.checked_at) == (9, True, None)
    assert feeds.known(feed.id, ["a"]) == set()
    with pytest.raises(InvalidRequest):
        feeds.add("https://pod.example/other", back=-1)
    plain, _ = feeds.add("https://pod.example/plain")
    assert (plain.back, plain.keep_audio) == (10, True)


def test_a_feed_is_found_by_any_of_its_names_and_removed(feeds: Feeds) -> None:
    feed, _ = feeds.add("https://ada:secret@pod.example/feed?key=1")
    for name in ("https://ada:secret@pod.example/feed?key=1", "https://pod.example/feed?…", "1"):
        assert feeds.find(name) == feed
    feeds.add("https://pod.example/feed?key=2")
    with pytest.raises(InvalidRequest, match="Several"):
        feeds.find("https://pod.example/feed?…")
    feeds.mark(feed.id, ["a"])
    feeds.remove(feed.id)
    feeds.note(feed.id, look(feed))
    for gone in (lambda: feeds.mark(feed.id, ["b"]), lambda: feeds.known(feed.id, ["a"])):
        with pytest.raises(NotFound):
            gone()
    with pytest.raises(NotFound) as error:
        feeds.find("https://ada:secret@pod.example/feed?key=1")
    assert "secret" not in str(error.value)


def test_a_look_at_a_feed_that_is_gone_is_none_at_the_next(feeds: Feeds) -> None:
    """memex-ingest may still be busy with it: numbers are not given twice."""
    gone, _ = feeds.add("https://one.example/feed")
    feeds.remove(gone.id)
    feed, _ = feeds.add("https://two.example/feed")
    feeds.note(gone.id, look(gone))
    with pytest.raises(NotFound):
        feeds.mark(gone.id, ["a"])
    assert feeds.all() == [feed]


def test_marks_are_a_feeds_own(feeds: Feeds) -> None:
    one, _ = feeds.add("https://one.example/feed")
    two, _ = feeds.add("https://two.example/feed")
    feeds.mark(one.id, ["a", "b", "a"])
    assert feeds.known(one.id, ["a", "c"]) == {"a"}
    assert feeds.known(two.id, ["a", "c"]) == set()


def test_feeds_travel_and_show_no_secret(feeds: Feeds) -> None:
    feed, _ = feeds.add("https://ada:secret@pod.example/feed?key=secret")
    feeds.note(feed.id, look(feed, trouble="It is away."))
    (feed,) = feeds.all()
    assert whole_feed_from_json(whole_feed_to_json(feed)) == feed
    assert look_from_json(look_to_json(look(feed))) == look(feed)
    assert "secret" not in str(feed_to_json(feed))
    assert feed_to_json(feed)["trouble"] == "It is away."
