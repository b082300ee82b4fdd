"""A watched folder in which Memex's own data lie."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from ingest.watch.folder import Folder
from memex.client import Client
from memex.config import WatchedFolder
from memex.library import Library
from memex.spool import Spool
from memex.types import Arrival, KnownFile, Segment
from tests.documents import spoken
from tests.memory.test_library import copy_of


class Told:
    """A daemon that knows files, and notes what it is told of them."""

    def __init__(self, *files: Path) -> None:
        self.files = [KnownFile(file.as_uri(), "as it was", None, missing=False) for file in files]
        self.lost: list[str] = []

    def known_files(self, folder: str) -> list[KnownFile]:
        return sorted(self.files, key=lambda file: file.uri)

    def note_files(self, lost: list[str], found: list[str]) -> None:
        self.lost += lost


@pytest.mark.parametrize("home", ["memex", ".local/share/memex"])
def test_what_memex_keeps_there_is_neither_found_nor_lost(tmp_path: Path, home: str) -> None:
    spool = Spool(tmp_path / home / "spool")
    kept = tmp_path / home / "audio" / "5c" / "5c1f.opus"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"sound")
    own = tmp_path / "talk.txt"
    own.write_text("Mine.", encoding="utf-8")
    told = Told(kept, tmp_path / "gone.txt")
    folder = Folder(WatchedFolder(tmp_path), 0.0, cast("Client", told), spool)
    folder.scan(lambda: False)
    assert told.lost == [(tmp_path / "gone.txt").as_uri()]
    assert folder.status()["settling"] == 1


def test_sound_that_was_let_go_is_no_deleted_file(tmp_path: Path) -> None:
    library = Library(tmp_path / "library.db")
    kept = spoken(Segment("Heard."), uri="file:///home/ada/memex/audio/5c/5c1f.opus")
    own = spoken(Segment("Read."), uri="file:///home/ada/talk.mp3")
    library.add(*(Arrival(each, copy_of(each)) for each in (kept, own)))
    library.files.lose([kept.uri, own.uri])
    later = datetime.now(UTC) + timedelta(days=1)
    archive = "file:///home/ada/memex/audio"
    assert library.files.missing("file:///home/ada", later, archive) == [own.id]
