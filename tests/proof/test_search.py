from __future__ import annotations

import bz2
import gzip
import json
import lzma
import sqlite3
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pytest

from memex.library import Library
from memex.proof import Finding, Probe, probes
from memex.types import Arrival
from tests.documents import document
from tests.proof.secret import PLAIN, SECRET, copy_of, looked, places, where

LEFTOVERS: dict[str, Callable[[Path], Any]] = {
    "logs/memexd.log": lambda path: path.write_text(f"2026 INFO {PLAIN.upper()}\n"),
    "logs/memexd.log.1.gz": lambda path: path.write_bytes(gzip.compress(PLAIN.encode())),
    "twice.gz": lambda path: path.write_bytes(
        gzip.compress(b"one" * 999) + gzip.compress(PLAIN.encode())
    ),
    "a.bz2": lambda path: path.write_bytes(bz2.compress(PLAIN.encode())),
    "a.xz": lambda path: path.write_bytes(lzma.compress(PLAIN.encode())),
    "a.zst": lambda path: path.write_bytes(
        pa.Codec("zstd").compress(PLAIN.encode() * 9).to_pybytes()
    ),
    "a.lz4": lambda path: path.write_bytes(
        pa.Codec("lz4").compress(PLAIN.encode() * 9).to_pybytes()
    ),
    "utf16.txt": lambda path: path.write_text(PLAIN, encoding="utf-16le"),
    "spool/failed/1.json": lambda path: path.write_text(json.dumps({"reason": "DéjàVuesque"})),
    "raw.json": lambda path: path.write_text(
        json.dumps({"path": "/home/ada/Sécrafide notes/quixomere.md"}, ensure_ascii=False)
    ),
    "opml.xml": lambda path: path.write_text(f"<a href='{quote('FLUMOXIDENT Överlåtelse')}'/>"),
    "trace.jsonl": lambda path: path.write_text(json.dumps({"title": SECRET.title.upper()})),
    "decomposed": lambda path: path.write_bytes(b"de\xcc\x81ja\xcc\x80vuesque"),
    "work/quixomere.part": lambda path: path.write_text(""),
}


@pytest.mark.parametrize("name", LEFTOVERS)
def test_a_leftover_is_found(home: Path, needles: tuple[Probe, ...], name: str) -> None:
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    LEFTOVERS[name](path)
    report = looked(home, needles)
    assert name in places(report)
    assert not report.clean
    assert not report.unread or name == "utf16.txt"
    said = f"{report.findings} {report.unread}"
    assert not any(probe.text in said for probe in needles if "/" not in name)


FOLDER = "/home/ada/Sécrafide notes"
OTHERS = [
    "myquixomere.md",
    "quixomere2.md",
    "quixomere_2.md",
    "quixomere-2.md",
    "quixomere.md.bak",
    "quixomere.md~old",
    "quixomereé.md",
    "équixomere.md",
    "quixomere/of.md",
]


@pytest.mark.parametrize("name", OTHERS)
def test_a_longer_name_is_anothers(home: Path, needles: tuple[Probe, ...], name: str) -> None:
    if "/" not in name:
        (home / name).touch()
    uri = Path(FOLDER, name).as_uri()
    (home / "raw.log").write_text(f"{FOLDER}/{name}: UnreadableFile\n{uri} is known\n{name}")
    (home / "spool.json").write_text(json.dumps({"path": f"{FOLDER}/{name}", "uri": uri}))
    found = places(looked(home, needles))
    assert not found.keys() & {name, "raw.log", "spool.json"}


@pytest.mark.parametrize(
    "text",
    [
        f"{FOLDER}/quixomere.md",
        f"{FOLDER}/quixomere.md: UnreadableFile",
        f"It is {FOLDER}/quixomere.md.\nMore.",
        f"“{FOLDER}/quixomere.md”",
        "quixomere.part",
        "see quixomere.",
        "-> quixomere",
        "quixomere.md%20and%20quixomere.md.bak",
        f"copy?of={quote(FOLDER, safe='')}%2Fquixomere.md&quixomere.md.bak",
    ],
)
@pytest.mark.parametrize("write", [str, json.dumps])
def test_a_whole_name_is_found_in_whatever_text(
    home: Path, needles: tuple[Probe, ...], text: str, write: Callable[[str], str]
) -> None:
    (home / "some.log").write_text(write(text), encoding="utf-8")
    assert "path" in places(looked(home, needles))["some.log"]


def test_where_values_lie_side_by_side_any_occurrence_counts(
    home: Path, needles: tuple[Probe, ...]
) -> None:
    """A column has no marks between its values."""
    table = pa.table({"a": ["xyz", "quixomere", "xyz"]})
    with pa.OSFile(str(home / "x.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as out:
        out.write_table(table)
    (home / "pages").write_bytes(b"\0\0xyzquixomerexyz\0")
    found = places(looked(home, needles))
    assert found["x.arrow"] == found["pages"] == {"path"}


def test_a_name_at_the_edge_of_a_block_is_as_whole_as_elsewhere(
    home: Path, needles: tuple[Probe, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "log").write_text(f"{'. ' * 40}quixomere.md.bak {'. ' * 40}quixomere.md", "utf-8")
    for size in range(60, 120):
        monkeypatch.setattr("memex.proof.files.BLOCK", size)
        found = [finding for finding in looked(home, needles).findings if finding.file == "log"]
        assert found == [Finding("log", "bytes", "path", 1)]


def test_members_of_archives_and_their_names(home: Path, needles: tuple[Probe, ...]) -> None:
    with zipfile.ZipFile(home / "backup.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("quixomere.txt", "x")
        archive.writestr("b.txt", PLAIN)
        archive.writestr("c.gz", gzip.compress(PLAIN.encode()))
    with tarfile.open(home / "backup.tar.gz", "w:gz") as tar:
        info = tarfile.TarInfo("b.txt")
        info.size = len(PLAIN)
        tar.addfile(info, BytesIO(PLAIN.encode()))
    report = looked(home, needles)
    assert {"name of member 1", "member 2", "unpacked"} <= where(report)
    assert {unread.file for unread in report.unread} == {"backup.zip", "backup.tar.gz"}


def test_a_probe_across_two_blocks_is_found_once(
    home: Path, needles: tuple[Probe, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "log").write_text(f"{'.' * 70}zyxomantic{'.' * 100}", encoding="utf-8")
    for size in range(60, 90):
        monkeypatch.setattr("memex.proof.files.BLOCK", size)
        found = [finding for finding in looked(home, needles).findings if finding.file == "log"]
        assert found == [Finding("log", "bytes", "word", 1)]


def test_what_cannot_be_looked_into_is_said(home: Path, needles: tuple[Probe, ...]) -> None:
    noise = np.random.default_rng(0).bytes(5000)
    (home / "a.opus").write_bytes(b"OggS\0" + noise)
    (home / "damaged.gz").write_bytes(gzip.compress(noise)[:3000])
    (home / "damaged.zip").write_bytes(b"PK\x03\x04" + noise)
    (home / "damaged.lance").write_bytes(noise + b"LANC")
    (home / "damaged.db").write_bytes(b"SQLite format 3\0" + noise)
    (home / "damaged.arrow").write_bytes(b"ARROW1\0\0" + noise)
    (home / "link").symlink_to("/etc")
    (home / "linked").symlink_to("/etc/hostname")
    (home / "text.log").write_text("seen\x1b[0m")
    report = looked(home, needles)
    assert {unread.file for unread in report.unread} == {
        "a.opus",
        "damaged.arrow",
        "damaged.db",
        "damaged.gz",
        "damaged.lance",
        "damaged.zip",
        "link",
        "linked",
    }


def test_nothing_found_without_probes_is_no_proof(home: Path, library: Library) -> None:
    assert not looked(home, ()).clean
    assert looked(home, (Probe("word", "qwertzuiopü"),)).clean


def test_free_pages_and_the_log_of_a_database_are_searched(
    home: Path, needles: tuple[Probe, ...]
) -> None:
    with closing(sqlite3.connect(home / "x.db", isolation_level=None)) as db:
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("CREATE TABLE t (a)")
        db.execute("INSERT INTO t VALUES (?)", (PLAIN * 500,))
        db.execute("DELETE FROM t")
    assert ("x.db", "bytes") in {(f.file, f.where) for f in looked(home, needles).findings}
    (home / "x.db").unlink()
    with closing(sqlite3.connect(home / "x.db", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE t (a)")
        db.execute("INSERT INTO t VALUES (?)", (PLAIN,))
        assert "text" in places(looked(home, needles))["x.db-wal"]


def test_a_search_leaves_the_locks_of_the_library_alone(
    library: Library, home: Path, needles: tuple[Probe, ...]
) -> None:
    """Without them the next process to close the library would delete its log."""
    for _ in range(2):
        assert not looked(home, needles).clean
    script = (
        "import sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1])\n"
        "db.execute('SELECT * FROM documents').fetchone()\n"
        "db.close()"
    )
    subprocess.run([sys.executable, "-c", script, home / "library.db"], check=True)
    assert (home / "library.db-wal").exists()
    library.close()


def test_values_and_full_text_words_of_a_database_are_searched(
    home: Path, needles: tuple[Probe, ...]
) -> None:
    with closing(sqlite3.connect(home / "x.db", isolation_level=None)) as db:
        db.execute("CREATE VIRTUAL TABLE found USING fts5(body, tokenize = porter, content = '')")
        db.execute("INSERT INTO found (rowid, body) VALUES (1, 'zyxom zyxomania zyxomantic')")
        db.execute('CREATE TABLE "a ""b""" ("c d", e BLOB)')
        db.execute('INSERT INTO "a ""b""" VALUES (1, ?)', (PLAIN.encode(),))
    report = looked(home, needles)
    assert Finding("x.db", 'table a "b", column e', "text", 1) in report.findings
    assert Finding("x.db", "table found, words", "stem", 1) in report.findings


def test_what_takes_the_bytes_out_of_sqlite(library: Library, home: Path) -> None:
    """What the library has to do when it forgets for certain."""
    wanted = probes([SECRET.id], library)
    long = document(*(f"{PLAIN} {n}" for n in range(3000)))
    library.add(Arrival(long, copy_of(long)))
    library.close()
    with closing(sqlite3.connect(home / "library.db", isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys = ON")
        db.create_function("spellings", 1, lambda _: "[]")  # of the trigger on titles
        db.execute("DELETE FROM words")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("DELETE FROM documents WHERE id IN (?, ?)", (SECRET.id, long.id))
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert looked(home, wanted).clean
        db.execute("VACUUM")
        assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
        assert looked(home, wanted).clean
        assert (home / "library.db").stat().st_size < 200_000
