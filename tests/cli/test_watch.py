"""Watched folders, forgetting and pauses through the real daemons."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.home import Home, home

HERON = "The heron stood in the reeds by the mill."
BREAD = "Linda bakes sourdough bread on Sundays."
CAKE = "Linda bakes spelt cake on Mondays."


@pytest.fixture
def memex(tmp_path: Path) -> Iterator[Home]:
    with home(tmp_path / "home") as made:
        made.path.mkdir()
        (made.path / "config.toml").write_text("[watch]\nstill = 0.3\n", encoding="utf-8")
        yield made


@pytest.fixture
def books(tmp_path: Path) -> Path:
    folder = tmp_path / "books"
    (folder / "kitchen").mkdir(parents=True)
    (folder / "heron.txt").write_text(HERON, encoding="utf-8")
    (folder / "kitchen" / "bread.txt").write_text(BREAD, encoding="utf-8")
    return folder


def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 90
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def texts(memex: Home, query: str) -> list[str]:
    return [hit["text"] for hit in memex.client.search(query, 10)["hits"]]


def watch(memex: Home, folder: Path, *options: str) -> None:
    memex.run("watch", "add", folder, *options)
    memex.run("up")
    until(lambda: len(memex.client.documents()) == 2, "the files were not read")


def rescan(memex: Home) -> None:
    """What changed is seen at the latest when the watching begins again."""
    memex.run("down")
    memex.run("up")


def test_files_are_followed_as_they_come_change_move_and_go(memex: Home, books: Path) -> None:
    watch(memex, books)
    before = {row["title"]: row["id"] for row in memex.client.documents()}
    (books / "kitchen" / "bread.txt").write_text(CAKE, encoding="utf-8")
    (books / "heron.txt").rename(books / "kitchen" / "grey heron.txt")
    until(lambda: CAKE in texts(memex, "Linda bakes"), "the edit was not seen")
    until(
        lambda: "grey%20heron" in memex.client.document(before["heron"])["uri"],
        "the move was not seen",
    )
    assert BREAD not in texts(memex, "Linda bakes")
    assert {row["title"] for row in memex.client.documents()} == {"grey heron", "bread"}
    assert memex.client.search("heron", 1)["hits"][0]["uri"].endswith("/grey%20heron.txt")
    (books / "kitchen" / "grey heron.txt").unlink()
    until(lambda: memex.json("status")["missing"] == 1, "the deletion was not seen")
    assert HERON in texts(memex, "heron")
    shown = memex.json("watch", "list")["folders"]
    assert [(folder["path"], folder["trouble"]) for folder in shown] == [(str(books), "")]


def test_a_folder_that_vanishes_loses_nothing(memex: Home, books: Path) -> None:
    watch(memex, books, "--deleted", "forget", "--grace", "0")
    memex.run("down")
    away = books.rename(books.with_name("unmounted"))
    memex.run("up")
    until(lambda: bool(memex.json("watch", "list")["folders"][0]["trouble"]), "it is not told")
    assert len(memex.client.documents()) == 2
    away.rename(books)
    (books / "heron.txt").unlink()
    rescan(memex)
    until(lambda: len(memex.client.documents()) == 1, "what was deleted was not forgotten")
    (books / "heron.txt").write_text(HERON, encoding="utf-8")
    until(lambda: HERON in texts(memex, "heron"), "what came back was not read again")


def test_what_was_forgotten_is_not_read_again_unless_it_is_named(memex: Home, books: Path) -> None:
    watch(memex, books)
    bread = books / "kitchen" / "bread.txt"
    bread.write_text(CAKE, encoding="utf-8")
    until(lambda: CAKE in texts(memex, "Linda bakes"), "the edit was not seen")
    listed = memex.json("forget", "--matching", "SPELT", "--dry-run")
    assert len(listed["documents"]) == 2  # with the older version
    said = memex.run("forget", "--matching", "spelt", "--verify", "--yes").stderr
    assert "Nothing of it was found" in said
    assert memex.run("forget", "--matching", "spelt", "--yes", code=1).stderr
    os.utime(bread)
    (books / "kitchen" / "cake too.txt").write_text(CAKE, encoding="utf-8")
    (books / "owl.txt").write_text("An owl sat in the barn.", encoding="utf-8")
    until(lambda: len(memex.client.documents()) == 2, "the owl was not read")
    rescan(memex)
    until(lambda: not memex.json("status")["queue"]["waiting"], "the queue does not end")
    assert CAKE not in texts(memex, "Linda bakes")
    memex.run("add", bread)
    assert CAKE in texts(memex, "Linda bakes")


def test_while_paused_nothing_is_read_but_what_is_named(memex: Home, books: Path) -> None:
    watch(memex, books)
    memex.run("pause", "--for", "2h")
    (books / "owl.txt").write_text("An owl sat in the barn.", encoding="utf-8")
    until(lambda: memex.json("status")["queue"]["waiting"] == 1, "it does not wait")
    until(lambda: memex.json("status")["ingest"]["paused"], "the pause is not told")
    other = books.with_name("named.txt")
    other.write_text("A wren sang.", encoding="utf-8")
    memex.run("add", other)
    assert len(memex.client.documents()) == 3
    memex.run("resume")
    until(lambda: len(memex.client.documents()) == 4, "it does not go on")


def test_copies_hard_links_and_loops_are_stored_once(memex: Home, books: Path) -> None:
    os.link(books / "heron.txt", books / "linked.txt")
    (books / "copied.txt").write_text(HERON, encoding="utf-8")
    (books / "kitchen" / "loop").symlink_to(books)
    watch(memex, books)
    heron = next(row["id"] for row in memex.client.documents() if row["kind"] == "note")
    until(
        lambda: {row["copies"] for row in memex.client.documents()} == {1, 3},
        f"not three copies of {heron}",
    )


def test_what_failed_is_listed_retried_and_given_up(memex: Home, books: Path) -> None:
    broken = books / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 broken")
    watch(memex, books)
    until(lambda: len(memex.client.failed()) == 1, "it did not fail")
    failure = memex.json("failed", "list")["failed"][0]
    assert failure["path"] == str(broken)
    assert failure["reason"]
    memex.run("failed", "retry", failure["id"][:6], code=1)
    broken.unlink()
    memex.run("failed", "drop", "all")
    assert memex.client.failed() == []


def test_killed_and_started_again_it_goes_on(memex: Home, books: Path) -> None:
    watch(memex, books)
    for role in ("memexd", "memex-ingest"):
        os.kill(memex.pid(role), signal.SIGKILL)
    (books / "owl.txt").write_text("An owl sat in the barn.", encoding="utf-8")
    memex.run("up")
    until(lambda: len(memex.client.documents()) == 3, "it did not go on")


def test_a_disk_that_is_unmounted_under_the_folder_loses_nothing(memex: Home, books: Path) -> None:
    disk = books / "kitchen"
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True
    ).returncode:
        pytest.skip("a disk can only be mounted by root")
    try:
        (disk / "cake.txt").write_text(CAKE, encoding="utf-8")
        watch(memex, books, "--deleted", "forget", "--grace", "0")
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
    rescan(memex)
    until(lambda: BREAD in texts(memex, "bread"), "what lay under the disk was not read")
    assert CAKE in texts(memex, "cake")
    assert memex.json("status")["missing"] == 0
