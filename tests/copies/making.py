from __future__ import annotations

import json
from pathlib import Path

from memex.config import Paths
from memex.items import Lane, Provenance
from memex.library import Library
from memex.protocols import Step
from memex.spool import Spool
from memex.types import Arrival
from tests.documents import BREAD, ESSAY, TALK
from tests.memory.test_library import copy_of


def quiet(_: Step) -> None:
    """Nobody looks."""


def paths_of(home: Path) -> Paths:
    return Paths(home=home, config=home / "config.toml")


def filled(home: Path) -> Paths:
    """A data directory with three documents, a recording in the spool, and a failed file."""
    paths = paths_of(home)
    paths.create()
    library = Library(paths.library)
    for document in (ESSAY, BREAD, TALK):
        library.add(Arrival(document, copy_of(document)))
    library.close()
    paths.config.write_text("[intake]\nfloor = 1\n", encoding="utf-8")
    paths.gaps.write_text('{"gaps": []}', encoding="utf-8")
    spool = Spool(paths.spool)
    draft = spool.draft("walk.wav")
    draft.write_bytes(b"RIFF a walk in the rain")
    spool.receive(draft, Provenance(source="microphone"), Lane.LIVE)
    broken = home.parent / "broken.pdf"
    broken.write_bytes(b"no pdf")
    item = spool.put(broken)
    spool.take(item)
    spool.fail(item, "It is damaged.")
    (paths.home / "index").mkdir()
    (paths.home / "index" / "a cache").write_text("of no value", encoding="utf-8")
    (paths.home / "audio" / "2026").mkdir(parents=True)
    (paths.home / "audio" / "2026" / "walk.opus").write_bytes(b"OggS the sound of it")
    return paths


def sidecars(directory: Path) -> list[dict[str, object]]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in directory.glob("*.json")]
