"""The terminal UI as somebody at a terminal has it: a real process on a pseudo-terminal, keys
written to it, and the time until what they do is drawn.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

from evals.bench import terminal
from evals.bench.figures import Figure, Setting
from evals.bench.home import Served, served
from evals.bench.process import cpu_seconds, resident_mb
from evals.bench.search import real_queries
from evals.bench.terminal import Terminal

STARTS: Final = 10
WARM_UP: Final = 5
QUERIES: Final = 60
DOCUMENTS: Final = 10_000
SEGMENTS: Final = 9_000
"""Ten hours."""
UTTERANCES: Final = 4_800
"""Eight hours of talk, one every six seconds."""
HOURS: Final = 1_200.0
"""Seconds in which all of them must be seen."""
SETTLED: Final = 600
"""Utterances after which no more of them are kept."""
KEYS: Final = 300
"""Pressed one after the other, as by a key that is held."""
RATE: Final = 60
"""Of them in a second."""
PAGES: Final = 60
DOWN, UP, PAGE_DOWN, HOME = "\x1b[B", "\x1b[A", "\x1b[6~", "\x1b[H"
LIBRARY, LIVE, SEARCH = "\x1bOS", "\x1b[15~", "\x1bOQ"
CLEAR, QUIT = "\x15", "\x11"


def measure(setting: Setting) -> list[Figure]:
    """First paint, results and memory over a crowded memory; scrolling and growth over one that
    answers at once.
    """
    with served(setting) as up:
        note = f"{up.passages:,} passages, {terminal.COLUMNS}×{terminal.ROWS}"
        figures = [*_first_paint(setting, up, note), *_results(setting, up, note)]
    return [*figures, *_scrolling(setting), *_growth(setting)]


def _first_paint(setting: Setting, up: Served, note: str) -> list[Figure]:
    """Medians of all but the first start, which warms up."""
    setting.say("starting memex tui")
    wall, cpu = [], []
    for _ in range(STARTS + 1):
        with _tui(up) as program:
            wall.append((program.sees("What was it?") - program.began) * 1000)
            cpu.append(cpu_seconds(program.pid) * 1000)
    times = f"median of {STARTS}, {note}"
    return [
        Figure("memex tui, first paint", median(wall[1:]), "ms", "at most 400", times),
        Figure("memex tui, first paint, processor time", median(cpu[1:]), "ms"),
    ]


def _results(setting: Setting, up: Served, note: str) -> list[Figure]:
    """From the last key of a query to its results."""
    setting.say("typing queries")
    letters, painted = [], []
    with _tui(up) as program:
        program.sees("What was it?")
        program.sees("documents")
        for query in real_queries(setting, WARM_UP + QUERIES):
            program.press(query[:-1])
            program.sees("hits ·")
            program.rest()
            pressed = program.press(query[-1])
            letters.append((program.until(len, "a letter") - pressed) * 1000)
            painted.append((program.sees("hits ·") - pressed) * 1000)
            program.rest()
            program.press(CLEAR)
            program.sees("Type what you remember")
        memory = resident_mb(program.pid)
    p50, p95 = _percentiles(painted[WARM_UP:])
    letter = _percentiles(letters[WARM_UP:])[1]
    return [
        Figure("key to painted results, p50", p50, "ms", note=f"{QUERIES} queries, {note}"),
        Figure("key to painted results, p95", p95, "ms", "at most 100"),
        Figure("key to its letter, p95", letter, "ms"),
        Figure("memory, memex tui after that", memory, "MB", "at most 120"),
    ]


def _scrolling(setting: Setting) -> list[Figure]:
    """A key that is held, in a list by Textual alone and in three of ours; and pages of a talk that
    are fetched as they are seen.
    """
    setting.say("scrolling")
    with _module("bare", DOCUMENTS) as program:
        program.sees("Line 20 of the list")
        figures = _held(program, DOWN, f"scrolling {DOCUMENTS:,} lines by Textual alone", bare=True)
    with _scripted(UTTERANCES // 8) as program:
        program.sees("What was it?")
        program.press(LIBRARY)
        program.sees("Document 20 of the list")
        program.press(DOWN)
        figures += _held(program, DOWN, f"scrolling {DOCUMENTS:,} documents")
        program.press(SEARCH)
        program.press("hypertext")
        program.sees("part 9 of it")
        for key in (DOWN, "\t", DOWN, HOME):  # into the hits, into the text
            program.rest()
            program.press(key)
        figures += _held(program, DOWN, f"scrolling {SEGMENTS:,} segments, ten hours")
        figures += _paged(program)
        program.press(LIVE)
        program.sees(f"number {UTTERANCES // 8 - 1}:")
        program.rest()
        figures += _held(program, UP, "scrolling Live")
    return figures


def _held(program: Terminal, key: str, name: str, *, bare: bool = False) -> list[Figure]:
    """Pictures a second while a key is held, what a step takes, how late the last one is; of what
    is `bare`, for comparison.
    """
    program.rest()
    computed, began = cpu_seconds(program.pid), program.press(key)
    for n in range(1, KEYS):
        program.read_for(began + n / RATE - time.perf_counter())
        program.press_on(key)
    lasted = time.perf_counter() - began
    frames = program.frames / lasted
    program.rest()
    late = time.perf_counter() - began - lasted - terminal.STILL
    step = (cpu_seconds(program.pid) - computed) / KEYS * 1000
    note = f"{RATE} keys a second"
    return [
        Figure(f"{name}: pictures a second", frames, "", "" if bare else "as many", note),
        Figure(f"{name}: processor time a key", step, "ms", "" if bare else "at most 16.7"),
        Figure(f"{name}: behind at the end", max(0.0, late), "s"),
    ]


def _paged(program: Terminal) -> list[Figure]:
    """Page by page, each fetched on the way."""
    taken: list[float] = []
    program.press(HOME)
    program.rest()
    seen = _last(program.text)
    for _ in range(PAGES):
        pressed = program.press(PAGE_DOWN)
        drawn = program.until(_beyond(seen), f"part {seen + 1}")
        taken.append((drawn - pressed) * 1000)
        program.rest()
        seen = _last(program.text)
    return [Figure("a page on in a talk of ten hours, p95", _percentiles(taken)[1], "ms")]


def _beyond(seen: int, name: str = "part ") -> Callable[[str], bool]:
    return lambda text: _last(text, name) > seen


def _last(text: str, name: str = "part ") -> int:
    """The number behind a name that is drawn farthest on; -1 where none is."""
    numbers = [re.match(r"\d+", each) for each in text.split(name)[1:]]
    return max((int(number[0]) for number in numbers if number), default=-1)


def _growth(setting: Setting) -> list[Figure]:
    """What eight hours of talk in Live leave behind."""
    setting.say(f"listening to {UTTERANCES:,} utterances")
    with _scripted(UTTERANCES) as program:
        program.sees("What was it?")
        program.press(LIVE)
        program.until(_beyond(SETTLED - 1, "number "), f"number {SETTLED}", HOURS)
        before = resident_mb(program.pid)
        program.until(_beyond(UTTERANCES - 2, "number "), f"number {UTTERANCES - 1}", HOURS)
        program.rest()
        after = resident_mb(program.pid)
    note = f"{UTTERANCES:,} utterances"
    return [
        Figure("Live, growth of memory in eight hours", after - before, "MB", "at most 20", note),
        Figure("Live, memory after that", after, "MB", "at most 120"),
    ]


def _tui(up: Served) -> terminal.Running:
    command = str(Path(sys.executable).with_name("memex"))
    return terminal.running((command, "--no-start", "tui"), up.environment)


def _scripted(utterances: int) -> terminal.Running:
    return _module("scripted", DOCUMENTS, SEGMENTS, utterances)


def _module(name: str, *sizes: int) -> terminal.Running:
    command = (sys.executable, "-m", f"evals.bench.{name}", *map(str, sizes))
    return terminal.running(command, os.environ)


def _percentiles(milliseconds: Sequence[float]) -> tuple[float, float]:
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return float(p50), float(p95)
