from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from evals.dataset import find_sets, read_recall_set, read_recordings
from memex.errors import InvalidRequest

UNIT: dict[str, object] = {
    "id": "u1",
    "group": "g",
    "session": "s",
    "kind": "meeting",
    "title": None,
}
UNIT |= {"pos": 0, "time": "2023-05-08T13:56:00", "speaker": None, "text": " Hello. "}
QUERY: dict[str, object] = {
    "id": "q1",
    "group": "g",
    "query": "who?",
    "evidence": ["u1"],
    "answerable": True,
}


def write_set(folder: Path, units: list[object], queries: list[object]) -> Path:
    folder.mkdir()
    lines = "".join(json.dumps(unit) + "\n" for unit in units)
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (folder / "queries.jsonl").write_text("".join(json.dumps(query) + "\n" for query in queries))
    return folder


def test_only_answerable_questions_with_evidence_count(tmp_path: Path) -> None:
    queries: list[object] = [
        QUERY | {"answerable": False},
        QUERY | {"answerable": False, "evidence": []},
        QUERY | {"evidence": []},
        QUERY,
        QUERY | {"id": "q2"},
    ]
    folder = write_set(tmp_path / "one", [UNIT], queries)
    data = read_recall_set(folder)
    assert [query.id for query in data.queries] == ["q1", "q2"]
    assert (data.unanswerable, data.without_evidence) == (2, 1)
    assert len(read_recall_set(folder, limit=1).queries) == 1
    assert data.units[0].text == "Hello."
    assert data.units[0].time is not None
    assert data.units[0].time.isoformat() == "2023-05-08T13:56:00+00:00"


def test_a_question_whose_evidence_is_nowhere_is_unscored(tmp_path: Path) -> None:
    queries: list[object] = [QUERY, QUERY | {"id": "q2", "evidence": ["u1", "u9"]}]
    data = read_recall_set(write_set(tmp_path / "one", [UNIT], queries))
    assert [query.id for query in data.queries] == ["q1"]
    ((unscored),) = data.unscored
    assert (unscored.id, unscored.reason) == ("q2", "not in the corpus: u9")


def test_a_corpus_may_be_uncompressed(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "one", [UNIT], [QUERY])
    packed = folder / "corpus.jsonl.gz"
    (folder / "corpus.jsonl").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    assert find_sets(tmp_path) == [folder]
    assert [unit.id for unit in read_recall_set(folder).units] == ["u1"]


def test_one_set_or_a_folder_of_sets(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "one", [UNIT], [QUERY])
    assert find_sets(folder) == find_sets(tmp_path) == [folder]
    (folder / "queries.jsonl").unlink()
    with pytest.raises(InvalidRequest, match="no set of questions"):
        find_sets(tmp_path)


@pytest.mark.parametrize(
    ("unit", "query", "message"),
    [
        ({"id": "u1"}, QUERY, "is not a corpus"),
        ("text", QUERY, "is not a corpus"),
        (UNIT | {"time": "yesterday"}, QUERY, "is not a corpus"),
        (UNIT, QUERY | {"evidence": "u1"}, "is not a file of questions"),
        (UNIT, QUERY | {"asked_at": "then"}, "is not a file of questions"),
    ],
)
def test_malformed_sets_are_named(
    tmp_path: Path, unit: object, query: object, message: str
) -> None:
    folder = write_set(tmp_path / "one", [unit], [query])
    with pytest.raises(InvalidRequest, match=message):
        read_recall_set(folder)


def test_a_truncated_corpus_is_named(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "one", [UNIT], [QUERY])
    corpus = folder / "corpus.jsonl.gz"
    corpus.write_bytes(corpus.read_bytes()[:-12])
    with pytest.raises(InvalidRequest, match=r"corpus\.jsonl\.gz cannot be read"):
        read_recall_set(folder)


def test_recordings(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"id": "a", "audio": "a.wav", "seconds": 2, "text": "one"},
        {"id": "b", "audio": "a.wav", "seconds": 2.5, "text": "one", "partial": True},
        {"id": "c", "audio": "a.wav", "seconds": 3, "text": ""},
        {"id": "d", "audio": "a.wav", "seconds": 3, "condition": "pink0"},
    ]
    (tmp_path / "read.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(InvalidRequest, match=r"a\.wav"):
        read_recordings(tmp_path, "read")
    (tmp_path / "a.wav").write_bytes(b"")
    found = read_recordings(tmp_path, "read")
    assert [recording.text for recording in found] == ["one", None, "", None]
    assert found[3].condition == "pink0"
    with pytest.raises(InvalidRequest, match="It has: read"):
        read_recordings(tmp_path, "noisy")


def test_real_manifests_are_read(shared: Path) -> None:
    assert len(read_recordings(shared / "audio", "noisy")) > 50
    silent = read_recordings(shared / "audio", "nonspeech")
    assert {recording.text for recording in silent} == {""}
