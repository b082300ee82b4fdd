"""What `memex search` shows in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from memex import terminal
from memex.cli import cli
from memex.commands import search

ESCAPE = "\x1b["
ON, OFF = "\x1b[1m\x1b[4m", "\x1b[0m"
FACETS = {
    "kinds": {"note": 2, "audio": 1},
    "people": {"Ada": 1},
    "months": {"2026-03": 3},
    "origins": {"Herons": 2, "Reeds": 1},
}


def hit(text: str, matches: list[list[int]], start: float | None = None) -> dict[str, Any]:
    return {
        "title": "A note \x1b[31m",
        "kind": "note",
        "uri": "file:///notes/a.md",
        "text": f"{text} And what comes after it.",
        "start": None if start is None else 0.0,
        "end": None if start is None else 90.0,
        "page": None,
        "heading": None,
        "speaker": "Ada",
        "said_at": "2026-03-04T12:01:21+00:00",
        "snippet": {"text": text, "matches": matches, "start": start, "end": start},
    }


class Found:
    """A client that finds this."""

    def __init__(self, *hits: Mapping[str, Any]) -> None:
        self.hits = hits

    def search(self, query: str, *_: object) -> dict[str, Any]:
        hits = list(self.hits)
        return {"query": query, "hits": hits, "facets": FACETS, "ms": 9.0, "trace": None}


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "keep", lambda *_: None)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "60")


def run(monkeypatch: pytest.MonkeyPatch, *hits: Mapping[str, Any], color: bool = True) -> Result:
    monkeypatch.setattr(search, "connect", lambda _: Found(*hits))
    found = CliRunner().invoke(cli, ["search", "heron"], color=color)
    assert found.exit_code == 0
    return found


def test_the_snippet_is_shown_with_its_words_lit(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = run(monkeypatch, hit("A heron stood there.", [[2, 7]])).stdout
    assert f"A {ON}heron{OFF} stood there." in shown
    assert "what comes after" not in shown


def test_a_recording_is_shown_with_the_second_of_the_snippet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = run(monkeypatch, hit("A heron.", [[2, 7]], start=71.5)).stdout
    assert "00:01:11" in click.unstyle(shown)


def test_nothing_is_lit_where_nobody_looks_or_no_colour_is_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = hit("A heron stood there.", [[2, 7]])
    assert ESCAPE not in run(monkeypatch, found, color=False).output
    monkeypatch.setenv("NO_COLOR", "1")
    plain = run(monkeypatch, found).output
    assert ESCAPE not in plain
    assert "A heron stood there." in plain


def test_what_a_document_says_does_nothing_to_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "\x1b[31mA heron\x1b]0;title\x07 \u202estood\r there.\x9b2J"
    shown = run(monkeypatch, hit(text, [[7, 12]])).stdout
    assert f"\\x1b[31mA {ON}heron{OFF}" in shown
    assert not set(click.unstyle(shown)) & set("\x1b\x07\r\x9b\u202e")


def test_chips_stand_under_the_hits(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = run(monkeypatch, hit("A heron.", [])).stderr
    assert "kind:note 2 · kind:audio 1 · in:Herons 2\n" in click.unstyle(shown)


def test_words_stay_lit_over_the_end_of_a_line() -> None:
    text = "word " * 20 + "the grey heron stood\nin the reeds " + "word " * 20
    start = text.index("grey")
    marked = terminal.lit(text, [[start, text.index("reeds") + 5]])
    assert click.unstyle(marked) == terminal.wrapped(text)
    lit = [piece.partition(OFF)[0] for piece in marked.split(ON)[1:]]
    assert lit == ["grey", "heron", "stood", "in", "the", "reeds"]


@pytest.mark.parametrize(
    "text", ["", "   ", "heron", "🦊 heron 👨‍👩‍👧", "أنفة وقفت", "x" * 500, "\t\x1b a"]
)
def test_whatever_is_lit_the_text_is_the_same(text: str) -> None:
    for spans in ([], [[0, len(text)]], [[0, 1], [2, 3]]):
        assert click.unstyle(terminal.lit(text, spans)) == terminal.wrapped(text)
