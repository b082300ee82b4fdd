"""A process in the place of `ingest.again`: `python -m tests.live.pretending WHAT MODEL`, where
WHAT is "done", "hopeless", "later" or how many seconds it takes.
"""

from __future__ import annotations

import sys
import time

from ingest.again import DONE, HOPELESS, LATER

CODES = {"done": DONE, "hopeless": HOPELESS, "later": LATER}

if __name__ == "__main__":
    print(sys.argv[1:])
    if sys.argv[1] not in CODES:
        time.sleep(float(sys.argv[1]))
    sys.exit(CODES.get(sys.argv[1], DONE))
