"""A process that records a file as a device would deliver it, as fast as it is told to.

python -m tests.ears.playing SPOOL FILE SPEED     prints after each block how far it came
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from memex.recordings import RATE
from memex.spool import Spool
from tests.ears.sounds import BLOCK, Device


def main(folder: str, file: str, speed: str) -> None:
    """Play until it is killed or there is no more."""
    samples = np.fromfile(file, "<i2")
    device = Device(Spool(Path(folder)))
    began = time.monotonic()
    for at in range(0, len(samples), BLOCK):
        device.play(samples[at : at + BLOCK])
        print(device.came, flush=True)
        time.sleep(max(0.0, began + device.came / RATE / float(speed) - time.monotonic()))


if __name__ == "__main__":
    main(*sys.argv[1:])
