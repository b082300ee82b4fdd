"""A disk that is full, or that refuses."""

from __future__ import annotations

import os
import random
import string
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.home import Home, home


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk can only be mounted by root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def big_note(path: Path) -> Path:
    """A note of about 3 MB whose words do not repeat."""
    chance = random.Random(1)
    words = ("".join(chance.choices(string.ascii_lowercase, k=9)) for _ in range(300_000))
    path.write_text("\n\n".join(f"{word} " * 1 for word in words), encoding="utf-8")
    return path


def test_on_a_full_disk_nothing_is_half_stored_and_what_there_is_still_found(
    small_disk: Path, tmp_path: Path
) -> None:
    note = tmp_path / "heron.txt"
    note.write_text("The heron stood in the reeds.", encoding="utf-8")
    with home(small_disk / "home") as memex:
        memex.run("add", note)
        said = memex.run("add", big_note(tmp_path / "big.txt"), code=1).stderr
        assert "No room is left" in said
        assert len(memex.json("list")["documents"]) == 1
        assert memex.json("search", "heron")["hits"][0]["text"] == "The heron stood in the reeds."
        fill(small_disk)
        other = tmp_path / "kingfisher.txt"
        other.write_text("The kingfisher sat above the water.", encoding="utf-8")
        said = memex.run("add", other, code=1).stderr
        assert "less than 209 kB are free" in said
        assert "Make room" in said
        memex.run("search", "heron")
        (small_disk / "fill").unlink()
        memex.run("add", other)
        assert "kingfisher" in memex.json("search", "kingfisher")["hits"][0]["text"]


def fill(disk: Path) -> None:
    with (disk / "fill").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1024))
        except OSError:
            pass


@pytest.mark.parametrize("place", ["/proc/memex", "/etc/passwd/memex"])
def test_a_data_directory_that_cannot_be_written_is_named(place: str) -> None:
    said = Home(Path(place)).run("list", code=1).stderr
    assert place in said
    assert "MEMEX_HOME" in said


def test_a_long_data_directory_still_has_a_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    with home(deep) as memex:
        assert memex.json("list")["documents"] == []
        assert len(os.fsencode(memex.paths.socket)) < 108
        assert memex.paths.socket.parent.stat().st_mode & 0o777 == 0o700
