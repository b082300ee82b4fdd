"""A long recording made by repeating a short one."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av

from memex.errors import DamagedFile


def repeat(source: Path, target: Path, seconds: float) -> float:
    """Write the sound of `source` into `target` again and again until it is `seconds` long.

    The packets are copied as they are, without decoding, and timed anew one
    after the other. Returns the length in seconds.
    """
    with av.open(str(source)) as found, av.open(str(target), "w") as output:
        first = found.streams.audio[0]
        stream = output.add_stream_from_template(first)
        tick = float(first.time_base or Fraction(1, first.rate))
        at = 0
        for packet in _packets(source):
            if at * tick >= seconds:
                break
            packet.pts = packet.dts = at
            at += packet.duration or 0
            packet.stream = stream
            output.mux(packet)
        return at * tick


def _packets(source: Path) -> Iterator[av.Packet[av.AudioStream]]:
    """The sound's packets, endlessly. Raises `DamagedFile` where there are none."""
    while True:
        with av.open(str(source)) as found:
            packets = [packet for packet in found.demux(audio=0) if packet.duration]
        if not packets:
            raise DamagedFile(f"{source} has no sound to repeat.")
        yield from packets
