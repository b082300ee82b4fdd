"""A data directory with a crowded memory, and memexd serving it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from evals.bench.crowd import crowd, mixtures
from evals.bench.embedding import real_texts
from evals.bench.figures import Setting
from evals.bench.process import MeasurementFailed, in_process
from memex.client import Client
from memex.config import Paths, load_config
from memex.errors import DaemonUnavailable
from memex.index import Identity, Index
from memex.library import Library
from memex.models.loading import load_embedder
from memex.types import Arrival, Copy, Document, Passage

ANCHORS: Final = 512
"""Real passages whose vectors the made ones are mixed of."""
BATCH: Final = 10_000
"""Passages that are added to the index at once."""
READY_SECONDS: Final = 600.0
"""What memexd may take to start and to find its index in step."""


@dataclass(frozen=True, slots=True)
class Served:
    """A daemon that is up."""

    client: Client
    pid: int
    passages: int
    environment: Mapping[str, str]
    """For commands that shall talk to it."""


@contextmanager
def served(setting: Setting) -> Iterator[Served]:
    """Run memexd over the crowded memory, which is made if it is not there yet."""
    if not Paths(home=setting.home, config=setting.home / "config.toml").library.exists():
        setting.say(f"making a memory of {setting.passages:,} passages")
        in_process(
            f"{__name__}:build",
            home=str(setting.home),
            recall=str(setting.recall),
            passages=setting.passages,
        )
    setting.say("starting memexd")
    with running(setting.home) as memexd:
        yield memexd


@contextmanager
def running(home: Path) -> Iterator[Served]:
    """Run memexd over a data directory."""
    environment = {**os.environ, "MEMEX_HOME": str(home)}
    command = [sys.executable, "-m", "memex.server", "--quiet"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL) as daemon:
        try:
            client = Client(Paths(home=home, config=home / "config.toml"))
            yield Served(client, daemon.pid, _wait(client, daemon), environment)
        finally:
            daemon.terminate()


def build(home: str, recall: str, passages: int) -> dict[str, float]:
    """Fill library and index of a data directory."""
    began = time.perf_counter()
    config = load_config(Paths(home=Path(home), config=Path(home) / "config.toml"))
    config.paths.create()
    embedder = load_embedder(config)
    anchors = embedder.encode_documents(real_texts(Path(recall), min(ANCHORS, passages)))
    index = Index(config.paths.index, Identity(embedder.model, embedder.dimension))
    library = Library(config.paths.library)
    random = np.random.default_rng(0)
    waiting: list[Passage] = []
    for document, cut in crowd(Path(recall), passages):
        library.add(Arrival(document, _copy(document)))
        waiting += cut
        if len(waiting) >= BATCH:
            index.add(waiting, mixtures(anchors, len(waiting), random))
            waiting = []
    index.add(waiting, mixtures(anchors, len(waiting), random))
    index.optimise()
    library.close()
    return {"seconds": time.perf_counter() - began, "passages": len(index)}


def _wait(client: Client, daemon: subprocess.Popen[bytes]) -> int:
    """Wait until memexd answers and has nothing left to index. Returns its passages."""
    deadline = time.monotonic() + READY_SECONDS
    while daemon.poll() is None and time.monotonic() < deadline:
        try:
            status = client.status()
        except DaemonUnavailable:
            time.sleep(0.1)
            continue
        if status["indexing"] is None:
            return int(status["passages"])
        time.sleep(0.5)
    raise MeasurementFailed("memexd does not get ready.", "Measure fewer --passages.")


def _copy(document: Document) -> Copy:
    return Copy(
        document_id=document.id,
        uri=document.uri,
        sha256=document.id,
        kind=document.kind,
        title=document.title,
        size=0,
        added_at=datetime.now(UTC),
    )
