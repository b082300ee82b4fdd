from __future__ import annotations

from pathlib import Path

import pytest

from memex.errors import StorageError
from memex.index import Index, identities
from memex.indexer import Indexer
from memex.library import Library
from memex.protocols import Embedder
from memex.testing import WordLengths
from memex.types import Arrival
from tests.documents import BREAD, ESSAY, TALK, document
from tests.index.looking import by_words
from tests.memory.test_library import copy_of


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path / "library.db")
    for each in (ESSAY, BREAD):
        library.add(Arrival(each, copy_of(each)))
    return library


def indexer(library: Library, directory: Path, model: str = "one", *, old: bool = True) -> Indexer:
    def older(name: str) -> Embedder | None:
        return WordLengths(name) if old else None

    made = Indexer(library, directory, WordLengths(model), older)
    made.grace = 0.0
    return made


def finish(steps: object) -> None:
    assert hasattr(steps, "__iter__")
    for _ in steps:
        pass


def found(indexer: Indexer, query: str) -> list[str]:
    return [passage.document_id for passage in by_words(indexer.serving.index, query)]


def test_reconcile_indexes_what_is_missing_and_removes_what_is_gone(
    library: Library, tmp_path: Path
) -> None:
    first = indexer(library, tmp_path / "index")
    finish(first.reconcile())
    assert found(first, "loaf") == [BREAD.id]
    library.remove(BREAD.id)
    library.add(Arrival(TALK, copy_of(TALK)))
    again = indexer(library, tmp_path / "index")
    finish(again.reconcile())
    assert found(again, "loaf") == []
    assert found(again, "rose") == [TALK.id]


def test_it_is_settled_only_when_it_has_looked_at_everything(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = indexer(library, tmp_path / "index")
    assert not made.settled
    whenever: list[bool] = []
    monkeypatch.setattr(Index, "remove", lambda *_: whenever.append(made.settled))
    made._indexed.add("gone")
    whenever.extend(made.settled for _ in made.reconcile())
    assert whenever == [False, False, True]
    assert made.settled


def test_adding_twice_makes_no_second_row(library: Library, tmp_path: Path) -> None:
    made = indexer(library, tmp_path / "index")
    finish(made.add(ESSAY))
    finish(made.add(ESSAY))
    assert len(made.serving.index) == 1


def test_an_interrupted_reconcile_goes_on_where_it_stopped(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memex.indexer.CHARACTERS", 1)
    first = indexer(library, tmp_path / "index")
    steps = first.reconcile()
    next(steps)
    next(steps)  # one document is done
    del steps
    assert len(first.serving.index) == 1
    again = indexer(library, tmp_path / "index")
    finish(again.reconcile())
    assert len(again.serving.index) == 2


def test_many_small_documents_are_indexed_in_few_writes(tmp_path: Path) -> None:
    library = Library(tmp_path / "many.db")
    documents = [document(f"Bird number {n}.", uri=f"file:///birds/{n}") for n in range(300)]
    library.add(*(Arrival(each, copy_of(each)) for each in documents))
    made = indexer(library, tmp_path / "index")
    steps = [step.done for step in made.reconcile()]
    assert steps == [0, 256, 300]
    assert len(made.serving.index) == 300


def test_another_model_re_embeds_while_the_old_table_is_searched(
    library: Library, tmp_path: Path
) -> None:
    finish(indexer(library, tmp_path / "index", "one").reconcile())
    changed = indexer(library, tmp_path / "index", "two")
    assert changed.serving.embedder is not None
    assert changed.serving.embedder.model == "one"
    assert found(changed, "loaf") == [BREAD.id]
    library.add(Arrival(TALK, copy_of(TALK)))
    finish(changed.add(TALK))
    assert found(changed, "rose") == [TALK.id]  # meanwhile
    finish(changed.reconcile())
    assert changed.serving.embedder.model == "two"
    assert found(changed, "loaf") == [BREAD.id]
    assert found(changed, "rose") == [TALK.id]
    assert [identity.model for identity in identities(tmp_path / "index")] == ["two"]


def test_without_the_old_model_words_still_find(library: Library, tmp_path: Path) -> None:
    finish(indexer(library, tmp_path / "index", "one").reconcile())
    changed = indexer(library, tmp_path / "index", "two", old=False)
    assert changed.serving.embedder is None
    library.add(Arrival(TALK, copy_of(TALK)))
    finish(changed.add(TALK))
    assert found(changed, "rose") == [TALK.id]


def test_rebuilding_serves_throughout_and_leaves_one_table(
    library: Library, tmp_path: Path
) -> None:
    made = indexer(library, tmp_path / "index")
    finish(made.reconcile())
    for _ in made.rebuild():
        assert found(made, "loaf") == [BREAD.id]
    assert found(made, "loaf") == [BREAD.id]
    assert len(identities(tmp_path / "index")) == 1
    assert len(list((tmp_path / "index").glob("*.lance"))) == 1


def test_what_was_hidden_meanwhile_is_not_indexed(library: Library, tmp_path: Path) -> None:
    made = indexer(library, tmp_path / "index")
    finish(made.add(TALK))  # the library does not have it (any more)
    assert found(made, "rose") == []


def test_what_is_current_again_is_not_taken_out(library: Library, tmp_path: Path) -> None:
    made = indexer(library, tmp_path / "index")
    finish(made.add(BREAD))
    made.remove(BREAD.id)  # said by somebody who looked too early
    assert found(made, "loaf") == [BREAD.id]
    library.remove(BREAD.id)
    made.remove(BREAD.id)
    assert found(made, "loaf") == []


def test_what_could_not_be_indexed_is_owed(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StorageError("The index cannot be used.")

    made = indexer(library, tmp_path / "index")
    finish(made.reconcile())
    library.add(Arrival(TALK, copy_of(TALK)))
    with monkeypatch.context() as patched:
        patched.setattr(Index, "add", refuse)
        with pytest.raises(StorageError):
            finish(made.add(TALK))
    assert made.fell_behind()  # does not wait
    finish(made.reconcile())
    assert found(made, "rose") == [TALK.id]
    made.stop()
    assert not made.fell_behind()
