from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from memex import folding
from memex.index import Identity, Index
from memex.index.writer import Writer
from memex.library import Library
from memex.passages import split
from memex.proof import Probe, probes
from memex.types import Arrival, Passage
from tests.documents import BREAD, ESSAY, TALK, document
from tests.index.looking import by_sense, by_words, dataset, table
from tests.proof.secret import SECRET, copy_of, looked, where

DIMENSION = 32


@pytest.fixture
def index(home: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    monkeypatch.setattr(folding, "VECTOR_INDEX_FROM", 300)
    return Index(home / "index", Identity("random", DIMENSION))


def crowd(count: int) -> list[Passage]:
    common = [f"commonword{n}" for n in range(400)]
    random = np.random.default_rng(0)
    texts = (" ".join(random.choice(common, 40)) for _ in range(count))
    return [split(document(text, title=f"Note {n}"))[0] for n, text in enumerate(texts)]


def vectors(count: int, seed: int = 0) -> Any:  # noqa: ANN401 (an array)
    drawn = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def held(home: Path, what: bytes) -> list[str]:
    """The files of the index with these bytes."""
    files = (path for path in (home / "index").rglob("*") if path.is_file())
    return [path.name for path in files if what in path.read_bytes()]


def fill(index: Index, *, apart: bool) -> tuple[list[Passage], Any]:
    """500 passages and those of SECRET, in a file of their own or among the others."""
    rows, secret = crowd(500), split(SECRET)
    mine = vectors(len(secret), seed=1)
    index.add(rows[:250], vectors(500)[:250])
    if apart:
        index.add(rows[250:], vectors(500)[250:])
        index.optimise()
        index.add(secret, mine)
        Writer(index.directory, index.identity).index_columns()
        folding.index_vectors(dataset(index))
        with index.tidied():
            pass
    else:
        index.add(secret, mine)
        index.add(rows[250:], vectors(500)[250:])
        index.optimise()
    return rows, mine


@pytest.mark.parametrize("apart", [False, True])
def test_purging_takes_everything_off_the_disk(
    home: Path, index: Index, needles: tuple[Probe, ...], *, apart: bool
) -> None:
    rows, mine = fill(index, apart=apart)
    before = looked(home / "index", needles)
    assert {"column passage", "column indexed", "full-text index"} <= where(before)
    assert not before.unread
    assert held(home, mine[0].tobytes())
    index.remove(SECRET.id)
    assert {"column passage", "full-text index"} <= where(looked(home / "index", needles))

    index.purge()
    after = looked(home / "index", needles)
    assert after.clean, after.findings
    assert not after.unread
    assert not held(home, mine[0].tobytes())
    coded = _coded(home)
    assert coded == len(index) == len(rows)
    assert index.stale() == 0
    assert by_sense(index, vectors(500)[7], 3)[0].id == rows[7].id
    found = by_words(index, "commonword7", 500)
    assert {passage.id for passage in found} == {
        row.id for row in rows if "commonword7" in row.text.split()
    }
    assert index.named([rows[7].id]) == {rows[7].id: rows[7]}
    assert index.documents() == {row.document_id for row in rows}


def _coded(home: Path) -> int:
    """Rows in the vector index."""
    from lance.file import LanceFileReader  # noqa: PLC0415

    files = list((home / "index").glob("*.lance/_indices/*/auxiliary.idx"))
    return sum(LanceFileReader(str(file)).metadata().num_rows for file in files)


def test_words_that_the_files_have_of_themselves_are_no_probes(
    home: Path, library: Library, index: Index
) -> None:
    """Whoever said "double" would be told for ever that it is still there."""
    fill(index, apart=True)
    index.purge()
    held = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file()).lower()
    words = "blocked double google lookup shuffle simple transpose".split()
    assert sum(word.encode() in held for word in words) > 3
    said = document(" ".join(words))
    library.add(Arrival(said, copy_of(said)))
    assert not [p for p in probes([said.id], library) if p.kind in ("word", "stem")]


def test_an_old_version_of_the_table_is_found(
    home: Path, index: Index, needles: tuple[Probe, ...]
) -> None:
    fill(index, apart=True)
    index.remove(SECRET.id)
    table(index).optimize()
    assert "column passage" in where(looked(home / "index", needles))


def test_purging_an_index_of_which_nothing_is_left(
    home: Path, index: Index, needles: tuple[Probe, ...]
) -> None:
    index.purge()
    index.add(split(SECRET), vectors(len(split(SECRET))))
    index.purge()
    assert index.documents() == {SECRET.id}
    index.remove(SECRET.id)
    index.purge()
    assert looked(home / "index", needles).clean
    index.add(split(BREAD), None)
    assert by_words(index, "loaf", 3)[0].document_id == BREAD.id


def test_purging_below_the_size_for_a_vector_index(
    home: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, _ = fill(index, apart=True)
    monkeypatch.setattr(folding, "VECTOR_INDEX_FROM", 1000)
    index.remove(SECRET.id)
    index.purge()
    assert _coded(home) in (0, len(rows))
    assert by_sense(index, vectors(500)[7], 3)[0].id == rows[7].id


@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (Index, "_drop_deleted_rows"),
        (Index, "_drop_old_files"),
        (Index, "_vectors_are_live"),
        (folding, "index_vectors"),
    ],
)
def test_killed_in_the_middle_the_index_works_and_the_next_purge_is_whole(
    home: Path,
    index: Index,
    needles: tuple[Probe, ...],
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    step: str,
) -> None:
    rows, _ = fill(index, apart=True)
    index.remove(SECRET.id)

    class KilledError(BaseException):
        pass

    def killed(_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, killed)
        with pytest.raises(KilledError):
            index.purge()
    again = Index(home / "index", Identity("random", DIMENSION))
    assert by_sense(again, vectors(500)[7], 3)[0].id == rows[7].id
    assert by_words(again, "commonword7", 3)
    again.optimise()
    again.purge()
    assert looked(home / "index", needles).clean
    assert _coded(home) == len(again) == len(rows)


def test_searches_and_adds_go_on_while_it_purges(index: Index) -> None:
    rows, _ = fill(index, apart=False)
    index.remove(SECRET.id)
    done = threading.Event()
    failures: list[Exception] = []
    searches = 0

    def searching() -> None:
        nonlocal searches
        while not done.is_set():
            try:
                with index.snapshot() as there:
                    found = there.nearest(vectors(500)[7], 3) + there.lexical("commonword7", 3)
                    read = there.read(one.row for one in found)
                assert rows[7] in [each.passage for each in read.values()]
                assert set(read) == {one.row for one in found}
                searches += 1
            except Exception as failure:  # noqa: BLE001 (told below)
                failures.append(failure)

    def adding() -> None:
        for remembered in (ESSAY, BREAD, TALK):
            index.add(split(remembered), None)
        index.remove(BREAD.id)

    threads = [threading.Thread(target=searching), threading.Thread(target=adding)]
    for thread in threads:
        thread.start()
    index.purge()
    index.purge()
    threads[1].join()
    done.set()
    threads[0].join()
    assert failures == []
    assert searches
    assert index.documents() == {row.document_id for row in rows} | {ESSAY.id, TALK.id}
    assert by_words(index, "hypertext", 3)[0].document_id == ESSAY.id
