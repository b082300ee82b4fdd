"""memex-ears is killed while somebody speaks: at most the last second is lost."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

from ingest.ears.handing import hand_in
from ingest.ears.utterances import Ended, Utterances
from ingest.ears.voice import Voice
from memex.items import Item
from memex.recordings import RATE, Phrase
from memex.spool import Spool
from tests.ears.sounds import Samples, load, recorded

KILLS = 15
"""How often it is killed."""
SPEED = 8
"""How much faster than it is said it is played."""


def test_killed_at_any_moment(shared: Path, tmp_path: Path) -> None:
    sound = load(shared / "audio" / "long" / "turns.opus")[: 60 * RATE]
    file = tmp_path / "sound"
    file.write_bytes(sound.astype("<i2").tobytes())
    phrases = spoken(sound)
    chance = random.Random(4)
    for kill in range(KILLS):
        spool = Spool(tmp_path / f"spool{kill}")
        came = killed(spool, file, chance.uniform(0.0, 5.0))
        done = list(hand_in(spool))
        assert all(isinstance(each, Item) for each in done)
        assert not list(spool.live.iterdir())
        found = recorded(spool)
        assert all(one.end <= other.start for one, other in pairwise(found))
        for each in found:
            np.testing.assert_array_equal(each.samples, sound[each.start : each.end])
        for phrase in phrases:
            end = min(phrase.end, came - RATE)
            assert phrase.start >= end or any(
                each.start <= phrase.start and end <= each.end for each in found
            )


def killed(spool: Spool, file: Path, after: float) -> int:
    """Have a process record and kill it so many seconds after it has begun; the samples that
    it said it had heard.
    """
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "tests.ears.playing",
        spool.directory,
        file,
        f"{SPEED}",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        first = process.stdout.readline()
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        return int([first, *process.stdout.read().splitlines(keepends=True)][-1])


def spoken(sound: Samples) -> list[Phrase]:
    utterances = Utterances()
    whole = sound[: len(sound) // 512 * 512]
    events = [*utterances(Voice()(whole).tolist()), *utterances.finish()]
    return [event.phrase for event in events if isinstance(event, Ended)]
