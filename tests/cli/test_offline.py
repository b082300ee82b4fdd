"""The whole main job where there is no network at all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.home import home

ALONE = ["unshare", "--net"]


def test_remember_and_ask_without_a_network(tmp_path: Path) -> None:
    if subprocess.run([*ALONE, "true"], capture_output=True).returncode:
        pytest.skip("a process can only be cut off from the network by root")
    samples = REPOSITORY / "memex" / "samples"
    note = samples / "things-to-look-up.md"
    with home(tmp_path / "home") as memex:

        def run(*arguments: str | Path) -> str:
            done = subprocess.run(
                [*ALONE, sys.executable, "-m", "memex.cli", *arguments],
                env={**memex.environment, "HF_HUB_OFFLINE": "0"},
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        run("add", note, samples / "the-bread-shelf.epub")
        answer = json.loads(run("ask", "how hot is a loaf when it is done?", "--json"))
        assert answer["found"]
        assert "96 degrees" in " ".join(citation["text"] for citation in answer["citations"])
