from __future__ import annotations

import dataclasses
import random
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from ingest.podcasts import addresses
from ingest.podcasts import download as download_module
from ingest.podcasts.download import Bounds, Downloaded, download
from ingest.podcasts.errors import BrokenOff, Malformed, RefusedByServer, TooLarge, Unreachable
from ingest.podcasts.patience import Patience
from ingest.podcasts.web import Web
from ingest.reading import ignore
from memex.errors import DiskFull, StorageError
from memex.protocols import Step
from tests.podcasts.conftest import Act, Handler, Site, body, drip, hang_up, redirect, status

DATA = random.Random(5).randbytes(1_500_000)
ROOMY = Bounds(floor=0)


class Sound:
    """A file on a server, with the manners of good and bad servers."""

    def __init__(self, data: bytes = DATA) -> None:
        self.data = data
        self.etag: str | None = '"one"'
        self.modified: str | None = None
        self.ranges = True
        self.cut: list[int] = []
        """After how many bytes each of the next connections ends."""

    def __call__(self, handler: Handler) -> None:
        asked = handler.headers.get("Range") if self.ranges else None
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if asked and handler.headers.get("If-Range") not in {None, self.etag, self.modified}:
            start = 0
        total = len(self.data)
        if start and start >= total:
            handler.head(416, {"Content-Range": f"bytes */{total}", "Content-Length": "0"})
            return
        headers = {"Content-Type": "audio/mpeg", "Content-Length": str(total - start)}
        if self.etag:
            headers["ETag"] = self.etag
        if self.modified:
            headers["Last-Modified"] = self.modified
        if start:
            headers["Content-Range"] = f"bytes {start}-{total - 1}/{total}"
        handler.head(206 if start else 200, headers)
        end = start + self.cut.pop(0) if self.cut else total
        handler.wfile.write(self.data[start:end])


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "episode.part"


def fetch(
    web: Web,
    url: str,
    part: Path,
    bounds: Bounds = ROOMY,
    progress: Callable[[Step], None] = ignore,
) -> Downloaded:
    return download(web, url, part, typed=url, bounds=bounds, progress=progress)


def test_a_file_comes_whole_through_redirects(site: Site, web: Web, part: Path) -> None:
    steps: list[Step] = []
    site.on("/a.mp3", Sound())
    url = site.on("/track", redirect("/a.mp3"))
    got = fetch(web, url, part, progress=steps.append)
    assert got == Downloaded(part, len(DATA), "audio/mpeg")
    assert part.read_bytes() == DATA
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1] == Step("downloading", len(DATA), len(DATA), "bytes")
    assert part.stat().st_mode & 0o777 == 0o600
    assert list(part.parent.iterdir()) == [part]


def test_a_cut_connection_is_taken_up_where_it_broke(site: Site, web: Web, part: Path) -> None:
    sound = Sound()
    sound.cut = [400_000, 300_000]
    fetch(web, site.on("/a.mp3", sound), part)
    assert part.read_bytes() == DATA
    assert site.headers_of("Range") == [None, "bytes=400000-", "bytes=700000-"]
    assert site.headers_of("If-Range") == [None, '"one"', '"one"']


def test_what_came_is_kept_for_the_next_time(site: Site, web: Web, part: Path) -> None:
    sound = Sound()
    sound.cut = [100_000] * 3
    url = site.on("/a.mp3", sound)
    with pytest.raises(BrokenOff):
        fetch(web, url, part)
    assert part.read_bytes() == DATA[:300_000]
    fetch(web, url, part)
    assert part.read_bytes() == DATA
    assert site.headers_of("Range")[-1] == "bytes=300000-"


@pytest.mark.parametrize("modified", ["Mon, 01 Jun 2026 08:00:00 GMT", None])
def test_without_an_etag_the_date_or_the_length_must_do(
    site: Site, web: Web, part: Path, modified: str | None
) -> None:
    sound = Sound()
    sound.etag, sound.modified, sound.cut = 'W/"weak"' if modified else None, modified, [400_000]
    fetch(web, site.on("/a.mp3", sound), part)
    assert part.read_bytes() == DATA
    assert site.headers_of("Range") == [None, "bytes=400000-"]
    assert site.headers_of("If-Range") == [None, modified]


def test_another_file_is_fetched_from_its_beginning(site: Site, web: Web, part: Path) -> None:
    """As advertisements make it: the same address has other bytes an hour later."""
    for etag in ('"two"', None):
        sound = Sound()
        sound.etag = '"one"' if etag else None
        sound.cut = [300_000] * 3
        url = site.on("/a.mp3", sound)
        with pytest.raises(BrokenOff):
            fetch(web, url, part)
        sound.data, sound.etag = DATA[::-1] + b"!", etag
        fetch(web, url, part)
        assert part.read_bytes() == DATA[::-1] + b"!"


def test_a_server_that_ignores_the_condition_is_found_out(site: Site, web: Web, part: Path) -> None:
    sound = Sound()
    sound.cut = [300_000]

    def careless(handler: Handler) -> None:
        if handler.headers.get("If-Range"):
            del handler.headers["If-Range"]
            sound.etag = '"two"'
            sound.data = DATA[::-1]
        sound(handler)

    fetch(web, site.on("/a.mp3", careless), part)
    assert part.read_bytes() == DATA[::-1]


def test_a_server_without_ranges_begins_again(site: Site, web: Web, part: Path) -> None:
    sound = Sound()
    sound.ranges, sound.cut = False, [400_000]
    fetch(web, site.on("/a.mp3", sound), part)
    assert part.read_bytes() == DATA


def test_a_range_that_was_not_asked_for(site: Site, web: Web, part: Path) -> None:
    sound = Sound()
    sound.cut = [400_000]

    def shifted(handler: Handler) -> None:
        if handler.headers.get("Range"):
            handler.headers.replace_header("Range", "bytes=399999-")
        sound(handler)

    url = site.on("/a.mp3", shifted)
    fetch(web, url, part)
    assert part.read_bytes() == DATA
    assert site.headers_of("Range")[-1] is None


def test_nothing_left_means_done_or_another_file(site: Site, web: Web, part: Path) -> None:
    def unsure(handler: Handler) -> None:
        """Promises more than it has, and hangs up after the last byte."""
        handler.head(200, {"ETag": '"one"', "Content-Length": str(len(DATA) + 7)})
        handler.wfile.write(DATA)

    sound = Sound()
    fetch(web, site.on("/a.mp3", unsure, sound), part)
    assert part.read_bytes() == DATA
    assert site.headers_of("Range")[-1] == f"bytes={len(DATA)}-"

    shorter = Sound(DATA[:1000])
    fetch(web, site.on("/b.mp3", unsure, shorter), part)
    assert part.read_bytes() == DATA[:1000]


def test_a_wrong_length_is_tried_again_and_then_an_error(site: Site, web: Web, part: Path) -> None:
    def liar(handler: Handler) -> None:
        handler.head(200, {"Content-Length": str(len(DATA) + 1)})
        handler.wfile.write(DATA)

    url = site.on("/a.mp3", liar)
    with pytest.raises(BrokenOff):
        fetch(web, url, part)
    assert len(site.asked) == 3
    assert part.read_bytes() == DATA


def test_nothing_at_all_is_no_episode(site: Site, web: Web, part: Path) -> None:
    with pytest.raises(BrokenOff, match="0 of 0 bytes"):
        fetch(web, site.on("/a.mp3", body(b"", "audio/mpeg")), part)


def test_an_interruption_keeps_what_came(site: Site, web: Web, part: Path) -> None:
    class Stop(Exception):
        pass

    def stop(step: Step) -> None:
        if step.done > 500_000:
            raise Stop

    url = site.on("/a.mp3", Sound())
    with pytest.raises(Stop):
        fetch(web, url, part, progress=stop)
    begun = part.stat().st_size
    assert 500_000 < begun < len(DATA)
    fetch(web, url, part)
    assert site.headers_of("Range")[-1] == f"bytes={begun}-"
    assert part.read_bytes() == DATA


def test_a_part_of_another_address_is_not_gone_on_with(site: Site, web: Web, part: Path) -> None:
    sound = Sound()
    sound.cut = [300_000] * 3
    with pytest.raises(BrokenOff):
        fetch(web, site.on("/a.mp3", sound), part)
    fetch(web, site.on("/b.mp3", Sound(DATA[::-1])), part)
    assert part.read_bytes() == DATA[::-1]


def test_a_part_of_unknown_origin_is_not_gone_on_with(site: Site, web: Web, part: Path) -> None:
    part.write_bytes(b"whatever")
    part.with_name("episode.part.state").write_text("{ torn")
    fetch(web, site.on("/a.mp3", Sound()), part)
    assert part.read_bytes() == DATA


@pytest.mark.parametrize("told", [True, False])
def test_a_file_beyond_the_bound_is_refused(site: Site, web: Web, part: Path, told: bool) -> None:
    def untold(handler: Handler) -> None:
        handler.head(200, {})
        handler.wfile.write(DATA)

    url = site.on("/a.mp3", Sound() if told else untold)
    with pytest.raises(TooLarge):
        fetch(web, url, part, bounds=Bounds(size=1_000_000, floor=0))
    assert len(site.asked) == 1


def test_the_disk_keeps_its_floor(site: Site, web: Web, part: Path) -> None:
    url = site.on("/a.mp3", Sound())
    free = shutil.disk_usage(part.parent).free
    with pytest.raises(DiskFull, match="free"):
        fetch(web, url, part, bounds=Bounds(floor=free + (1 << 40)))
    assert not part.exists()


def test_a_disk_that_cannot_be_written(site: Site, web: Web, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        fetch(web, site.on("/a.mp3", Sound()), tmp_path / "nowhere" / "episode.part")


def test_a_drip_is_left(site: Site, web: Web, part: Path) -> None:
    with pytest.raises(Unreachable, match="too slow"):
        fetch(web, site.on("/a.mp3", drip), part, bounds=Bounds(floor=0, window=0.2))


@pytest.mark.parametrize("enough", [True, False])
def test_a_slow_download_may_take_long_if_it_goes_on(
    site: Site, web: Web, part: Path, monkeypatch: pytest.MonkeyPatch, enough: bool
) -> None:
    """A clock that moves ten seconds with every block: minutes for the whole file."""
    clock = [0.0]
    monkeypatch.setattr(addresses, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    def ten_seconds(step: Step) -> None:
        clock[0] += 10.0 * (step.done > 0)

    url = site.on("/a.mp3", Sound())
    bounds = Bounds(floor=0, window=60.0, least=100_000 if enough else len(DATA))
    if enough:
        fetch(web, url, part, bounds=bounds, progress=ten_seconds)
        assert clock[0] > 3 * bounds.window
    else:
        patient = dataclasses.replace(web, patience=Patience(attempts=1))
        with pytest.raises(Unreachable, match="too slow"):
            fetch(patient, url, part, bounds=bounds, progress=ten_seconds)


def test_a_download_has_its_turn_and_goes_on_in_the_next(
    site: Site, web: Web, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is just fast enough may not keep the other podcasts waiting for days."""
    clock = [0.0]
    monkeypatch.setattr(download_module, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    def a_minute(step: Step) -> None:
        clock[0] += 60.0 * (step.done > 0)

    url = site.on("/a.mp3", Sound())
    with pytest.raises(BrokenOff, match="slow"):
        fetch(web, url, part, bounds=Bounds(floor=0, turn=300.0), progress=a_minute)
    assert len(site.asked) == 1
    came = part.stat().st_size
    assert 0 < came < len(DATA)
    assert fetch(web, url, part).size == len(DATA)
    assert site.headers_of("Range")[1] == f"bytes={came}-"


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (body(b"<!doctype html><title>Sign in</title>", "text/html; charset=utf-8"), Malformed),
        (body(DATA, "audio/mpeg", Content_Encoding="gzip"), Malformed),
        (status(404), RefusedByServer),
        (body(DATA, code=206), RefusedByServer),
    ],
    ids=["a web page", "packed", "not there", "a part unasked"],
)
def test_what_is_no_episode(
    site: Site, web: Web, part: Path, act: Act, error: type[Exception]
) -> None:
    with pytest.raises(error):
        fetch(web, site.on("/a.mp3", act), part)
    assert len(site.asked) == 1
    assert not part.exists() or part.stat().st_size == 0


def test_a_dead_connection_then_success(
    site: Site, web: Web, part: Path, pauses: list[float]
) -> None:
    fetch(web, site.on("/a.mp3", hang_up, status(429, Retry_After="9"), Sound()), part)
    assert part.read_bytes() == DATA
    assert pauses == [1.0, 9.0]


def test_memory_does_not_grow_with_the_file(site: Site, web: Web, part: Path) -> None:
    size = 40 << 20

    def large(handler: Handler) -> None:
        handler.head(200, {"Content-Length": str(size)})
        block = bytes(1 << 16)
        for _ in range(size >> 16):
            handler.wfile.write(block)

    url = site.on("/a.mp3", large)
    tracemalloc.start()
    try:
        assert fetch(web, url, part).size == size
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
