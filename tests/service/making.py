"""Settings of made-up installations, and a reader of units that knows systemd's quoting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from memex.config import Paths
from memex.units import ROLES, Setting

ADA = Setting(
    paths=Paths(home=Path("/home/ada/.local/share/memex"), config=Path("/home/ada/.config/m.toml")),
    python=Path("/home/ada/.memex/bin/python"),
    environment={role: {} for role in ROLES},
    models=(Path("/home/ada/.local/share/memex/models"),),
    weights={"memexd": 200_000_000, "memex-ingest": 80_000_000},
)


def at(home: str) -> Setting:
    """Ada's setting with another data directory, named by MEMEX_HOME."""
    paths = Paths(home=Path(home), config=Path(home) / "config.toml")
    variables = {"MEMEX_HOME": home}
    return replace(ADA, paths=paths, environment=dict.fromkeys(ROLES, variables))


def lines(unit: str) -> list[tuple[str, str]]:
    """Keys and values of a unit, in their order."""
    found = []
    for line in unit.split("\n"):
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found.append((key, value))
        assert not line.endswith("\\")  # would go on in the next line
    return found


def words(value: str) -> list[str]:
    """A value as systemd splits it: quotes, escapes, then specifiers."""
    return [_specified(word) for word in _split(value)]


def _split(value: str) -> Iterator[str]:
    for quoted, plain in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', value):
        yield re.sub(r"\\(.)", r"\1", quoted) if quoted else plain


def _specified(word: str) -> str:
    assert re.fullmatch(r"(?:[^%]|%%)*", word, re.DOTALL)
    return word.replace("%%", "%")
