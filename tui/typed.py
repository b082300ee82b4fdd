"""What is typed to `tui.plain`: commands in words, and anything else to search for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from tui.memory import Reach
from tui.plain import Plain, Said
from tui.searching import earlier, saved

PROMPT: Final = "search> "
QUIT: Final = "quit"
LONGEST: Final = 9
"""Digits of a number of a list; what is longer is searched for."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a word at the beginning of a line does."""

    do: Callable[[Plain, str], Said]
    takes: str
    """What follows it, as the help has it; "" for nothing."""
    said: str

    def fits(self, rest: str) -> bool:
        """Whether this may follow it; otherwise the line is searched for."""
        match self.takes:
            case "":
                return not rest
            case "N" | "[N]":
                return not rest or (rest.isdecimal() and len(rest) <= LONGEST)
            case "on|off":
                return rest in {"", "on", "off"}
            case _:
                return True


def _help(_: Plain, __: str) -> Said:
    yield "Any other words are searched for. N is the number of a hit or source."
    for name, command in COMMANDS.items():
        yield f"{f'{name} {command.takes}'.strip()}: {command.said}."
    yield f"{QUIT}: ends."


COMMANDS: Final[Mapping[str, Command]] = {
    "search": Command(Plain.search, "WORDS", "searches, also for words that are commands"),
    "more": Command(Plain.more, "", "goes on with the list or the text"),
    "back": Command(Plain.back, "", "goes back in the text"),
    "filter": Command(Plain.filter, "[N]", "says what narrows the search; with N, narrows it"),
    "open": Command(Plain.open, "N", "reads the place in its document"),
    "play": Command(Plain.play, "N", "plays the recording from there"),
    "pause": Command(Plain.pause, "", "pauses what plays, or goes on"),
    "stop": Command(Plain.stop, "", "stops what plays"),
    "faster": Command(partial(Plain.pace, by=1), "", "plays faster"),
    "slower": Command(partial(Plain.pace, by=-1), "", "plays slower"),
    "where": Command(Plain.where, "N", "says which file or address it is"),
    "ask": Command(Plain.ask, "QUESTION", "asks; the next question may follow the one before"),
    "why": Command(Plain.why, "", "says how the last answer came about"),
    "right": Command(partial(Plain.mark, verdict="right"), "[N]", "calls it right"),
    "wrong": Command(partial(Plain.mark, verdict="wrong"), "[N]", "calls it wrong"),
    "correct": Command(Plain.correct, "WORDS", "calls the answer wrong, and notes what is right"),
    "unmark": Command(partial(Plain.mark, verdict=None), "[N]", "takes that back"),
    "save": Command(Plain.save, "", "saves what was searched for, or saves it no longer"),
    "saved": Command(partial(Plain.queries, which=saved), "", "lists saved searches"),
    "earlier": Command(partial(Plain.queries, which=earlier), "", "lists what was asked before"),
    "again": Command(Plain.again, "N", "searches for one of that list"),
    "list": Command(Plain.list_, "[WORDS]", "lists documents, the newest first"),
    "add": Command(Plain.add, "PATH", "remembers a file or folder"),
    "private": Command(Plain.private, "on|off", "closes every microphone, or opens it again"),
    "status": Command(Plain.status, "", "says what Memex is doing"),
    "help": Command(_help, "", "says this"),
}  # fmt: skip


def obey(plain: Plain, line: str) -> bool:
    """Do what a line says; False when it is to end."""
    words = line.strip()
    name, _, rest = words.partition(" ")
    command = COMMANDS.get(name.lower())
    if words.lower() == QUIT:
        return False
    if command and command.fits(rest.strip()):
        plain.run(partial(command.do, plain, rest.strip()))
    elif words:
        plain.run(partial(plain.search, words))
    return True


def converse(plain: Plain, read: Callable[[], str]) -> None:
    """Obey lines until one says that it is enough. `read` gets the next; "" is the end."""
    begun = False
    try:
        while True:
            try:
                if not begun:
                    begun = True
                    plain.begin()
                line = read()
                if not line or not obey(plain, line):
                    return
            except KeyboardInterrupt:
                plain.hush()
    finally:
        plain.close()


def main(reach: Reach, *, starts: bool) -> int:
    """Converse on standard input and output; the exit code."""
    for stream in (sys.stdin, sys.stdout):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # both are files of text

    def read() -> str:
        if sys.stdin.isatty():
            print(PROMPT, end="", flush=True)
        return sys.stdin.readline()

    try:
        plain = Plain(reach, partial(print, flush=True), starts=starts)
        converse(plain, read)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0
