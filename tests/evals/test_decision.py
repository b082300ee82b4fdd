from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from evals.commands import evals
from evals.decision import (
    Decided,
    area,
    brier,
    calibration,
    chosen,
    curve,
    drawn,
    is_absent,
)
from evals.report import write_json
from evals.report_answers import decisions, judges, read_figures
from evals.report_page import page
from evals.report_plots import Line, Point, lines
from memex.errors import InvalidRequest
from tests.evals.test_report_page import EVIL, Page


def one(probability: float, *, there: bool = True, right: bool = True, name: str = "s") -> Decided:
    return Decided(name, probability, there, right, probability >= 0.5)


FOUR = [
    one(0.9),
    one(0.7, right=False),
    one(0.4),
    one(0.1, there=False, right=False),
]


def test_the_curve_has_coverage_and_risk_of_each_threshold() -> None:
    found = [(point.threshold, point.coverage, point.risk) for point in curve(FOUR)]
    assert found == [
        (0.9, 0.25, 0.0),
        (0.7, 0.5, 0.5),
        (0.4, 0.75, pytest.approx(1 / 3)),
        (0.1, 1.0, 0.5),
    ]
    assert [point.risk for point in curve(FOUR, is_absent)] == [0, 0, 0, 0.25]
    assert area(curve(FOUR)) == pytest.approx((0 + 0.5 + 1 / 3 + 0.5) / 4)


def test_equal_probabilities_are_one_threshold() -> None:
    """Whatever their order: none of them can be given without the others."""
    alike = [one(0.5), one(0.5, right=False)]
    assert curve(alike) == curve(alike[::-1])
    assert [(point.coverage, point.risk) for point in curve(alike)] == [(1.0, 0.5)]


def test_few_answers_are_not_drawn() -> None:
    many = [one(at / 100) for at in range(100)]
    assert drawn(curve(many), 100)[0].coverage == pytest.approx(0.1)


def test_the_configured_point_is_what_was_given() -> None:
    at = chosen(FOUR)
    assert at
    coverage, risk = at
    assert (coverage, risk.mean, risk.n) == (0.5, 0.5, 2)
    assert chosen([one(0.1)]) is None


def test_calibration_compares_what_is_told_with_what_is() -> None:
    found = calibration([one(0.81), one(0.89, there=False), one(1.0), one(0.05, there=False)])
    assert [(each.n, round(each.told, 2), each.seen) for each in found] == [
        (1, 0.05, 0.0),
        (2, 0.85, 0.5),
        (1, 1.0, 1.0),
    ]
    assert brier([one(1.0), one(0.0, there=False)]) == 0
    assert brier([one(0.5), one(0.5, there=False)]) == 0.25


def rows(name: str) -> list[dict[str, object]]:
    return [
        {
            "set": name,
            "kind": "answerable" if at % 3 else "absent",
            "served": True,
            "shown": at > 20,
            "probability": at / 40,
            "given": at >= 12,
        }
        for at in range(40)
    ]


def judged(*, trusted: bool) -> dict[str, object]:
    return {
        "judge": EVIL,
        "labels": {"both_right": 20, "right_wrong": 1, "wrong_right": 1, "both_wrong": 20},
        "silent": 0, "agreed": 0.952, "kappa": 0.905, "low": 0.75, "high": 1.0,
        "trusted": trusted, "doubt": "" if trusted else "it is too small",
        "unlabelled": 7, "right": 5 if trusted else None, "wrong": 2 if trusted else None,
    }  # fmt: skip


def test_the_report_has_the_decision_and_the_judges(tmp_path: Path) -> None:
    answers, judge = tmp_path / "answers.json", tmp_path / "judge.json"
    write_json(answers, "answers", rows(EVIL))
    write_json(judge, "judge", [judged(trusted=True), judged(trusted=False)])
    out = tmp_path / "report.html"
    done = CliRunner().invoke(evals, ["report", str(answers), str(judge), "--out", str(out)])
    assert done.exit_code == 0, done.output
    shown = Page(out.read_text(encoding="utf-8"))
    text = " ".join(shown.text)
    assert {"section", "polyline"} <= {name for name, _ in shown.elements}
    assert not {"script", "img"} & {name for name, _ in shown.elements}
    assert EVIL in text
    assert "Wrong answers against coverage" in text
    assert "70.0" in text  # what was given: 28 of 40
    assert "0.91" in text
    assert text.count("not counted") == 2  # of the one that is not trusted
    assert "it is too small" in text
    ids = {of.get("id") for name, of in shown.elements if name == "section"}
    assert ids == {"decision", "judge"}


def test_a_set_that_several_runs_have_is_named_with_them(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_json(tmp_path / f"{name}.json", "answers", [*rows("shared"), *rows(name)])
    figures = [read_figures(tmp_path / f"{name}.json") for name in ("one", "two")]
    text = " ".join(Page("".join(decisions([of for of in figures if of]))).text)
    assert "shared, one.json" in text
    assert "shared, two.json" in text
    assert "one, one.json" not in text


def test_nothing_to_show_is_no_section() -> None:
    assert decisions([]) == judges([]) == []
    with pytest.raises(InvalidRequest, match="no question"):
        page([], [])


def test_broken_figures_are_a_message(tmp_path: Path) -> None:
    write_json(tmp_path / "old.json", "answers", [{"set": "x", "kind": "absent"}])
    with pytest.raises(InvalidRequest, match="Make it anew"):
        read_figures(tmp_path / "old.json")
    (tmp_path / "none.json").write_text("[]", encoding="utf-8")
    assert read_figures(tmp_path / "none.json") is None
    done = CliRunner().invoke(evals, ["report", str(tmp_path / "none.json")])
    assert done.exit_code == 1
    assert "is not a run of recall" in done.output


def test_marks_of_shares_stand_where_they_are() -> None:
    mark = Point("a", 0.5, 0.2, "half", large=True)
    found = lines("x", [Line("a", [(0.0, 0.4), (1.0, 0.2)], (mark,))], ["a"], ("across", "up"))
    root = ET.fromstring(str(found))
    (line,) = root.iter("polyline")
    (left, high), (right, low) = (
        map(float, corner.split(",")) for corner in line.attrib["points"].split()
    )
    assert left < right
    assert high < low  # downwards on the screen: 20 % is below 40 %
    (drawn_mark,) = (each for each in root.iter("rect"))
    middle = float(drawn_mark.attrib["x"]) + float(drawn_mark.attrib["width"]) / 2
    assert middle == pytest.approx((left + right) / 2, abs=0.2)


def test_what_answers_writes_can_be_read(tmp_path: Path) -> None:
    written = json.dumps({"eval": "answers", "versions": {"memex": "1"}, "results": rows("small")})
    (tmp_path / "a.json").write_text(written, encoding="utf-8")
    figures = read_figures(tmp_path / "a.json")
    assert figures
    assert len(figures.decided) == 40
    assert sum(each.there for each in figures.decided) == 26
