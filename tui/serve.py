"""Memex in a browser of this machine: textual-serve, and a door in front of it.

Whoever opens the printed address has its token, and gets for it a cookie that scripts cannot
read and that is sent to this server only: cookies know no ports, so it belongs to a path that
nobody else knows. Nothing is answered without it. A page of another origin cannot get in
(`Origin`), nor can a name that was made to point here (`Host`).
"""

from __future__ import annotations

import hmac
import secrets
import shlex
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp_jinja2
from aiohttp import web
from textual_serve.server import Server, to_int

from memex.errors import InvalidRequest

HOST: Final = "127.0.0.1"
LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})
"""Names by which this machine calls itself."""
COOKIE: Final = "memex"
PAGE: Final = Path(__file__).with_name("page")
"""The page that textual-serve fills in, without its font from another host."""
ENDING: Final = 1.0
"""Seconds that pages have to close when it ends; then they are closed."""
FONT: Final = 16
"""Pixels, unless the address says `?fontsize=`."""
REFUSED: Final = "Refused. Open the address that `memex tui --serve` printed last.\n"
POLICY: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self' data:",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens the door; other ones at every start."""

    token: str = field(default_factory=_secret)
    """In the address that is printed."""
    session: str = field(default_factory=_secret)
    """In the cookie."""
    place: str = field(default_factory=_secret)
    """The path below which all is, and to which the cookie belongs."""


class Door(Server):
    """The server."""

    def __init__(self, command: str, keys: Keys) -> None:
        """Each page that is opened runs `command`, until it is closed."""
        super().__init__(command, host=HOST, title="Memex", templates_path=PAGE)
        self._keys = keys

    async def application(self) -> web.Application:
        """All routes, behind the door."""
        outer = web.Application(middlewares=[self._guard])
        outer.router.add_get("/", self._enter)
        inner = await self._make_app()
        inner.router.add_get("/page.js", self._script)
        outer.add_subapp(f"/{self._keys.place}/", inner)
        outer.on_response_prepare.append(_harden)
        return outer

    async def on_startup(self, app: web.Application) -> None:
        """Nothing is printed: there is an address already."""

    @aiohttp_jinja2.template("app_index.html")
    async def handle_index(self, request: web.Request) -> dict[str, Any]:
        """What is filled into the page; addresses are those by which it was asked for."""
        at = f"/{self._keys.place}"
        return {
            "application": {"name": self.title},
            "font_size": to_int(request.query.get("fontsize", ""), FONT),
            "config": {"static": {"url": f"{at}/static/"}, "script": f"{at}/page.js"},
            "app_websocket_url": f"ws://{request.host}{at}/ws",
        }

    async def _script(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "page.js")

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse what has no cookie, or comes by another name or from another page."""
        own = f"http://{request.host}"
        asks_to_enter = request.path == "/"
        may_pass = (
            _is_local(request.host)
            and request.headers.get("Origin", own) == own
            and (asks_to_enter or _same(request.cookies.get(COOKIE, ""), self._keys.session))
            and (not _is_socket(request) or "Origin" in request.headers)
        )
        if not may_pass:
            raise web.HTTPForbidden(text=REFUSED)
        return await handler(request)

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        """The cookie for the token."""
        if not _same(request.query.get("token", ""), self._keys.token):
            raise web.HTTPForbidden(text=REFUSED)
        path = f"/{self._keys.place}/"
        response = web.Response(status=303, headers={"Location": path})
        response.set_cookie(COOKIE, self._keys.session, path=path, httponly=True, samesite="Strict")
        return response


def _same(given: str, wanted: str) -> bool:
    """In a time that tells nothing of how much is right."""
    return hmac.compare_digest(given.encode(errors="surrogatepass"), wanted.encode())


def _is_local(host: str) -> bool:
    try:
        return urlsplit(f"//{host}").hostname in LOCAL
    except ValueError:
        return False


def _is_socket(request: web.Request) -> bool:
    return request.headers.get("Upgrade", "").lower() == "websocket"


async def _harden(request: web.Request, response: web.StreamResponse) -> None:
    """Have the browser fetch from here only, keep nothing, and tell nobody."""
    response.headers["Content-Security-Policy"] = "; ".join(
        (*POLICY, f"connect-src 'self' ws://{request.host}")
    )
    response.headers.update(HEADERS)


def bound(port: int | None) -> socket.socket:
    """A socket at a port of this machine; a free one with None. Raises `InvalidRequest`."""
    try:
        return socket.create_server((HOST, port or 0))
    except OSError as error:
        raise InvalidRequest(
            f"Port {port} cannot be had: {error.strerror}.", "Name another, or none: --port."
        ) from error


def serve(options: Sequence[str], port: int | None) -> None:
    """Serve until it is interrupted. `options` are those of each program that it runs."""
    keys, listening = Keys(), bound(port)
    at = f"http://{HOST}:{listening.getsockname()[1]}/?token={keys.token}"
    print(f"Open this in a browser of this machine:\n\n  {at}\n", flush=True)
    print("Whoever has the address reads your memory. Ctrl+C ends it.", flush=True)
    command = shlex.join([sys.executable, "-P", "-m", "tui", *options])
    web.run_app(
        Door(command, keys).application(),
        sock=listening,
        access_log=None,
        print=None,
        shutdown_timeout=ENDING,
    )
