from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from evals import adapt, lessons
from evals.dataset import Query, held_out
from evals.lessons import Course, Lesson
from memex.config import load_config
from memex.models.adapter import adapted
from memex.models.catalogue import MINILM_TALK
from memex.models.store import locate


def query(number: int, group: str, split: str = "") -> Query:
    return Query(f"q{number}", group, "who?", frozenset({"u"}), "any", split=split)


def test_a_set_with_halves_holds_out_its_test_half() -> None:
    queries = [query(1, "a", "train"), query(2, "a", "test"), query(3, "b", "train")]
    assert held_out(queries) == {"q2"}


def test_what_is_held_out_of_another_set_is_whole_groups() -> None:
    queries = [query(number, f"meeting {number % 40}") for number in range(400)]
    unseen = held_out(queries)
    groups = {each.group for each in queries if each.id in unseen}
    assert unseen == {each.id for each in queries if each.group in groups}
    assert 4 <= len(groups) <= 20


def test_a_set_about_one_thing_holds_out_questions() -> None:
    unseen = held_out([query(number, "one") for number in range(400)])
    assert 80 <= len(unseen) <= 160


def test_questions_and_passages_are_noisy_at_times_and_the_same_again() -> None:
    lesson = Lesson(
        ["Where does Beatrix Thornwood live?", "Beatrix lives in Cork by the sea."], [0], [1]
    )
    asked = {lesson.ask(random.Random(seed)) for seed in range(60)}
    assert set(lesson.questions) < asked
    course = Course("toy", ["Beatrix Thornwood lives in Cork, where the river divides."], [lesson])
    read = [course.read(0, random.Random(seed)) for seed in range(60)]
    assert read == [course.read(0, random.Random(seed)) for seed in range(60)]
    assert 0.5 < read.count(course.texts[0]) / len(read) < 1


def test_what_is_learnt_is_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real weights: after some steps a question is nearer to its answer than before."""
    monkeypatch.setattr(adapt, "BATCH", 4)
    monkeypatch.setattr(lessons, "NOISY", 0.0)
    monkeypatch.setattr(lessons, "RECOGNISED", 0.0)
    names = ("Wim", "Ada", "Bo", "Cy")
    texts = [f"{name}: I keep it in the {place}." for name in names for place in ("shed", "attic")]
    asked = [
        Lesson([f"What does {name} say of the shed?"], [2 * at], [2 * at + 1])
        for at, name in enumerate(names)
    ]
    folder = locate(MINILM_TALK, load_config())
    encoder = adapt.Encoder.of(folder)
    losses = list(adapt.train(encoder, [Course("toy", texts, asked)] * 4, steps=10))
    assert len(losses) == 10
    assert np.mean(losses[-3:]) < np.mean(losses[:3])

    from safetensors.torch import save_file  # noqa: PLC0415 (torch)

    save_file(encoder.adapter(), tmp_path / "toy.safetensors")
    before = load_file(folder / "model.safetensors")
    after = adapted(before, load_file(tmp_path / "toy.safetensors"))
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert len(changed) == 36
    assert all(name.startswith("encoder.layer.") for name in changed)
