"""Folding in the background, in the real process that does it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from memex.index import Identity, Index
from memex.index.upkeep import STALE_ROWS, Upkeep
from memex.passages import split
from memex.testing import DIMENSION, WordLengths
from memex.types import Passage
from tests.documents import BREAD, document
from tests.index.looking import by_words

EMBEDDER = WordLengths()


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path, Identity("word-lengths", DIMENSION))


@pytest.fixture
def upkeep() -> Iterator[Upkeep]:
    made = Upkeep()
    yield made
    made.stop()


def add(index: Index, count: int) -> None:
    rows = [split(document(f"Bird number {n}."))[0] for n in range(count)]
    index.add(rows, EMBEDDER.encode_documents([row.text for row in rows]))


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_is_new_is_folded_in_by_itself(index: Index, upkeep: Upkeep) -> None:
    add(index, STALE_ROWS)
    assert index.stale() == STALE_ROWS
    upkeep.look(index)
    until(lambda: index.stale() == 0)
    assert by_words(index, "bird 7", 1)[0].id == split(document("Bird number 7."))[0].id
    index.add(split(BREAD), None)  # goes on being written and searched
    assert by_words(index, "loaf", 1)[0].document_id == BREAD.id


def test_a_few_rows_are_folded_in_when_it_has_been_quiet_for_a_while(index: Index) -> None:
    upkeep = Upkeep(quiet=0.5)
    add(index, 3)
    upkeep.look(index)
    until(lambda: index.stale() == 0)
    upkeep.stop()


def test_a_few_rows_wait_for_more(index: Index, upkeep: Upkeep) -> None:
    add(index, 3)
    upkeep.look(index)
    time.sleep(1)
    assert index.stale() == 3


def test_vectors_get_an_index_when_there_are_many(index: Index, upkeep: Upkeep) -> None:
    add(index, 5_000)
    assert index.wants_vectors()
    upkeep.look(index)
    until(lambda: not index.wants_vectors() and index.stale() == 0)


def test_stopped_in_the_middle_the_index_is_whole(index: Index, upkeep: Upkeep) -> None:
    add(index, 5_000)
    upkeep.look(index)
    until(lambda: upkeep._child is not None)
    time.sleep(0.3)
    began = time.monotonic()
    upkeep.stop()
    assert time.monotonic() - began < 10
    again = Index(index.directory, index.identity)
    assert len(again) == 5_000
    assert by_words(again, "bird 7", 1)
    again.optimise()
    assert again.stale() == 0


def test_what_is_written_and_removed_during_a_fold_is_so_after_it(
    index: Index, upkeep: Upkeep
) -> None:
    add(index, 5_000)
    upkeep.look(index)
    until(lambda: upkeep._child is not None)
    late = [document(f"Whale number {n}.") for n in range(40)]
    for each in late:  # until it is done, and some more
        rows = split(each)
        index.add(rows, EMBEDDER.encode_documents([row.text for row in rows]))
        index.remove(document(f"Bird number {each.segments[0].text[13:-1]}.").id)
        time.sleep(0.1)
    until(lambda: not index.wants_vectors())
    index.optimise()
    assert index.documents() >= {each.id for each in late}
    assert len(index) == 5_000
    assert by_words(index, "whale 39", 1)[0].document_id == late[39].id
    assert all("Bird" not in row.text or int(row.text[12:-1]) >= 40 for row in all_rows(index))


def all_rows(index: Index) -> list[Passage]:
    return [row for rows, _ in index.rows() for row in rows]


def test_forgetting_does_not_wait_for_a_fold(index: Index, upkeep: Upkeep) -> None:
    add(index, 5_000)
    upkeep.look(index)
    until(lambda: upkeep._child is not None)
    child = upkeep._child
    assert child
    os.kill(child.pid, signal.SIGSTOP)
    threading.Timer(1, os.kill, (child.pid, signal.SIGCONT)).start()
    index.remove(document("Bird number 7.").id)
    with upkeep.aside():
        index.purge()
    assert child.poll()
    assert len(index) == 4_999
    assert index.stale() == 0


def test_no_fold_begins_while_somebody_else_needs_the_files(index: Index, upkeep: Upkeep) -> None:
    add(index, STALE_ROWS)
    with upkeep.aside():
        upkeep._fold(index)
        assert index.stale() == STALE_ROWS
    upkeep._fold(index)
    assert index.stale() == 0


def test_a_damaged_index_does_not_end_the_upkeep(
    index: Index, upkeep: Upkeep, tmp_path: Path
) -> None:
    add(index, STALE_ROWS)
    for file in index.directory.glob("*.lance/data/*"):
        file.write_bytes(file.read_bytes()[:100])
    upkeep.look(index)
    other = Index(tmp_path / "other", index.identity)
    add(other, STALE_ROWS)
    time.sleep(2)
    upkeep.look(other)
    until(lambda: other.stale() == 0)
