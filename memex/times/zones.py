"""Where the user is: the zone, and what follows from it."""

from __future__ import annotations

import os
import time
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfoNotFoundError

from tzlocal import reload_localzone

from memex.times.spans import Clock

SOUTHERN: Final = (
    *("Antarctica/", "America/Argentina/", "Australia/", "America/Sao_Paulo", "Africa/Gaborone"),
    *("America/Santiago", "America/Coyhaique", "America/Punta_Arenas", "Pacific/Easter"),
    *("Atlantic/Stanley", "Atlantic/South_Georgia", "Africa/Maseru", "Africa/Maputo"),
    *("Pacific/Norfolk", "Pacific/Auckland", "Pacific/Chatham", "America/Asuncion"),
    *("Africa/Mbabane", "America/Montevideo", "Africa/Johannesburg", "NZ", "America/Buenos_Aires"),
)
"""Zones, or how they begin, south of the tropics (tzdata's zone.tab): January is in summer."""
MONTH_FIRST: Final = (
    *("America/New_York", "America/Detroit", "America/Kentucky/", "America/Indiana/", "US/"),
    *("America/Chicago", "America/Menominee", "America/North_Dakota/", "America/Denver"),
    *("America/Boise", "America/Phoenix", "America/Los_Angeles", "America/Anchorage"),
    *("America/Juneau", "America/Sitka", "America/Nome", "America/Adak", "Pacific/Honolulu"),
)
"""Zones, or how they begin, of the United States: 3/5/2025 is 5 March."""


FRESH: Final = 10.0
"""Seconds for which the zone is believed: daemons outlive journeys, but reading it takes 0.5 ms."""


def here() -> datetime:
    """Now, in the zone of this machine, which knows when its clocks change (an offset, as
    `datetime.astimezone` gives it, does not; it is what is left where the zone has no name).
    """
    zone = _zone(os.environ.get("TZ"), time.monotonic() // FRESH)
    return datetime.now(zone) if zone else datetime.now().astimezone()


@lru_cache(maxsize=1)
def _zone(_named: str | None, _when: float) -> tzinfo | None:
    """The zone as it is now; None where it has no name."""
    try:
        return reload_localzone()
    except ZoneInfoNotFoundError:  # TZ has a rule in it, or the system's files contradict
        return None


def clock_of(now: datetime) -> Clock:
    """What an aware time says of where the user is. Raises `ValueError` for a naive one."""
    if now.tzinfo is None:
        raise ValueError("now must be aware, in the user's zone")
    key = str(getattr(now.tzinfo, "key", ""))
    return Clock(
        now.replace(tzinfo=None),
        now.tzinfo,
        south=key.startswith(SOUTHERN),
        month_first=key.startswith(MONTH_FIRST),
    )
