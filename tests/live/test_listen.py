"""`memex listen`, the real command with real daemons; what memex-ears and memex-ingest would
tell is told by the test.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from memex.commands.captions import CLEAR, Lines, Live, Screen, condition, meter
from memex.commands.listen import _Tally
from memex.daemons import start
from memex.live import Caption, State, event_to_json
from memex.locks import holder
from tests.home import Home, home
from tests.live.feeding import until

AT = "2026-05-04T10:30:05+00:00"
HELLO = Caption("r", 0, "test", "lamp", AT, settled="hello", open="there")
OVER = replace(HELLO, settled="hello there, you", open="", final=True, speaker="Ada")
LAMP = State("test", "lamp", "lost", AT, reason="unplugged\x1b[2J")


@pytest.fixture
def memex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with home(tmp_path / "home") as made:
        monkeypatch.setenv("MEMEX_HOME", str(made.path))
        yield made


@pytest.fixture
def listening(memex: Home) -> Iterator[list[subprocess.Popen[str]]]:
    """Commands that are ended, where they have not ended."""
    commands: list[subprocess.Popen[str]] = []
    yield commands
    for command in commands:
        command.kill()
        command.communicate()


def listen(memex: Home, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "memex.cli", "listen", *options],
        env=memex.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def followed(memex: Home, by: int) -> bool:
    return memex.client.say_live([]) == by


def test_it_starts_the_daemons_shows_what_is_said_and_ends_well(
    memex: Home, listening: list[subprocess.Popen[str]]
) -> None:
    command = listen(memex)
    listening.append(command)
    until((memex.path / "run" / "memexd.sock").exists)
    until(lambda: followed(memex, 1))
    for role in ("memexd", "memex-ingest", "memex-ears"):
        assert memex.pid(role)
    assert holder(memex.paths.listening) == command.pid
    memex.client.say_live([event_to_json(event) for event in (LAMP, HELLO, OVER)])
    assert command.stdout is not None
    line = command.stdout.readline()
    assert "Ada: hello there, you" in line
    command.send_signal(signal.SIGINT)
    rest, told = command.communicate(timeout=60)
    assert command.returncode == 0
    assert rest == ""
    assert "lamp: lost: unplugged" in told
    assert "\x1b" not in told
    assert "Starting memexd" in told
    assert "Nothing was said." in told  # what was said is of another day
    assert holder(memex.paths.listening) is None


def test_killed_it_listens_no_more_and_a_second_one_only_shows(
    memex: Home, listening: list[subprocess.Popen[str]]
) -> None:
    start(memex.paths, "memexd")
    first = listen(memex, "--json")
    listening.append(first)
    until(lambda: followed(memex, 1))
    second = listen(memex, "--json")
    listening.append(second)
    until(lambda: followed(memex, 2))
    assert holder(memex.paths.listening) == first.pid
    memex.client.say_live([event_to_json(OVER)])
    for command in (first, second):
        assert command.stdout is not None
        for line in iter(command.stdout.readline, ""):
            event = json.loads(line)
            if event["kind"] == "caption":
                break
        assert event == event_to_json(OVER)
    os.kill(second.pid, signal.SIGINT)
    _, told = second.communicate(timeout=60)
    assert f"process {first.pid}" in told
    os.kill(first.pid, signal.SIGKILL)
    first.communicate(timeout=60)
    assert holder(memex.paths.listening) is None


def test_always_and_never_are_written_down(memex: Home) -> None:
    memex.paths.create()
    memex.paths.config.write_text("# mine\n[listen]\ndevice = 'no such device'\n")
    assert "from now on" in memex.run("listen", "--always").stdout
    text = memex.paths.config.read_text()
    assert text.startswith("# mine")
    assert tomllib.loads(text)["listen"] == {"device": "no such device", "always": True}
    assert memex.pid("memex-ears")
    memex.run("listen", "--never")
    assert tomllib.loads(memex.paths.config.read_text())["listen"]["always"] is False


def test_without_daemons_it_starts_none_where_that_is_forbidden(memex: Home) -> None:
    assert "not running" in memex.run("--no-start", "listen", code=1).stderr


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The terminal's lines in the end, the last one being the open one."""
    return [part.rsplit(CLEAR, 1)[-1] for part in capsys.readouterr().out.split("\n")]


def test_on_a_terminal_sentences_become_lines_and_the_rest_is_rewritten(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    screen = Live()
    screen.show(event_to_json(replace(LAMP, state="listening", level=-30.0, reason="")))
    said = replace(HELLO, settled="We meet. Then", open="we go")
    screen.show(event_to_json(said))
    screen.show(event_to_json(replace(said, settled="We meet. Then we go", open=f"on {'x' * 60}")))
    first, opened = shown(capsys)
    assert first.endswith(" We meet.")
    assert len(opened) <= 39
    assert opened.endswith("xxx")
    screen.show(event_to_json(replace(said, settled="We meet. Then we go.", open="", final=True)))
    line, last = shown(capsys)
    assert line.endswith(" Then we go.")
    assert last == f"Listening on lamp  {meter(-30.0)}"
    screen.close()
    assert shown(capsys) == [""]


@pytest.mark.parametrize("screen", [Live(), Lines()])
def test_who_spoke_is_shown_after_what_was_said_which_is_shown_once(
    capsys: pytest.CaptureFixture[str], screen: Screen
) -> None:
    ended = replace(OVER, speaker=None)
    known = replace(ended, speaker="Ada\x1b[2J")
    for event in (HELLO, ended, replace(ended, utterance=1), known):
        screen.show(event_to_json(event))
    said = [line[9:] for line in shown(capsys)[:-1]]
    assert said == ["hello there, you", "hello there, you", "— Ada\\x1b[2J"]


def test_what_was_said_is_counted_once() -> None:
    tally = _Tally()
    at = (datetime.now(UTC)).isoformat()
    ended = event_to_json(replace(OVER, at=at, speaker=None))
    tally.note(ended)
    told = tally._seconds
    tally.note(ended | {"speaker": "Ada"})
    assert tally._seconds == told > 0


@pytest.mark.parametrize("state", ["listening", "paused", "private", "silent", "lost", "off"])
def test_nothing_that_is_shown_commands_the_terminal(
    capsys: pytest.CaptureFixture[str], state: str
) -> None:
    evil = "\x1b]0;gone\x07\r\n\x9b2J"
    event = event_to_json(replace(LAMP, device=evil, reason=evil)) | {"state": state}
    assert condition(event).isprintable()
    screen = Live()
    screen.show(event)
    screen.show(event_to_json(replace(HELLO, settled=f"{evil}. x", open=evil, speaker=evil)))
    said = capsys.readouterr().out.replace(CLEAR, "")
    assert all(char.isprintable() or char == "\n" for char in said)


def test_a_meter_is_empty_in_silence_and_full_at_the_top() -> None:
    assert set(meter(-90.0)) == {"░"}
    assert set(meter(0.0)) == {"█"}
    assert meter(None) == ""
    assert len(meter(-20.0)) == len(meter(-50.0))
