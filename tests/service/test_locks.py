"""One process a role: asking who holds it disturbs nobody."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from memex.errors import AlreadyRunning, StorageError
from memex.locks import RoleLock, holder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "memexd.pid"


def test_who_holds_a_role(file: Path) -> None:
    assert holder(file) is None
    lock = RoleLock(file)
    assert holder(file) == os.getpid()
    with pytest.raises(AlreadyRunning, match=str(os.getpid())):
        RoleLock(file)
    lock.release()
    assert holder(file) is None


def test_two_that_ask_at_once_do_not_see_each_other(file: Path) -> None:
    file.write_text("999999")  # of one that was killed
    with file.open() as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        assert holder(file) is None


def test_one_that_asks_keeps_no_daemon_from_starting(file: Path) -> None:
    file.touch()
    with file.open() as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        ends = threading.Timer(0.05, fcntl.flock, (asking, fcntl.LOCK_UN))
        ends.start()
        RoleLock(file).release()
        ends.join()


def test_where_it_cannot_be_known_that_is_said(tmp_path: Path) -> None:
    """As another user: root may read everything, but not without its capabilities."""
    folder = tmp_path / "another's"
    folder.mkdir()
    code = (
        "import sys; from pathlib import Path; from memex.errors import StorageError\n"
        "from memex.locks import holder\n"
        "try: holder(Path(sys.argv[1]))\n"
        "except StorageError as error: print(error)\n"
    )
    command = [sys.executable, "-c", code, str(folder / "memexd.pid")]
    if os.getuid() == 0:
        os.chown(folder, 65534, 65534)
        command = ["setpriv", "--bounding-set", "-all", *command]
    folder.chmod(0 if os.getuid() else 0o700)
    done = subprocess.run(command, capture_output=True, text=True)
    folder.chmod(0o700)
    assert "MEMEX_HOME" in done.stdout, done.stderr


def test_an_error_names_the_remedy(file: Path) -> None:
    file.mkdir()
    with pytest.raises(StorageError, match="MEMEX_HOME"):
        holder(file)
