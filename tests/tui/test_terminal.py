"""The whole of it on a real terminal: real daemons, real models, the shipped samples, a
loudspeaker whose sound is recorded and recognised.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evals.bench.virtual_microphone import VirtualMicrophone, missing
from memex.errors import InvalidRequest
from tests.home import Home, home
from tui.welcome import SAMPLES

PATIENCE = 90.0
"""Seconds until something must be seen; models are loaded meanwhile."""
COLUMNS, ROWS = 140, 45


class Terminal:
    """A program in tmux, on a server of its own."""

    def __init__(self, socket: Path, command: str, environment: dict[str, str]) -> None:
        self._socket = socket
        self._environment = environment
        size = ("-x", str(COLUMNS), "-y", str(ROWS))
        self._tmux("-f", "/dev/null", "new-session", "-d", *size, command)

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ("tmux", "-S", str(self._socket), *arguments),
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def press(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)

    def text(self) -> str:
        return self._tmux("capture-pane", "-p")

    def sees(self, *texts: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not all(text in self.text() for text in texts):
            assert time.monotonic() < deadline, f"{texts} not seen\n{self.text()}"
            time.sleep(0.1)

    def ended(self) -> bool:
        done = subprocess.run(
            ("tmux", "-S", str(self._socket), "has-session"), capture_output=True, check=False
        )
        return done.returncode != 0

    def close(self) -> None:
        subprocess.run(
            ("tmux", "-S", str(self._socket), "kill-server"), capture_output=True, check=False
        )


@pytest.fixture
def sound() -> Iterator[VirtualMicrophone]:
    absent = [*missing(), *(name for name in ("tmux", "parec") if shutil.which(name) is None)]
    if absent:
        pytest.skip(f"no terminal and loudspeaker without {', '.join(absent)}")
    with VirtualMicrophone("desk") as made:
        yield made


@pytest.fixture
def memex(tmp_path: Path) -> Iterator[Home]:
    with home(tmp_path / "home") as made:
        yield made


def until(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_find_play_mark_and_ask(memex: Home, sound: VirtualMicrophone, tmp_path: Path) -> None:
    environment = {**sound.environment, "MEMEX_HOME": str(memex.path), "TERM": "xterm-256color"}
    python = shlex.quote(sys.executable)
    terminal = Terminal(tmp_path / "tmux", f"{python} -m memex.cli", environment)
    try:
        _first_run(terminal)
        _found(terminal)
        _played(terminal, sound, memex, tmp_path)
        _marked(terminal, memex)
        _windowed(memex)
        _asked(terminal, memex)
        _killed(terminal, memex)
        terminal.press("C-q")
        until(terminal.ended, 20)
    finally:
        terminal.close()


def test_keys_are_for_what_is_there_when_their_turn_comes(memex: Home, tmp_path: Path) -> None:
    if shutil.which("tmux") is None:
        pytest.skip("no terminal without tmux")
    environment = {**memex.environment, "TERM": "xterm-256color"}
    python = shlex.quote(sys.executable)
    terminal = Terminal(tmp_path / "tmux", f"{python} -m memex.cli --no-start tui", environment)
    try:
        terminal.press("F4")  # there is no picture yet
        terminal.sees("Words of a title", "memexd is not running.")
        terminal.press("F4", "?")
        terminal.sees("Everywhere", "every command, found by its name")
        terminal.press("Escape", "/", "x")  # for a terminal, Esc and a letter are Alt and it
        terminal.sees("❯ x", "People")
        terminal.press("C-q")
        until(terminal.ended, 20)
    finally:
        terminal.close()


def _first_run(terminal: Terminal) -> None:
    """The daemons are started, and the samples read."""
    terminal.sees("Nothing is remembered yet.", "Look at the samples", "✓ hears", "✓ answers")
    terminal.press("Enter")
    terminal.sees("Type what you remember of it.", f"{len(list(SAMPLES.iterdir()))} documents ●")


def _found(terminal: Terminal) -> None:
    terminal.type("ted nelson hypertext")
    terminal.sees("A desk that remembers", "hypertext", "hits ·")


def _played(terminal: Terminal, sound: VirtualMicrophone, memex: Home, tmp_path: Path) -> None:
    """What comes out of the loudspeaker is what was found."""
    file = tmp_path / "heard.wav"
    recorder = subprocess.Popen(
        ("parec", "--device=desk_speaker.monitor", "--rate=16000", "--channels=1",
         "--format=s16le", "--file-format=wav", str(file)),
        env=sound.environment,
    )  # fmt: skip
    try:
        terminal.press("Enter")
        terminal.sees("Play, read")
        terminal.press("Enter")
        terminal.sees("▶ 2:0", "1×")
        terminal.sees("▶ 2:1")
        terminal.press("Space")
        terminal.sees("⏸ 2:1")
        terminal.press("s")
    finally:
        recorder.send_signal(signal.SIGTERM)
        recorder.wait()
    added = memex.json("add", file)["items"]
    assert [item["state"] for item in added] == ["remembered"], added
    said = " ".join(s["text"] for s in memex.json("show", added[0]["document"])["segments"])
    assert "nelson" in said.lower(), said
    memex.run("forget", added[0]["document"], "--yes")


def _marked(terminal: Terminal, memex: Home) -> None:
    terminal.press("+")
    terminal.sees("✓ right")
    trace = memex.json("trace", "show", "last")
    assert trace["query"] == "ted nelson hypertext"
    assert [hit["n"] for hit in trace["hits"] if hit["verdict"] == "right"] == [1]
    assert len(memex.client.traces(10)) == 1  # typing left none


def _windowed(memex: Home) -> None:
    """What is read of a document is a part of it, and how long the whole is."""
    (talk,) = (each for each in memex.json("list")["documents"] if each["kind"] == "audio")
    whole = memex.json("show", talk["id"])["segments"]
    window = memex.client.segments(talk["id"], 2, 4)
    assert window == {"first": 2, "count": len(whole), "segments": whole[2:5]}
    assert memex.client.segments(talk["id"], len(whole), len(whole) + 9)["segments"] == []
    with pytest.raises(InvalidRequest, match="position"):
        memex.client.segments(talk["id"], -1, 4)


def _asked(terminal: Terminal, memex: Home) -> None:
    terminal.press("F3")
    terminal.sees("Ask in a sentence.", "? ted nelson hypertext")
    terminal.type("When is the seed swap?")
    terminal.press("Enter")
    terminal.sees("15 March 2026", "[1] ▤ Millbrook Lane")
    terminal.press("Up")
    terminal.sees("w Why")
    terminal.press("w")
    terminal.sees("Passages that were read", "recall")
    terminal.press("Escape")
    until(lambda: "Passages that were read" not in terminal.text())
    terminal.press("-")
    terminal.sees("✗ wrong")
    (cited, *_) = memex.json("trace", "show", "last")["citations"]
    assert cited["verdict"] == "wrong"


def _killed(terminal: Terminal, memex: Home) -> None:
    """memexd dies: the screen stays, and what is typed brings it back."""
    terminal.press("F2")
    os.kill(memex.pid("memexd"), signal.SIGKILL)
    terminal.sees("memexd is not running.", "A desk that remembers")
    terminal.press("C-u")
    terminal.sees("What was it?")
    terminal.type("bees")
    terminal.sees("Millbrook Lane Allotment Society", "documents ●", "hits ·")
