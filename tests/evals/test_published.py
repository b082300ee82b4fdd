"""Tiny files, written by hand in the form in which each set was published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from evals.commands import SETS, evals
from evals.dataset import RecallSet, read_recall_set
from evals.published.convert import READERS

LOCOMO = [
    {
        "sample_id": "conv-1",
        "conversation": {
            "speaker_a": "Ada",
            "speaker_b": "Bert",
            "session_10_date_time": "9:05 am on 1 June, 2023",
            "session_10": [{"speaker": "Bert", "dia_id": "D10:1", "text": "I sold the boat."}],
            "session_2_date_time": "1:56 pm on 8 May, 2023",
            "session_2": [
                {"speaker": "Ada", "dia_id": "D2:1", "text": "Hello!"},
                {
                    "speaker": "Bert",
                    "dia_id": "D2:2",
                    "text": "Look at this.",
                    "blip_caption": "a photo of a boat",
                    "img_url": ["http://example.org/boat.jpg"],
                },
            ],
            "session_3_date_time": "1:56 pm on 9 May, 2023",
            "session_3": [],
        },
        "qa": [
            {
                "question": "What did Bert sell?",
                "answer": 1,
                "evidence": ["D2:2; D:10:01"],
                "category": 1,
            },
            {
                "question": "What did Ada sell?",
                "adversarial_answer": "the boat",
                "evidence": ["D10:1"],
                "category": 5,
            },
            {
                "question": "Does Bert like water?",
                "answer": "Yes",
                "evidence": ["D9:9"],
                "category": 3,
            },
        ],
    }
]
REALTALK = {
    "name": {"speaker_1": "Ada", "speaker_2": "Bert"},
    "session_1_date_time": "29.12.2023, 22:42:04",
    "session_1": [
        {
            "clean_text": "Hey!",
            "speaker": "Ada",
            "date_time": "29.12.2023, 22:42:04",
            "dia_id": "D1:1",
        },
        {
            "clean_text": "I ski.",
            "speaker": "Bert",
            "date_time": "30.12.2023, 00:32:20",
            "dia_id": "D1:2",
        },
    ],
    "events_session_1": {"agent_a": [], "agent_b": []},
    "qa": [
        {"question": "What does Bert do?", "answer": "ski", "evidence": ["D1:2"], "category": 1}
    ],
}
MEETING = {
    "topic_list": [{"topic": "Opening", "relevant_text_span": [["0", "1"]]}],
    "general_query_list": [{"query": "Summarize the whole meeting.", "answer": "They met."}],
    "specific_query_list": [
        {
            "query": "What about the budget?",
            "answer": "Cut.",
            "relevant_text_span": [["1", "2"], ["4", "9"]],
        }
    ],
    "meeting_transcripts": [{"speaker": "PM", "content": f"turn {at}"} for at in range(5)],
}
FRIENDSQA = {
    "data": [
        {
            "title": "s01_e01_c01",
            "paragraphs": [
                {
                    "utterances:": [
                        {"uid": 0, "speakers": ["Ada", "Bert"], "utterance": "Hi ."},
                        {"uid": 1, "speakers": ["#NOTE#"], "utterance": "( They leave . )"},
                    ],
                    "qas": [
                        {
                            "id": "s01_e01_c01_What",
                            "question": "What do they do ?",
                            "answers": [
                                {
                                    "answer_text": "leave",
                                    "utterance_id": 1,
                                    "inner_start": 2,
                                    "inner_end": 2,
                                    "is_speaker": False,
                                },
                                {
                                    "answer_text": "leave",
                                    "utterance_id": 1,
                                    "inner_start": 2,
                                    "inner_end": 2,
                                    "is_speaker": False,
                                },
                            ],
                        }
                    ],
                }
            ],
        }
    ]
}
SQUAD = {
    "version": "1.1",
    "data": [
        {
            "title": "Rivers",
            "paragraphs": [
                {"context": "the rhine is long", "qas": []},
                {
                    "context": "the danube is longer",
                    "qas": [
                        {
                            "id": "56be",
                            "question": "Which river is longer?",
                            "answers": [{"answer_start": 0, "text": "the danube"}] * 3,
                        }
                    ],
                },
            ],
        }
    ],
}
LONGMEMEVAL = [
    {
        "question_id": "e47becba",
        "question_type": "single-session-user",
        "question": "What degree did I graduate with?",
        "answer": "Botany",
        "question_date": "2023/05/30 (Tue) 23:40",
        "haystack_session_ids": ["chat_7", "answer_1"],
        "haystack_dates": ["2023/05/20 (Sat) 02:21", "2023/05/20 (Sat) 02:57"],
        "haystack_sessions": [
            [{"role": "user", "content": "Hi"}],
            [
                {"role": "user", "content": "I graduated in botany.", "has_answer": True},
                {"role": "assistant", "content": "Congratulations!", "has_answer": False},
            ],
        ],
        "answer_session_ids": ["answer_1"],
    },
    {
        "question_id": "e47becba_abs",
        "question_type": "single-session-user",
        "question": "What degree did my sister graduate with?",
        "answer": "You did not say.",
        "question_date": "2023/05/30 (Tue) 23:40",
        "haystack_session_ids": ["chat_7"],
        "haystack_dates": ["2023/05/20 (Sat) 02:21"],
        "haystack_sessions": [[{"role": "user", "content": "Hi"}]],
        "answer_session_ids": ["chat_7"],
    },
]


def convert(name: str, folder: Path, files: dict[str, str]) -> RecallSet:
    """Through the command, and read as `recall` reads it."""
    paths = []
    for file, content in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        paths.append(str(path))
    done = CliRunner().invoke(evals, ["convert", name, *paths, str(folder / "out")])
    assert done.exit_code == 0, done.output
    found = read_recall_set(folder / "out")
    assert found.unscored == ()
    return found


def test_every_set_that_the_command_names_has_a_reader() -> None:
    assert tuple(READERS) == SETS


def test_locomo(tmp_path: Path) -> None:
    found = convert("locomo", tmp_path, {"locomo10.json": json.dumps(LOCOMO)})
    # sessions in the order of their numbers, not of the file
    assert [unit.id for unit in found.units] == ["conv-1/D2:1", "conv-1/D2:2", "conv-1/D10:1"]
    assert found.units[1].text == "Look at this. [image: a photo of a boat]"
    assert str(found.units[1].time) == "2023-05-08 13:56:00+00:00"
    (query,) = found.queries  # one has no answer, one no evidence that there is
    assert query.evidence == {"conv-1/D2:2", "conv-1/D10:1"}
    assert (query.category, query.answer) == ("multi-hop", "1")
    assert str(query.asked_at) == "2023-06-01 09:05:00+00:00"
    assert (found.unanswerable, found.without_evidence) == (1, 1)


def test_realtalk(tmp_path: Path) -> None:
    found = convert("realtalk", tmp_path, {"Chat_1_Ada_Bert.json": json.dumps(REALTALK)})
    assert [str(unit.time)[:19] for unit in found.units] == [
        "2023-12-29 22:42:04",
        "2023-12-30 00:32:20",
    ]
    (query,) = found.queries
    assert query.evidence == {"Chat_1_Ada_Bert/D1:2"}
    assert query.category == "multi-hop"


def test_qmsum_as_lines_and_as_a_meeting(tmp_path: Path) -> None:
    lines = json.dumps(MEETING) + "\n"
    found = convert(
        "qmsum", tmp_path, {"val.jsonl": lines * 2, "covid_2.json": json.dumps(MEETING)}
    )
    assert {unit.group for unit in found.units} == {"val-0", "val-1", "covid_2"}
    assert {unit.kind for unit in found.units} == {"meeting"}
    first = found.queries[0]
    # both ends belong to a span; what the transcript does not have is left out
    assert first.evidence == {"val-0/1", "val-0/2", "val-0/4"}
    assert found.without_evidence == 3  # of the whole meeting


def test_friendsqa(tmp_path: Path) -> None:
    found = convert("friendsqa", tmp_path, {"friendsqa_dev.json": json.dumps(FRIENDSQA)})
    assert [unit.speaker for unit in found.units] == ["Ada, Bert", "#NOTE#"]
    (query,) = found.queries
    assert query.category == "what"
    assert query.evidence == {"s01_e01_c01/1"}


def test_beir_reads_what_the_named_split_judges(tmp_path: Path) -> None:
    corpus = [{"_id": str(at), "title": f"title {at}", "text": f"abstract {at}"} for at in range(3)]
    queries = [{"_id": "q1", "text": "a claim", "metadata": {}}, {"_id": "q2", "text": "other"}]
    files = {
        "corpus.jsonl": "".join(json.dumps(row) + "\n" for row in corpus),
        "queries.jsonl": "".join(json.dumps(row) + "\n" for row in queries),
        "qrels/test.tsv": "query-id\tcorpus-id\tscore\nq1\t1\t1\nq1\t2\t0\n",
    }
    found = convert("beir", tmp_path, files)
    assert [unit.title for unit in found.units] == ["title 0", "title 1", "title 2"]
    (query,) = found.queries
    assert query.id == "q1"
    assert query.evidence == {"1"}


def test_spoken_squad(tmp_path: Path) -> None:
    found = convert("spoken-squad", tmp_path, {"spoken_test-v1.1.json": json.dumps(SQUAD)})
    assert {unit.kind for unit in found.units} == {"asr-reading"}
    (query,) = found.queries
    assert query.evidence == {"Rivers/1"}
    assert query.answer == "the danube"


def test_longmemeval(tmp_path: Path) -> None:
    found = convert("longmemeval", tmp_path, {"longmemeval_s.json": json.dumps(LONGMEMEVAL)})
    (query,) = found.queries
    assert query.evidence == {"e47becba/1/0"}
    assert {unit.group for unit in found.units} == {"e47becba", "e47becba_abs"}
    assert str(query.asked_at) == "2023-05-30 23:40:00+00:00"
    assert found.unanswerable == 1


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("content", ["", "[1]", "{}"])
def test_what_is_not_as_published_is_named(name: str, content: str, tmp_path: Path) -> None:
    names = ("corpus.jsonl", "queries.jsonl", "test.tsv") if name == "beir" else ("set.json",)
    for one in names:
        (tmp_path / one).write_text(content or "{")
    arguments = ["convert", name, *(str(tmp_path / one) for one in names), str(tmp_path / "out")]
    done = CliRunner().invoke(evals, arguments)
    assert done.exit_code == 1, done.output
    assert done.output.startswith("Error: ")
    assert any(one in done.output for one in names)
    assert not (tmp_path / "out").exists()
