from __future__ import annotations

from pathlib import Path

import pytest

from ingest.folders import Ignore
from ingest.signature import signature
from ingest.watch.disks import Presence
from ingest.watch.scan import Back, Blind, Change, Found, Fresh, Lost, Same, compare, walk
from memex.types import KnownFile


def write(path: Path, text: str = "text") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def known(path: Path, *, missing: bool = False, device: int | None = None) -> KnownFile:
    there = path.exists()
    return KnownFile(
        path.as_uri(),
        signature(path) if there else "gone",
        path.stat().st_dev if there else device,
        missing,
    )


def changes(folder: Path, *rows: KnownFile) -> list[Change]:
    disk = walk(folder, Ignore())
    return list(compare(disk, sorted(rows, key=lambda row: row.uri), Presence(folder)))


def test_files_come_in_the_order_of_their_uris(tmp_path: Path) -> None:
    for name in (
        "a.txt",
        "a/z.txt",
        "a b.txt",
        "a/b/c.txt",
        "ä.txt",
        "B.txt",
        "a-1.txt",
        "a0/x.txt",
    ):
        write(tmp_path / name)
    uris = [found.uri for found in walk(tmp_path, Ignore())]
    assert uris == sorted(uris)
    assert uris == sorted(path.as_uri() for path in tmp_path.rglob("*.*"))


def test_what_nobody_wants_is_left_out(tmp_path: Path) -> None:
    for name in (
        ".git/a.txt",
        ".stfolder/a.txt",
        "@eaDir/a.txt",
        "._a.txt",
        "a.txt.part",
        "~$a.docx",
        "photo.jpg",
        "mine/drafts/b.txt",
        "two\nlines/~$a.docx",
        "two\nlines/.git/a.txt",
        "a.part\n",
        "c.txt",
    ):
        write(tmp_path / name)
    (tmp_path / "link.txt").symlink_to(tmp_path / "c.txt")
    (tmp_path / "loop").symlink_to(tmp_path)
    found = walk(tmp_path, Ignore(["drafts/"]))
    assert [each.path.name for each in found if isinstance(each, Found)] == ["c.txt"]


def test_flat_leaves_folders_alone(tmp_path: Path) -> None:
    write(tmp_path / "a.txt")
    write(tmp_path / "sub" / "b.txt")
    found = walk(tmp_path, Ignore(), recursive=False)
    assert [each.path.name for each in found if isinstance(each, Found)] == ["a.txt"]


def test_new_changed_lost_back_and_same(tmp_path: Path) -> None:
    new, same, back = (write(tmp_path / name) for name in ("1.txt", "2.txt", "3.txt"))
    changed = write(tmp_path / "4.txt")
    before = known(changed)
    write(changed, "longer than before")
    lost = tmp_path / "sub" / "5.txt"
    here = tmp_path.stat().st_dev
    assert changes(
        tmp_path, known(same), known(back, missing=True), before, known(lost, device=here)
    ) == [
        Fresh(Found(new.as_uri(), new, signature(new))),
        Same(),
        Back(back.as_uri()),
        Fresh(Found(changed.as_uri(), changed, signature(changed))),
        Lost(lost.as_uri()),
    ]


def test_on_a_disk_that_is_not_there_nothing_is_lost(tmp_path: Path) -> None:
    other = tmp_path.stat().st_dev + 1
    assert changes(tmp_path, known(tmp_path / "usb" / "a.txt", device=other)) == []


def test_what_is_missing_is_not_lost_again(tmp_path: Path) -> None:
    here = tmp_path.stat().st_dev
    assert changes(tmp_path, known(tmp_path / "a.txt", missing=True, device=here)) == []


def test_nothing_is_known_of_what_cannot_be_looked_into(tmp_path: Path) -> None:
    first, last = write(tmp_path / "a.txt"), write(tmp_path / "c.txt")
    rows = [
        KnownFile(f"{tmp_path.as_uri()}/b/{name}.txt", "1-1", tmp_path.stat().st_dev, missing=False)
        for name in "xy"
    ]
    disk: list[Found | Blind] = [
        Found(first.as_uri(), first, "1-1"),
        Blind(f"{tmp_path.as_uri()}/b/"),
        Found(last.as_uri(), last, "1-1"),
    ]
    seen = list(compare(disk, rows, Presence(tmp_path)))
    assert [type(change) for change in seen] == [Fresh, Fresh]


def test_a_folder_that_is_gone_is_an_error_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        next(walk(tmp_path / "usb", Ignore()))


def test_a_transcript_that_appears_changes_its_recording(tmp_path: Path) -> None:
    talk = write(tmp_path / "talk.mp3")
    before = signature(talk)
    write(tmp_path / "talk.srt")
    assert signature(talk) != before
    assert [each.uri for each in walk(tmp_path, Ignore())] == [talk.as_uri()]
