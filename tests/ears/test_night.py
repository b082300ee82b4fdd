"""A night of listening: what is said is recorded, and nothing else.

    python -m tests.ears.test_night AUDIO SPOOL     hears it, and prints what happened

in a process of its own, as memex-ears is: its memory is its own, and one thread multiplies.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

from memex.recordings import RATE
from memex.spool import Spool
from tests.ears.sounds import Device, load, recorded, rows

HOURS = 8
SAID_EVERY = 45
"""Minutes from one utterance to the next."""
NOISES = ("silence60", "pink-70dB", "pink-50dB", "pink-35dB", "typing")
BLOCK = 2 * RATE
"""Samples that come at once: what is tested is the night, not the block."""


def test_a_night(shared: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", __name__, shared / "audio", tmp_path / "spool"],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    night = json.loads(done.stdout)
    assert night["came"] >= HOURS * 3600 * RATE
    found = recorded(Spool(tmp_path / "spool"))
    assert len(found) == len(night["said"]) == 10
    for each, (start, end) in zip(found, night["said"], strict=True):
        assert start - 4 * RATE < each.start < start + 2 * RATE
        assert end - 2 * RATE < each.end < end + 4 * RATE
    assert night["spooled"] == sum(len(each.samples) for each in found)
    assert night["lost"] == 0
    assert night["grown"][-1] - night["grown"][0] < 10_000_000


def hear(audio: Path, folder: Path) -> dict[str, object]:
    """Hear a night; what was said where, what became of it, and the memory it took."""
    device = Device(Spool(folder))
    known = {row["id"]: row for row in rows(audio, "nonspeech")}
    noises = [load(audio / known[name]["audio"]) for name in NOISES]
    words = [load(audio / row["audio"]) for row in rows(audio, "read")[:10]]
    said: list[tuple[int, int]] = []
    grown: list[int] = []
    for minute in range(1, HOURS * 60 + 1):
        device.play(noises[minute // SAID_EVERY % len(noises)], size=BLOCK)
        if minute % SAID_EVERY == 0:
            word = words[len(said)]
            said.append((device.came, device.came + len(word)))
            device.play(word, size=BLOCK)
            grown.append(peak())
    device.ear.stop("morning")
    device.check()
    counts = device.ear.counts
    return {
        "came": device.came,
        "said": said,
        "grown": grown,
        "spooled": counts.spooled,
        "lost": counts.lost,
    }


def peak() -> int:
    """The most memory that this process has had, in bytes."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else size * 1024


if __name__ == "__main__":
    print(json.dumps(hear(Path(sys.argv[1]), Path(sys.argv[2]))))
