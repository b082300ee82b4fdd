"""memex-ears with a tape in the place of its microphone.

python -m tests.ears.taped FILE
"""

from __future__ import annotations

import sys

import numpy as np

from ingest.ears.daemon import Ears
from ingest.ears.desk import Desk
from memex.config import load_config
from memex.logs import setup_logging
from tests.ears.test_desk import Hear, Tape


def main(file: str) -> None:
    """Hear until SIGTERM."""
    sound = np.fromfile(file, "<i2")
    config = load_config()

    def tape(wanted: str, hear: Hear) -> Tape:
        return Tape(hear, sound, device=wanted or "desk")

    def desk(ears: Ears) -> Desk:
        refusal = ears.consent.refusal
        return Desk(ears.config.listen, ears.ear_for, refusal=refusal, microphone=tape)

    setup_logging(config.paths, "memex-ears", foreground=False)
    Ears(config, desk).run()


if __name__ == "__main__":
    main(sys.argv[1])
