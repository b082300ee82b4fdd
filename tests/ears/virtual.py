"""Virtual microphones as fixtures: `mic` has one, "desk"; `mics` has two, "desk" and "headset".

PortAudio belongs to a process and reads its environment when it starts: whoever opens a
microphone does it in a process of its own, with `mic.environment`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evals.bench.virtual_microphone import VirtualMicrophone, missing


def _skip() -> None:
    absent = missing()
    if absent:
        pytest.skip(f"no virtual microphone without {', '.join(absent)}: see .ci/system-packages")


@pytest.fixture
def mic() -> Iterator[VirtualMicrophone]:
    _skip()
    with VirtualMicrophone("desk") as microphone:
        yield microphone


@pytest.fixture
def mics() -> Iterator[VirtualMicrophone]:
    _skip()
    with VirtualMicrophone("desk", "headset", rate=48_000) as microphone:
        yield microphone
