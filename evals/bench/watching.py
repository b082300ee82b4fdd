"""What watching folders costs: taking a full one in, looking at it again, doing nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from evals.bench.embedding import real_texts
from evals.bench.figures import Figure, Setting
from evals.bench.process import (
    MeasurementFailed,
    cpu_seconds,
    in_process,
    peak_mb,
    resident_mb,
    timed,
)
from ingest.readers.assembly import Metadata, assemble
from ingest.readers.plain import plain_segments
from ingest.signature import signature
from ingest.watch.folder import Folder
from memex.client import Client
from memex.config import Paths, WatchedFolder, load_config
from memex.database import reading
from memex.errors import DaemonUnavailable
from memex.library import Library
from memex.models.loading import load_embedder
from memex.passages import indexed_text, split
from memex.spool import Spool
from memex.types import Arrival, Document, Segment, content_id

NOTES: Final = 10_000
"""Small files that are taken in."""
WORDS: Final = 60
"""Of each."""
TREE: Final = 100_000
"""Files that are looked at again."""
IDLE_SECONDS: Final = 600.0
"""For which nothing happens while the processor time is counted."""
SETTLING: Final = 15.0
"""Seconds in which memexd loads its reader, and comes to rest."""
PATIENCE: Final = 3600.0
"""Seconds after which a measurement is given up."""


def measure(setting: Setting) -> list[Figure]:
    """Throughput beside one batch of the same embedder, a rescan, and idling."""
    notes = setting.work / "notes"
    setting.say(f"writing {NOTES:,} notes")
    _write_notes(setting, notes)
    setting.say("embedding them in one batch")
    batch = in_process(f"{__name__}:embed", folder=str(notes))
    setting.say("watching them")
    watched = _take_in(setting.work / "home-notes", notes)
    setting.say(f"making a tree of {TREE:,} files that are known")
    tree, home = setting.work / "tree", setting.work / "home-tree"
    in_process(f"{__name__}:plant", folder=str(tree), home=str(home))
    with _daemons(home, tree) as (client, ingest):
        setting.say("looking at it again")
        rescan = in_process(f"{__name__}:rescan", folder=str(tree), home=str(home))
        setting.say(f"doing nothing for {IDLE_SECONDS:.0f} s")
        idle = _idle(client, ingest)
    cores = f"{NOTES:,} notes of {WORDS} words, {os.cpu_count()} cores"
    return [
        Figure(
            "watched folder, of one batch", batch["seconds"] / watched, "×", "at least 0.8", cores
        ),
        Figure("rescan", rescan["seconds"], "s", "under 5", f"{TREE:,} unchanged files"),
        Figure("rescan, memory", rescan["peak_mb"], "MB", "under 150"),
        Figure("idle", idle["share"], "% of a core", "at most 0.5", f"watching {TREE:,} files"),
        Figure("idle, memory", idle["memory"], "MB", "at most 150"),
    ]


def _write_notes(setting: Setting, folder: Path) -> None:
    texts = real_texts(setting.recall, 2_000)
    for number in range(NOTES):
        words = texts[number % len(texts)].split()
        shift = number // len(texts) * 7
        text = " ".join((words[shift:] + words)[:WORDS])
        path = folder / f"{number // 500:03}" / f"note {number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Note {number}. {text}.", encoding="utf-8")


def embed(folder: str) -> dict[str, float]:
    """All notes as Memex reads and cuts them, in one batch."""
    embedder = load_embedder(load_config())
    texts = []
    for path in sorted(Path(folder).rglob("*.txt")):
        text = path.read_text(encoding="utf-8")
        document = assemble(path, "note", plain_segments(text), Metadata())
        texts += [indexed_text(passage) for passage in split(document)]
    embedder.encode_documents(texts[:500])
    _, taken = timed(lambda: embedder.encode_documents(texts))
    return taken


@contextmanager
def _daemons(home: Path, folder: Path | None) -> Iterator[tuple[Client, int]]:
    """Both daemons, watching a folder if one is named: a client, and the pid of memex-ingest."""
    home.mkdir(parents=True, exist_ok=True)
    if folder:
        _watch(home, folder)
    environment = {**os.environ, "MEMEX_HOME": str(home)}
    with (
        subprocess.Popen([sys.executable, "-m", "memex.server", "--quiet"], env=environment) as one,
        subprocess.Popen(
            [sys.executable, "-m", "ingest.daemon", "--quiet"], env=environment
        ) as two,
    ):
        try:
            yield Client(Paths(home=home, config=home / "config.toml")), two.pid
        finally:
            two.terminate()
            one.terminate()


def _watch(home: Path, folder: Path) -> None:
    (home / "config.toml").write_text(
        f'[watch]\nstill = 1\n[[watch.folders]]\npath = "{folder}"\n', encoding="utf-8"
    )


def _take_in(home: Path, folder: Path) -> float:
    """Seconds from the first file that waits until all are found, of a folder that is new to
    daemons which have been up for a while.
    """
    began = 0.0
    deadline = time.monotonic() + PATIENCE
    with _daemons(home, None) as (client, _):
        _wait(client)
        time.sleep(SETTLING)
        _watch(home, folder)
        paths = Paths(home=home, config=home / "config.toml")
        while time.monotonic() < deadline:
            time.sleep(0.2)
            if not began and any((paths.spool / "new").iterdir()):
                began = time.perf_counter()
            if _remembered(paths) >= NOTES and client.status()["queue"]["working"] == 0:
                return time.perf_counter() - began
    raise MeasurementFailed("The watched folder was not read in time.")


def _remembered(paths: Paths) -> int:
    """Documents in the library, without troubling the daemon."""
    with closing(reading(paths.library)) as db:
        return int(db.execute("SELECT count(*) FROM documents").fetchone()[0])


def plant(folder: str, home: str) -> dict[str, float]:
    """A tree of files that the library knows, all of one text."""
    paths = Paths(home=Path(home), config=Path(home) / "config.toml")
    paths.create()
    library = Library(paths.library)
    segments = (Segment("The same in all of them."),)
    document = Document(content_id(segments), "note", "same", "file:///same", None, segments)
    library.add(Arrival.of(document, sha256="0" * 64, size=1))
    now = datetime.now(UTC).isoformat()
    with library.database.transaction() as db:
        for number in range(TREE):
            path = Path(folder) / f"{number // 1000:03}" / f"{number // 100 % 10}" / f"{number}.txt"
            if number % 100 == 0:
                path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("The same in all of them.", encoding="utf-8")
            db.execute(
                "INSERT INTO copies (document_id, uri, sha256, kind, title, size, added_at,"
                " signature, device) VALUES (?, ?, ?, 'note', 'same', 24, ?, ?, ?)",
                (document.id, path.as_uri(), "0" * 64, now, signature(path), path.stat().st_dev),
            )
    library.close()
    return {}


def rescan(folder: str, home: str) -> dict[str, float]:
    """One look at the whole tree, nothing having changed, the daemon up."""
    paths = Paths(home=Path(home), config=Path(home) / "config.toml")
    client = Client(paths)
    _wait(client)
    spool = Spool(Path(home) / "spool-of-the-bench")
    watched = Folder(WatchedFolder(Path(folder)), 1.0, client, spool)
    _, taken = timed(lambda: watched.scan(lambda: False))
    if watched.status()["files"] != TREE or watched.status()["settling"]:
        raise MeasurementFailed(f"The scan saw something else: {watched.status()}.")
    return {**taken, "peak_mb": peak_mb()}


def _wait(client: Client) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            client.status()
        except DaemonUnavailable:
            time.sleep(0.2)
            continue
        return
    raise MeasurementFailed("memexd does not get ready.")


def _idle(client: Client, ingest: int) -> Mapping[str, float]:
    """Share of a core, in per cent, and memory of memex-ingest while nothing happens."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        told = client.status()["ingest"] or {}
        if any(folder["files"] == TREE for folder in told.get("watching", ())):
            break
        time.sleep(1)
    time.sleep(10)
    before = cpu_seconds(ingest)
    time.sleep(IDLE_SECONDS)
    share = 100 * (cpu_seconds(ingest) - before) / IDLE_SECONDS
    return {"share": share, "memory": resident_mb(ingest)}
