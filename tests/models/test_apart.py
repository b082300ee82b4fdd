from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from memex.config import Config, ModelChoice, Paths
from memex.errors import InvalidRequest, ModelCrashed, ModelError
from memex.models import apart
from memex.models.apart import ModelApart
from memex.models.loading import reader_file
from memex.protocols import Message

LONG = (Message("user", "Tell a long story about a lighthouse, with many details."),)
SHORT = (Message("user", "Say hello."),)


@pytest.fixture(scope="module")
def gguf() -> Path:
    home = Path("nowhere")
    return reader_file(Config(Paths(home, home / "config.toml"), ModelChoice()))


@pytest.fixture
def model(gguf: Path) -> Iterator[ModelApart]:
    with closing(ModelApart(gguf, "tiny", 1024)) as started:
        yield started


def said(model: ModelApart, most: int = 8) -> str:
    return "".join(model.complete(SHORT, max_tokens=most))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def await_end(pid: int) -> None:
    deadline = time.monotonic() + 10
    while alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_it_answers_from_another_process(model: ModelApart) -> None:
    assert model.pid != os.getpid()
    assert model.parameters > 100_000_000
    assert model.context == 1024
    assert model.count_tokens("hello") == 1
    assert said(model)
    assert said(model) == said(model)


@pytest.mark.parametrize(
    ("fault", "told"), [(signal.SIGSEGV, "SIGSEGV"), (signal.SIGKILL, "want of memory")]
)
def test_a_crash_costs_one_answer_and_says_what_to_do(
    model: ModelApart, fault: signal.Signals, told: str
) -> None:
    pid = model.pid
    assert pid
    stream = model.complete(LONG, max_tokens=400)
    next(stream)
    os.kill(pid, fault)
    with pytest.raises(ModelCrashed, match=rf"{told}.*memex models use"):
        list(stream)
    assert said(model)
    assert model.pid != pid


def test_what_was_killed_while_idle_is_started_again(model: ModelApart) -> None:
    pid = model.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert said(model)
    assert model.pid != pid


def test_an_error_leaves_it_at_work(model: ModelApart) -> None:
    with pytest.raises(InvalidRequest, match="more than the 1024"):
        list(model.complete([Message("user", "word " * 3000)]))
    with pytest.raises(InvalidRequest, match="GBNF"):
        list(model.complete(SHORT, grammar="root ::= ("))
    assert said(model)


def test_whoever_stops_listening_frees_the_model(model: ModelApart) -> None:
    stream = model.complete(LONG, max_tokens=900)
    next(stream)
    stream.close()
    assert model.count_tokens("hello") == 1
    assert said(model)


def test_reading_the_prompt_can_be_cancelled(model: ModelApart) -> None:
    wanted = threading.Event()
    prompt = [Message("user", "lighthouse " * 900)]
    whole = time.perf_counter()
    first = model.complete(prompt, max_tokens=1)
    list(first)
    whole = time.perf_counter() - whole
    other = [Message("user", "harbour " * 900)]
    timer = threading.Timer(whole / 10, wanted.set)
    timer.start()
    pieces = list(model.complete(other, max_tokens=1, cancelled=wanted.is_set))
    timer.join()
    assert pieces == []
    again = "".join(model.complete(SHORT, max_tokens=8))
    assert again == said(model)


def test_waiting_for_one_that_is_at_work_can_be_cancelled(model: ModelApart) -> None:
    stream = model.complete(LONG, max_tokens=900)
    next(stream)
    assert list(model.complete(SHORT, cancelled=lambda: True)) == []
    stream.close()


def test_without_work_it_leaves_memory_and_comes_back(gguf: Path) -> None:
    with closing(ModelApart(gguf, "tiny", 512, unload=0.3)) as model:
        pid = model.pid
        assert pid
        assert said(model)
        await_end(pid)
        assert model.pid is None
        assert said(model)


def test_it_ends_with_the_process_that_asked_it(gguf: Path) -> None:
    code = f"""
import os, signal
from pathlib import Path
from memex.models.apart import ModelApart
model = ModelApart(Path({str(gguf)!r}), "tiny", 512)
print(model.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    await_end(int(done.stdout))


def test_one_that_hangs_is_ended_when_nobody_waits_for_it(
    model: ModelApart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "PATIENCE", 0.3)
    pid = model.pid
    assert pid
    stream = model.complete(LONG, max_tokens=900)
    next(stream)
    os.kill(pid, signal.SIGSTOP)
    stream.close()
    await_end(pid)
    assert said(model)


def test_one_that_hangs_does_not_keep_the_end_waiting(
    gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "PATIENCE", 0.3)
    model = ModelApart(gguf, "tiny", 512)
    pid = model.pid
    assert pid
    ends: list[BaseException] = []

    def ask() -> None:
        try:
            said(model)
        except ModelCrashed as error:
            ends.append(error)

    os.kill(pid, signal.SIGSTOP)
    asking = threading.Thread(target=ask)
    asking.start()
    while not model._lock.locked():
        time.sleep(0.01)
    model.close()
    asking.join(10)
    assert len(ends) == 1
    await_end(pid)


def test_where_no_process_can_be_started_it_is_told(
    gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ModelError, match=r"No such file.*ask again"):
        ModelApart(gguf, "tiny", 512)


def test_a_file_that_is_no_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelError, match="cannot be loaded"):
        ModelApart(tmp_path / "model.gguf", "broken", 512)
