from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import feedparser
import pytest

from ingest.podcasts import feed as feed_module
from ingest.podcasts.errors import Malformed, NotAFeed, TooLarge
from ingest.podcasts.feed import (
    MAX_BYTES,
    ChaptersLink,
    Enclosure,
    Episode,
    Feed,
    Transcript,
    read_feed,
)
from ingest.podcasts.identity import identities, same_episode
from ingest.podcasts.markup import parse
from ingest.podcasts.web import Web
from tests.podcasts.conftest import Site, body
from tests.podcasts.samples import ATOM, BROKEN, RSS

URL = "https://tides.example/feed.xml"


@pytest.fixture
def tides() -> Feed:
    return read_feed(RSS, URL)


def test_a_podcast_is_described(tides: Feed) -> None:
    assert dataclasses.replace(tides, episodes=()) == Feed(
        url=URL,
        title="Tides & Timber",
        author="Ada Quill",
        description="Boats, and the people who mend them.",
        link="https://tides.example/",
        language="en-GB",
        image="https://tides.example/cover.jpg",
        episodes=(),
    )


def test_an_episode_has_all_that_its_feed_says(tides: Feed) -> None:
    assert tides.episodes[0] == Episode(
        guid="tides-0002",
        title="Caulking for beginners",
        published=datetime(2026, 5, 5, 8, 0, tzinfo=UTC),
        enclosure=Enclosure(
            "https://tides.example/audio/2.mp3?source=feed", "audio/mpeg", 1_500_000
        ),
        duration=3723.0,
        link="https://tides.example/2",
        author="Ben Oakum",
        notes="Notes\n\nCotton first,\nthen pitch.\n\nmallet\n\niron",
        image="https://tides.example/two.jpg",
        transcripts=(
            Transcript("https://tides.example/2.html", "text/html"),
            Transcript("https://tides.example/2.vtt", "text/vtt", "en", "captions"),
        ),
        chapters=ChaptersLink("https://tides.example/2.chapters.json", "application/json+chapters"),
        season=4,
        number=2.5,
    )


def test_an_episode_without_a_guid_gets_a_stable_one(tides: Feed) -> None:
    first, soon = tides.episodes[1:]
    assert first.guid == "https://cdn.example/1.m4a"
    assert soon.guid == "Coming soon: a word from the slipway"
    assert [each.guid for each in read_feed(RSS, URL).episodes[1:]] == [first.guid, soon.guid]


def test_sound_is_chosen_before_film_and_pictures(tides: Feed) -> None:
    first = tides.episodes[1]
    assert first.enclosure == Enclosure("https://cdn.example/1.m4a", "audio/x-m4a", None)
    assert first.duration == 3723.0
    assert first.notes == "Only the short form."


def test_what_is_missing_or_senseless_is_none(tides: Feed) -> None:
    soon = tides.episodes[2]
    assert (soon.published, soon.duration, soon.enclosure, soon.link) == (None, None, None, None)
    assert soon.notes == "Not yet.\n\nPatience & tea."
    assert (soon.transcripts, soon.chapters, soon.season, soon.number) == ((), None, None, None)


def test_the_description_comes_before_the_summary_of_itunes() -> None:
    short = RSS.replace(b"content:encoded", b"content:other")
    assert read_feed(short, URL).episodes[0].notes == "The middle form."


def test_atom() -> None:
    feed = read_feed(ATOM, "https://hafen.example/atom")
    assert (feed.title, feed.author, feed.description) == ("Hafenfunk", "Jörg Öl", "Aus dem Süden")
    (episode,) = feed.episodes
    assert episode.title == "Folge eins"
    assert episode.guid == "urn:hafen:1"
    assert episode.published == datetime(2026, 3, 1, 11, 0, tzinfo=UTC)
    assert episode.enclosure == Enclosure("https://hafen.example/1.ogg", "audio/ogg", 42)
    assert episode.link == "https://hafen.example/folge/1"
    assert episode.notes == "Möwen.\n\nNebel."


def test_of_a_broken_feed_is_read_what_can_be() -> None:
    feed = read_feed(BROKEN, "https://half.example/")
    assert feed.title == "Half a feed © nobody &nosuchthing;"
    episode = feed.episodes[0]
    assert episode.guid == "b-1"
    assert episode.title == "Sound & fury"
    assert episode.duration == 90.0
    assert episode.notes == "café open & warm"
    assert episode.enclosure == Enclosure("https://half.example/1.mp3", "audio/mpeg", None)
    assert episode.transcripts == (Transcript("https://half.example/1.srt", "application/srt"),)


@pytest.mark.parametrize(
    ("encoded", "content_type"),
    [
        (ATOM.decode().encode("utf-16"), None),
        (ATOM.decode().replace("utf-8", "ISO-8859-1").encode("latin-1"), None),
        (ATOM.decode().encode("cp1252"), None),  # it says UTF-8
        (
            ATOM.decode().replace(' encoding="utf-8"', "").encode("cp1252"),
            "text/xml; charset=windows-1252",
        ),
        (b"\xef\xbb\xbf" + ATOM, "text/xml; charset=us-ascii"),
    ],
    ids=["utf-16", "latin-1", "mislabelled", "by the header", "byte order mark"],
)
def test_encodings(encoded: bytes, content_type: str | None) -> None:
    feed = read_feed(encoded, "https://hafen.example/atom", content_type)
    assert (feed.author, feed.description) == ("Jörg Öl", "Aus dem Süden")
    assert feed.episodes[0].notes == "Möwen.\n\nNebel."


def test_a_feed_without_episodes_is_one() -> None:
    feed = read_feed(b"<rss><channel><title>Nothing yet</title></channel></rss>", URL)
    assert (feed.title, feed.episodes) == ("Nothing yet", ())
    assert read_feed(b"<rss/>", URL).episodes == ()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n",
        b'{"version": "https://jsonfeed.org/version/1.1"}',
        b"Hello.",
        b"<opml/>",
        b"<html><body>No</body></html>",
    ],
    ids=["empty", "blank", "JSON", "text", "OPML", "HTML"],
)
def test_what_is_no_feed(data: bytes) -> None:
    with pytest.raises(NotAFeed) as caught:
        read_feed(data, URL)
    assert caught.value.remedy


def test_binary_data_is_no_feed() -> None:
    with pytest.raises(Malformed):
        read_feed(bytes(range(256)) * 40, URL)


def test_a_web_page_tells_where_its_feed_is() -> None:
    page = b"""<!doctype html><head><title>Tides</title>
    <link rel="alternate" type="application/rss+xml" href="/rss"></head><p>Listen!"""
    with pytest.raises(NotAFeed, match=r"https://tides\.example/rss"):
        read_feed(page, "https://tides.example/")


def test_entities_are_not_expanded_and_files_not_read(site: Site) -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    secret = site.on("/secret", body(b"secret"))
    bomb = f"""<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "ha">{levels}
    <!ENTITY file SYSTEM "file:///etc/passwd"><!ENTITY net SYSTEM "{secret}">
    <!ENTITY % all SYSTEM "{secret}"> %all;
    ]><rss><channel><title>&l9;&file;&net;</title>
    <item><title>&l9;</title></item></channel></rss>"""
    feed = read_feed(bomb.encode(), URL)
    assert feed.title == "&l9;&file;&net;"
    assert feed.episodes[0].title == "&l9;"
    assert site.asked == []


def test_a_huge_feed_is_refused() -> None:
    with pytest.raises(TooLarge):
        read_feed(b"<rss>" + bytes(MAX_BYTES), URL)


def test_a_feed_is_read_up_to_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "MAX_EPISODES", 50)
    item = b"<item><guid>%d</guid><description>" + b"x" * 200_000 + b"</description></item>"
    many = b"".join(item % number for number in range(100))
    feed = read_feed(b"<rss><channel>" + many + b"</channel></rss>", URL)
    assert [each.guid for each in feed.episodes] == [str(number) for number in range(50)]
    assert len(feed.episodes[0].notes) == feed_module.MAX_NOTES


def test_an_anthill_of_elements_is_refused() -> None:
    with pytest.raises(TooLarge, match="elements"):
        read_feed(b"<rss><channel>" + b"<a/>" * 600_000, URL)


def test_a_mountain_of_tags_is_not_made_a_tree() -> None:
    """Of 12 MB a tree of 400 MB."""
    with pytest.raises(TooLarge, match="tags"):
        read_feed(b"<rss><channel>" + b"<a/>" * 3_000_000, URL)
    notes = b"<rss><a><![CDATA[" + b"<b>" * 9 + b"]]></a></rss>"
    assert parse(notes, max_tags=4) is not None
    with pytest.raises(TooLarge):
        parse(notes, max_tags=3)


@pytest.mark.parametrize(
    ("end", "whole"),
    [
        (b"</channel></rss>", True),
        (b"</channel></RSS >\n<!-- cached -->\n", True),
        (b"</channel>", False),
        (b"<item><title>Half", False),
    ],
)
def test_a_missing_end_is_noticed(end: bytes, whole: bool) -> None:
    data = b"<rss><channel><title>T</title>" + end
    assert read_feed(data, URL).whole is whole
    assert read_feed(data.decode().encode("utf-16"), URL).whole is whole


def test_a_million_openings_take_no_million_searches() -> None:
    feed = read_feed(b"<rss><channel><title>T</title>" + b"<![CDATA[&" * 500_000, URL)
    assert feed.title == "T"


def test_deep_nesting_ends() -> None:
    deep = b"<rss><channel><title>Deep</title>" + b"<a>" * 200_000
    assert read_feed(deep, URL).episodes == ()


def test_a_feed_too_broken_to_be_read_quickly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "is_well_formed", lambda data: False)
    assert read_feed(RSS, URL).episodes
    with pytest.raises(Malformed, match="too broken"):
        read_feed(RSS.replace(b"Patience", b"Patience" * 400_000), URL)


def test_what_feedparser_stumbles_over_is_malformed() -> None:
    spaced = "<rss xmlns:a='b\u2003c\u2003d'><channel><a:title>T</a:title></channel></rss>"
    with pytest.raises(Malformed, match="too broken"):
        read_feed(spaced.encode(), URL)


def test_slips_do_not_reach_the_lenient_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is slow, and what it makes of text is another thing."""
    seen: list[bool] = []
    parse = feedparser.parse

    def spy(*args: object, **kwargs: object) -> feedparser.FeedParserDict:
        result = parse(*args, **kwargs)
        seen.append(bool(result.bozo))
        return result

    monkeypatch.setattr(feedparser, "parse", spy)
    item = (
        "<item a='1' a='2' x:y='3' x:y='4'>"
        "<title>Fish & chips &lt;3 &#27;&#xD800;&bull; A\x0cB</title>"
        "<link><![CDATA[https://a.example/?b=1&c=2]]></link><what:ever/><itunes:duration>9"
        "</itunes:duration><enclosure url='https://a.example/?b=1&c=2'/></item>"
    )
    (episode,) = read_feed(f"<rss><channel>{item}".encode(), URL).episodes
    assert seen == [False]
    assert episode.title == "Fish & chips <3 • AB"
    assert episode.link == "https://a.example/?b=1&c=2"
    assert episode.duration == 9.0
    assert episode.enclosure is not None
    assert episode.enclosure.url == "https://a.example/?b=1&c=2"


def test_names_are_safe_to_print() -> None:
    feed = read_feed(
        b"<rss><channel><title>T\x1b[31mred&#27;[0m</title>"
        b"<item><title>A\nB &lt;b&gt;C&lt;/b&gt;</title></item></channel></rss>",
        URL,
    )
    assert feed.title.isprintable()
    assert feed.episodes[0].title == "A B C"


def test_a_feed_that_changes_all_its_guids_is_still_known(tides: Feed) -> None:
    rebuilt = RSS.replace(b"tides-0002", b"other-0002").replace(
        b"https://cdn.example/", b"https://elsewhere.example/files/"
    )
    rebuilt = rebuilt.replace(b"?source=feed", b"?source=elsewhere&amp;key=1")
    now = read_feed(rebuilt, URL)
    assert [a.guid == b.guid for a, b in zip(tides.episodes, now.episodes, strict=True)] == [
        False, False, True,
    ]  # fmt: skip
    known = set().union(*identities(tides.episodes))
    assert all(not each.isdisjoint(known) for each in identities(now.episodes))
    assert all(same_episode(a, b) for a, b in zip(tides.episodes, now.episodes, strict=True))
    assert not same_episode(tides.episodes[0], now.episodes[1])


def test_episodes_that_share_a_mark_are_not_the_same() -> None:
    """A player's address for all, and a GUID that somebody copied."""
    items = "".join(
        f"<item><title>Part {n}</title><guid>copied</guid><pubDate>Sun, 12 Apr 2026 0{n}:00:00 GMT"
        f'</pubDate><enclosure url="https://play.example/get.php?id={n}" type="audio/mpeg"/></item>'
        for n in range(3)
    )
    feed = read_feed(f"<rss><channel>{items}</channel></rss>".encode(), URL)
    one, two, three = identities(feed.episodes)
    assert min(map(len, (one, two, three))) > 0
    assert len(one | two | three) == len(one) + len(two) + len(three)
    assert identities(feed.episodes) == identities(feed.episodes)


def test_a_feed_comes_over_the_network(site: Site, web: Web) -> None:
    url = site.on("/feed", body(RSS, "application/rss+xml; charset=utf-8"))
    page = web.get(url, typed=url)
    feed = read_feed(page.body, page.url, page.content_type)
    assert [each.title for each in feed.episodes][:1] == ["Caulking for beginners"]
    enclosure = feed.episodes[0].enclosure
    assert enclosure is not None
    assert enclosure.url == f"{site.url}/audio/2.mp3?source=feed"
