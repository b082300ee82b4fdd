"""Library, index and disk, compared with what the script has made, entry for entry."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evals.torture.script import SOURCE
from evals.torture.world import World
from ingest.watch.disks import local_path
from memex.config import Paths
from memex.index import Index, identities
from memex.items import item_id, printable
from memex.library import Library
from memex.passages import split
from memex.spool import Spool


@dataclass(frozen=True, slots=True)
class Row:
    """A live copy in the library."""

    path: Path
    text: str
    """The id of its document."""
    signature: str
    missing: bool


@dataclass(frozen=True, slots=True)
class Held:
    """What the library holds."""

    rows: tuple[Row, ...]
    """Its live copies."""
    documents: dict[str, str]
    """All documents, hidden ones too, with their source."""

    @property
    def current(self) -> set[str]:
        """The documents that are found."""
        return {row.text for row in self.rows}

    def kept(self, world: World) -> dict[Path, str]:
        """What is remembered of paths whose files are gone or became unreadable."""
        lying = world.files.keys() - world.poison()
        return {r.path: r.text for r in self.rows if r.path in world.had and r.path not in lying}


def look(paths: Paths) -> Held:
    """Read the library's file, whoever else has it open."""
    database = sqlite3.connect(f"{paths.library.as_uri()}?mode=ro", uri=True, timeout=5)
    try:
        copies = database.execute(
            "SELECT uri, document_id, signature, missing_since IS NOT NULL FROM copies"
            " WHERE replaced_at IS NULL"
        ).fetchall()
        documents = database.execute(
            "SELECT id, coalesce(json_extract(attributes, '$.source'), '') FROM documents"
        ).fetchall()
    finally:
        database.close()
    rows = tuple(Row(local_path(uri), id_, seal, bool(gone)) for uri, id_, seal, gone in copies)
    return Held(rows, dict(documents))


def differences(world: World, paths: Paths, held: Held) -> list[str]:
    """Where library, spool and script disagree; nothing where all is as it should be."""
    found = [
        *_present(world, held),
        *_remembered(world, held, paths),
        *_gone(world, held),
        *_received(world, held),
        *_spool(world, paths),
    ]
    return [printable(line) for line in found]


def _present(world: World, held: Held) -> Iterator[str]:
    """Each file that lies there is remembered as it is, once."""
    at: dict[Path, list[Row]] = {}
    for row in held.rows:
        at.setdefault(row.path, []).append(row)
    for path, rows in at.items():
        if len(rows) > 1:
            yield f"{path}: {len(rows)} live copies"
    poison = world.poison()
    for path in (world.files.keys() | world.named.keys()) - poison:
        text = world.files.get(path) or world.named[path]
        state = path.stat()
        seal = f"{state.st_size}-{state.st_mtime_ns}"
        match at.get(path, []):
            case []:
                yield f"{path}: not remembered"
            case [row] if row.text != text:
                old = "an older text" if row.text in world.had.get(path, ()) else "another text"
                yield f"{path}: remembered with {old}, {row.text}"
            case [row] if row.missing:
                yield f"{path}: said to be missing"
            case [row] if row.signature != seal:
                yield f"{path}: remembered as of {row.signature}, it is {seal}"


def _remembered(world: World, held: Held, paths: Paths) -> Iterator[str]:
    """Nothing is remembered that the script does not know of."""
    drafts = {text for text, places in world.places.items() if paths.spool / "tmp" in
              {place.parent for place in places}}  # fmt: skip
    for id_ in held.documents.keys() - world.texts.keys():
        yield f"document {id_}: nobody wrote this"
    for row in held.rows:
        if row.path.parent == paths.spool / "data":
            if row.text not in drafts:
                yield f"{row.path}: nobody handed in {row.text}"
        elif row.path in world.files or row.path in world.named:
            continue
        elif row.text not in world.had.get(row.path, ()):
            yield f"{row.path}: gone, but remembered with {row.text}"
        elif not row.missing:
            yield f"{row.path}: gone, but not said to be missing"
    lying = {row.text for row in held.rows if not row.missing}
    for row in held.rows:
        if row.missing and row.text in lying:
            yield f"{row.path}: missing, though {row.text} lies elsewhere"


def _gone(world: World, held: Held) -> Iterator[str]:
    """What was deleted is kept: one of the texts that it had since the last rest."""
    at = {row.path: row.text for row in held.rows}
    for path in world.firm - world.files.keys():
        moved = any(world.places[text] != {path} for text in world.had[path])
        if not moved and at.get(path) not in world.had[path]:
            yield f"{path}: deleted, and not kept"


def _received(world: World, held: Held) -> Iterator[str]:
    """What came in through the spool alone is there, with where it came from."""
    for text in world.received:
        if text not in held.current:
            hidden = "hidden" if text in held.documents else "not there"
            yield f"received {text}: {hidden}"
        elif len(world.places[text]) == 1 and held.documents[text] != SOURCE:
            yield f"received {text}: its source is {held.documents[text]!r}"


def _spool(world: World, paths: Paths) -> Iterator[str]:
    """Nothing waits, nothing is left behind, and what failed is what nobody can read."""
    for state in ("new", "cur", "tmp", "data"):
        for file in sorted((paths.spool / state).iterdir()):
            yield f"spool/{state}/{file.name} is left"
    expected = {}
    for path in world.poison():
        state_ = path.stat()
        expected[item_id(path, f"{state_.st_size}-{state_.st_mtime_ns}")] = path
    failed = {item.id: item for item in Spool(paths.spool).items("failed")}
    for id_ in expected.keys() - failed.keys():
        yield f"{expected[id_]}: unreadable, but not among the failed"
    for id_ in failed.keys() - expected.keys():
        yield f"{failed[id_].path}: failed, {failed[id_].reason}"


def index_differences(paths: Paths) -> list[str]:
    """Where index and library disagree; for stopped daemons."""
    library = Library(paths.library)
    try:
        current = library.ids()
        passages = sum(len(split(library.document(id_))) for id_ in current)
    finally:
        library.close()
    found = identities(paths.index)
    if len(found) != 1:
        return [f"index: {len(found)} tables"]
    index = Index(paths.index, found[0])
    indexed = index.documents()
    said = [f"index: {id_} is current, and cannot be found" for id_ in current - indexed]
    said += [f"index: {id_} is found, and not current" for id_ in indexed - current]
    if not said and len(index) != passages:
        said.append(f"index: {len(index)} passages instead of {passages}")
    return said


def tally(lines: list[str]) -> str:
    """Differences by their kind, for one line."""
    kinds = Counter(line.rpartition(": ")[2].split(",")[0][:40] for line in lines)
    return ", ".join(f"{count} × {kind}" for kind, count in kinds.most_common(4))
