"""The allocator's patience.

A transformer allocates and frees megabytes for every batch. glibc gives such pages back
to the system each time a thread's heap has some to spare, and faults them in again for
the next batch: a fifth of the time of embedding, in a process of many threads.

Elsewhere it has too much of it: of the 140 MB that reading a podcast of 31 MB takes, it keeps
110 MB below some block that is still in use, for good; and a block of 10 MB that was freed once
makes it take the next ones from a thread's heap, whose top it never gives back (40 MB, of telling
who speaks).
"""

from __future__ import annotations

import ctypes
import gc
from typing import Final

TRIM_THRESHOLD: Final = (-1, 4 << 20)
"""glibc's M_TRIM_THRESHOLD: bytes at the top of a heap that are kept."""
MMAP_THRESHOLD: Final = (-3, 4 << 20)
"""glibc's M_MMAP_THRESHOLD: bytes from which on an allocation has pages of its own."""
ARENAS: Final = (-8, 4)
"""glibc's M_ARENA_MAX: heaps that threads share. It would make eight for each core, and each
keeps what it once had; LanceDB has many threads."""


def keep() -> None:
    """Let freed memory be used again by whoever comes next, up to 4 MB of a heap; what is larger
    goes back at once. Nothing, where there is no glibc.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    for option in (TRIM_THRESHOLD, MMAP_THRESHOLD, ARENAS):
        if mallopt is not None:
            mallopt(*option)


def give_back() -> None:
    """Give the pages of all that nobody needs back to the system, once; where there is no glibc,
    what Python knows of.
    """
    gc.collect()
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:
        malloc_trim(0)
