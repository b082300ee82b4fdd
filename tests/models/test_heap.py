from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

SCRIPT = """
from memex.models.heap import give_back

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

blocks = [bytes(1_000) for _ in range(100_000)]
full = resident()
last = blocks.pop()
del blocks
kept = resident()
give_back()
print(full - kept, full - resident())
"""


def test_what_was_freed_goes_back_to_the_system_though_a_block_above_it_is_in_use() -> None:
    if not hasattr(ctypes.CDLL(None), "malloc_trim"):
        pytest.skip("only glibc keeps it")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    before, after = map(int, done.stdout.split())
    assert before < 50_000_000
    assert after > 80_000_000
