"""The project's own set: its form, and that its questions can be answered as they claim."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from rapidfuzz import fuzz

from evals.sets.own import make
from evals.sets.own.samples import SAMPLES, paragraphs, turns

OWN = Path(make.__file__).parent
UNIT = {"id", "set", "group", "kind", "title", "session", "pos", "time", "speaker", "text"}
QUERY = {"id", "set", "group", "query", "answer", "answers", "evidence", "category"}
QUERY |= {"answerable", "asked_at", "note"}
LEAST = {
    "half-remembered-name": 40,
    "the-one-who": 50,
    "misheard-name": 45,
    "misspelt-name": 45,
    "said-by": 30,
    "time": 35,
    "book-or-article": 15,
    "number": 35,
    "lower-case": 15,
    "quote": 10,
    "two-places": 30,
    "follow-up-of-topic": 20,
    "recognised": 15,
    "unanswerable": 60,
}
Row = dict[str, Any]


def rows(name: str) -> list[Row]:
    return [json.loads(line) for line in (OWN / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def units() -> dict[str, Row]:
    found = rows("corpus.jsonl")
    assert len({row["id"] for row in found}) == len(found)
    return {row["id"]: row for row in found}


@pytest.fixture(scope="module")
def asked() -> list[Row]:
    return rows("queries.jsonl")


def whole(unit: Row) -> str:
    """All that tells what a unit says, lower case."""
    return f"{unit['title']} {unit['speaker'] or ''} {unit['said'] or unit['text']}".lower()


def test_files_are_made_of_the_text(units: dict[str, Row], asked: list[Row]) -> None:
    everything = make.topics()
    assert make.corpus(everything, make.read_heard()) == list(units.values())
    assert make.queries(everything, {name: row["text"] for name, row in units.items()}) == asked


def test_units_have_the_form(units: dict[str, Row]) -> None:
    assert len(units) >= 1500
    for row in units.values():
        assert row.keys() >= UNIT
        assert row["text"]
        assert row["kind"] in {"conversation", "meeting", "podcast", "reading", "asr-reading"}
        assert date(2025, 6, 1) <= datetime.fromisoformat(row["time"]).date() <= date(2026, 11, 30)


def test_positions_count_within_a_session(units: dict[str, Row]) -> None:
    sessions: dict[str, list[Row]] = {}
    for row in units.values():
        sessions.setdefault(row["session"], []).append(row)
    for session in sessions.values():
        assert [row["pos"] for row in session] == list(range(len(session)))
        assert len({row["time"] for row in session}) == 1


def test_a_third_of_what_is_said_was_recognised(units: dict[str, Row]) -> None:
    said = [row for row in units.values() if row["kind"] != "reading"]
    recognised = [row for row in said if row["source"] == "recognised"]
    assert len(recognised) >= len(said) / 3
    assert all(row["said"] for row in recognised)
    altered = [row for row in recognised if row["said"].lower() != row["text"].lower()]
    assert len(altered) > len(recognised) / 3


def test_all_samples_are_in_it(units: dict[str, Row]) -> None:
    samples = {row["text"] for row in units.values() if row["group"] == "own/samples"}
    for _, file, form, _, _ in SAMPLES:
        text = (make.HERE.parents[2] / file).read_text(encoding="utf-8")
        wanted = [line.text for line in turns(text)] if form == "podcast" else paragraphs(text)
        assert wanted
        assert set(wanted) <= samples


def test_questions_have_the_form(units: dict[str, Row], asked: list[Row]) -> None:
    assert len({row["id"] for row in asked}) == len(asked)
    assert len({row["query"].lower() for row in asked}) == len(asked)
    for row in asked:
        assert row.keys() >= QUERY
        assert row["evidence"]
        assert set(row["evidence"]) <= units.keys()
        assert "{" not in row["query"]
        assert "|" not in row["query"]
        assert (row["category"] == "unanswerable") == (not row["answerable"])


def test_there_are_enough_of_each_category(asked: list[Row]) -> None:
    counts = Counter(row["category"] for row in asked)
    assert counts.keys() == LEAST.keys()
    for category, least in LEAST.items():
        assert counts[category] >= least, category


def test_splits_do_not_share_a_topic(asked: list[Row]) -> None:
    splits: dict[str, set[str]] = {}
    for row in asked:
        splits.setdefault(row["group"], set()).add(row["split"])
    assert all(len(found) == 1 for found in splits.values())
    train = sum(row["split"] == "train" for row in asked)
    assert 0.35 <= train / len(asked) <= 0.45


def test_answers_stand_in_the_evidence(units: dict[str, Row], asked: list[Row]) -> None:
    for row in asked:
        if row["answerable"]:
            evidence = " ".join(whole(units[name]) for name in row["evidence"])
            for answer in row["answers"]:
                assert answer.lower() in evidence, (row["id"], answer)


def test_answers_are_found_in_what_was_heard(units: dict[str, Row], asked: list[Row]) -> None:
    """A recognised answer may be misheard, but most are still there."""
    likeness = [
        fuzz.partial_ratio(answer.lower(), " ".join(units[name]["text"] for name in found).lower())
        for row in asked
        if row["answerable"]
        for found in [row["evidence"]]
        if all(units[name]["source"] == "recognised" for name in found)
        for answer in row["answers"]
    ]
    assert sum(one >= 70 for one in likeness) >= 0.6 * len(likeness)


def test_misspelt_names_are_misspelt(units: dict[str, Row], asked: list[Row]) -> None:
    for row in asked:
        if row["category"] == "misspelt-name":
            sessions = {units[name]["session"] for name in row["evidence"]}
            near = " ".join(whole(one) for one in units.values() if one["group"] == row["group"])
            here = " ".join(whole(one) for one in units.values() if one["session"] in sessions)
            assert row["note"]["names"]
            for typed, right in row["note"]["names"].items():
                assert right.lower() not in row["query"].lower(), row["id"]
                assert not re.search(rf"\b{re.escape(typed.lower())}\b", here), row["id"]
                assert right.lower() in near + here, row["id"]


def test_misheard_names_are_misheard(units: dict[str, Row], asked: list[Row]) -> None:
    misheard = [row for row in asked if row["category"] == "misheard-name"]
    everywhere = " ".join(f"{row['speaker']} {row['text']}" for row in units.values()).lower()
    for row in misheard:
        evidence = [units[name] for name in row["evidence"]]
        for name in row["note"]["names"]:
            assert any(name.lower() in (one["said"] or "").lower() for one in evidence), row["id"]
            assert all(name.lower() not in one["text"].lower() for one in evidence), row["id"]
    only = [
        row for row in misheard if all(n.lower() not in everywhere for n in row["note"]["names"])
    ]
    assert len(only) >= 40
    assert sum(row["note"]["likeness"] >= 60 for row in misheard) >= 25


def test_times_are_asked_from_a_day(asked: list[Row]) -> None:
    for row in asked:
        if row["category"] == "time":
            datetime.fromisoformat(row["asked_at"])
        if row["category"] == "lower-case":
            assert row["query"] == row["query"].lower()


def test_traps_are_named(asked: list[Row]) -> None:
    kinds = Counter(row["note"]["kind"] for row in asked if not row["answerable"])
    assert kinds["absent"] >= 20
    assert kinds["swapped"] >= 20
    for row in asked:
        if not row["answerable"]:
            assert row["answer"] is None
            assert row["note"]["adversarial_answer"]


def test_readme_counts_right(units: dict[str, Row], asked: list[Row]) -> None:
    readme = (OWN / "README.md").read_text(encoding="utf-8")
    assert f"{len(units):,} units, {len(asked)} questions" in readme
    counts = Counter((row["category"], row["split"]) for row in asked)
    for category in LEAST:
        row = f"| {category} | {counts[category, 'train']} | {counts[category, 'test']} |"
        assert row in readme
