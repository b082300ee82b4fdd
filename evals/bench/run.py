"""Runs the benchmarks that were asked for and reports their figures."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Final

from rich.console import Console

from evals.bench.figures import Figure, Setting, table
from evals.bench.virtual_microphone import NoVirtualMicrophone
from evals.report import write_json
from memex.errors import InvalidRequest

BENCHMARKS: Final[Mapping[str, str]] = {
    "transcription": "evals.bench.transcription:measure",
    "embedding": "evals.bench.embedding:measure",
    "search": "evals.bench.search:measure",
    "start": "evals.bench.start:measure",
    "tui": "evals.bench.tui:measure",
    "memory": "evals.bench.transcription:measure_memory",
    "watching": "evals.bench.watching:measure",
    "live": "evals.bench.live:measure",
}
"""Loaded one by one, since each brings other libraries."""


def run(
    names: Sequence[str],
    data: Path,
    sizes: tuple[int, int, int],
    home: Path | None,
    json_file: Path | None,
) -> None:
    """Measure, print, write. `sizes`: minutes, passages, rounds. Raises `MemexError`."""
    figures: list[Figure] = []
    with _setting(data, sizes, home) as setting:
        for name in names:
            try:
                figures += _benchmark(name)(setting)
            except NoVirtualMicrophone as error:
                if len(names) == 1:
                    raise
                setting.say(f"{name} is left out: {error}")
    Console().print(table(figures))
    if json_file:
        write_json(json_file, "bench", [asdict(figure) for figure in figures])


def run_scale(
    passages: Sequence[int], data: Path, rounds: int, home: Path | None, json_file: Path | None
) -> None:
    """Compare memories of so many passages; print a table, write. Raises `MemexError`."""
    with _setting(data, (0, 0, rounds), home) as setting:
        import_module("evals.bench.scale").run(setting, passages, json_file)


@contextmanager
def _setting(data: Path, sizes: tuple[int, int, int], home: Path | None) -> Iterator[Setting]:
    for folder in (data / "audio", data / "recall"):
        if not folder.is_dir():
            raise InvalidRequest(f"{folder} is not there.", "Name its parent with --data.")
    minutes, passages, rounds = sizes
    errors = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="memex-bench-") as work:
        place = (home or Path(work) / "home").absolute()
        yield Setting(
            audio=data / "audio",
            recall=data / "recall",
            work=Path(work),
            home=place,
            vectors=place / "vectors",
            say=lambda text: errors.print(f"… {text}", highlight=False),
            minutes=minutes,
            passages=passages,
            rounds=rounds,
        )


def _benchmark(name: str) -> Callable[[Setting], list[Figure]]:
    module, function = BENCHMARKS[name].split(":")
    found: Callable[[Setting], list[Figure]] = getattr(import_module(module), function)
    return found
