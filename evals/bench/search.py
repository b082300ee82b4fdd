"""Search and answers through the socket, on a crowded memory, embedding included."""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median
from typing import Final

import numpy as np

from evals.bench.figures import Figure, Setting
from evals.bench.home import Served, served
from evals.bench.process import resident_mb
from evals.dataset import find_sets, read_recall_set

WARM_UP: Final = 20
QUERIES: Final = 200
QUESTIONS: Final = 10
LIMIT: Final = 10


def measure(setting: Setting) -> list[Figure]:
    """Latency of a query, first words of an answer, memory of memexd after both."""
    with served(setting) as up:
        note = f"{up.passages:,} passages, warm, through the socket"
        setting.say("searching")
        figures = _latency(up, real_queries(setting, WARM_UP + QUERIES), note)
        setting.say("asking")
        figures += _first_words(up, real_queries(setting, QUESTIONS + 1), note)
        memory = resident_mb(up.pid)
        aim = "under 700"
        return [*figures, Figure("memory, memexd with everything loaded", memory, "MB", aim, note)]


def real_queries(setting: Setting, count: int) -> list[str]:
    """Questions spread evenly over the sets."""
    questions = [
        [query.text for query in read_recall_set(folder).queries]
        for folder in find_sets(setting.recall)
    ]
    share = -(-count // len(questions))
    spread = [texts[at * len(texts) // share] for at in range(share) for texts in questions]
    return spread[:count]


def _latency(up: Served, queries: Sequence[str], note: str) -> list[Figure]:
    milliseconds: list[float] = []
    for query in queries:
        began = time.perf_counter()
        up.client.recall(query, limit=LIMIT)
        milliseconds.append((time.perf_counter() - began) * 1000)
    p50, p95 = np.percentile(milliseconds[WARM_UP:], [50, 95])
    return [
        Figure("search, p50", float(p50), "ms", note=note),
        Figure("search, p95", float(p95), "ms", "at most 40", note),
    ]


def _first_words(up: Served, questions: Sequence[str], note: str) -> list[Figure]:
    """Seconds to the first piece of an answer; the first question warms up."""
    seconds: list[float] = []
    for question in questions:
        began = time.perf_counter()
        answer = up.client.ask_json(question)
        next(answer)
        seconds.append(time.perf_counter() - began)
        for _ in answer:
            pass
    warm = seconds[1:]
    return [
        Figure("first words of an answer, median", median(warm), "s", "at most 1.5", note),
        Figure("first words of an answer, slowest", max(warm), "s", note=note),
    ]
