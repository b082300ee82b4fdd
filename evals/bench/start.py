"""What a command costs from its start to its end, as a person waits for it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from evals.bench.figures import Figure, Setting
from evals.bench.home import served
from evals.bench.process import MeasurementFailed
from evals.bench.search import real_queries

REPETITIONS: Final = 10


def measure(setting: Setting) -> list[Figure]:
    """`memex --help`, then `memex search` with the daemon up; medians."""
    setting.say("starting memex --help")
    command = str(Path(sys.executable).with_name("memex"))
    helping = _median_ms([[command, "--help"]] * (REPETITIONS + 1), os.environ)
    with served(setting) as up:
        setting.say("starting memex search")
        searches = [[command, "search", query] for query in real_queries(setting, REPETITIONS + 1)]
        searching = _median_ms(searches, up.environment)
        note = f"{up.passages:,} passages, daemon up"
    times = f"median of {REPETITIONS}"
    return [
        Figure("memex --help", helping, "ms", "at most 150", times),
        Figure("memex search", searching, "ms", "at most 250", f"{times}, {note}"),
    ]


def _median_ms(commands: Sequence[Sequence[str]], environment: Mapping[str, str]) -> float:
    """Median of the milliseconds of all but the first, which warms up."""
    taken: list[float] = []
    for command in commands:
        began = time.perf_counter()
        try:
            done = subprocess.run(command, capture_output=True, env=environment, check=False)
        except OSError as error:
            raise MeasurementFailed(f"{command[0]} does not start: {error.strerror}.") from error
        taken.append((time.perf_counter() - began) * 1000)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise MeasurementFailed(f"{' '.join(command)} failed: {said}")
    return median(taken[1:])
