"""What a look at a feed brings into the spool, without daemons."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from ingest.holds import Holds
from ingest.podcasts import subscriptions
from ingest.podcasts.episodes import PATIENCE
from ingest.podcasts.subscriptions import Subscriptions
from ingest.readers.transcripts import read_transcript
from memex.client import Client
from memex.errors import DiskFull
from memex.feeds import Feeds
from memex.items import Item
from memex.library import Library
from memex.pause import Pause
from memex.spool import Spool
from memex.types import FeedLook, KnownFeed
from tests.podcasts.conftest import Act, Handler, Site, body, redirect, status

JSON = b"""{"version": "1.0.0", "segments": [{"speaker": "Cleo & Bo", "startTime": 1,
"endTime": 3661.5, "body": "a < b --> c, said the kestrel"}]}"""
HTML = b"<cite>Bo:</cite><time>0:01</time><p>The badger digs.</p>"


class Daemon:
    """The part of memexd that podcasts ask, without the socket."""

    def __init__(self, feeds: Feeds) -> None:
        self.feeds = feeds
        self.refuses = False

    def whole_feeds(self, *, due: bool = False) -> list[KnownFeed]:
        return self.feeds.due() if due else self.feeds.all()

    def note_feed(self, feed: int, look: FeedLook) -> None:
        if self.refuses:
            raise DiskFull("The disk is full.", "Make room.")
        self.feeds.note(feed, look)

    def known_episodes(self, feed: int, marks: Iterable[str]) -> set[str]:
        return self.feeds.known(feed, marks)

    def mark_episodes(self, feed: int, marks: Iterable[str]) -> None:
        self.feeds.mark(feed, marks)


class Listener:
    """Podcasts over a library and a spool of their own."""

    def __init__(self, home: Path, feeds: Feeds) -> None:
        self.feeds = feeds
        self.daemon = Daemon(feeds)
        self.spool = Spool(home / "spool")
        self.downloads = home / "downloads"
        holds = Holds(home, Pause(home / "paused.json"), 0, battery=lambda: False)
        self.podcasts = Subscriptions(
            cast("Client", self.daemon), self.spool, self.downloads, holds, floor=0
        )

    def look(self) -> KnownFeed:
        """Look at the one feed, due or not; how it is then."""
        self.feeds.refresh()
        self.podcasts._turn()
        return self.feeds.all()[0]

    def wait(self, seconds: float) -> None:
        """Have what is missing be missing for longer."""
        for note in self.downloads.glob("*.missing"):
            note.write_text(str(float(note.read_text()) - seconds), encoding="ascii")

    def taken(self) -> dict[str, Item]:
        """What the spool has, by title."""
        return {item.provenance.title: item for item in self.spool.waiting() if item.provenance}


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    library = Library(tmp_path / "library.db")
    yield Listener(tmp_path, library.feeds)
    library.close()


def item(name: str, day: datetime, extra: str = "", enclosure: str = "") -> str:
    where = enclosure or f"/{name}.wav"
    return (
        f"<item><title>{name}</title><guid>{name}</guid>"
        f"<pubDate>{day:%a, %d %b %Y %H:%M:%S} GMT</pubDate><description>Notes on {name}."
        f'</description><enclosure url="{where}" type="audio/wav"/>{extra}</item>'
    )


def feed(site: Site, *items: str, end: str = "</channel></rss>") -> str:
    """A feed with an ETag, at /feed.xml."""
    data = (
        '<rss version="2.0" xmlns:podcast="https://podcastindex.org/namespace/1.0"'
        ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel>'
        f'<title>Tides</title><itunes:image href="/cover.jpg"/>{"".join(items)}{end}'
    ).encode()
    return site.on("/feed.xml", body(data, ETag=f'"{len(data)}"'))


def sounds(site: Site, *names: str) -> None:
    for name in names:
        site.on(f"/{name}.wav", body(name.encode() * 50, "audio/wav"))


def asked(site: Site, path: str) -> int:
    return sum(each.path == path for each in site.asked)


OLD = datetime.now(UTC) - timedelta(days=400)
NEW = datetime.now(UTC) + timedelta(minutes=5)


@pytest.mark.parametrize("bad", [status(404), body(b"<html>Sign in</html>", "text/html")])
def test_a_missing_sound_is_told_for_days_and_then_its_notes_are_remembered(
    listener: Listener, site: Site, bad: Act
) -> None:
    """A hotel's sign-in page must not cost an episode, nor may one end in silence."""
    listener.feeds.add(feed(site, item("oak", OLD)))
    site.on("/oak.wav", bad)
    for _ in range(2):
        assert "An episode is not here yet" in listener.look().trouble
        assert listener.taken() == {}
    listener.wait(PATIENCE + 1)
    assert listener.look().trouble == ""
    taken = listener.taken()["oak"]
    assert Path(taken.path).read_text(encoding="utf-8") == "Notes on oak."
    assert taken.provenance is not None
    assert "/oak.wav" in taken.provenance.attributes["sound"]
    assert list(listener.downloads.iterdir()) == []
    before = asked(site, "/oak.wav")
    listener.look()
    assert asked(site, "/oak.wav") == before


def test_a_missing_sound_that_has_a_transcript(listener: Listener, site: Site) -> None:
    site.on("/t", body(JSON, "application/json"))
    offered = '<podcast:transcript url="/t" type="application/json"/>'
    listener.feeds.add(feed(site, item("oak", OLD, offered)))
    assert listener.look().trouble
    listener.wait(PATIENCE + 1)
    assert listener.look().trouble == ""
    taken = listener.taken()["oak"]
    assert "kestrel" in read_transcript(Path(taken.path)).segments[0].text
    assert taken.provenance is not None
    assert taken.provenance.notes == "Notes on oak."


def test_what_is_not_here_yet_says_where_it_comes_from(listener: Listener, site: Site) -> None:
    """So that what has come of a forgotten episode is known to be of it."""
    listener.feeds.add(feed(site, item("oak", OLD)))
    site.on("/oak.wav", status(404))
    listener.look()
    (note,) = listener.downloads.glob("*.place")
    assert note.with_suffix(".missing").exists()
    where = note.read_text(encoding="utf-8")
    sounds(site, "oak")
    listener.look()
    origin = listener.taken()["oak"].provenance
    assert origin is not None
    assert origin.uri == where
    assert list(listener.downloads.iterdir()) == []


def test_a_sound_that_is_forgotten_while_it_comes_is_no_empty_episode(
    listener: Listener, site: Site
) -> None:
    listener.feeds.add(feed(site, item("oak", OLD)))

    def removing(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "audio/wav")
        handler.send_header("Content-Length", "150")
        handler.end_headers()
        handler.wfile.write(b"oak" * 20)
        handler.wfile.flush()
        until = time.monotonic() + 10
        while not list(listener.downloads.glob("*.wav")) and time.monotonic() < until:
            time.sleep(0.01)
        for file in listener.downloads.iterdir():
            file.unlink()
        handler.wfile.write(b"oak" * 30)

    site.on("/oak.wav", removing)
    assert "was removed while it came" in listener.look().trouble
    assert listener.taken() == {}


def test_the_memory_that_a_feed_took_is_given_back(
    listener: Listener, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(
        subscriptions, "give_back", lambda: seen.append(listener.feeds.all()[0].title)
    )
    listener.podcasts._turn()
    assert seen == []
    listener.feeds.add(feed(site, item("oak", OLD)))
    sounds(site, "oak")
    listener.look()
    assert seen == ["Tides"]


def test_a_server_that_is_ill_is_waited_for(listener: Listener, site: Site) -> None:
    listener.feeds.add(feed(site, item("oak", OLD)))
    site.on("/oak.wav", status(403))
    listener.look()
    listener.wait(PATIENCE + 1)
    assert "HTTP 403" in listener.look().trouble
    assert listener.taken() == {}


def test_a_sound_that_comes_back_is_fetched(listener: Listener, site: Site) -> None:
    listener.feeds.add(feed(site, item("oak", OLD)))
    listener.look()
    sounds(site, "oak")
    assert listener.look().trouble == ""
    assert Path(listener.taken()["oak"].path).suffix == ".wav"


def test_an_archive_that_appears_later_is_not_fetched(listener: Listener, site: Site) -> None:
    """A publisher who moves brings hundreds of old episodes at once."""
    archive = [item(f"old{n}", OLD - timedelta(days=n)) for n in range(30)]
    listener.feeds.add(feed(site, item("oak", OLD), item("elm", OLD)), back=2)
    sounds(site, "oak", "elm", "ash")
    listener.look()
    site.on("/feed.xml", status(404))
    assert listener.look().failures == 1
    feed(site, item("ash", NEW), item("oak", OLD), item("elm", OLD), *archive)
    assert listener.look().trouble == ""
    assert sorted(listener.taken()) == ["ash", "elm", "oak"]
    assert asked(site, "/old0.wav") == 0


def test_what_an_earlier_look_left_behind_is_no_archive(listener: Listener, site: Site) -> None:
    listener.feeds.add(feed(site, item("oak", OLD)), back=1)
    listener.look()
    feed(site, item("ash", NEW), item("oak", OLD))
    sounds(site, "oak", "ash")
    listener.look()
    assert sorted(listener.taken()) == ["ash", "oak"]


def test_more_can_be_asked_for_later(listener: Listener, site: Site) -> None:
    days = [item(f"e{n}", OLD - timedelta(days=n)) for n in range(5)]
    sounds(site, *(f"e{n}" for n in range(5)))
    url = feed(site, *days)
    listener.feeds.add(url, back=1)
    listener.look()
    assert sorted(listener.taken()) == ["e0"]
    listener.feeds.add(url, back=3)
    listener.look()
    assert sorted(listener.taken()) == ["e0", "e1", "e2"]


def test_half_a_feed_is_asked_for_again(listener: Listener, site: Site) -> None:
    """Where a server gives no length, nothing else tells that its answer was cut."""
    sounds(site, "oak", "elm")
    listener.feeds.add(feed(site, item("oak", OLD), end=""))
    first = listener.look()
    assert (first.trouble, first.etag) == ("", None)
    feed(site, item("oak", OLD), item("elm", OLD))
    assert listener.look().etag
    assert sorted(listener.taken()) == ["elm", "oak"]


@pytest.mark.parametrize(
    ("kind", "data", "speaker", "said"),
    [
        ("application/json", JSON, "Cleo & Bo", "a < b --> c, said the kestrel"),
        ("text/html", HTML, "Bo", "The badger digs."),
    ],
)
def test_without_audio_any_transcript_will_do(
    listener: Listener, site: Site, kind: str, data: bytes, speaker: str, said: str
) -> None:
    offered = f'<podcast:transcript url="/t" type="{kind}"/>'
    site.on("/t", body(data, kind))
    listener.feeds.add(feed(site, item("oak", OLD, offered)), keep_audio=False)
    assert listener.look().trouble == ""
    taken = listener.taken()["oak"]
    (segment,) = read_transcript(Path(taken.path)).segments
    assert (segment.start, segment.speaker, segment.text) == (1.0, speaker, said)
    assert asked(site, "/oak.wav") == 0
    assert list(listener.downloads.iterdir()) == []
    assert taken.provenance is not None
    assert taken.provenance.attributes["artwork"] == f"{site.url}/cover.jpg"


def test_a_public_name_that_leads_home_later_is_refused(listener: Listener, site: Site) -> None:
    """Whoever owns the name could have this machine ask the router."""
    url = feed(site, item("oak", OLD))
    made, _ = listener.feeds.add(url)
    at = datetime.now(UTC)
    listener.feeds.note(made.id, FeedLook(url, False, "Tides", None, None, at, at))
    assert "private network" in listener.look().trouble
    assert site.asked == []


def test_a_feed_of_the_own_network_stays_one(listener: Listener, site: Site) -> None:
    sounds(site, "oak", "elm")
    listener.feeds.add(feed(site, item("oak", OLD)))
    assert listener.look().private
    feed(site, item("oak", OLD), item("elm", OLD))
    assert listener.look().trouble == ""
    assert sorted(listener.taken()) == ["elm", "oak"]


def test_credentials_that_are_given_during_a_look_stay(listener: Listener, site: Site) -> None:
    url = site.url + "/feed.xml"
    better = url.replace("//", "//ada:lantern@")

    def refuse(handler: Handler) -> None:
        listener.feeds.add(better)
        status(401)(handler)

    site.on("/feed.xml", refuse)
    listener.feeds.add(url)
    listener.look()
    (due,) = listener.feeds.due()
    assert due.url == better


def test_a_server_that_wants_to_be_left_alone_is(listener: Listener, site: Site) -> None:
    for name in ("oak", "elm", "ash"):
        site.on(f"/{name}.wav", status(429, Retry_After="7200"))
    listener.feeds.add(feed(site, *(item(name, OLD) for name in ("oak", "elm", "ash"))))
    look = listener.look()
    assert "3 episodes are not here yet" in look.trouble
    assert sum(each.path.endswith(".wav") for each in site.asked) == 1
    assert look.next_at is not None
    assert look.next_at - datetime.now(UTC) > timedelta(seconds=7100)


def test_a_redirect_of_an_episode_into_the_own_network_is_refused(
    listener: Listener, site: Site, other: Site
) -> None:
    site.on("/oak.wav", redirect(other.on("/admin", body(b"secret", "audio/wav"))))
    listener.feeds.add(feed(site, item("oak", OLD)))
    assert "private network" in listener.look().trouble
    assert other.asked == []


def test_a_full_disk_does_not_end_the_podcasts(
    listener: Listener, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "ASK_EVERY", 0.05)
    sounds(site, "oak")
    listener.feeds.add(feed(site, item("oak", OLD)))
    listener.daemon.refuses = True
    twice = threading.Event()

    def serve(handler: Handler) -> None:
        if asked(site, "/feed.xml") == 2:
            listener.daemon.refuses = False
            twice.set()
        good(handler)

    (good,) = site.acts["/feed.xml"]
    site.on("/feed.xml", serve)
    listener.podcasts.start()
    try:
        assert twice.wait(10)
        for _ in range(200):
            if listener.feeds.all()[0].checked_at:
                break
            time.sleep(0.05)
        assert listener.feeds.all()[0].title == "Tides"
        assert list(listener.taken()) == ["oak"]
    finally:
        listener.podcasts.stop()
