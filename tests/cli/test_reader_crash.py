from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from memex.errors import ModelCrashed
from tests.home import Home, home

NOTE = "The ferry to Vlieland leaves from Harlingen at nine in the morning, says Tjitske."
QUESTION = "Where does the ferry to Vlieland leave from?"


@pytest.fixture
def memex(tmp_path: Path) -> Iterator[Home]:
    with home(tmp_path / "home") as made:
        (tmp_path / "ferry.txt").write_text(NOTE, encoding="utf-8")
        made.run("add", str(tmp_path / "ferry.txt"))
        yield made


def reader_of(memex: Home) -> int:
    daemon = str(memex.pid("memexd"))
    found = subprocess.run(["pgrep", "-P", daemon], capture_output=True, text=True)
    return int(found.stdout.split()[0])


def test_a_crash_of_the_reader_costs_one_answer(memex: Home) -> None:
    assert memex.json("ask", QUESTION)["found"]
    daemon, reader = memex.pid("memexd"), reader_of(memex)
    os.kill(reader, signal.SIGSTOP)  # so that it is surely at work
    death = threading.Timer(0.5, os.kill, (reader, signal.SIGKILL))
    death.start()
    *_, last = memex.client.ask_json(QUESTION)
    death.join()
    assert last["error"] == ModelCrashed.__name__
    assert "want of memory" in last["message"]
    assert "memex models use" in last["remedy"]
    assert memex.pid("memexd") == daemon
    assert "Harlingen" in memex.json("ask", QUESTION)["answer"]


def test_a_question_that_nobody_waits_for_frees_the_reader(memex: Home) -> None:
    memex.json("ask", QUESTION)
    reader = reader_of(memex)
    os.kill(reader, signal.SIGSTOP)
    command = [sys.executable, "-m", "memex.cli", "ask", QUESTION]
    with subprocess.Popen(
        command, env=memex.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as asking:
        time.sleep(1)
        assert asking.poll() is None
        asking.send_signal(signal.SIGINT)
        asking.wait(10)
    assert memex.client.search("ferry", 1, trace=False)["hits"]
    with suppress(ProcessLookupError):  # it was killed, since it did not stop
        os.kill(reader, signal.SIGCONT)
    assert memex.json("ask", QUESTION)["found"]
    left = memex.json("trace", "show", str(memex.json("trace", "list")["traces"][1]["id"]))
    assert left["query"] == QUESTION
    assert left["answer"] is None
    assert [exchange["output"] for exchange in left["exchanges"]] == [""]
