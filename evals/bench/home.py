"""A data directory with a crowded memory, and memexd serving it."""

from __future__ import annotations

import json
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

from evals.bench.crowd import MADE, crowd, mixtures
from evals.bench.figures import Setting
from evals.bench.process import MeasurementFailed, in_process
from evals.vectors import CachedEmbedder
from memex.client import Client
from memex.config import Paths, load_config
from memex.errors import DaemonUnavailable
from memex.index import Identity, Index
from memex.library import Library
from memex.models.loading import load_embedder
from memex.passages import indexed_text
from memex.tokens import embed
from memex.types import Arrival, Copy, Document, Passage

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
    make(setting, setting.home, setting.passages)
    setting.say("starting memexd")
    with running(setting.home) as memexd:
        yield memexd


def make(setting: Setting, home: Path, passages: int) -> float:
    """Make a crowded memory, or what is missing of it. Returns the seconds that it took (the
    last time, where it was broken off).
    """
    if not built(home).exists():
        setting.say(f"making a memory of {passages:,} passages")
        in_process(
            f"{__name__}:build",
            home=str(home),
            recall=str(setting.recall),
            passages=passages,
            vectors=str(setting.vectors),
        )
    return float(json.loads(built(home).read_text(encoding="utf-8"))["seconds"])


@contextmanager
def running(home: Path) -> Iterator[Served]:
    """Run memexd over a data directory."""
    environment = {**os.environ, "MEMEX_HOME": str(home)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # or each start would compile everything anew
    command = [sys.executable, "-m", "memex.server", "--quiet"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL) as daemon:
        try:
            client = Client(paths_of(home))
            yield Served(client, daemon.pid, _wait(client, daemon), environment)
        finally:
            daemon.terminate()


def build(home: str, recall: str, passages: int, vectors: str) -> dict[str, float]:
    """Fill library and index of a data directory; what an earlier run filled stays. `vectors`
    is a folder in which those of the real passages are kept.
    """
    began = time.perf_counter()
    config = load_config(paths_of(Path(home)))
    config.paths.create()
    embedder = CachedEmbedder(load_embedder(config), Path(vectors))
    index = Index(config.paths.index, Identity(embedder.model, embedder.dimension))
    library = Library(config.paths.library)
    there = index.documents()
    anchors = np.empty((0, embedder.dimension), np.float32)
    signs: list[bytes] = []
    for number, batch in enumerate(_batches(Path(recall), passages)):
        real = [one for document, cut in batch if _is_real(document) for one in cut]
        read = embed(embedder, [indexed_text(one) for one in real])
        anchors = np.concatenate([anchors, read.vectors])
        signs += read.signs
        if {document.id for document, _ in batch} <= there:
            continue
        library.add(*(Arrival(document, copy_of(document)) for document, _ in batch))
        rows = [one for _, cut in batch for one in cut]
        count, random = len(rows) - len(real), np.random.default_rng(number)
        made = mixtures(anchors, count, random)
        lent = [signs[at] for at in random.integers(len(signs), size=count)]
        index.add(rows, np.concatenate([read.vectors, made]), [*read.signs, *lent])
        print(f"{len(index):,} of {passages:,}", flush=True)
    index.optimise()
    library.close()
    seconds = time.perf_counter() - began
    built(Path(home)).write_text(json.dumps({"seconds": seconds}), encoding="utf-8")
    return {"seconds": seconds, "passages": len(index)}


def paths_of(home: Path) -> Paths:
    """The data directory with its configuration in it."""
    return Paths(home=home, config=home / "config.toml")


def built(home: Path) -> Path:
    """The file that says that a crowded memory is whole, and how long it took."""
    return home / "crowd.json"


def _batches(recall: Path, passages: int) -> Iterator[list[tuple[Document, list[Passage]]]]:
    """The crowd, some `BATCH` passages at a time; real documents come first in each."""
    batch: list[tuple[Document, list[Passage]]] = []
    count = 0
    for document, cut in crowd(recall, passages):
        batch.append((document, cut))
        count += len(cut)
        if count >= BATCH:
            yield batch
            batch, count = [], 0
    if batch:
        yield batch


def _is_real(document: Document) -> bool:
    return not document.uri.startswith(MADE)


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


def copy_of(document: Document) -> Copy:
    """A copy of a made document."""
    return Copy(
        document_id=document.id,
        uri=document.uri,
        sha256=document.id,
        kind=document.kind,
        title=document.title,
        size=0,
        added_at=datetime.now(UTC),
    )
