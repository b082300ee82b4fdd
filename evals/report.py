"""What every eval says of its circumstances, and how it writes figures down."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from memex import __version__
from memex.errors import StorageError

DEPTH: Final = 4
"""Levels of a file of figures that have lines of their own; what is deeper, such as the
scores of a method, stands in one line."""
PACKAGES: Final = ("bm25s", "ctranslate2", "faster-whisper", "lancedb", "llama-cpp-python")


def circumstances() -> dict[str, str]:
    """Versions and machine, so that figures can be compared later."""
    found = {"memex": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    found["machine"] = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return found


def write_json(path: Path, command: str, results: Sequence[Mapping[str, object]]) -> None:
    """Write results with their circumstances. Raises `StorageError`."""
    content = {"eval": command, "versions": circumstances(), "results": list(results)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_lines(content) + "\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from error


def _lines(value: object, depth: int = 0) -> str:
    """JSON that is indented to `DEPTH`."""
    if depth < DEPTH and isinstance(value, (dict, list)) and value:
        indent = "\n" + "  " * (depth + 1)
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        inner = (
            [f"{json.dumps(str(key))}: {_lines(one, depth + 1)}" for key, one in value.items()]
            if isinstance(value, dict)
            else [_lines(one, depth + 1) for one in value]
        )
        return f"{opening}{indent}{f',{indent}'.join(inner)}{indent[:-2]}{closing}"
    return json.dumps(value)
