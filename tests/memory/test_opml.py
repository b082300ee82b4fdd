from __future__ import annotations

import pytest

from memex import opml
from memex.errors import InvalidRequest
from memex.opml import Subscription, read_opml, write_opml
from memex.urls import shown, subscription_url
from tests.podcasts.samples import OPML

SUBSCRIPTIONS = (
    Subscription("https://tides.example/feed.xml", "Tides & Timber"),
    Subscription("https://hafen.example/atom", "Hafenfunk"),
    Subscription("https://bare.example/rss", ""),
)


def test_folders_are_opened_and_each_feed_comes_once() -> None:
    assert read_opml(OPML) == SUBSCRIPTIONS


def test_what_is_written_is_read_again() -> None:
    odd = Subscription('https://odd.example/?a="<&>"', 'Quotes " & <tags> Ä')
    url = subscription_url(odd.url)
    again = read_opml(write_opml([*SUBSCRIPTIONS, Subscription(url, odd.title)], "Mine & ours"))
    assert again == (*SUBSCRIPTIONS, Subscription(url, odd.title))


def test_a_list_without_feeds_is_one() -> None:
    assert read_opml(b"<opml version='2.0'><head/><body/></opml>") == ()
    assert read_opml(write_opml([])) == ()


def test_entities_are_refused() -> None:
    data = b"""<!DOCTYPE opml [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/hostname">]>
    <opml><body><outline text="&a;&b;" xmlUrl="https://a.example/"/></body></opml>"""
    with pytest.raises(InvalidRequest, match="entities"):
        read_opml(data)


@pytest.mark.parametrize("data", [b"", b"<rss/>", b"not XML", b"<html><opml/></html>"])
def test_what_is_no_opml(data: bytes) -> None:
    with pytest.raises(InvalidRequest, match="OPML"):
        read_opml(data)


def test_lists_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opml, "MAX_SUBSCRIPTIONS", 2)
    assert read_opml(OPML) == SUBSCRIPTIONS[:2]
    monkeypatch.setattr(opml, "MAX_BYTES", 100)
    with pytest.raises(InvalidRequest, match="Split"):
        read_opml(OPML)


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        (" https://pod.example/feed ", "https://pod.example/feed"),
        ("pod.example/feed", "https://pod.example/feed"),
        ("feed://pod.example/feed", "https://pod.example/feed"),
        ("feed:http://pod.example/feed", "http://pod.example/feed"),
        ("itpc://pod.example/feed", "https://pod.example/feed"),
        ("http://127.0.0.1:8000/feed#top", "http://127.0.0.1:8000/feed"),
    ],
)
def test_addresses_as_users_type_them(typed: str, url: str) -> None:
    assert subscription_url(typed) == url


@pytest.mark.parametrize(
    "typed", ["", "ftp://pod.example/", "https://", "file:///etc/hostname", "https://pod example/"]
)
def test_what_is_no_address(typed: str) -> None:
    with pytest.raises(InvalidRequest):
        subscription_url(typed)


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://ada:secret@pod.example/feed", "https://pod.example/feed"),
        ("https://pod.example:8443/feed?key=secret#x", "https://pod.example:8443/feed?…"),
        ("https://ada:secret@[half/feed?key=secret", "[half/feed"),
        ("https://pod.example/\x1b[31mfeed", "https://pod.example/[31mfeed"),
    ],
)
def test_no_secret_is_shown(url: str, seen: str) -> None:
    assert shown(url) == seen
