"""What the daemon does with a request that it stumbles over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from memex.errors import DaemonUnavailable, MemexError
from tests.home import Home, home


@pytest.fixture
def memex(tmp_path: Path) -> Iterator[Home]:
    with home(tmp_path / "home") as made:
        made.run("up")
        yield made


def test_a_fault_of_the_daemon_is_told_and_not_taken_for_its_absence(memex: Home) -> None:
    with pytest.raises(MemexError, match="The daemon failed") as told:
        memex.client._call("POST", "/v1/files/changes", {})
    assert not isinstance(told.value, DaemonUnavailable)
    assert memex.client.documents() == []


def test_the_beginning_of_several_ids_drops_none_of_them(memex: Home, tmp_path: Path) -> None:
    """What is dropped may be a recording that is nowhere else."""
    files = [tmp_path / f"{number}.pdf" for number in range(17)]  # more than an id has digits
    for file in files:
        file.write_bytes(b"%PDF-1.7 broken")
    memex.run("add", *files, code=1)
    ids = [failure["id"] for failure in memex.client.failed()]
    assert len(ids) == len(files)
    first = Counter(id_[0] for id_ in ids).most_common(1)[0][0]
    for command in ("retry", "drop"):
        assert "Name more of it" in memex.run("failed", command, first, code=1).stderr
    assert len(memex.client.failed()) == len(files)
    memex.run("failed", "drop", ids[0][:12])
    assert {failure["id"] for failure in memex.client.failed()} == set(ids[1:])
