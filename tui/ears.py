"""How the ears are, all of them together: heard, or not, and why. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from memex.live import Listening
from tui.text import shown

SIGNS: Final[Mapping[Listening, str]] = {
    "listening": "◉", "silent": "◌", "lost": "✗", "private": "⊘", "paused": "‖", "off": "○",
}  # fmt: skip
"""Of a state; one cell each. The most open one first."""
STYLES: Final[Mapping[Listening, str]] = {
    "listening": "bold $text-success",
    "silent": "bold $text-error",
    "lost": "bold $text-error",
    "private": "bold $text-accent",
    "paused": "bold $text-accent",
    "off": "$foreground 55%",
}
ABSENT: Final = "memex-ears is not running"
CLOSING: Final = "the microphone is being closed"


@dataclass(frozen=True, slots=True)
class Ears:
    """The state of the ears, and what is to be said of it."""

    state: Listening
    reason: str = ""
    device: str = ""
    until: str | None = None
    """When it ends by itself: a local time."""

    @property
    def said(self) -> str:
        """The state with what is known of it."""
        until = f" until {self.until}" if self.until else ""
        return f"{self.state}{until}" + (f": {self.reason}" if self.reason else "")


def ears_of(fields: Mapping[str, Any]) -> Ears:
    """By what the files tell (`memex.condition.hearing`). What the user wants to be closed is
    said to be so; as long as a device is open, that too. Files that cannot be read
    ("trouble") are no reason to believe that nothing is open.
    """
    if "trouble" in fields:
        return Ears("lost", shown(fields["trouble"]))
    first = fields.get("ears")
    devices: Sequence[Mapping[str, Any]] = [first, *first["others"]] if first else []
    heard = min(devices, key=_openness, default=None)
    reason = CLOSING if heard and heard["state"] in {"listening", "silent"} else ""
    for state in ("private", "paused"):
        if fields.get(state):
            return Ears(state, reason, until=_local(fields[state]["until"]))
    if heard is None:
        return Ears("off", ABSENT)
    return Ears(heard["state"], shown(heard["reason"]), shown(heard["device"]))


def remedy(ears: Ears) -> str:
    """What to do where nothing is heard; "" where all is well."""
    match ears.state:
        case "private":
            return "F8 hears again, as `memex private off` does."
        case "paused":
            return "F9 goes on hearing and reading, as `memex resume` does."
        case "off":
            return (
                "`memex listen` in another terminal listens as long as it runs; "
                "`memex listen --always` from now on, whenever Memex runs, and "
                "`memex service install` has it run from login on."
            )
        case "lost" | "silent":
            return "`memex devices` tells which microphones there are, and how loud each is."
        case _:
            return ""


def _openness(device: Mapping[str, Any]) -> int:
    return list(SIGNS).index(device["state"])


def _local(time: str | None) -> str | None:
    """An ISO time as a local one: with the date, unless that is today's."""
    if time is None:
        return None
    at = datetime.fromisoformat(time).astimezone()
    today = at.date() == datetime.now().astimezone().date()
    return f"{at:%H:%M}" if today else f"{at:%Y-%m-%d %H:%M}"
