"""Podcasts through the real daemons, from a server on loopback."""

from __future__ import annotations

import io
import os
import signal
import threading
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from memex.daemons import running
from tests.home import Home, home
from tests.podcasts.conftest import Handler, Site, body, status
from tests.podcasts.test_download import Sound

WAIT = 120.0
"""Seconds until a test gives up; none waits so long where all is well."""
PAGE = """<?xml version="1.0"?>
<rss version="2.0" xmlns:podcast="https://podcastindex.org/namespace/1.0">
<channel><title>Tides and Timber</title><link>https://tides.example/</link>{items}</channel></rss>"""
ITEM = """<item><title>{title}</title><guid isPermaLink="false">{guid}</guid>
<pubDate>Tue, 0{day} May 2026 10:00:00 GMT</pubDate><author>ada@tides.example (Ada Quill)</author>
<description>{notes}</description>
<enclosure url="/{name}.wav" type="audio/wav" length="1"/>
<podcast:transcript url="/{name}.{suffix}" type="{kind}"/>
<podcast:chapters url="/{name}.chapters" type="application/json+chapters"/></item>"""
SRT = """1
00:00:00,500 --> 00:00:02,000
The caulking mallet is made of live oak.

2
00:00:02,500 --> 00:00:04,500
Cotton goes in first, and the pitch comes after it.
"""
JSON = """{"version": "1.0.0", "segments": [
{"speaker": "Cleo", "startTime": 0.5, "endTime": 3.0,
 "body": "The harbour froze over in the winter of the great lanterns."}]}"""
CHAPTERS = b"""{"version": "1.2.0", "chapters": [
{"startTime": 0, "title": "Tools"}, {"startTime": 2.4, "title": "Cotton and pitch"}]}"""


def sound(seed: int, seconds: float = 6.0) -> bytes:
    """A recording in which nobody speaks."""
    noise = np.random.default_rng(seed).integers(-500, 500, int(16_000 * seconds), np.int16)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(noise.tobytes())
    return out.getvalue()


class Podcast:
    """A feed with an ETag, and what belongs to it, on a server."""

    def __init__(self, site: Site, path: str = "/feed.xml") -> None:
        self.site = site
        self.url = site.url + path
        self.path = path
        self.items: list[str] = []
        self.sounds: dict[str, Sound] = {}
        site.on(path, self)

    def __call__(self, handler: Handler) -> None:
        data = PAGE.format(items="".join(self.items)).encode()
        etag = f'"{hash(data)}"'
        if handler.headers.get("If-None-Match") == etag:
            handler.head(304, {"ETag": etag, "Content-Length": "0"})
        else:
            body(data, ETag=etag)(handler)

    def add(self, name: str, title: str, day: int, *, srt: bool = True) -> Sound:
        """An episode, the newest at the top."""
        suffix, kind = ("srt", "application/srt") if srt else ("json", "application/json")
        notes = f"Notes on {name}, with marlinspikes."
        self.items.insert(
            0,
            ITEM.format(
                title=title, guid=f"g-{name}", day=day, name=name, suffix=suffix, kind=kind,
                notes=notes,
            ),
        )  # fmt: skip
        self.sounds[name] = Sound(sound(day))
        self.site.on(f"/{name}.wav", self.sounds[name])
        self.site.on(f"/{name}.{suffix}", body((SRT if srt else JSON).encode(), kind))
        self.site.on(f"/{name}.chapters", body(CHAPTERS, "application/json"))
        return self.sounds[name]

    def asked(self, path: str) -> int:
        return sum(each.path == path for each in self.site.asked)


def until(what: Callable[[], Any]) -> Any:  # noqa: ANN401 (whatever it is)
    """What is waited for, as soon as it is there."""
    pause = threading.Event()
    for _ in range(int(WAIT / 0.05)):
        if found := what():
            return found
        pause.wait(0.05)
    raise AssertionError("it did not come")


def titles(memex: Home) -> list[str]:
    return sorted(document["title"] for document in memex.client.documents())


def at_rest(memex: Home) -> bool:
    """Every feed was looked at, and nothing waits."""
    state = memex.client.status()
    return all(feed["next_at"] for feed in state["feeds"]) and not any(state["queue"].values())


def partial(memex: Home) -> int:
    """Bytes of a sound that has come in part."""
    files = [*memex.paths.downloads.glob("*.wav")] if memex.paths.downloads.exists() else []
    return sum(file.stat().st_size for file in files)


@pytest.fixture
def memex(tmp_path: Path) -> Iterator[Home]:
    with home(tmp_path / "home") as made:
        yield made


@pytest.fixture
def podcast(site: Site) -> Podcast:
    return Podcast(site)


def test_episodes_are_fetched_and_found_and_not_fetched_again(
    memex: Home, podcast: Podcast, tmp_path: Path
) -> None:
    broken = podcast.add("ice", "The frozen harbour", 4, srt=False)
    broken.cut = [len(broken.data) // 2]
    podcast.add("oak", "Caulking for beginners", 5)
    down = podcast.site.on("/down.xml", status(404))
    memex.run("feeds", "add", down, podcast.url)
    until(lambda: len(titles(memex)) == 2 and at_rest(memex))

    assert titles(memex) == ["Caulking for beginners", "The frozen harbour"]
    hit = memex.client.search("which goes in first, cotton or pitch?", 1)["hits"][0]
    assert hit["title"] == "Caulking for beginners"
    assert "Cotton goes in first" in hit["text"]
    assert hit["heading"] == "Cotton and pitch"
    assert hit["kind"] == "audio"
    assert memex.client.search("winter of the great lanterns", 1)["hits"][0]["speaker"] == "Cleo"
    document = memex.client.document(hit["document"])
    assert document["attributes"]["feed"] == "Tides and Timber"
    assert document["attributes"]["source"] == "podcast"
    assert document["created_at"] == "2026-05-05T10:00:00+00:00"
    assert "marlinspikes" in document["segments"][-1]["text"]
    half = f"bytes={len(broken.data) // 2}-"
    assert [x.headers["Range"] for x in podcast.site.asked if x.path == "/ice.wav"] == [None, half]

    bad, good = memex.json("status")["feeds"]
    assert "HTTP 404" in bad["trouble"]
    assert (good["title"], good["trouble"]) == ("Tides and Timber", None)
    assert [feed["episodes"] for feed in memex.json("feeds", "list")["feeds"]] == [0, 2]
    shown = memex.run("status").stdout
    assert "Tides and Timber: looked at" in shown
    assert "! " in shown

    before = len(podcast.site.asked)
    memex.run("feeds", "refresh", podcast.url)
    until(lambda: len(podcast.site.asked) > before and at_rest(memex))
    assert [each.path for each in podcast.site.asked[before:]] == ["/feed.xml"]
    assert podcast.site.asked[-1].headers["If-None-Match"]

    podcast.items[:] = [item.replace(">g-", ">other-") for item in podcast.items]
    memex.run("feeds", "refresh", podcast.url)
    until(lambda: len(podcast.site.asked) > before + 1 and at_rest(memex))
    assert [each.path for each in podcast.site.asked[before + 1 :]] == ["/feed.xml"]
    assert len(titles(memex)) == 2

    memex.run("feeds", "export", tmp_path / "mine.opml")
    memex.run("feeds", "remove", podcast.url, down)
    assert memex.json("feeds", "list") == {"feeds": []}
    assert len(titles(memex)) == 2
    memex.run("feeds", "import", tmp_path / "mine.opml")
    assert len(memex.json("feeds", "list")["feeds"]) == 2


def test_a_download_goes_on_after_its_process_was_killed(memex: Home, podcast: Podcast) -> None:
    slow = podcast.add("oak", "Caulking for beginners", 5)
    half = len(slow.data) // 2

    def stall(handler: Handler) -> None:
        size = str(len(slow.data))
        handler.head(200, {"Content-Type": "audio/wav", "Content-Length": size, "ETag": '"one"'})
        handler.wfile.write(slow.data[:half])
        handler.wfile.flush()
        handler.site.closing.wait(WAIT)

    podcast.site.on("/oak.wav", stall, slow)
    memex.run("feeds", "add", podcast.url)
    until(lambda: partial(memex) == half)
    os.kill(memex.pid("memex-ingest"), signal.SIGKILL)
    until(lambda: running(memex.paths, "memex-ingest") is None)
    memex.run("up")
    until(lambda: titles(memex) == ["Caulking for beginners"])
    ranges = [each.headers["Range"] for each in podcast.site.asked if each.path == "/oak.wav"]
    assert ranges == [None, f"bytes={half}-"]
    assert podcast.asked("/oak.wav") == 2


def test_nothing_is_fetched_while_paused_and_back_is_kept(memex: Home, podcast: Podcast) -> None:
    podcast.add("ice", "The frozen harbour", 4, srt=False)
    podcast.add("oak", "Caulking for beginners", 5)
    memex.run("up")
    memex.run("pause")
    memex.run("feeds", "add", podcast.url, "--back", "1", "--no-audio")
    until(lambda: (memex.client.status()["ingest"] or {}).get("paused"))
    assert podcast.site.asked == []
    memex.run("resume")
    until(lambda: titles(memex) and at_rest(memex))
    assert titles(memex) == ["Caulking for beginners"]
    assert podcast.asked("/oak.srt") == 1
    assert podcast.asked("/oak.wav") == 0
    podcast.add("elm", "Elm under water", 6, srt=False)
    memex.run("feeds", "refresh")
    until(lambda: len(titles(memex)) == 2 and at_rest(memex))
    assert titles(memex) == ["Caulking for beginners", "Elm under water"]
    assert podcast.asked("/ice.wav") == 0


def test_no_secret_of_a_private_feed_is_shown(memex: Home, site: Site) -> None:
    url = site.on("/private.xml", status(401)).replace("//", "//ada:lantern@") + "?key=lantern"
    said = memex.run("feeds", "add", url)
    feed = until(lambda: [f for f in memex.client.status()["feeds"] if f["trouble"]])[0]
    assert "HTTP 401" in feed["trouble"]
    shown = [said.stdout, memex.run("status").stdout, memex.run("feeds", "list").stdout]
    shown += [file.read_text(encoding="utf-8") for file in memex.paths.logs.iterdir()]
    assert not any("lantern" in text for text in shown)
    assert "lantern" in memex.run("feeds", "export", "-").stdout
