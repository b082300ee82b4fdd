"""What is read aloud so that a voice is learnt, and how far that is, shown."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Final

import click
from rich.cells import cell_len

from memex import terminal
from memex.commands.captions import CLEAR, meter
from memex.errors import MemexError, error_from_json
from memex.wire import Json

PROGRAM: Final = "ingest.ears.lesson"
"""The program that listens."""
WANTED: Final = 20
"""Seconds of speech that it wants."""
STEP: Final = 5
"""Seconds of speech after which that is said where there is no terminal."""
SENTENCES: Final = (
    "The old clock in the hall strikes nine, and nobody hurries.",
    "Fresh bread, yellow cheese and a jar of honey lie on the kitchen table.",
    "Each autumn the geese fly south above our village, calling loudly.",
    "My brother threw the rusty key into the pond, then changed his mind.",
    "She measured the width of the path with a long piece of string.",
    "Would you rather watch the thunder from the porch, or join us inside?",
    "Usually the ferry leaves at half past five; the voyage takes three hours.",
    "A good choir can fill a whole cathedral without shouting.",
)
"""With every sound of English; of our own."""


def voice_read_aloud() -> Json:
    """The voice of whoever reads the sentences aloud now ("model", "vector", "seconds").

    Raises `MemexError`. However it ends, nothing of the sound is left.
    """
    shown = _Shown()
    for news in _heard():
        if "voice" in news:
            shown.end("That is enough.")
            return dict(news["voice"])
        if "error" in news:
            shown.end("")
            raise error_from_json(news["error"])
        shown.show(news)
    raise AssertionError("a voice or an error ends it")


def _heard() -> Iterator[Json]:
    """What the program says. Raises `MemexError` where it breaks off."""
    asked = [sys.executable, "-m", PROGRAM]
    with subprocess.Popen(
        asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            assert process.stderr
            last: Json = {}
            for line in process.stdout:
                last = json.loads(line)
                yield last
            if not last.keys() & {"voice", "error"}:
                reason = (process.stderr.read().strip().splitlines() or ["it was killed"])[-1]
                raise MemexError(f"The microphone could not be heard: {reason}.")
        finally:
            process.kill()


class _Shown:
    """How far it is: on a terminal a line that is rewritten, else a line now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._begun = False
        self._told: tuple[str, int] = ("", 0)

    def show(self, news: Json) -> None:
        """How it is now; first of all, since it is listened from then on, what to read."""
        if not self._begun:
            self._begun = True
            click.echo("Read this aloud, alone and as you usually speak:\n")
            click.echo("".join(f"  {sentence}\n" for sentence in SENTENCES))
            click.echo("Then begin again, until it is enough. Ctrl+C ends it; nothing is kept.")
        trouble = terminal.one_line(news["trouble"])
        spoken = f"{news['seconds']:.0f} of {WANTED} s"
        if self._terminal:
            line = f"{meter(news['level']) or '…':<16}  {spoken}  {trouble}"
            width = shutil.get_terminal_size().columns - 1
            while cell_len(line) > width:
                line = line[:-1]
            click.echo(CLEAR + line, nl=False, err=True, color=True)
            return
        told = trouble, int(news["seconds"]) // STEP
        if told != self._told:
            self._told = told
            click.echo(trouble or f"{spoken} of speech heard", err=True)

    def end(self, last: str) -> None:
        """No more comes."""
        if self._terminal:
            click.echo(CLEAR, nl=False, err=True, color=True)
        if last:
            click.echo(last, err=True)
