from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from evals.commands import evals
from evals.dataset import Unscored
from evals.report import write_json
from evals.report_html import VOID, Html, table, tag
from evals.report_page import latest, page
from evals.report_plots import Group, Point, interval_plot, scatter, stacked_bars
from evals.results import COMPARED, Asked, Case, Found, Row, Run, SetResult, across, as_row
from memex.errors import InvalidRequest
from memex.significance import Interval

EVIL = "<script>alert('x')</script> & \"y\" <img src=http://evil.example/a.png>"


class Page(HTMLParser):
    """The elements and the text of a page; fails on tags that do not match."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, Mapping[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(content)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def asked(name: str, category: str = "factoid") -> Asked:
    return Asked(name, f"what is {name}?", category, "reading")


def result(
    name: str, shares: Mapping[str, Sequence[float]], worst: tuple[Case, ...] = ()
) -> SetResult:
    ids = [f"q{at}" for at in range(len(next(iter(shares.values()))))]
    rows = {
        method: Row({metric: list(of) for metric in (*COMPARED, "hit@10", "MRR")}, 12.0, 3.5)
        for method, of in shares.items()
    }
    stages = {"candidates": 0.9, "ranking_loss": 0.2, "serving_loss": 0.1, "serving_gain": 0.0}
    return SetResult(
        set=name,
        scope="pooled",
        passages=40,
        questions=tuple(asked(id_, "one" if at % 2 else "two") for at, id_ in enumerate(ids)),
        rows=rows,
        stages=Row({name: [share] * len(ids) for name, share in stages.items()}),
        unscored=(Unscored("q99", EVIL, "not in the corpus"),),
        unanswerable=7,
        worst=worst,
    )


SHARES = {"bm25": [0.2, 0.4, 0.6, 0.4], "memex": [0.5, 0.5, 0.9, 0.7]}


def a_run(name: str, *results: SetResult) -> Run:
    return Run(name, {"memex": "1"}, results)


def test_text_of_corpora_is_text_and_nothing_is_fetched() -> None:
    case = Case(
        Asked("q0", EVIL, EVIL, "reading"),
        EVIL,
        (EVIL,),
        (Found(EVIL, EVIL, relevant=True),),
        {"memex": 0.0},
        {},
    )
    shown = Page(page([a_run(EVIL, result(EVIL, SHARES, (case,)))]))
    names = {name for name, _ in shown.elements}
    assert not names & {"script", "img", "link", "iframe"}
    for _, attributes in shown.elements:
        assert not {"src", "onclick", "xlink:href"} & attributes.keys()
        assert (attributes.get("href") or "#").startswith("#")
    assert sum(EVIL in text for text in shown.text) >= 6
    policies = [of["content"] for name, of in shown.elements if of.get("http-equiv")]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_every_section_is_there_with_its_figures() -> None:
    case = Case(
        asked("q0"),
        "blue",
        ("It is blue.",),
        (),
        {"memex": 0.0},
        {"candidates": 0.5, "ranking_loss": 0.25, "serving_loss": 0.25},
    )
    content = page([a_run("one.json", result("small", SHARES, (case,)))])
    text = " ".join(Page(content).text)
    for section in ("sets", "groups", "stages", "latency", "comparisons", "worst"):
        assert f'<section id="{section}"' in content or f'id="{section}"' in content
        assert f'href="#{section}"' in content
    assert "small, pooled: 4 questions, 40 passages, 1 unscored, 7 unanswerable" in text
    assert "+25.0" in text  # memex - bm25
    assert "50 % in no list, 25 % left by ranking, 25 % dropped by serving" in text
    assert "prefers-color-scheme: dark" in content


def test_a_share_of_a_section_that_has_nothing_is_left_out() -> None:
    bare = SetResult(
        "small", "pooled", 3, (asked("q"),), {"bm25": result("x", {"bm25": [0.5]}).rows["bm25"]}
    )
    content = page([a_run("one.json", bare)])
    assert 'id="sets"' in content
    for section in ("groups", "stages", "comparisons", "worst"):
        assert f'id="{section}"' not in content


def test_the_last_run_of_a_set_is_shown_and_compared_with_those_before() -> None:
    first = a_run("first.json", result("one", SHARES), result("two", SHARES))
    better = {"bm25": SHARES["bm25"], "memex": [1.0] * 4}
    second = a_run("second.json", result("one", better))
    shown = latest([first, second])
    assert [(one.set, one.rows["memex"].values("MRR")) for one in shown] == [
        ("one", [1.0] * 4),
        ("two", SHARES["memex"]),
    ]
    text = " ".join(Page(page([first, second])).text)
    assert "the last run - first.json" in text
    assert "+35.0" in text
    assert "two, recall@1" not in text  # there is nothing to compare


def test_the_mean_over_sets_is_compared_too() -> None:
    talk = result("talk", {"bm25": [0.0] * 4, "memex": [0.5] * 4})
    talk = replace(talk, questions=tuple(replace(one, source="meeting") for one in talk.questions))
    chat = replace(talk, set="chat", rows=result("x", {"bm25": [0.2] * 4, "memex": [0.4] * 4}).rows)
    reading = result("reading", {"bm25": [0.5] * 4, "memex": [0.5] * 4})
    found = across([talk, reading, chat])
    means = {name: of["memex - bm25"]["nDCG@10"].mean for name, of in found.items()}
    assert means == {
        "mean of 3 sets": pytest.approx(0.7 / 3),
        "mean of 2 sets of talk": pytest.approx(0.35),
    }
    assert "mean of 3 sets" in Page(page([a_run("one.json", talk, reading, chat)])).text
    assert across([talk]) == {}


def test_scopes_of_one_set_are_shown_side_by_side() -> None:
    pooled = result("small", SHARES)
    grouped = replace(pooled, scope="group", rows=result("x", {"memex": [0.9] * 4}).rows)
    text = Page(page([a_run("one.json", pooled, grouped)])).text
    assert {"small", "small, group"} <= set(text)


def test_runs_without_a_scored_question_have_no_page() -> None:
    with pytest.raises(InvalidRequest, match="no question"):
        page([a_run("one.json", SetResult("small", "pooled", 3, (), {}))])


def test_the_command_writes_one_file(tmp_path: Path) -> None:
    write_json(tmp_path / "run.json", "recall", [as_row(result("small", SHARES))])
    out = tmp_path / "out" / "report.html"
    done = CliRunner().invoke(evals, ["report", str(tmp_path / "run.json"), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert list(out.parent.iterdir()) == [out]


def test_markup_is_kept_and_everything_else_is_escaped() -> None:
    inner = tag("b", "1 < 2")
    assert isinstance(inner, Html)
    assert tag("p", inner, "<i>", class_='"x"') == (
        '<p class="&quot;x&quot;"><b>1 &lt; 2</b>&lt;i&gt;</p>'
    )
    assert tag("line", x1=1.04, stroke_width=2.0, y1=None) == '<line x1="1" stroke-width="2"/>'
    assert 'colspan="2"' in table(("a", "b"), [["heading"], ["row", "1"]])
    assert "br" in VOID


def marks(svg: Html) -> list[tuple[str, float]]:
    """What each mark says and how far to the right it stands."""
    root = ET.fromstring(str(svg))
    found = []
    for group in root.iter("g"):
        said, whisker, _ = group
        found.append(
            (str(said.text), (float(whisker.attrib["x1"]) + float(whisker.attrib["x2"])) / 2)
        )
    return found


def test_marks_stand_where_their_figures_are() -> None:
    groups = [
        Group("one", {"a": Interval(9, 0.5, 0.4, 0.6), "b": Interval(9, 0.7, 0.6, 0.8)}),
        Group("a name that is much too long", {"b": Interval(9, 0.9, 0.8, 1.0)}),
    ]
    (first, left), (second, middle), (third, right) = marks(interval_plot("x", groups, ["a", "b"]))
    assert first == "one, a: 50.0 % [40.0, 60.0], n = 9"
    assert second.startswith("one, b")
    assert third.startswith("a name that is much too long, b")
    assert middle - left == pytest.approx(right - middle, abs=0.2)
    assert left < middle


def test_bars_fill_the_width() -> None:
    root = ET.fromstring(str(stacked_bars("x", {"one": [0.5, 0.25, 0.25]}, ["a", "b", "c"])))
    parts = [(float(of.attrib["x"]), float(of.attrib["width"])) for of in root.iter("rect")]
    (first, half), (second, quarter), (third, _) = parts
    assert half == pytest.approx(2 * quarter, abs=0.2)
    assert second == pytest.approx(first + half, abs=0.2)
    assert third == pytest.approx(second + quarter, abs=0.2)


def test_equal_figures_can_be_plotted() -> None:
    one = Interval(3, 1.0, 1.0, 1.0)
    assert "NaN" not in interval_plot("x", [Group("one", {"a": one})], ["a"])
    drawn = scatter("x", [Point("a", 2.0, 1.0, "a: 2 ms", large=True)], ["a"], "ms")
    assert not re.search("nan|inf", drawn)
