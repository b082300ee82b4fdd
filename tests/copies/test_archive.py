"""A backup that somebody else made, or that a disk spoilt."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import pytest

from memex.archive import HEAD, MANIFEST, MAX_HEADER, Head, unpack
from memex.backup import back_up
from memex.daemons import ROLES
from memex.errors import DamagedFile, DiskFull, MemexError
from memex.restore import restore
from tests.copies.making import filled, paths_of, quiet

HEAD_TEXT = json.dumps(asdict(Head("2026-01-01T00:00:00+00:00", "0", 1, 0))).encode()


def plain(name: str, data: bytes = b"text") -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    return member, data


def link(name: str, kind: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, "/etc/passwd"
    return member, b""


def tarred(file: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    """A backup with these members, and a manifest that vouches for them."""
    whole = [plain(HEAD, HEAD_TEXT), *members]
    rows = {
        member.name: {"size": member.size, "sha256": sha256(data).hexdigest()}
        for member, data in whole
    }
    whole.append(plain(MANIFEST, json.dumps({"members": rows}).encode()))
    with tarfile.open(file, "w:gz") as tar:
        for member, data in whole:
            tar.addfile(member, io.BytesIO(data))
    return file


def unpacked(file: Path, place: Path) -> None:
    place.mkdir()
    unpack(file, place, lambda _: None)


@pytest.mark.parametrize(
    "member",
    [
        plain("../outside"),
        plain("/tmp/outside"),
        plain("audio/../../outside"),
        plain("audio/./a"),
        plain("spool/data/../../../outside"),
        plain("audio\\..\\outside"),
        plain("audio/\x1b[31mred"),
        plain("audio/\u202ered"),
        plain("run/memexd.sock"),
        plain("spool/data/*.wav"),
        plain("spool/data/.hidden"),
        plain("spool/new/[a-z].json"),
        plain("spool/new/a.txt"),
        plain("library.db/below"),
        plain("audio/" + "a/" * 20 + "b"),
        link("library.db", tarfile.SYMTYPE),
        link("audio/a", tarfile.LNKTYPE),
        link("audio/a", tarfile.FIFOTYPE),
        link("audio/a", tarfile.CHRTYPE),
        link("audio/a", tarfile.DIRTYPE),
    ],
    ids=lambda member: ascii(member[0].name),
)
def test_a_member_that_no_backup_has(tmp_path: Path, member: tuple[tarfile.TarInfo, bytes]) -> None:
    file = tarred(tmp_path / "it", member)
    with pytest.raises(DamagedFile) as error:
        unpacked(file, tmp_path / "place")
    assert "\x1b" not in str(error.value)
    assert [path.name for path in tmp_path.iterdir() if path.name != "it"] == ["place"]
    assert list((tmp_path / "place").iterdir()) == []


def test_a_name_twice(tmp_path: Path) -> None:
    file = tarred(tmp_path / "it", plain("audio/a"), plain("audio/a"))
    with pytest.raises(DamagedFile):
        unpacked(file, tmp_path / "place")


def test_a_member_larger_than_the_disk_is_refused_before_it_is_written(tmp_path: Path) -> None:
    member = tarfile.TarInfo("audio/huge")
    member.size = 1 << 50
    with gzip.open(tmp_path / "it", "wb") as out:
        for each, data in (plain(HEAD, HEAD_TEXT), (member, b"")):
            out.write(each.tobuf() + data.ljust(-(-len(data) // 512) * 512, b"\0"))
    with pytest.raises(DiskFull):
        unpacked(tmp_path / "it", tmp_path / "place")
    assert not (tmp_path / "place" / "audio").exists()


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_that_claims_to_be_long_is_not_read_into_memory(
    tmp_path: Path, kind: bytes
) -> None:
    member = tarfile.TarInfo("x")
    member.type, member.size = kind, 64 * MAX_HEADER
    with gzip.open(tmp_path / "it", "wb") as out:
        out.write(plain(HEAD, HEAD_TEXT)[0].tobuf() + HEAD_TEXT.ljust(512, b"\0"))
        out.write(member.tobuf())
        out.write(bytes(member.size))
    with pytest.raises(DamagedFile, match="too long"):
        unpacked(tmp_path / "it", tmp_path / "place")


def test_a_list_of_holes_without_end_is_not_read_into_memory(tmp_path: Path) -> None:
    """GNU's sparse files: each block of the header says that another one follows."""
    member = tarfile.TarInfo("audio/a")
    member.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    header[482] = 1
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    block = b"00000000001\0" * 42 + b"\1" + bytes(7)
    with gzip.open(tmp_path / "it", "wb") as out:
        out.write(plain(HEAD, HEAD_TEXT)[0].tobuf() + HEAD_TEXT.ljust(512, b"\0"))
        out.write(bytes(header))
        out.write(block * (2 * MAX_HEADER // 512))
    with pytest.raises(DamagedFile, match="too long"):
        unpacked(tmp_path / "it", tmp_path / "place")


def test_a_manifest_longer_than_what_it_vouches_for_is_not_read_into_memory(
    tmp_path: Path,
) -> None:
    text = b'{"members": [' + b"{}," * 1_000_000 + b"{}]}"
    with tarfile.open(tmp_path / "it", "w:gz") as tar:
        for member, data in (plain(HEAD, HEAD_TEXT), plain(MANIFEST, text)):
            tar.addfile(member, io.BytesIO(data))
    with pytest.raises(DamagedFile, match="too long"):
        unpacked(tmp_path / "it", tmp_path / "place")


@pytest.mark.parametrize(
    "fields",
    [
        {"documents": "\x1b[2J many"},
        {"documents": True},
        {"created_at": "yesterday"},
        {"created_at": 7},
        {"memex": None},
        {"schema": "1"},
        {"more": 1},
    ],
)
def test_a_head_that_is_none(tmp_path: Path, fields: dict[str, object]) -> None:
    text = json.dumps({**json.loads(HEAD_TEXT), **fields}).encode()
    with tarfile.open(tmp_path / "it", "w:gz") as tar:
        tar.addfile(plain(HEAD, text)[0], io.BytesIO(text))
    with pytest.raises(DamagedFile, match="not a backup"):
        unpacked(tmp_path / "it", tmp_path / "place")


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"PK\x03\x04 a zip", gzip.compress(b""), gzip.compress(b"x" * 2000)],
    ids=["empty", "text", "zip", "gzip of nothing", "gzip of noise"],
)
def test_a_foreign_file(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "it").write_bytes(data)
    with pytest.raises(DamagedFile):
        unpacked(tmp_path / "it", tmp_path / "place")


def test_another_tar(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "it", "w:gz") as tar:
        tar.addfile(plain("holiday.txt")[0], io.BytesIO(b"text"))
    with pytest.raises(DamagedFile, match="does not begin"):
        unpacked(tmp_path / "it", tmp_path / "place")


def test_a_backup_of_a_later_memex(tmp_path: Path) -> None:
    text = json.dumps({"format": 99, "news": []}).encode()
    with tarfile.open(tmp_path / "it", "w:gz") as tar:
        tar.addfile(plain(HEAD, text)[0], io.BytesIO(text))
    with pytest.raises(DamagedFile, match="newer Memex"):
        unpacked(tmp_path / "it", tmp_path / "place")


def cut(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


def flip(data: bytes, share: float) -> bytes:
    """A bit the other way, from there on the first without which something else is unpacked:
    not every one matters (what a run of zeros is copied from, say).
    """
    for at in range(int(len(data) * share), len(data)):
        spoilt = data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]
        if unzipped(spoilt) != unzipped(data):
            return spoilt
    raise AssertionError("nothing depends on its end")


def unzipped(data: bytes) -> bytes | None:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return None


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.97])
@pytest.mark.parametrize("spoil", [cut, flip])
def test_a_spoilt_backup_puts_nothing_in_place(
    tmp_path: Path, spoil: Callable[[bytes, float], bytes], share: float
) -> None:
    made = tmp_path / "it"
    back_up(filled(tmp_path / "home"), made, quiet)
    made.write_bytes(spoil(made.read_bytes(), share))
    other = paths_of(tmp_path / "other")
    with pytest.raises(MemexError):
        restore(made, other, ROLES, quiet, force=False)
    assert not other.library.exists()
    assert not (other.home / ".restoring").exists()
    assert not other.config.exists()


def test_a_bit_that_no_member_holds(tmp_path: Path) -> None:
    """What fills a block up is in no member's checksum, but in that of gzip."""
    file = tarred(tmp_path / "it", plain("audio/a"))
    tar = bytearray(gzip.decompress(file.read_bytes()))
    tar[tar.index(HEAD_TEXT) + len(HEAD_TEXT) + 9] ^= 0x10
    whole = gzip.compress(bytes(tar), mtime=0)
    (tmp_path / "spoilt").write_bytes(whole[:-8] + file.read_bytes()[-8:])
    with pytest.raises(DamagedFile, match="CRC"):
        unpacked(tmp_path / "spoilt", tmp_path / "place")


def test_a_manifest_that_names_what_is_not_there(tmp_path: Path) -> None:
    whole = tarred(tmp_path / "it", plain("audio/a"), plain("audio/b"))
    with tarfile.open(whole) as old, tarfile.open(tmp_path / "less", "w:gz") as new:
        for member in old:
            if member.name != "audio/b":
                new.addfile(member, old.extractfile(member))
    with pytest.raises(DamagedFile, match="audio/b"):
        unpacked(tmp_path / "less", tmp_path / "place")


def test_a_library_that_is_none_is_not_put_in_place(tmp_path: Path) -> None:
    file = tarred(tmp_path / "it", plain("library.db", b"SQLite format 3\0 or not"))
    other = paths_of(tmp_path / "other")
    with pytest.raises(DamagedFile, match="library"):
        restore(file, other, ROLES, quiet, force=False)
    assert not other.library.exists()


def item(id_: str, path: str, **others: object) -> bytes:
    return json.dumps(
        {"id": id_, "path": path, "provenance": {"source": "radio"}, **others}
    ).encode()


@pytest.mark.parametrize(
    "text",
    [
        item("../../../../mine", "/spool/data/a.wav"),
        item("*", "/spool/data/a.wav"),
        item("b", "/spool/data/b.wav"),
        item("a", "/spool/data/b.wav"),
        item("a", ".."),
        item("a", "/spool/data/a.wav", title="\ud800"),
        b'{"id": "a"}',
        b'["a"]',
        b"[" * 100_000,
        b"\xff{",
        b"",
    ],
    ids=lambda text: ascii(text[:40]),
)
def test_an_item_that_would_reach_what_is_not_its_own_is_left_out(
    tmp_path: Path, text: bytes
) -> None:
    home = filled(tmp_path / "home")
    library = home.library.read_bytes()
    file = tarred(tmp_path / "it", plain("spool/new/a.json", text), plain("library.db", library))
    other = paths_of(tmp_path / "other")
    restore(file, other, ROLES, quiet, force=False)
    assert list((other.spool / "new").iterdir()) == []
