"""A process with a microphone, for tests: `python -m tests.ears.listener WANTED FILE HELD LOOK`,
where HELD is how many seconds the ring holds and LOOK is seconds between two looks for the
device that is wanted.

It prints a JSON line whenever the microphone's state changes and when a command is done. The
commands are lines: `sleep SECONDS` (it reads nothing meanwhile), `close`, `open`. At the end of
its input it closes the microphone and writes what it heard into FILE (.npz).
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ingest.ears.capture import keeper, stream
from ingest.ears.capture.arrivals import boot_clock
from ingest.ears.microphone import Microphone

if TYPE_CHECKING:
    from numpy.typing import NDArray

PATIENCE = 60.0


@dataclass(frozen=True)
class Recorded:
    """What a listener heard."""

    samples: NDArray[np.int16]
    """With zeros where samples are missing."""
    captured: int
    lost: int
    overflow: int
    opened: int
    losses: list[int]
    elapsed: float
    """Seconds from the beginning of the first block to the end of the last one."""
    processor: float
    """Seconds of processor time."""


class Listener:
    """A listener that runs."""

    def __init__(self, process: subprocess.Popen[str], file: Path) -> None:
        self._process = process
        self._file = file
        self._news: list[dict[str, Any]] = []
        self._came = threading.Condition()
        threading.Thread(target=self._follow, daemon=True).start()

    def until(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next news that fits."""
        deadline = time.monotonic() + PATIENCE
        with self._came:
            while True:
                while self._news:
                    news = self._news.pop(0)
                    if fits(news):
                        return news
                assert self._came.wait(deadline - time.monotonic()), "it did not come"

    @property
    def pid(self) -> int:
        return self._process.pid

    def state(self, wanted: str) -> dict[str, Any]:
        return self.until(lambda news: news.get("state") == wanted)

    def do(self, command: str) -> None:
        """Have a command done."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        self.until(lambda news: news.get("done") == command)

    def end(self) -> Recorded:
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(PATIENCE) == 0
        found = np.load(self._file)
        about = json.loads(str(found["about"]))
        return Recorded(samples=found["samples"], **about)

    def _follow(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._came:
                self._news.append(json.loads(line))
                self._came.notify_all()


@contextmanager
def listening(
    environment: dict[str, str],
    wanted: str,
    folder: Path,
    *,
    held: float = stream.HELD,
    look: float = keeper.LOOK_EVERY,
) -> Iterator[Listener]:
    """Run a listener."""
    file = folder / "heard.npz"
    options = (wanted, str(file), str(held), str(look))
    command = [sys.executable, "-m", "tests.ears.listener", *options]
    with subprocess.Popen(
        command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            yield Listener(process, file)
        finally:
            if process.poll() is None:
                process.kill()


class _Sound:
    """What is handed over, and when."""

    def __init__(self) -> None:
        self.parts: list[NDArray[np.int16]] = []
        self.losses: list[int] = []
        self.began = self.ended = 0.0

    def hear(self, samples: NDArray[np.int16], lost: int) -> None:
        now = boot_clock()
        if not self.parts:
            self.began = now - len(samples) / 16_000
        if lost:
            self.losses.append(lost)
            self.parts.append(np.zeros(lost, np.int16))
        self.parts.append(samples)
        self.ended = now


def _tell(**news: object) -> None:
    print(json.dumps(news), flush=True)


def main() -> None:
    wanted, file, held, look = sys.argv[1:]
    vars(stream)["HELD"], vars(keeper)["LOOK_EVERY"] = float(held), float(look)
    sound = _Sound()
    microphone = Microphone(wanted, sound.hear)
    microphone.open()
    told: dict[str, object] = {}
    while True:
        microphone.pump()
        news = {name: getattr(microphone, name) for name in ("state", "reason", "device", "why")}
        if news != told:
            _tell(**news)
            told = news
        if not select.select([0], [], [], 0.05)[0]:
            continue
        line = os.read(0, 1000).decode().strip()
        if not line:
            break
        name, _, value = line.partition(" ")
        if name == "sleep":
            time.sleep(float(value))
        else:
            getattr(microphone, name)()
        _tell(done=line)
    microphone.close()
    heard = asdict(microphone.heard)
    heard.pop("flags")
    times = {"elapsed": sound.ended - sound.began, "processor": time.process_time()}
    about = json.dumps(heard | times | {"losses": sound.losses})
    np.savez(file, samples=np.concatenate([*sound.parts, np.zeros(0, np.int16)]), about=about)


if __name__ == "__main__":
    main()
