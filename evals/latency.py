"""How long a query takes, method by method: beside the quality, what that costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final

from evals.dataset import Query
from evals.metrics import CUT
from evals.searchers import Searcher
from memex.errors import MemexError

TIMED: Final = 100
"""Questions of a set that are timed."""
WARM_UP: Final = 5
"""Questions before them, which are not."""

Anew = Callable[[], AbstractContextManager[object]]
"""While it is entered, queries are embedded as a user's are, not taken from a cache."""


def milliseconds(
    searchers: Mapping[str, Searcher], queries: Sequence[Query], anew: Anew
) -> dict[str, list[float]]:
    """Times of single queries, their embedding included; the methods take turns.

    What raises is not timed: `evals.recall` counts it.
    """
    spread = queries[:: max(1, len(queries) // (TIMED + WARM_UP))][: TIMED + WARM_UP]
    times: dict[str, list[float]] = {name: [] for name in searchers}
    warm_up = min(WARM_UP, len(spread) // 2)
    with anew():
        for at, query in enumerate(spread):
            for name, searcher in searchers.items():
                began = time.perf_counter()
                try:
                    searcher.search(query, CUT)
                except MemexError:
                    continue
                if at >= warm_up:
                    times[name].append((time.perf_counter() - began) * 1000)
    return times
