"""How each device is, in lines: its state, how loud it is, why it is not heard. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from textual.content import Content

from memex.live import State
from tui.ears import SIGNS, STYLES, Ears, remedy
from tui.lines import Lines, hung
from tui.meter import meter
from tui.text import cut, shown

MOST: Final = 5
"""Devices that are shown; those that are off go first."""
NAME, METER, STATE = 28, 16, 10
"""Cells, at most."""
LEAST: Final = 12
"""Cells of a name, at least."""
BESIDE: Final = 21
"""Cells of the level as a number, and of whether it is recorded."""
QUIET: Final = "$foreground 55%"


class Hearing(Lines):
    """The lines: of the devices as they tell themselves, and of all where they do not."""

    def __init__(self, ears: Ears, devices: Iterable[State], trouble: str = "") -> None:
        """`trouble`: why no more can be shown."""
        self._ears = ears
        self._devices = _ordered(devices)
        self._trouble = trouble

    def lines(self, width: int) -> list[Content]:
        """All together, where no device is so, and what there is to do; a line a device."""
        lines = [line for device in self._devices for line in _device(device, width)]
        todo = remedy(self._ears)
        advice = hung(Content.styled(todo, QUIET), width, "   ") if todo else []
        told = {device.state for device in self._devices}
        if self._ears.state not in told or self._ears.until:
            lines = [_overall(self._ears, width), *advice, *lines]
        else:
            lines += advice
        if self._trouble:
            lines += hung(Content.styled(shown(self._trouble), "$text-error"), width, " ")
        return lines


def _ordered(devices: Iterable[State]) -> Sequence[State]:
    """The open ones first. One that is off for no reason is one that was: it is left out where
    there is another.
    """
    order = list(SIGNS)
    known = sorted(devices, key=lambda each: (order.index(each.state), each.device))
    present = [each for each in known if each.state != "off" or each.reason]
    return (present or known)[:MOST]


def _overall(ears: Ears, width: int) -> Content:
    sign = Content.styled(f" {SIGNS[ears.state]} ", STYLES[ears.state])
    return (sign + Content(ears.said)).truncate(width, ellipsis=True)


def _device(device: State, width: int) -> list[Content]:
    """State, name, level; a reason that is too long hangs below."""
    state = f" {SIGNS[device.state]} {device.state:<{STATE}}"
    room = max(LEAST, min(NAME, width - len(state) - METER - BESIDE))
    name = Content(cut(device.device or device.source, room))
    padded = name.pad_right(room + 2 - name.cell_length)
    head = Content.styled(state, STYLES[device.state]) + padded
    if device.level is not None:
        recording = Content.styled("  recording", "$text-accent") if device.recording else ""
        head = head + meter(device.level, METER) + recording
    lines = [head.truncate(width, ellipsis=True)]
    if device.reason:
        lines += hung(Content.styled(shown(device.reason), QUIET), width, "   ")
    return lines
