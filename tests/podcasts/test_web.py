from __future__ import annotations

import dataclasses
import gzip
import ipaddress
import socket
import zlib
from email.utils import formatdate

import pytest

from ingest.podcasts.addresses import is_public, is_public_name
from ingest.podcasts.errors import (
    AddressRefused,
    BrokenOff,
    Malformed,
    PodcastError,
    RefusedByServer,
    TooLarge,
    Unreachable,
)
from ingest.podcasts.patience import MAX_RETRY_AFTER, retry_after
from ingest.podcasts.urls import shown
from ingest.podcasts.web import Limits, Validators, Web
from memex import __version__
from tests.podcasts.conftest import (
    Handler,
    Site,
    body,
    drip,
    drip_headers,
    hang_up,
    redirect,
    say_nothing,
    status,
)

FEED = b"<rss><channel><title>Tides</title></channel></rss>"


def test_a_page_comes_with_what_is_needed_to_ask_again(site: Site, web: Web) -> None:
    url = site.on("/feed", body(FEED, ETag='"v1"', Last_Modified="Mon, 01 Jun 2026 08:00:00 GMT"))
    page = web.get(url, typed=url)
    assert (page.body, page.url, page.moved_to, page.unchanged) == (FEED, url, None, False)
    assert page.content_type == "application/rss+xml"
    assert page.validators == Validators('"v1"', "Mon, 01 Jun 2026 08:00:00 GMT")
    assert page.private
    assert site.headers_of("User-Agent") == [f"Memex/{__version__} (podcasts)"]


def test_what_has_not_changed_is_not_sent_again(site: Site, web: Web) -> None:
    url = site.on("/feed", status(304, ETag='"v1"'))
    page = web.get(url, typed=url, validators=Validators('"v1"', "Mon, 01 Jun 2026 08:00:00 GMT"))
    assert page.unchanged
    assert page.body == b""
    assert site.headers_of("If-None-Match") == ['"v1"']
    assert site.headers_of("If-Modified-Since") == ["Mon, 01 Jun 2026 08:00:00 GMT"]


@pytest.mark.parametrize(
    ("packing", "packed"),
    [
        ("gzip", gzip.compress(FEED)),
        ("x-gzip", gzip.compress(FEED[:20]) + gzip.compress(FEED[20:])),
        ("deflate", zlib.compress(FEED)),
        ("deflate", zlib.compress(FEED, wbits=-15)),
        ("identity", FEED),
    ],
    ids=["gzip", "two members", "zlib", "bare", "as it is"],
)
def test_packed_pages_are_unpacked(site: Site, web: Web, packing: str, packed: bytes) -> None:
    url = site.on("/feed", body(packed, Content_Encoding=packing))
    assert web.get(url, typed=url).body == FEED


@pytest.mark.parametrize(("packing", "bits"), [("gzip", 31), ("deflate", 15)])
def test_a_bomb_is_too_large(site: Site, web: Web, packing: str, bits: int) -> None:
    machine = zlib.compressobj(9, wbits=bits)
    bomb = b"".join(machine.compress(bytes(1 << 20)) for _ in range(64)) + machine.flush()
    assert len(bomb) < 1 << 17
    url = site.on("/feed", body(bomb, Content_Encoding=packing))
    with pytest.raises(TooLarge):
        web.get(url, typed=url, limit=4 << 20)
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("packing", "packed", "error"),
    [
        ("gzip", gzip.compress(FEED)[:-12], BrokenOff),
        ("gzip", b"this is no gzip", Malformed),
        ("gzip, gzip", gzip.compress(gzip.compress(FEED)), Malformed),
        ("br", FEED, Malformed),
    ],
    ids=["cut", "not packed", "twice", "unasked"],
)
def test_what_cannot_be_unpacked(
    site: Site, web: Web, packing: str, packed: bytes, error: type[PodcastError]
) -> None:
    url = site.on("/feed", body(packed, Content_Encoding=packing))
    with pytest.raises(error):
        web.get(url, typed=url)


def test_a_large_page_is_refused_with_and_without_a_length(site: Site, web: Web) -> None:
    def endless(handler: Handler) -> None:
        handler.head(200, {})
        while not handler.site.closing.is_set():
            handler.wfile.write(bytes(1 << 16))

    for path, act in (("/told", body(bytes(2_000_000))), ("/untold", endless)):
        url = site.on(path, act)
        with pytest.raises(TooLarge):
            web.get(url, typed=url, limit=1_000_000)


def test_a_permanent_move_is_reported_and_a_passing_one_is_not(site: Site, web: Web) -> None:
    site.on("/new", redirect("/today"))
    site.on("/today", body(FEED))
    url = site.on("/old", redirect("/new", 301))
    page = web.get(url, typed=url)
    assert page.moved_to == f"{site.url}/new"
    assert page.url == f"{site.url}/today"
    passing = site.on("/passing", redirect("/old", 302))
    assert web.get(passing, typed=passing).moved_to is None


def test_a_circle_of_redirects_is_left(site: Site, web: Web) -> None:
    url = site.on("/a", redirect("/b", 301))
    site.on("/b", redirect("/a", 301))
    with pytest.raises(AddressRefused, match="circle"):
        web.get(url, typed=url)
    assert len(site.asked) == 2


def test_redirects_have_an_end(site: Site, web: Web) -> None:
    for number in range(30):
        site.on(f"/{number}", redirect(f"/{number + 1}"))
    with pytest.raises(AddressRefused, match="more than 8"):
        web.get(f"{site.url}/0", typed=f"{site.url}/0")
    assert len(site.asked) == 9


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/secret",
        "http://localhost:{port}/secret",
        "http://127.1:{port}/secret",
        "http://2130706433:{port}/secret",
        "http://[::ffff:127.0.0.1]:{port}/secret",
        "http://[::1]:{port}/secret",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://224.0.0.251/",
        "http://0.0.0.0:{port}/secret",
        "http://[fe80::1]/",
        "ftp://127.0.0.1/secret",
        "file:///etc/hostname",
    ],
)
def test_a_redirect_into_the_own_network_is_refused(
    site: Site, other: Site, web: Web, target: str
) -> None:
    other.on("/secret", body(b"secret"))
    url = site.on("/feed", redirect(target.format(port=other.port)))
    with pytest.raises(AddressRefused):
        web.get(url, typed=url)
    assert other.asked == []


def test_only_the_typed_host_and_port_may_be_private(site: Site, other: Site, web: Web) -> None:
    url = site.on("/feed", body(FEED))
    assert web.get(url, typed=url).body == FEED
    with pytest.raises(AddressRefused, match="private"):
        web.get(url)
    with pytest.raises(AddressRefused, match="private"):
        web.get(url, typed=other.url)
    assert len(site.asked) == 1


def test_a_name_is_refused_for_where_it_leads(
    site: Site, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.on("/feed", body(FEED))
    resolved = []
    resolve = socket.getaddrinfo

    def answer(host: str, *args: object, **kwargs: object) -> object:
        if host == "podcast.example":
            resolved.append(host)
            host = "127.0.0.1"
        return resolve(host, *args, **kwargs)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    url = f"http://podcast.example:{site.port}/feed"
    with pytest.raises(AddressRefused, match="private"):
        web.get(url)
    assert site.asked == []
    assert web.get(url, typed=url).body == FEED
    assert resolved == ["podcast.example"] * 2  # once a request: no second answer


def test_credentials_stay_with_their_server(site: Site, other: Site, web: Web) -> None:
    url = site.on("/feed", redirect("/here", 301)).replace("//", "//jo:s%20ecret@")
    site.on("/here", body(FEED))
    page = web.get(url, typed=url)
    assert site.headers_of("Authorization") == ["Basic am86cyBlY3JldA=="] * 2
    assert page.url == f"{site.url}/here"
    assert page.moved_to == f"{site.url}/here".replace("//", "//jo:s%20ecret@")

    other.on("/feed", body(FEED))
    site.on("/feed", redirect(f"{other.url}/feed".replace("//", "//jo:x@"), 301))
    # the second server is let in as if it were public, to see what it is sent
    lenient = Web(web.limits, web.patience, web.trust)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingest.podcasts.addresses.is_public", lambda address: True)
        page = lenient.get(url)
    assert other.headers_of("Authorization") == [None]
    assert page.moved_to == f"{other.url}/feed"


def test_secrets_are_not_shown(site: Site, web: Web) -> None:
    url = site.on("/feed", status(403)).replace("//", "//jo:secret@") + "?key=abc"
    with pytest.raises(RefusedByServer) as caught:
        web.get(url, typed=url)
    assert "secret" not in str(caught.value)
    assert "abc" not in str(caught.value)
    assert shown("http://jo:secret@pod.example/x?key=abc#y") == "http://pod.example/x?…"
    assert "\x1b" not in shown("http://pod.example/\x1b[31m")


@pytest.mark.parametrize("act", [drip, drip_headers])
def test_a_server_that_drips_is_left(site: Site, web: Web, act: object) -> None:
    url = site.on("/feed", act)  # type: ignore[arg-type]  # one of the two above
    hurried = dataclasses.replace(web, limits=Limits(total=0.3))
    with pytest.raises(Unreachable, match="too slow"):
        hurried.get(url, typed=url)
    assert len(site.asked) == 1  # the other podcasts wait


def test_a_silent_server_is_left(site: Site, web: Web) -> None:
    url = site.on("/feed", say_nothing)
    hurried = dataclasses.replace(web, limits=Limits(read=0.1))
    with pytest.raises(Unreachable, match="too slow"):
        hurried.get(url, typed=url)


def test_a_dead_connection_is_tried_again(site: Site, web: Web, pauses: list[float]) -> None:
    url = site.on("/feed", hang_up, status(503), body(FEED))
    assert web.get(url, typed=url).body == FEED
    assert pauses == [1.0, 2.0]


def test_a_truncated_page_is_tried_again(site: Site, web: Web) -> None:
    def short(handler: Handler) -> None:
        handler.head(200, {"Content-Length": str(len(FEED))})
        handler.wfile.write(FEED[:10])

    url = site.on("/feed", short, body(FEED))
    assert web.get(url, typed=url).body == FEED
    site.on("/feed", short)
    with pytest.raises(BrokenOff):
        web.get(url, typed=url)


def test_retry_after_is_respected(site: Site, web: Web, pauses: list[float]) -> None:
    url = site.on("/feed", status(429, Retry_After="17"), body(FEED))
    assert web.get(url, typed=url).body == FEED
    assert pauses == [17.0]


def test_who_asks_for_a_long_pause_is_left_to_the_caller(
    site: Site, web: Web, pauses: list[float]
) -> None:
    url = site.on("/feed", status(503, Retry_After="7200"))
    with pytest.raises(RefusedByServer) as caught:
        web.get(url, typed=url)
    assert caught.value.retry_after == 7200.0
    assert caught.value.status == 503
    assert pauses == []


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 501])
def test_a_refusal_is_final(site: Site, web: Web, code: int) -> None:
    url = site.on("/feed", status(code))
    with pytest.raises(RefusedByServer, match=str(code)) as caught:
        web.get(url, typed=url)
    assert caught.value.status == code
    assert caught.value.remedy
    assert len(site.asked) == 1


def test_attempts_have_an_end(site: Site, web: Web) -> None:
    url = site.on("/feed", status(500))
    with pytest.raises(RefusedByServer, match="500"):
        web.get(url, typed=url)
    assert len(site.asked) == 3


def test_nobody_answers(web: Web) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/feed"
        with pytest.raises(Unreachable, match="cannot be reached"):
            web.get(url, typed=url)


@pytest.mark.parametrize(
    "url", ["", "x", "ftp://pod.example/", "file:///etc/hostname", "http://", "http://a:99999/",
            "http://pod.example/" + "x" * 5000, "javascript:alert(1)", "http://[::1"],
)  # fmt: skip
def test_what_is_no_address_is_not_asked(web: Web, url: str) -> None:
    with pytest.raises(AddressRefused):
        web.get(url, typed=url)


def test_a_proxy_is_used_and_left_out_as_the_environment_says(
    site: Site, other: Site, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = other
    site.on("/feed", body(b"direct"))
    proxy.acts[f"{site.url}/feed"] = [body(b"through the proxy")]
    url = f"{site.url}/feed"
    monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("//", "//me:pass@"))
    assert web.get(url, typed=url).body == b"through the proxy"
    assert [asked.path for asked in proxy.asked] == [url]
    assert proxy.headers_of("Proxy-Authorization") == ["Basic bWU6cGFzcw=="]
    assert site.asked == []
    monkeypatch.setenv("NO_PROXY", "pod.example,127.0.0.1")
    assert web.get(url, typed=url).body == b"direct"
    assert len(proxy.asked) == 1


def test_names_are_left_to_the_proxy_but_private_addresses_are_not(
    other: Site, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = other
    proxy.acts["http://pod.example/feed"] = [body(FEED)]
    proxy.acts["http://pod.example/bad"] = [redirect("http://127.1:8080/")]
    monkeypatch.setenv("http_proxy", proxy.url)
    page = web.get("http://pod.example/feed")
    assert page.body == FEED
    assert not page.private
    for url in ("http://192.168.1.1/", "http://router.local/", "http://pod.example/bad"):
        with pytest.raises(AddressRefused, match="private"):
            web.get(url)
    assert [asked.path for asked in proxy.asked][1:] == ["http://pod.example/bad"]


def test_https_goes_through_a_tunnel(
    other: Site, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", other.url)
    with pytest.raises(Unreachable, match="proxy"):  # this one knows no CONNECT
        web.get("https://pod.example/feed")


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "http://"])
def test_a_proxy_that_is_none(web: Web, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(PodcastError, match="proxy"):
        web.get("http://pod.example/feed")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.1.1", "100.64.0.1", "0.0.0.0",
     "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1",
     "::", "::1",
     "fe80::1", "fc00::1", "fd12::1", "ff02::1", "fec0::1", "2001:db8::1", "::ffff:10.0.0.1",
     "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1"],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    assert not is_public_name(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1", "64:ff9b::101:101"]
)
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
    assert is_public_name(address)


def test_retry_after_is_a_number_or_a_date() -> None:
    now = 1_780_000_000.0
    assert retry_after("120") == 120.0
    assert retry_after(formatdate(now + 90, usegmt=True), lambda: now) == 90.0
    assert retry_after(formatdate(now - 90, usegmt=True), lambda: now) == 0.0
    assert retry_after("99999999999999999999") == MAX_RETRY_AFTER
    assert [retry_after(value) for value in (None, "", "soon", "-5", "１２")] == [None] * 5
