from __future__ import annotations

import bz2
import gzip
import json
import lzma
import sqlite3
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pytest

from memex import index as index_module
from memex.index import Identity, Index
from memex.library import Library
from memex.passages import split
from memex.proof import Finding, Kind, Probe, Report, probes, search
from memex.protocols import Step
from memex.types import Arrival, Copy, Document, Passage, Segment
from tests.documents import BREAD, ESSAY, TALK, document, spoken

DIMENSION = 32
SECRET = replace(
    document(
        "The zyxomantic quivering of Brobdingovia perplexes all Marlothanian gardeners, who"
        " water Kwyjibosk's déjàvuesque orchids by moonlight.",
        "Nobody at the Sprankledoff harbour would say what the lanternfish had cost.",
        title="Flumoxident Överlåtelse",
        uri="file:///home/ada/S%C3%A9crafide%20notes/quixomere.md",
    ),
    author="Wilhelmina Thrustlebeck",
)
PLAIN = "the zyxomantic quivering of brobdingovia perplexes"
"""Six words in a row of it."""


def copy_of(document: Document) -> Copy:
    sha256 = f"{document.id:0<64}"[::-1]
    return Copy(
        document.id, document.uri, sha256, document.kind, document.title, 1, datetime.now(UTC)
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def library(home: Path) -> Library:
    home.mkdir(exist_ok=True)
    library = Library(home / "library.db")
    for remembered in (ESSAY, BREAD, TALK, SECRET):
        library.add(Arrival(remembered, copy_of(remembered)))
    return library


@pytest.fixture
def needles(library: Library) -> tuple[Probe, ...]:
    return probes([SECRET.id], library)


def looked(home: Path, wanted: tuple[Probe, ...]) -> Report:
    *steps, report = search(home, wanted)
    assert isinstance(report, Report)
    done = [step.done for step in steps if isinstance(step, Step)]
    assert done == sorted(done)
    return report


def places(report: Report) -> dict[str, set[Kind]]:
    """The kinds of probes found in each file, by its suffix or name."""
    found: dict[str, set[Kind]] = {}
    for finding in report.findings:
        found.setdefault(finding.file, set()).add(finding.probe)
    return found


def where(report: Report) -> set[str]:
    return {finding.where for finding in report.findings}


# Probes.


def test_probes_are_what_no_other_document_says(needles: tuple[Probe, ...]) -> None:
    texts = {kind: [p.text for p in needles if p.kind == kind] for kind in Kind.__args__}  # type: ignore[attr-defined]  # of a Literal
    assert "zyxomantic" in texts["word"]
    assert "zyxomant" in texts["stem"]
    assert texts["text"][0].casefold() == PLAIN
    assert SECRET.title in texts["title"]
    assert set(texts["path"]) == {
        SECRET.uri,
        "/home/ada/Sécrafide notes/quixomere.md",
        "quixomere",
    }
    assert texts["name"] == ["Wilhelmina Thrustlebeck"]
    assert SECRET.id in texts["id"]


def test_what_another_document_says_too_is_no_probe(library: Library) -> None:
    other = replace(
        spoken(
            Segment("They told of THE ZYXOMANTIC quivering of Brobdingovia perplexes.", 0, 1),
            Segment("Superlanternfishes!", speaker="Wilhelmina Thrustlebeck"),
        ),
        uri=SECRET.uri,
    )
    library.add(Arrival(other, copy_of(other)))
    texts = {probe.text.casefold() for probe in probes([SECRET.id], library)}
    assert not texts & {
        PLAIN,
        "zyxomantic",
        "zyxomant",
        "lanternfish",
        "wilhelmina thrustlebeck",
        "quixomere",
        SECRET.uri.casefold(),
    }
    assert "sprankledoff" in texts


def test_words_with_the_same_stem_as_anothers_are_no_stems(library: Library) -> None:
    mine = document("Unflappability, and grumbliness.")
    others = document("An unflappable, grumbly man.")
    for remembered in (mine, others):
        library.add(Arrival(remembered, copy_of(remembered)))
    assert not [probe for probe in probes([mine.id], library) if probe.kind == "stem"]


def test_words_of_memex_itself_are_no_probes(library: Library) -> None:
    mine = document("Transcribing segments: recognition of the passages, fsync and traceback.")
    library.add(Arrival(mine, copy_of(mine)))
    assert not [probe for probe in probes([mine.id], library) if probe.kind in ("word", "stem")]


def test_a_long_document_has_a_bounded_number_of_probes(library: Library) -> None:
    long = document(*(f"qwx{'abcdefghij'[n % 10] * (n // 10 % 50 + 3)}" * 3 for n in range(5000)))
    library.add(Arrival(long, copy_of(long)))
    found = probes([long.id], library)
    assert 30 < len(found) < 150
    assert found == probes([long.id], library)


# The search, in each kind of file.

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
        db.execute("PRAGMA secure_delete = ON")
        db.execute("DELETE FROM documents WHERE id IN (?, ?)", (SECRET.id, long.id))
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert looked(home, wanted).clean
        db.execute("VACUUM")
        assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
        assert looked(home, wanted).clean
        assert (home / "library.db").stat().st_size < 200_000


# The index.


@pytest.fixture
def index(home: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    monkeypatch.setattr(index_module, "VECTOR_INDEX_FROM", 300)
    return Index(home / "index", Identity("random", DIMENSION))


def crowd(count: int) -> list[Passage]:
    common = [f"commonword{n}" for n in range(400)]
    random = np.random.default_rng(0)
    texts = (" ".join(random.choice(common, 40)) for _ in range(count))
    return [split(document(text, title=f"Note {n}"))[0] for n, text in enumerate(texts)]


def vectors(count: int, seed: int = 0) -> Any:  # noqa: ANN401 (an array)
    drawn = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def held(home: Path, what: bytes) -> list[str]:
    """The files of the index with these bytes."""
    files = (path for path in (home / "index").rglob("*") if path.is_file())
    return [path.name for path in files if what in path.read_bytes()]


def fill(index: Index, *, apart: bool) -> tuple[list[Passage], Any]:
    """500 passages and those of SECRET, in a file of their own or among the others."""
    rows, secret = crowd(500), split(SECRET)
    mine = vectors(len(secret), seed=1)
    index.add(rows[:250], vectors(500)[:250])
    if apart:
        index.add(rows[250:], vectors(500)[250:])
        index.optimise()
        index.add(secret, mine)
        index_module._index_columns(index._table)
        index._index_vectors()
    else:
        index.add(secret, mine)
        index.add(rows[250:], vectors(500)[250:])
        index.optimise()
    return rows, mine


@pytest.mark.parametrize("apart", [False, True])
def test_purging_takes_everything_off_the_disk(
    home: Path, index: Index, needles: tuple[Probe, ...], *, apart: bool
) -> None:
    rows, mine = fill(index, apart=apart)
    before = looked(home / "index", needles)
    assert {"column text", "column title", "column indexed", "full-text index"} <= where(before)
    assert not before.unread
    assert held(home, mine[0].tobytes())
    index.remove(SECRET.id)
    assert {"column text", "full-text index"} <= where(looked(home / "index", needles))

    index.purge()
    after = looked(home / "index", needles)
    assert after.clean, after.findings
    assert not after.unread
    assert not held(home, mine[0].tobytes())
    coded = _coded(home)
    assert coded == len(index) == len(rows)
    assert index.stale() == 0
    assert index.nearest(vectors(500)[7], 3)[0].id == rows[7].id
    found = index.lexical("commonword7", 500)
    assert {candidate.id for candidate in found} == {
        row.id for row in rows if "commonword7" in row.text.split()
    }
    assert index.passages({rows[7].id: 0}) == {rows[7].id: rows[7]}
    assert index.documents() == {row.document_id for row in rows}


def _coded(home: Path) -> int:
    """Rows in the vector index."""
    from lance.file import LanceFileReader  # noqa: PLC0415

    files = list((home / "index").glob("*.lance/_indices/*/auxiliary.idx"))
    return sum(LanceFileReader(str(file)).metadata().num_rows for file in files)


def test_words_that_the_files_have_of_themselves_are_no_probes(
    home: Path, library: Library, index: Index
) -> None:
    """Whoever said "double" would be told for ever that it is still there."""
    fill(index, apart=True)
    index.purge()
    held = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file()).lower()
    words = "blocked double google lookup shuffle simple transpose".split()
    assert sum(word.encode() in held for word in words) > 3
    said = document(" ".join(words))
    library.add(Arrival(said, copy_of(said)))
    assert not [p for p in probes([said.id], library) if p.kind in ("word", "stem")]


def test_an_old_version_of_the_table_is_found(
    home: Path, index: Index, needles: tuple[Probe, ...]
) -> None:
    fill(index, apart=True)
    index.remove(SECRET.id)
    index._table.optimize()
    assert "column text" in where(looked(home / "index", needles))


def test_purging_an_index_of_which_nothing_is_left(
    home: Path, index: Index, needles: tuple[Probe, ...]
) -> None:
    index.purge()
    index.add(split(SECRET), vectors(len(split(SECRET))))
    index.purge()
    assert index.documents() == {SECRET.id}
    index.remove(SECRET.id)
    index.purge()
    assert looked(home / "index", needles).clean
    index.add(split(BREAD), None)
    assert index.lexical("loaf", 3)[0].document_id == BREAD.id


def test_purging_below_the_size_for_a_vector_index(
    home: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, _ = fill(index, apart=True)
    monkeypatch.setattr(index_module, "VECTOR_INDEX_FROM", 1000)
    index.remove(SECRET.id)
    index.purge()
    assert _coded(home) in (0, len(rows))
    assert index.nearest(vectors(500)[7], 3)[0].id == rows[7].id


@pytest.mark.parametrize(
    "step", ["_drop_deleted_rows", "_drop_old_files", "_vectors_are_live", "_index_vectors"]
)
def test_killed_in_the_middle_the_index_works_and_the_next_purge_is_whole(
    home: Path,
    index: Index,
    needles: tuple[Probe, ...],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    rows, _ = fill(index, apart=True)
    index.remove(SECRET.id)

    class KilledError(BaseException):
        pass

    def killed(self: Index) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Index, step, killed)
        with pytest.raises(KilledError):
            index.purge()
    again = Index(home / "index", Identity("random", DIMENSION))
    assert again.nearest(vectors(500)[7], 3)[0].id == rows[7].id
    assert again.lexical("commonword7", 3)
    again.optimise()
    again.purge()
    assert looked(home / "index", needles).clean
    assert _coded(home) == len(again) == len(rows)


def test_searches_and_adds_go_on_while_it_purges(index: Index) -> None:
    rows, _ = fill(index, apart=False)
    index.remove(SECRET.id)
    done = threading.Event()
    failures: list[Exception] = []
    searches = 0

    def searching() -> None:
        nonlocal searches
        while not done.is_set():
            try:
                found = index.nearest(vectors(500)[7], 3) + index.lexical("commonword7", 3)
                texts = index.passages({one.id: one.row for one in found})
                assert rows[7].id in texts
                assert set(texts) == {one.id for one in found}
                searches += 1
            except Exception as failure:  # noqa: BLE001 (told below)
                failures.append(failure)

    def adding() -> None:
        for remembered in (ESSAY, BREAD, TALK):
            index.add(split(remembered), None)
        index.remove(BREAD.id)

    threads = [threading.Thread(target=searching), threading.Thread(target=adding)]
    for thread in threads:
        thread.start()
    index.purge()
    index.purge()
    threads[1].join()
    done.set()
    threads[0].join()
    assert failures == []
    assert searches
    assert index.documents() == {row.document_id for row in rows} | {ESSAY.id, TALK.id}
    assert index.lexical("hypertext", 3)[0].document_id == ESSAY.id
