from __future__ import annotations

import json
import os
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner

from evals.bench import search, terminal, tui
from evals.bench.crowd import crowd, mixtures
from evals.bench.media import repeat
from evals.bench.process import MeasurementFailed, in_process, peak_mb, resident_mb
from evals.commands import evals


def hold(megabytes: int) -> dict[str, float]:
    """Runs in the process of a measurement."""
    return {"pid": os.getpid(), "sum": float(np.ones(megabytes * 125_000).sum())}


def fail() -> dict[str, float]:
    raise ValueError("no such luck")


def test_a_measurement_has_a_process_and_a_peak_of_its_own() -> None:
    small = in_process(f"{__name__}:hold", megabytes=1)
    large = in_process(f"{__name__}:hold", megabytes=200)
    assert small["pid"] not in {large["pid"], os.getpid()}
    assert large["sum"] == 200 * 125_000
    assert 150 < large["peak_mb"] - small["peak_mb"] < 250


def test_a_failed_measurement_says_why() -> None:
    with pytest.raises(MeasurementFailed, match="no such luck"):
        in_process(f"{__name__}:fail")


def test_memory_of_a_process_in_megabytes() -> None:
    assert 20 < resident_mb(os.getpid()) <= peak_mb() * 1.05


def test_a_recording_repeated_has_the_length_asked_for(shared: Path, tmp_path: Path) -> None:
    target = tmp_path / "long.opus"
    length = repeat(shared / "audio" / "long" / "turns.opus", target, 500)
    with av.open(str(target)) as found:
        samples = sum(frame.samples for frame in found.decode(audio=0))
        rate = found.streams.audio[0].rate
    assert length == pytest.approx(500, abs=0.1)
    assert samples / rate == pytest.approx(500, abs=0.1)


def test_a_crowd_has_exactly_the_passages_asked_for(shared: Path) -> None:
    documents = list(crowd(shared / "recall", 300))
    assert sum(len(cut) for _, cut in documents) == 300
    assert len({document.id for document, _ in documents}) == len(documents)


def test_made_vectors_are_unit_vectors_near_real_ones() -> None:
    random = np.random.default_rng(0)
    anchors = random.normal(size=(5, 64)).astype(np.float32)
    anchors /= np.linalg.norm(anchors, axis=1, keepdims=True)
    made = mixtures(anchors, 50, random)
    assert np.linalg.norm(made, axis=1) == pytest.approx(np.ones(50), abs=1e-5)
    assert (made @ anchors.T).max(axis=1).min() > 0.5


@pytest.fixture
def small_data(shared: Path, tmp_path: Path) -> Path:
    """The recordings, and one of the sets of questions."""
    folder = tmp_path / "data"
    (folder / "recall").mkdir(parents=True)
    (folder / "audio").symlink_to(shared / "audio")
    (folder / "recall" / "friendsqa").symlink_to(shared / "recall" / "friendsqa")
    return folder


def test_search_is_measured_through_the_real_daemon(
    small_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, fewer in (("WARM_UP", 2), ("QUERIES", 10), ("QUESTIONS", 1)):
        monkeypatch.setattr(search, name, fewer)
    figures = tmp_path / "bench.json"
    arguments = ["bench", "--only", "search", "--passages", "100", "--data", str(small_data)]
    done = CliRunner().invoke(evals, [*arguments, "--json", str(figures)])
    assert done.exit_code == 0, done.output
    found = {row["name"]: row["value"] for row in json.loads(figures.read_text())["results"]}
    assert 0 < found["search, p50"] <= found["search, p95"]
    assert found["first words of an answer, median"] > 0
    assert found["memory, memexd with everything loaded"] > 50


def test_what_is_drawn_is_read_without_how() -> None:
    drawn = "\x1b[?2026h\x1b[3;1H\x1b[1;38;2;1;2;3mA desk\x1b[0m that\x1b]0;title\x07\x1b[4;1Hnext"
    assert terminal.text_of(drawn) == "\nA desk that\nnext"


def test_a_program_is_told_apart_from_one_that_ends() -> None:
    with terminal.running(("sh", "-c", "read line; echo said $line"), os.environ) as program:
        pressed = program.press("hello\n")
        assert program.sees("said hello") >= pressed
        with pytest.raises(MeasurementFailed, match="'more' is not drawn"):
            program.sees("more")


def test_the_terminal_ui_is_measured_on_a_terminal(
    small_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fewer = {
        "STARTS": 1, "WARM_UP": 1, "QUERIES": 3, "DOCUMENTS": 200, "SEGMENTS": 400,
        "UTTERANCES": 80, "SETTLED": 20, "KEYS": 20, "PAGES": 3,
    }  # fmt: skip
    for name, value in fewer.items():
        monkeypatch.setattr(tui, name, value)
    figures = tmp_path / "bench.json"
    arguments = ["bench", "--only", "tui", "--passages", "100", "--data", str(small_data)]
    done = CliRunner().invoke(evals, [*arguments, "--json", str(figures)])
    assert done.exit_code == 0, done.output
    found = {row["name"]: row["value"] for row in json.loads(figures.read_text())["results"]}
    assert found["memex tui, first paint"] > 0
    assert 0 < found["key to painted results, p50"] <= found["key to painted results, p95"]
    assert found["memory, memex tui after that"] > 20
    assert found["scrolling 200 documents: pictures a second"] > 0
    assert found["a page on in a talk of ten hours, p95"] > 0
    assert "Live, growth of memory in eight hours" in found
