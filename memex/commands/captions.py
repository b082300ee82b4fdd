"""How what is being said is shown: on a terminal, as lines, as JSON."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from typing import Final, Protocol

import click
from rich.cells import cell_len

from memex import terminal
from memex.levels import full
from memex.wire import Json

BAR: Final = 16
"""Characters of the level meter."""
RECORDINGS: Final = 64
"""Of which it is known what has ended: more are not heard at a time."""
ENDS: Final = (". ", "? ", "! ", "… ")
"""After these, what has settled becomes a line."""
CLEAR: Final = "\r\x1b[2K"
"""Go to the start of the line and empty it."""


class Ended:
    """Utterances that are over: the last caption of one comes again once it is known who spoke."""

    def __init__(self) -> None:
        """None is."""
        self._last: dict[str, int] = {}

    def first(self, event: Json) -> bool:
        """Whether this is an utterance's last caption for the first time. They end in order."""
        before = self._last.get(event["recording"], -1)
        if event["utterance"] <= before:
            return False
        self._last = {event["recording"]: event["utterance"], **self._others(event)}
        return True

    def _others(self, event: Json) -> dict[str, int]:
        """Of the other recordings some: what is over grows no more."""
        others = {id_: n for id_, n in self._last.items() if id_ != event["recording"]}
        return dict(list(others.items())[: RECORDINGS - 1])


class Screen(Protocol):
    """What shows live events."""

    def show(self, event: Json) -> None:
        """One event."""

    def close(self) -> None:
        """Nothing more comes."""


class JsonLines:
    """Events as they are, a line each."""

    def show(self, event: Json) -> None:
        """One event."""
        click.echo(json.dumps(event, ensure_ascii=False))

    def close(self) -> None:
        """Nothing is open."""


class Lines:
    """What was said, a line an utterance; how devices are goes to the errors' stream."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._told: dict[str, str] = {}
        self._ended = Ended()

    def show(self, event: Json) -> None:
        """One event."""
        if event["kind"] == "caption":
            if event["final"] and event["settled"]:
                said = event["settled"]
                click.echo(_line(event, said) if self._ended.first(event) else _by(event))
            return
        told = condition(event)
        if self._told.get(event["device"]) != told:
            self._told[event["device"]] = told
            click.echo(told, err=True)

    def close(self) -> None:
        """Nothing is open."""


class Live:
    """On a terminal: what has settled as lines, and below them what is being said, or else
    how the device is.
    """

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._printed: dict[tuple[str, int], int] = {}
        """Characters of an utterance that are lines already."""
        self._ended = Ended()
        self._speaking: Json | None = None
        self._state: Json | None = None

    def show(self, event: Json) -> None:
        """One event."""
        if event["kind"] == "state":
            self._state = event
        else:
            self._say(event)
        self._last_line()

    def close(self) -> None:
        """Leave the lines, and no half one."""
        click.echo(CLEAR, nl=False, color=True)

    def _say(self, event: Json) -> None:
        key = (event["recording"], event["utterance"])
        if event["final"] and not self._ended.first(event):
            click.echo(CLEAR + _by(event), color=True)
            return
        done = self._printed.get(key, 0)
        settled = event["settled"]
        end = len(settled) if event["final"] else _sentences_end(settled, done)
        if said := settled[done:end].strip():
            click.echo(CLEAR + _line(event, said), color=True)
        if event["final"]:
            self._printed.pop(key, None)
            if self._speaking and _utterance(self._speaking) == key:
                self._speaking = None
        else:
            self._printed[key] = end
            self._speaking = {**event, "settled": settled[end:]}

    def _last_line(self) -> None:
        width = shutil.get_terminal_size().columns - 1
        if self._speaking is not None:
            said = f"{self._speaking['settled']} {self._speaking['open']}"
            text = _line(self._speaking, said)
            head = 9  # the time stays, and of what is said its end
            if cell_len(text) > width:
                text = f"{text[:head]}…{_tail(text[head:], width - head - 1)}"
        elif self._state is not None:
            text = _head(f"{condition(self._state)}  {meter(self._state['level'])}", width)
        else:
            text = ""
        click.echo(CLEAR + text, nl=False, color=True)


def condition(state: Json) -> str:
    """How a device is, in a line."""
    device = terminal.one_line(state["device"] or state["source"])
    reason = terminal.one_line(state["reason"] or "")
    why = f": {reason}" if reason else ""
    match state["state"]:
        case "listening":
            return f"Listening on {device}"
        case "paused":
            return f"{device}: paused; nothing is heard until `memex resume`"
        case "private":
            return f"{device}: private; the microphone is closed"
        case "silent":
            return f"{device}: nothing is to be heard{why}"
        case "lost":
            return f"{device}: lost{why}"
        case _:
            return f"{device}: off{why}"


def meter(level: float | None) -> str:
    """A level in dBFS as a bar."""
    if level is None:
        return ""
    loud = full(level, BAR)
    return "█" * loud + "░" * (BAR - loud)


def _by(event: Json) -> str:
    """Who said what is shown already, with its time."""
    at = datetime.fromisoformat(event["at"]).astimezone()
    return f"{at:%H:%M:%S} — {terminal.one_line(event['speaker'] or '')}"


def _line(event: Json, said: str) -> str:
    """Time, speaker and words."""
    at = datetime.fromisoformat(event["at"]).astimezone()
    speaker = f"{terminal.one_line(event['speaker'])}: " if event["speaker"] else ""
    return f"{at:%H:%M:%S} {speaker}{terminal.one_line(said)}"


def _sentences_end(settled: str, done: int) -> int:
    """Up to where it is made of whole sentences."""
    ends = [settled.rfind(mark, done) + len(mark) for mark in ENDS if mark in settled[done:]]
    return max(ends, default=done)


def _utterance(event: Json) -> tuple[str, int]:
    return event["recording"], event["utterance"]


def _tail(text: str, cells: int) -> str:
    """The end of a text that takes so many cells at most."""
    while text and cell_len(text) > cells:
        text = text[max(1, len(text) - cells) if len(text) > cells else 1 :]
    return text


def _head(text: str, cells: int) -> str:
    """The beginning of a text that takes so many cells at most."""
    while text and cell_len(text) > cells:
        text = text[:-1]
    return text
