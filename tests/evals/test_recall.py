from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from evals.bm25 import Bm25
from evals.corpus import Part, parts
from evals.dataset import Query, RecallSet, Unit, find_sets, read_recall_set
from evals.recall import measure
from evals.report import write_json
from evals.results import as_row, comparisons, read_run
from evals.searchers import Searcher, all_methods
from memex.errors import InvalidRequest
from memex.testing import WordLengths
from memex.types import Passage


class InOrder:
    """Ranks the passages as they stand in the corpus."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.passages = passages

    def search(self, query: Query, limit: int) -> Sequence[Passage]:
        return self.passages[:limit]


@contextmanager
def two_methods(part: Part) -> Iterator[Mapping[str, Searcher]]:
    yield {"bm25": Bm25(part.passages), "memex": InOrder(part.passages)}


def unit(group: str, session: str, at: int, text: str) -> Unit:
    return Unit(f"{session}/{at}", group, session, "reading", "", None, None, text)


def query(group: str, text: str, *evidence: str) -> Query:
    return Query(f"{group}/{text}", group, text, frozenset(evidence), "factoid")


def small_set() -> RecallSet:
    units = (
        unit("g", "a", 0, "A dog barked at the postman."),
        unit("g", "b", 0, "The harpsichord was tuned in March."),
        unit("h", "c", 0, "We sailed around the island."),
        unit("h", "c", 1, ""),
    )
    queries = (
        query("g", "when was the harpsichord tuned", "b/0"),
        query("h", "who sailed", "c/0", "c/1"),
    )
    return RecallSet("small", units, queries)


def test_pooled_searches_everything_at_once() -> None:
    result = measure(small_set(), "pooled", two_methods)
    assert (result.n, result.passages) == (2, 3)
    assert result.rows["bm25"].values("recall@1") == [1, 1]
    assert result.rows["memex"].values("MRR") == pytest.approx([1 / 2, 1 / 3])
    assert result.rows["memex"].values("recall@5") == [1, 1]


def test_group_searches_only_the_questions_own() -> None:
    result = measure(small_set(), "group", two_methods)
    assert (result.n, result.passages) == (2, 3)
    assert result.rows["memex"].values("MRR") == pytest.approx([1 / 2, 1])


def test_a_unit_without_text_belongs_to_the_one_before() -> None:
    part = next(part for part in parts(small_set(), "group") if part.queries[0].group == "h")
    (passage,) = part.passages
    assert part.units(passage) == {"c/0", "c/1"}


def test_figures_are_written_with_words_and_comparisons() -> None:
    result = measure(small_set(), "pooled", two_methods)
    row = as_row(result)
    assert row["words_per_hit"] == {"bm25": pytest.approx(5.5), "memex": pytest.approx(17 / 3)}
    difference = comparisons(result)["memex - bm25"]["nDCG@10"]
    assert difference.low <= difference.mean < 0


class Refusing(InOrder):
    """Cannot be asked about sailing."""

    def search(self, query: Query, limit: int) -> Sequence[Passage]:
        if "sailed" in query.text:
            raise InvalidRequest("no sailing")
        return super().search(query, limit)


def test_a_question_that_raises_is_unscored_for_all_and_no_zero() -> None:
    @contextmanager
    def methods(part: Part) -> Iterator[Mapping[str, Searcher]]:
        yield {"bm25": Bm25(part.passages), "memex": Refusing(part.passages)}

    result = measure(small_set(), "pooled", methods)
    assert [one.reason for one in result.unscored] == ["no sailing"]
    assert result.n == 1
    assert result.rows["bm25"].values("recall@1") == [1]
    assert result.rows["memex"].intervals()["recall@5"].mean == 1


def test_evidence_that_no_passage_covers_is_unscored() -> None:
    silent = Unit("d/0", "i", "d", "reading", "", None, None, "")
    data = small_set()
    lost = query("i", "what was silent", "d/0")
    data = RecallSet(data.name, (*data.units, silent), (*data.queries, lost))
    result = measure(data, "pooled", two_methods)
    assert result.n == 2
    assert [one.id for one in result.unscored] == ["i/what was silent"]


def test_the_source_of_a_question_is_the_kind_of_its_evidence() -> None:
    talk = Unit(
        "d/0", "i", "d", "meeting", "", None, "Ada", "The harpsichord is out of tune again."
    )
    data = small_set()
    both = query("i", "what happened to the harpsichord", "b/0", "d/0")
    result = measure(
        RecallSet(data.name, (*data.units, talk), (*data.queries, both)), "pooled", two_methods
    )
    assert [one.source for one in result.questions] == ["reading", "reading", "several"]
    assert result.groups(lambda one: one.source) == {
        "reading": [True, True, False],
        "several": [False, False, True],
    }


def test_the_worst_are_kept_with_their_evidence_and_hits() -> None:
    result = measure(small_set(), "pooled", two_methods)
    worst = result.worst[0]
    assert worst.question.text == "who sailed"  # third of three, and bm25 has it first
    assert worst.evidence == ("We sailed around the island.", "")
    assert [hit.relevant for hit in worst.hits] == [False, False, True]
    assert worst.scores["bm25"] == 1


def test_stages_of_what_is_served_add_up_to_its_recall(tmp_path: Path) -> None:
    methods = all_methods(WordLengths(), lambda step: None)
    result = measure(small_set(), "pooled", methods)
    assert result.stages is not None
    lost = {name: one.mean for name, one in result.stages.intervals().items()}
    assert lost["candidates"] == 1
    assert lost["candidates, lexical"] == 1
    served = lost["candidates"] - lost["ranking_loss"] - lost["serving_loss"] + lost["serving_gain"]
    assert served == pytest.approx(result.rows["memex"].intervals()["recall@10"].mean)


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    result = measure(small_set(), "pooled", all_methods(WordLengths(), lambda step: None))
    assert all(row.latency_ms for row in result.rows.values())
    write_json(tmp_path / "run.json", "recall", [as_row(result)])
    (read,) = read_run(tmp_path / "run.json").results
    assert (read.questions, read.worst) == (result.questions, result.worst)
    assert read.stages is not None
    for name, row in result.rows.items():
        assert read.rows[name].latency_ms == row.latency_ms
        for metric, values in row.scores.items():
            assert read.rows[name].values(metric) == pytest.approx(values, abs=1e-6)


def test_a_run_whose_scores_are_not_of_its_questions_is_named(tmp_path: Path) -> None:
    row = as_row(measure(small_set(), "pooled", two_methods))
    row["scores"] = {"bm25": {"recall@1": [1.0]}, "memex": {"recall@1": [1.0, 0.0]}}
    write_json(tmp_path / "run.json", "recall", [row])
    with pytest.raises(InvalidRequest, match="not as long as the questions"):
        read_run(tmp_path / "run.json")


@pytest.mark.parametrize(
    "content", ["", "[]", '{"eval": "asr", "results": []}', '{"eval": "recall", "results": [{}]}']
)
def test_what_is_no_run_is_named(content: str, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text(content)
    with pytest.raises(InvalidRequest, match=r"run\.json is"):
        read_run(file)


def test_real_set_has_its_published_size_and_every_unit_is_covered(shared: Path) -> None:
    names = [folder.name for folder in find_sets(shared / "recall")]
    assert "locomo" in names
    assert "changelog" not in names  # it has no questions
    data = read_recall_set(shared / "recall" / "locomo")
    assert (len(data.units), len(data.queries)) == (2773, 744)
    (part,) = parts(data, "pooled")
    covered = frozenset().union(*map(part.units, part.passages))
    assert covered == {one.id for one in data.units}


def test_bm25_finds_what_it_is_known_to_find(shared: Path) -> None:
    # A figure of hit@10 86 is on record for other cuts of the same sessions.
    data = read_recall_set(shared / "recall" / "locomo")
    (part,) = parts(data, "pooled")
    searcher = Bm25(part.passages)
    found = sum(
        any(part.units(hit) & query.evidence for hit in searcher.search(query, 10))
        for query in data.queries
    )
    assert found / len(data.queries) > 0.8
