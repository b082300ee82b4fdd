from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from memex.commands.status import _ranking
from memex.commands.tune import _show
from memex.tuning import LEAST
from tests.home import Home, home
from tests.memory.test_tuning import WORDS

TUNED = {"labelled", "old", "new", "trial", "taken"}
LABELLED = {"teach", "no_right", "not_found", "quoted", "all", "least"}
TRIAL = {"old", "new", "difference", "better"}
DIFFERENCE = {"n", "mean", "low", "high", "p"}


@pytest.fixture(scope="module")
def memex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    notes = tmp_path_factory.mktemp("notes")
    for number, word in enumerate(WORDS):
        others = " ".join(WORDS[:number:3])
        (notes / f"{word}.txt").write_text(f"The {word} with {others} was seen.\n")
    with home(tmp_path_factory.mktemp("home")) as made:
        made.run("add", notes)
        yield made


def mark(memex: Home, queries: list[str]) -> None:
    for query in queries:
        found = memex.client.search(query, 5)
        memex.client.label(str(found["trace"]), "right", mark="1")


def test_marks_are_learnt_from_once_there_are_enough(memex: Home) -> None:
    said = memex.run("tune").stdout
    assert "0 labelled questions" in said
    assert f"at least {LEAST} are needed" in said
    mark(memex, [f"{word} seen" for word in WORDS])
    memex.run("search", "who saw the moth")
    memex.run("wrong", "1")
    tuned = memex.json("tune", "--dry-run")
    assert set(tuned) == TUNED
    assert set(tuned["labelled"]) == LABELLED
    assert (tuned["labelled"]["all"], tuned["labelled"]["no_right"]) == (len(WORDS) + 1, 1)
    assert set(tuned["trial"]) == TRIAL
    assert set(tuned["trial"]["difference"]) == DIFFERENCE
    assert tuned["trial"]["old"] == {"first": 1.0, "mrr": 1.0}  # what came first is right
    assert not tuned["taken"]
    done = memex.run("tune")
    assert "nothing is called right" in done.stdout
    assert "lexical" in done.stdout
    assert "Kept as they are: not significantly better, MRR" in done.stdout
    assert memex.json("status")["ranking"] is None
    assert memex.json("tune", "--reset") == {"reset": False}
    assert "used already" in memex.run("tune", "--reset").stdout
    assert "leave --dry-run out" in memex.run("tune", "--reset", "--dry-run", code=2).stderr


def test_ctrl_c_ends_it(memex: Home) -> None:
    mark(memex, [f"{one} {other}" for one in WORDS for other in WORDS[:6]])
    running = subprocess.Popen(
        [sys.executable, "-m", "memex.cli", "tune", "--json"],
        env=memex.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(0.8)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert (running.returncode, out) == (130, "")
    assert "Interrupted" in err
    assert memex.json("status")["ranking"] is None


def test_what_is_taken_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    labelled = {"teach": 40, "no_right": 3, "not_found": 0, "quoted": 1, "all": 44, "least": 30}
    found = {"n": 40, "mean": 0.021, "low": 0.004, "high": 0.039, "p": 0.0104}
    trial = {
        "old": {"first": 0.5, "mrr": 0.7},
        "new": {"first": 0.55, "mrr": 0.721},
        "difference": found,
        "better": True,
    }
    tuned = {
        "labelled": labelled, "old": {"lexical": 1.0}, "new": {"lexical": 1.25}, "trial": trial,
    }  # fmt: skip
    _show({**tuned, "taken": True})
    said = capsys.readouterr().out
    assert "44 labelled questions, of which 40 teach (in 3 nothing is called right; in 1" in said
    assert "50.0 →   55.0" in said
    assert "1.00 →   1.25" in said
    assert "Taken: better by MRR +2.1 [+0.4, +3.9], p 0.010." in said
    _show({**tuned, "taken": False})
    assert (
        "Better by MRR +2.1 [+0.4, +3.9], p 0.010; nothing was changed." in capsys.readouterr().out
    )


def test_status_says_what_ranks() -> None:
    learnt = {
        "learnt_at": "2026-05-04T12:00:00+00:00", "questions": 40, "model": "word-lengths",
        "used": True,
    }  # fmt: skip
    assert _ranking(learnt).startswith("by 40 questions of yours, learnt ")
    said = _ranking({**learnt, "used": False})
    assert said.startswith("! not by 40 questions of yours")
    assert "word-lengths" in said
    assert "`memex tune`" in said
