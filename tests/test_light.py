"""Clients start fast: a process that imports them loads nothing heavy, not even
through a package's `__init__` (which import-linter does not see)."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "av",
    "ctranslate2",
    "faster_whisper",
    "lance",
    "lancedb",
    "llama_cpp",
    "numpy",
    "pyarrow",
    "sentence_transformers",
    "torch",
    "transformers",
)
LOOK = "import sys; print(*sorted(set(sys.modules) & set({heavy!r})))"


def loaded(statement: str) -> list[str]:
    code = f"{statement}; {LOOK.format(heavy=HEAVY)}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    "module",
    [
        "memex",
        "memex.cli",
        "memex.client",
        "memex.commands.add",
        "memex.commands.ask",
        "memex.commands.models",
        "memex.commands.search",
        "memex.commands.status",
        "memex.commands.tui",
        "tui.app",
        "tui.reach",
        "hardware",
    ],
)
def test_a_client_loads_nothing_heavy(module: str) -> None:
    assert loaded(f"import {module}") == []


def test_the_look_would_see_it() -> None:
    assert "numpy" in loaded("import numpy")


def test_the_daemons_never_load_torch() -> None:
    assert {"torch", "transformers"}.isdisjoint(loaded("import memex.server, ingest.daemon"))
