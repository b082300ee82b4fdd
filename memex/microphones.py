"""Microphones and loudspeakers: which there are, and which is used.

    python -m memex.microphones WANTED     prints the name of the one that would be used now

PortAudio knows only the devices that were there when it started; a process that has one open
asks another process what has changed.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from types import ModuleType
from typing import Any, Final

import numpy as np

from memex.errors import MemexError

CHANNELS: Final = 2
"""Channels of a microphone that are listened to, at most."""
FIRST_SOUND: Final = 2.0
"""Seconds that a device may take until its first sound when its level is measured."""
DEFAULT: Final = "the system's default"
PREFERRED: Final = {"ALSA": 48_000}
"""Frames a second that are tried first, by host API. What ALSA gives as a device's rate is
44.1 kHz whatever it does; sound servers and most hardware run at 48 kHz, and a sound server
converts worse than libsoxr does."""
OTHERS: Final = (48_000, 16_000, 44_100)
"""Frames a second that are tried last."""

_WRONG_FORM: Final = frozenset({-9997, -9998, -9994})
"""PortAudio's errors for a rate, a number of channels or a form of samples that a device does
not have: another may do."""

_alone = threading.RLock()
"""Held while PortAudio is started, and while what its libraries print is kept quiet."""


class NoMicrophone(MemexError):
    """There is none, or it cannot be opened."""


@dataclass(frozen=True, slots=True)
class Device:
    """A microphone, a loudspeaker, or both."""

    index: int
    """PortAudio's number, until it is started again."""
    name: str
    host: str
    """The host API: ALSA, Core Audio."""
    inputs: int
    """Channels that can be recorded."""
    outputs: int
    rate: float
    """Frames a second, by default."""
    default_input: bool = False
    default_output: bool = False

    @property
    def channels(self) -> int:
        """Channels that are recorded."""
        return min(self.inputs, CHANNELS)

    @property
    def rates(self) -> tuple[int, ...]:
        """Frames a second that are worth trying, the best first."""
        first = PREFERRED.get(self.host, round(self.rate))
        return tuple(dict.fromkeys((first, round(self.rate), *OTHERS)))


@dataclass(frozen=True, slots=True)
class Format:
    """How a device is opened."""

    rate: int
    channels: int


def choose(devices: Sequence[Device], wanted: str) -> tuple[Device | None, str]:
    """The microphone of which `wanted` is a part of the name (whole names and the default go
    first), otherwise the system's default, otherwise the first; and why it is that one.
    """
    microphones = [device for device in devices if device.inputs > 0]
    if not microphones:
        return None, "there is no microphone"
    default = next((device for device in microphones if device.default_input), None)
    named = [device for device in microphones if named_so(device, wanted)]
    if wanted.strip() and named:
        exact = [one for one in named if one.name.casefold() == wanted.strip().casefold()]
        best = exact or [one for one in named if one.default_input] or named
        return best[0], f"its name has “{wanted.strip()}” in it"
    fallback = DEFAULT if default else "the first that there is, for the system names no default"
    why = f"there is no “{wanted.strip()}”: {fallback} instead" if wanted.strip() else fallback
    return default or microphones[0], why


def named_so(device: Device, wanted: str) -> bool:
    """Whether it is one that was asked for by name; every one when none was."""
    return wanted.strip().casefold() in device.name.casefold()


def candidates(devices: Sequence[Device], wanted: str) -> Iterator[tuple[Device, str]]:
    """The microphone to open, and then the one to open when that one refuses; with why."""
    first, why = choose(devices, wanted)
    if first is None:
        return
    yield first, why
    other, _ = choose(devices, "")
    if other is not None and other != first:
        yield other, f"“{wanted.strip()}” cannot be opened: {DEFAULT} instead"


def portaudio() -> ModuleType:
    """The module sounddevice, which starts PortAudio. Raises `MemexError` where it is not
    installed.
    """
    loaded = sys.modules.get("sounddevice")
    if loaded is not None and hasattr(loaded, "query_devices"):
        return loaded  # at once, even where a sound server hangs
    try:
        with _quiet():
            import sounddevice  # noqa: PLC0415 (it fails at import where PortAudio is missing)
    except OSError as error:
        raise MemexError(
            "PortAudio is not installed, so nothing can be recorded.",
            "Install it: `apt install libportaudio2`, or `brew install portaudio`.",
        ) from error
    module: ModuleType = sounddevice
    return module


def devices(*, again: bool = False) -> tuple[Device, ...]:
    """All devices, or what was there when PortAudio started. With `again` it is started anew,
    which closes whatever this process has open. Raises `MemexError`.
    """
    sound = portaudio()
    try:
        with _quiet():
            if again:
                sound._terminate()  # noqa: SLF001 (the one way, by sounddevice's author)
                sound._initialize()  # noqa: SLF001
            return _listed(sound)
    except sound.PortAudioError as error:
        raise NoMicrophone(f"The sound system does not answer: {said(error)}.") from error


def _listed(sound: ModuleType) -> tuple[Device, ...]:
    hosts = sound.query_hostapis()
    first_input, first_output = sound.default.device
    return tuple(
        Device(
            index=one["index"],
            name=one["name"],
            host=hosts[one["hostapi"]]["name"],
            inputs=one["max_input_channels"],
            outputs=one["max_output_channels"],
            rate=one["default_samplerate"],
            default_input=one["index"] == first_input,
            default_output=one["index"] == first_output,
        )
        for one in sound.query_devices()
    )


def format_of(device: Device) -> Format:
    """The best form in which the device can be opened now. Raises `NoMicrophone`."""
    sound = portaudio()
    refused: Exception | None = None
    for rate, channels in product(device.rates, dict.fromkeys((device.channels, 1))):
        try:
            with _quiet():
                sound.check_input_settings(device.index, channels, "int16", samplerate=rate)
        except sound.PortAudioError as error:
            refused = error
            if error.args[1:2] and error.args[1] not in _WRONG_FORM:
                break
        else:
            return Format(rate, channels)
    raise refusal(device, refused)


def measure(device: Device, seconds: float) -> float:
    """The level of a microphone in dBFS (RMS; -120 is digital silence), listened to for so
    long. Raises `NoMicrophone`.
    """
    sound = portaudio()
    form = format_of(device)
    blocks: list[Any] = []
    wanted, came = int(seconds * form.rate), threading.Event()

    def take(block: Any, *_: object) -> None:  # noqa: ANN401 (sounddevice has no types)
        blocks.append(block.astype(np.float64) / 32768)
        if sum(map(len, blocks)) >= wanted:
            came.set()

    try:
        with sound.InputStream(
            form.rate, device=device.index, channels=form.channels, dtype="int16", callback=take
        ):
            came.wait(FIRST_SOUND + seconds)
    except sound.PortAudioError as error:
        raise refusal(device, error) from error
    if not blocks:
        raise NoMicrophone(f"{device.name} gives no sound.")
    power = float(np.square(np.concatenate(blocks)).mean())
    return max(-120.0, 10 * float(np.log10(power))) if power else -120.0


def refusal(device: Device, error: Exception | None) -> NoMicrophone:
    """What is said of a device that PortAudio could not open."""
    why = said(error) if error else "no form fits"
    return NoMicrophone(f"{device.name} cannot be opened: {why}.")


def said(error: Exception) -> str:
    """PortAudio's words, or those of the system below it."""
    match error.args:
        case (_, _, (_, _, str(words))) if words:
            return words
        case (str(words), *_):
            return words
    return str(error)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the lines that ALSA and JACK write to the terminal, and to the service's log, about
    devices that are not there.
    """
    with _alone:
        kept = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)


def usable(wanted: str) -> str:
    """The name of the microphone that would be used now; "" when there is none. Raises
    `MemexError`.
    """
    for device, _ in candidates(devices(), wanted):
        try:
            format_of(device)
        except NoMicrophone:
            continue
        return device.name
    return ""


if __name__ == "__main__":
    print(usable(sys.argv[1] if len(sys.argv) > 1 else ""))
