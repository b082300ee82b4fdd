from __future__ import annotations

from pathlib import Path

import pytest

from evals import names
from evals.dataset import Recording


def recording(text: str) -> Recording:
    return Recording(text, Path("x.wav"), 3.0, text, "")


def test_a_false_name_counts_double_by_hand() -> None:
    said = [recording("then moses met zau in egypt"), recording("lincoln spoke"), recording("yes")]
    texts = ["Then Moses met Zow in Egypt.", "Lincoln spoke.", "Wroclaw."]
    found = names.result("many", said, texts, ["Moses", "Zau", "Egypt", "Lincoln"], ["Wroclaw"])
    assert (found.said, found.heard, found.false) == (4, 3, 1)
    assert found.score == pytest.approx((3 - 2) / 4)
    assert found.wer == pytest.approx(2 / 9)


def test_names_are_counted_whole() -> None:
    assert names.occurrences("Hale", "mister hale, Hale's haley") == 2


def test_which_names_are_told() -> None:
    found = names.ways(["Moses", "Zau"], ["A", "B", "C", "D", "E", "F"])
    assert found["none"].told("moses") == ()
    assert found["told the right ones"].told("then moses") == ["Moses", "A", "B", "C", "D", "E"]
    assert len(found["told many"].told("")) == 8
    assert "Moses" not in found["told the wrong ones"].told("moses")
    assert "Moses" in found["looked again"].known
    assert "Moses" not in found["looked again for the wrong ones"].known
