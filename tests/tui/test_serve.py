"""The door in front of what a browser sees, and what is behind it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import (
    ClientSession,
    ClientWebSocketResponse,
    CookieJar,
    WSMsgType,
    WSServerHandshakeError,
    web,
)
from textual_serve import server

from memex.errors import InvalidRequest
from tui.serve import COOKIE, HOST, PAGE, Door, Keys, bound

PATIENCE = 60.0
KEYS = Keys("the-token", "the-session", "the-place")
MARK = "MEMEX_TEST_SERVE"
"""In the environment of what is started here."""
PLACES = ("ws", "download/x", "static/js/textual.js", "page.js", "nothing", "")
"""Below the path that nobody else knows."""


def visit(steps: Callable[[ClientSession, str], Awaitable[None]]) -> None:
    """Go to a server whose programs end at once, with a client that keeps no cookies."""

    async def run() -> None:
        listening = bound(None)
        runner = web.AppRunner(await Door("true", KEYS).application())
        await runner.setup()
        await web.SockSite(runner, listening).start()
        try:
            async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
                await steps(session, f"http://{HOST}:{listening.getsockname()[1]}")
        finally:
            await runner.cleanup()

    asyncio.run(run())


def carrying(session: str = KEYS.session, **headers: str) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={session}", **headers}


async def status(session: ClientSession, url: str, headers: Mapping[str, str]) -> int:
    async with session.get(url, headers=headers, allow_redirects=False) as response:
        return response.status


def test_nothing_is_answered_without_the_cookie() -> None:
    async def steps(session: ClientSession, at: str) -> None:
        for place in PLACES:
            for headers in ({}, carrying("another"), carrying("")):
                assert await status(session, f"{at}/the-place/{place}", headers) == 403
        assert await status(session, f"{at}/static/js/textual.js", carrying()) == 404
        assert await status(session, f"{at}/the-place/static/js/textual.js", carrying()) == 200

    visit(steps)


def test_the_token_is_exchanged_for_a_cookie_that_scripts_and_other_pages_do_not_get() -> None:
    async def steps(session: ClientSession, at: str) -> None:
        for token in ("", "the-toke", "the-tokens", "ü", "%ff"):
            assert await status(session, f"{at}/?token={token}", {}) == 403
        assert await status(session, f"{at}/", {}) == 403
        entering = session.get(f"{at}/?token=the-token", allow_redirects=False)
        async with entering as response:
            assert (response.status, response.headers["Location"]) == (303, "/the-place/")
            cookie = response.cookies[COOKIE]
            assert cookie.value == "the-session"
            assert cookie["httponly"]
            assert (cookie["samesite"], cookie["path"]) == ("Strict", "/the-place/")
        async with session.get(f"{at}/the-place/") as response:
            assert response.status == 200

    visit(steps)


def test_a_name_that_was_made_to_point_here_is_refused() -> None:
    async def steps(session: ClientSession, at: str) -> None:
        port = urlsplit(at).port
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "[::1", ""):
            for place in ("/the-place/", "/?token=the-token"):
                assert await status(session, at + place, carrying(Host=host)) == 403, host
        for host in (f"localhost:{port}", "127.0.0.1:9000", "[::1]:9000"):
            assert await status(session, f"{at}/the-place/", carrying(Host=host)) == 200

    visit(steps)


def test_a_page_from_elsewhere_gets_no_connection() -> None:
    async def connect(session: ClientSession, at: str, headers: Mapping[str, str]) -> int:
        with pytest.raises(WSServerHandshakeError) as refused:
            await session.ws_connect(f"{at}/the-place/ws", headers=headers)
        return refused.value.status

    async def steps(session: ClientSession, at: str) -> None:
        others = ("http://evil.example", "null", "http://127.0.0.1:1", at.replace("http", "https"))
        for origin in others:
            assert await connect(session, at, carrying(Origin=origin)) == 403
            assert await status(session, f"{at}/the-place/", carrying(Origin=origin)) == 403
        assert await connect(session, at, carrying()) == 403  # no browser comes without one
        assert await connect(session, at, {"Origin": at}) == 403
        assert await status(session, f"{at}/the-place/", carrying(Origin=at)) == 200

    visit(steps)


def test_the_page_fetches_from_here_only() -> None:
    async def steps(session: ClientSession, at: str) -> None:
        async with session.get(f"{at}/the-place/", headers=carrying()) as response:
            page, headers = await response.text(), response.headers
        assert f'"ws://{at.removeprefix("http://")}/the-place/ws"' in page
        named = re.findall(r'(?:href|src)="([^"]*)"|url\("([^"]*)"\)', page)
        for place in filter(None, (one or other for one, other in named)):
            if place != "data:,":
                assert place.startswith("/the-place/")
                assert await status(session, at + place, carrying()) == 200, place
        assert not re.search(r"//(?!127\.0\.0\.1)", page)
        rules = headers["Content-Security-Policy"]
        assert "default-src 'none'" in rules
        assert "script-src 'self';" in rules
        assert "frame-ancestors 'none'" in rules
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"

    visit(steps)


def test_the_page_has_what_the_script_of_textual_serve_looks_for() -> None:
    """Should its own page change, so must ours."""
    folders = (Path(server.__file__).with_name("templates"), PAGE)
    pages = [(folder / "app_index.html").read_text(encoding="utf-8") for folder in folders]
    for name in ("data-session-websocket-url", "data-font-size", "textual-terminal", "-first-byte"):
        assert all(name in page for page in pages)


def test_every_start_has_other_keys() -> None:
    made = [Keys() for _ in range(4)]
    secrets = [secret for keys in made for secret in (keys.token, keys.session, keys.place)]
    assert len(set(secrets)) == 12
    assert all(len(secret) >= 43 for secret in secrets)  # 256 bits


def test_it_is_bound_to_this_machine_and_a_port_that_is_taken_is_told() -> None:
    with bound(None) as listening:
        host, port = listening.getsockname()
        assert host == "127.0.0.1"
        with pytest.raises(InvalidRequest, match=f"Port {port} cannot be had"):
            bound(port)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The real one, without a daemon, and its address."""
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    command = (sys.executable, "-m", "memex.cli", "--no-start", "tui", "--serve", f"--port={port}")
    environment = {**os.environ, MARK: str(os.getpid()), "MEMEX_HOME": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout
        said = ""
        while "Ctrl+C" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        yield re.findall(r"http://\S+", said)[0], process
        process.terminate()


def test_a_browser_sees_and_types_and_the_program_ends_with_the_page(
    served: tuple[str, subprocess.Popen[str]],
) -> None:
    address, process = served

    async def until(text: str, connection: ClientWebSocketResponse) -> None:
        seen = ""
        async with asyncio.timeout(PATIENCE):
            async for message in connection:
                if message.type == WSMsgType.BINARY:
                    seen += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", message.data.decode())
                if text in seen:
                    return
        raise AssertionError(seen)

    async def gone() -> None:
        async with asyncio.timeout(PATIENCE):
            while programs():
                await asyncio.sleep(0.05)

    async def run() -> None:
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
            async with session.get(address) as page:
                assert page.status == 200
                found = re.search(r'"(ws://[^"]+)"', await page.text())
                assert found
            origin = f"http://{urlsplit(address).netloc}"
            url = f"{found[1]}?width=120&height=40"
            own = {"Origin": origin}
            async with session.ws_connect(url, headers=own) as connection:
                await until("What was it?", connection)
                await connection.send_json(["stdin", "bees"])
                await until("bees", connection)
                assert programs()
            await gone()
            async with session.ws_connect(url, headers=own) as connection:
                await until("What was it?", connection)
                process.send_signal(signal.SIGINT)  # it ends them, too
                async for message in connection:
                    assert message.type == WSMsgType.BINARY
            await gone()

    asyncio.run(run())
    assert process.wait(PATIENCE) == 0


def programs() -> list[Path]:
    """Processes that the server started."""
    wanted = (f"{MARK}={os.getpid()}\0".encode(), b"TEXTUAL_DRIVER=")
    environments = Path("/proc").glob("[0-9]*/environ")
    return [path for path in environments if all(each in _read(path) for each in wanted)]


def _read(path: Path) -> bytes:
    with suppress(OSError):
        return path.read_bytes()
    return b""
