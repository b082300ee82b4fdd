"""How a memory goes on as it grows: the same figures for memories of several sizes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from evals.bench.crowd import strangers
from evals.bench.figures import Setting
from evals.bench.home import Served, copy_of, make, paths_of, running
from evals.bench.process import in_process, resident_mb
from evals.bench.search import LIMIT, QUERIES, WARM_UP, real_queries
from evals.report import write_json
from memex.config import load_config
from memex.index import Index, identities
from memex.models.loading import load_embedder
from memex.types import Arrival

SIZES: Final = (10_000, 100_000, 1_000_000)
COMPARED: Final = 100
"""Questions whose nearest passages are compared with an exact search."""
ADDED: Final = 1_000
"""Passages that are added."""


@dataclass(frozen=True, slots=True)
class Row:
    """One memory."""

    passages: int
    p50: float
    """Milliseconds of a recall through the socket, its query's embedding included."""
    p95: float
    recall: float
    """Share of the ten nearest that the search by vectors finds."""
    memory: float
    """Megabytes (10^6 bytes) that memexd holds afterwards."""
    adding: float
    """What adding costs, as a multiple of what it costs in an empty memory."""
    built: float
    """Seconds that the memory took to make, vectors of real passages left out if kept."""
    disk: float
    """Gigabytes (10^9 bytes) of the data directory."""


def run(setting: Setting, sizes: Sequence[int], json_file: Path | None) -> None:
    """Measure, print, write. A memory that is made stays in a folder of `setting.home`."""
    rows = []
    for size in sizes:
        rows.append(measure(setting, size))
        Console().print(table(rows[-1:]) if size != sizes[-1] else table(rows))
    if json_file:
        write_json(json_file, "scale", [asdict(row) for row in rows])


def measure(setting: Setting, passages: int) -> Row:
    """The figures of a memory of this size, which is made if it is not there yet."""
    home = setting.home / str(passages)
    seconds = make(setting, home, passages)
    disk = sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) / 1e9
    setting.say(f"comparing {passages:,} with an exact search")
    queries = real_queries(setting, WARM_UP + QUERIES)
    shared = in_process(f"{__name__}:compare", home=str(home), queries=queries[:COMPARED])
    setting.say(f"searching {passages:,}")
    with running(home) as up:
        p50, p95 = latency(up, queries)
        memory = resident_mb(up.pid)
        setting.say(f"adding to {passages:,}")
        ratio = adding(setting, up)
    return Row(up.passages, p50, p95, shared["recall"], memory, ratio, seconds, disk)


def latency(up: Served, queries: Sequence[str]) -> tuple[float, float]:
    """p50 and p95 in milliseconds, when warm."""
    for query in queries:
        up.client.recall(query, limit=LIMIT)
    milliseconds: list[float] = []
    for query in queries[WARM_UP:]:
        began = time.perf_counter()
        up.client.recall(query, limit=LIMIT)
        milliseconds.append((time.perf_counter() - began) * 1000)
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return float(p50), float(p95)


def adding(setting: Setting, up: Served) -> float:
    """Seconds to add `ADDED` passages, in a multiple of those in an empty memory: the median
    of the rounds, the two in turns.
    """
    ratios: list[float] = []
    for number in range(setting.rounds):
        with tempfile.TemporaryDirectory() as empty, running(Path(empty)) as other:
            new = _arrivals(setting, up.passages + number)
            warm = _arrivals(setting, -1 - number)[:1]
            taken = [(_seconds(each, warm), _seconds(each, new))[1] for each in (up, other)]
            ratios.append(taken[0] / taken[1])
    return float(np.median(ratios))


def _arrivals(setting: Setting, seed: int) -> list[Arrival]:
    documents = strangers(setting.recall, ADDED, seed)
    return [Arrival(document, copy_of(document)) for document in documents]


def _seconds(up: Served, arrivals: Sequence[Arrival]) -> float:
    began = time.perf_counter()
    for _ in up.client.remember(*arrivals):
        pass
    return time.perf_counter() - began


def compare(home: str, queries: Sequence[str]) -> dict[str, float]:
    """Mean share of the ten nearest passages that a search finds."""
    config = load_config(paths_of(Path(home)))
    embedder = load_embedder(config)
    index = Index(config.paths.index, identities(config.paths.index)[-1])
    shares: list[float] = []
    for query in queries:
        vector = embedder.encode_query(query)
        with index.snapshot() as rows:
            found = {one.row for one in rows.nearest(vector, 100)[:LIMIT]}
            exact = {one.row for one in rows.nearest(vector, LIMIT, exact=True)}
        shares.append(len(found & exact) / len(exact))
    return {"recall": float(np.mean(shares))}


def table(rows: Sequence[Row]) -> Table:
    """The figures as a person reads them."""
    shown = Table()
    for name in "passages p50,ms p95,ms recall@10 memexd,MB adding,× built,s disk,GB".split():
        shown.add_column(name.replace(",", " "), justify="right", no_wrap=True)
    for row in rows:
        shown.add_row(
            f"{row.passages:,}",
            f"{row.p50:.1f}",
            f"{row.p95:.1f}",
            f"{row.recall:.3f}",
            f"{row.memory:.0f}",
            f"{row.adding:.2f}",
            f"{row.built:.0f}",
            f"{row.disk:.2f}",
        )
    return shown
