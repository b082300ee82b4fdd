"""Looking for wearables: `python -m ingest.ears.scan --json`, for `memex wearable scan`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence

from ingest.ears.bluetooth import scan
from ingest.ears.omi import is_omi
from ingest.ears.radio import Found
from memex.errors import MemexError
from memex.wire import Json


def found_to_json(found: Found) -> Json:
    """A device, and whether it is one that Memex can hear."""
    return {
        "address": found.address,
        "name": found.name,
        "strength": found.strength,
        "kind": "omi" if is_omi(found.name, found.services) else "",
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print {"devices": […]}, the nearest first, or {"error", "remedy"}; 1 for the latter."""
    parser = argparse.ArgumentParser("ingest.ears.scan", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="how long to look")
    parser.add_argument("--json", action="store_true", required=True)
    options = parser.parse_args(arguments)
    try:
        found = asyncio.run(scan(options.seconds))
    except MemexError as error:
        print(json.dumps({"error": error.message, "remedy": error.remedy}))
        return 1
    devices = sorted(found, key=lambda each: -each.strength)
    print(json.dumps({"devices": [found_to_json(each) for each in devices]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
