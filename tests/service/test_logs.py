from __future__ import annotations

import http.client
import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from memex.errors import MemexError
from memex.logs import Discreet, Journal, in_journal
from tests.home import Home, home

SECRET = "the purple heron of Ljubljana owes me money"


@pytest.fixture
def memex(tmp_path: Path) -> Iterator[Home]:
    with home(tmp_path / "home") as made:
        yield made


def logged(memex: Home) -> str:
    return "\n".join(
        file.read_text(encoding="utf-8", errors="replace")
        for file in sorted((memex.path / "logs").iterdir())
    )


def assert_discreet(text: str) -> None:
    for word in ("heron", "Ljubljana", "owes"):
        assert word not in text


def test_what_was_read_and_asked_is_in_no_log(memex: Home, tmp_path: Path) -> None:
    """Nor when something fails over it: a reader, a request, a stream, the daemon itself."""
    files = {
        "note.txt": SECRET,
        "front.md": f"---\ntitle: [{SECRET}\n  - : {SECRET}\n---\n{SECRET}",
        "talk.srt": f"1\n00:00:99,000 --> {SECRET}\n{SECRET}\n",
        "broken.epub": f"PK\x03\x04{SECRET}",
        "broken.docx": f"PK\x03\x04{SECRET}",
        "broken.pdf": f"%PDF-1.4\n{SECRET}",
        "mail.eml": f"Subject: {SECRET}\nDate: {SECRET}\nContent-Type: multipart/mixed\n\n{SECRET}",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    items = memex.json("add", *(tmp_path / name for name in files), code=1)["items"]
    assert {"remembered", "failed"} <= {item["state"] for item in items}
    assert memex.json("search", SECRET)["hits"]
    memex.json("ask", f"who is {SECRET}?")

    client = memex.client
    requests: dict[str, dict[str, object]] = {
        "/v1/recall": {"query": SECRET, "limit": SECRET},
        "/v1/ask": {"question": SECRET, "filters": {SECRET: SECRET}},
        "/v1/documents": {"document": {"title": SECRET}, "sha256": SECRET},
    }
    for path, body in requests.items():
        with suppress(MemexError, http.client.HTTPException):
            for _ in client._stream(path, body):
                pass
    memex.run("down")
    said = logged(memex)
    assert "builtins.ValueError" in said  # something did break, and its kind is told
    assert "memex/api/" in said  # and its place
    assert "broken.epub: DamagedFile" in said
    assert_discreet(said)


def break_off() -> None:
    try:
        os.environ[SECRET]
    except KeyError as error:
        raise ValueError(SECRET) from error


def formatted(formatter: logging.Formatter, name: str, message: str, failing: bool) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    log = logging.getLogger(name)
    log.addHandler(handler)
    try:
        if failing:
            try:
                break_off()
            except ValueError:
                log.exception(message)
        else:
            log.warning(message)
    finally:
        log.removeHandler(handler)
    return stream.getvalue()


def test_an_exception_is_told_by_kind_and_place() -> None:
    text = formatted(Discreet("%(message)s"), "memex.api", "a stream broke off", failing=True)
    assert text.startswith("a stream broke off\n")
    assert text.index("builtins.ValueError") < text.index("after") < text.index("builtins.KeyError")
    assert f"{__file__}:" in text
    assert_discreet(text)


def test_another_library_is_told_by_its_place() -> None:
    text = formatted(Discreet("%(name)s %(message)s"), "trafilatura", SECRET, failing=False)
    assert text.startswith("trafilatura said something at ")
    assert __file__ in text
    assert_discreet(text)


def test_every_line_in_the_journal_has_its_priority() -> None:
    text = formatted(Journal("%(name)s: %(message)s"), "memex.api", "broke off", failing=True)
    assert text.startswith("<3>memex.api: broke off\n")
    assert len(text.splitlines()) > 3
    assert all(line.startswith("<3>") for line in text.splitlines())
    assert formatted(Journal("%(message)s"), "memex", "careful", failing=False) == "<4>careful\n"


def test_the_journal_is_known_by_its_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    state = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{state.st_dev}:{state.st_ino}")
    assert in_journal()
    monkeypatch.setenv("JOURNAL_STREAM", f"{state.st_dev}:{state.st_ino + 1}")  # a parent's
    assert not in_journal()
    monkeypatch.delenv("JOURNAL_STREAM")
    assert not in_journal()


def run_under_a_journal(memex: Home, path: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run Python with stderr a file that the environment says is the journal."""
    with path.open("w+") as journal:
        state = os.fstat(journal.fileno())
        stream = f"{state.st_dev}:{state.st_ino}"
        return subprocess.run(
            [sys.executable, "-c", code],
            env={**memex.environment, "JOURNAL_STREAM": stream},
            stderr=journal,
            stdout=subprocess.PIPE,
            text=True,
        )


def test_under_systemd_a_daemon_logs_to_the_journal_and_to_no_file(
    memex: Home, tmp_path: Path
) -> None:
    memex.run("up")  # so that a second one is refused
    before = logged(memex)
    journal = tmp_path / "journal"
    code = "import sys, memex.server; sys.exit(memex.server.main(['--quiet']))"
    assert run_under_a_journal(memex, journal, code).returncode == 1
    (line,) = journal.read_text().splitlines()
    assert line.startswith("<3>memexd: Another memexd")
    assert logged(memex) == before


@pytest.mark.parametrize(
    "failing",
    [
        "raise ValueError(secret)",
        "import threading; t = threading.Thread(target=int, args=[secret]); t.start(); t.join()",
        "import warnings; warnings.warn(secret)",
        "exec('class Odd:\\n def __del__(self): raise ValueError(secret)'); Odd()",
    ],
)
def test_what_nobody_caught_is_logged_without_its_message(
    memex: Home, tmp_path: Path, failing: str
) -> None:
    journal = tmp_path / "journal"
    code = (
        "from memex.logs import setup_logging; from memex.config import default_paths;"
        f"setup_logging(default_paths(), 'memexd', foreground=False); secret = {SECRET!r};{failing}"
    )
    run_under_a_journal(memex, journal, code)
    said = journal.read_text()
    assert all(line.startswith("<") for line in said.splitlines())
    assert said
    assert_discreet(said)
