"""Each measurement in a process of its own, so that none warms or burdens another.

`in_process("evals.bench.embedding:memex_side", …)` starts a fresh interpreter,
calls that function with the keyword arguments, and returns the dictionary that
it returns, with the peak memory of the process as "peak_mb". Arguments and
result are JSON.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeVar

from memex.errors import MemexError

T = TypeVar("T")
REST_SECONDS: Final = 120
"""What a daemon may take to load what it loads."""


class MeasurementFailed(MemexError):
    """The process of a measurement ended with an error."""


def in_process(task: str, /, **arguments: object) -> dict[str, Any]:
    """Call `MODULE:FUNCTION` in a fresh interpreter. Raises `MeasurementFailed`."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, "-m", __name__, task, json.dumps(arguments), str(result)]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        if done.returncode or not result.is_file():
            output = done.stdout.decode(errors="replace").strip()
            last = output.splitlines()[-1] if output else f"exit status {done.returncode}"
            raise MeasurementFailed(f"The measurement {task} failed: {last}.")
        found: dict[str, Any] = json.loads(result.read_bytes())
        return found


def timed(work: Callable[[], T]) -> tuple[T, dict[str, float]]:
    """Do some work. Returns what it returns, with the seconds that passed
    ("seconds") and those that all threads computed ("cpu"): the first are what a
    person waits, the second hardly depend on what else the machine does.
    """
    began, computed = time.perf_counter(), time.process_time()
    done = work()
    return done, {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - computed,
    }


def medians(taken: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each number over the rounds."""
    return {name: median(one[name] for one in taken) for name in taken[0]}


def peak_mb() -> float:
    """Most memory that this process has held at once, in megabytes (10^6 bytes).

    On Linux from the kernel's account of this program: `ru_maxrss` begins with
    what the process held that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def resident_mb(pid: int) -> float:
    """Memory that a process holds now, with that of those which it started (on Linux what they
    have alone: libraries count once), in megabytes (10^6 bytes).
    """
    shown = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True
    )
    return int(shown.stdout) * 1024 / 1e6 + sum(map(_alone_mb, _started(pid)))


def _started(pid: int) -> list[int]:
    """The processes that a process started, and that run."""
    shown = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(child) for child in shown.stdout.split()]


def _alone_mb(pid: int) -> float:
    account = Path(f"/proc/{pid}/smaps_rollup")
    if not account.exists():
        return resident_mb(pid)
    lines = dict(line.split(":", 1) for line in account.read_text().splitlines()[1:])
    return sum(int(lines[f"Private_{part}"].split()[0]) for part in ("Clean", "Dirty")) * 1024 / 1e6


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, with that of those which it started (Linux)."""
    total = _own_cpu_seconds(pid)
    for child in _started(pid):
        with suppress(OSError):  # it has ended meanwhile
            total += cpu_seconds(child)
    return total


def _own_cpu_seconds(pid: int) -> float:
    """With that of those which it started and has seen off."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def at_rest(pid: int) -> float:
    """Wait until a process has computed nothing for a second: it has loaded what it loads.
    Returns its processor time. Raises `MeasurementFailed` where that does not come.
    """
    before = cpu_seconds(pid)
    for _ in range(REST_SECONDS):
        time.sleep(1)
        now = cpu_seconds(pid)
        if now == before:
            return now
        before = now
    raise MeasurementFailed(f"Process {pid} finds no rest.", "Measure when less goes on.")


def main(task: str, arguments: str, result: str) -> None:
    """The fresh interpreter's side."""
    module, function = task.split(":")
    found: Mapping[str, Any] = getattr(import_module(module), function)(**json.loads(arguments))
    Path(result).write_text(json.dumps({**found, "peak_mb": peak_mb()}), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
