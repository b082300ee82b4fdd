"""An index that is damaged while memexd runs is made again without being asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memex import server
from memex.config import Paths
from memex.errors import MemexError, StorageError
from memex.index import Index
from memex.indexer import Indexer
from memex.library import Library
from memex.memory import Memex, _check_not_lost
from memex.testing import ScriptedModel, WordLengths
from memex.types import Arrival
from tests.documents import BREAD, ESSAY, TALK
from tests.memory.test_library import copy_of


@pytest.fixture
def memex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Memex]:
    """A memory whose index is kept in step, as memexd does."""
    monkeypatch.setattr(server, "MEND_EVERY", 0.05)
    library = Library(tmp_path / "library.db")
    library.add(*(Arrival(each, copy_of(each)) for each in (ESSAY, BREAD)))
    indexer = Indexer(library, tmp_path / "index", WordLengths(), lambda _: None)
    indexer.grace = 0.0
    made = Memex(library, indexer, WordLengths(), ScriptedModel([""]))
    keeping = threading.Thread(target=server._keep_in_step, args=(made,))
    keeping.start()
    until(lambda: indexer.progress is None and indexer.has(BREAD.id))
    yield made
    indexer.stop()
    keeping.join()
    made.close()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def finds(memex: Memex, query: str, id_: str) -> bool:
    try:
        return any(hit.passage.document_id == id_ for hit in memex.recall(query))
    except MemexError:
        return False


def cut(directory: Path, pattern: str) -> None:
    files = [file for file in directory.glob(pattern) if file.is_file()]
    assert files
    for file in files:
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize("pattern", ["*.lance/data/*", "*.lance/_indices/*/*"])
def test_what_a_search_finds_damaged_is_made_again(memex: Memex, pattern: str) -> None:
    assert finds(memex, "loaf", BREAD.id)
    cut(memex.indexer.serving.index.directory, pattern)
    damaged = memex.indexer.serving.index
    memex.indexer._serving = memex.indexer._target = type(memex.indexer._target)(
        Index(damaged.directory, damaged.identity), WordLengths()
    )  # what was read before is not remembered
    until(lambda: finds(memex, "loaf", BREAD.id) and finds(memex, "hypertext", ESSAY.id))
    assert memex.indexer.serving.index is not damaged


def test_what_cannot_be_written_again_and_again_is_made_again(
    memex: Memex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is damaged that no search reads."""
    damaged = memex.indexer.serving.index.identity
    add = Index.add

    def refused(index: Index, *rest: object) -> None:
        if index.identity == damaged:
            raise StorageError("The index cannot be used.")
        add(index, *rest)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(Index, "add", refused)
    with pytest.raises(StorageError):
        for _ in memex.remember(Arrival(TALK, copy_of(TALK))):
            pass
    until(lambda: finds(memex, "rose", TALK.id) and finds(memex, "loaf", BREAD.id))


def test_a_library_that_is_gone_is_not_begun_anew_beside_its_index(memex: Memex) -> None:
    home = memex.library.database.path.parent
    paths = Paths(home, home / "config.toml")
    _check_not_lost(paths)
    paths.library.unlink()
    with pytest.raises(StorageError, match="is gone"):
        _check_not_lost(paths)
