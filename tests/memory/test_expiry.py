from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from memex import tombstones
from memex.config import Paths
from memex.errors import NotFound
from memex.expiry import Expiry
from memex.indexer import Indexer
from memex.library import Library
from memex.memory import Memex
from memex.spool import Spool
from memex.testing import ScriptedModel, WordLengths
from memex.types import Arrival, Copy, Document, Segment
from tests.documents import spoken

DAY = timedelta(days=1)
BYTES = 1000


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.time


class Machine:
    """A memory with recordings of its own, and a clock."""

    def __init__(self, home: Path) -> None:
        self.paths = Paths(home, home / "config.toml")
        self.paths.create()
        self.library = Library(self.paths.library)
        indexer = Indexer(self.library, self.paths.index, WordLengths(), lambda _: None)
        self.memex = Memex(self.library, indexer, WordLengths(), ScriptedModel(["Yes."]))
        self.clock = Clock()
        self.expiry = self.start()

    def start(self) -> Expiry:
        return Expiry(self.memex, self.paths, Spool(self.paths.spool), self.clock)

    def rules(self, text: str) -> None:
        self.paths.config.write_text(text, encoding="utf-8")

    def keep(self, text: str, **attributes: str) -> Document:
        """Something that was heard, with the sound kept of it."""
        number = f"{len(self.library.entries(hidden=True)):024}"
        file = self.paths.audio / number[:2] / f"{number}.opus"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(BYTES))
        document = replace(
            spoken(Segment(text, 0.0, 2.0), uri=file.as_uri()), attributes=attributes
        )
        self.remember(document, document.uri)
        return document

    def remember(self, document: Document, uri: str) -> None:
        arrival = Arrival.of(document, sha256=document.id + uri, size=BYTES)
        for _ in self.memex.remember(replace(arrival, copy=replace(arrival.copy, uri=uri))):
            pass

    def sounds(self) -> int:
        return len(list(self.paths.audio.glob("*/*.opus")))

    def copies(self, document: Document) -> list[Copy]:
        return self.library.copies(document.id)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path / "home")
    yield made
    made.memex.close()


def test_sound_goes_and_its_transcript_stays(machine: Machine) -> None:
    talk = machine.keep("The heron stood in the reeds.", source="microphone")
    machine.rules('[retention]\naudio = "30d"')
    machine.clock.time += 30 * DAY - timedelta(minutes=1)
    assert machine.expiry.apply() == []
    machine.clock.time += timedelta(minutes=2)
    (would,) = machine.expiry.due()
    assert machine.sounds() == 1
    assert machine.expiry.apply() == [would]
    assert (would.size, would.due.words) == (BYTES, False)
    assert machine.sounds() == 0
    assert machine.library.ids() == {talk.id}
    assert machine.memex.recall("heron", limit=1)[0].passage.document_id == talk.id
    assert machine.copies(talk)[0].missing_since is not None
    assert machine.expiry.apply() == []


def test_words_go_for_good(machine: Machine) -> None:
    talk = machine.keep("The heron stood in the reeds.", source="microphone")
    machine.rules('[retention]\ntranscripts = "52w"')
    machine.clock.time += 365 * DAY
    machine.expiry.apply()
    assert machine.sounds() == 0
    with pytest.raises(NotFound):
        machine.library.document(talk.id)
    key = tombstones.of_text(talk.id)
    assert machine.library.tombstones.among([key]) == {key}
    machine.remember(talk, talk.uri)  # a rescan
    assert machine.library.ids() == set()


def test_a_file_of_the_users_own_is_never_touched(machine: Machine, tmp_path: Path) -> None:
    """Neither where it says in itself that it was recorded in private, nor where Memex
    heard the same too.
    """
    note = tmp_path / "note.md"
    note.write_text("---\nsource: microphone\nconsent: private\n---\nBread.", encoding="utf-8")
    claims = replace(
        spoken(Segment("Bread rises."), uri=note.as_uri(), kind="note"),
        attributes={"source": "microphone", "consent": "private"},
    )
    machine.remember(claims, note.as_uri())
    talk = machine.keep("The heron stood in the reeds.", source="microphone")
    own = tmp_path / "talk.mp3"
    own.write_bytes(b"mine")
    machine.remember(talk, own.as_uri())
    machine.rules('[retention]\naudio = "1d"\ntranscripts = "1d"')
    machine.clock.time += 2 * DAY
    (gone,) = machine.expiry.apply()
    assert (gone.due.holding.document_id, gone.due.words) == (talk.id, False)
    assert machine.library.ids() == {claims.id, talk.id}
    assert note.exists()
    assert own.read_bytes() == b"mine"
    assert machine.sounds() == 0
    assert machine.library.document(talk.id).uri == own.as_uri()


def test_an_address_that_leads_out_of_the_archive_is_not_followed(
    machine: Machine, tmp_path: Path
) -> None:
    for uri in (
        f"{machine.paths.audio.as_uri()}/../library.db",
        f"{machine.paths.audio.as_uri()}/00/../../../home/library.db",
        f"{machine.paths.audio.as_uri()}/%2e%2e/library.db",
    ):
        document = replace(
            spoken(Segment(uri), uri=uri), attributes={"source": "podcast", "consent": "private"}
        )
        machine.remember(document, uri)
    assert machine.paths.library.exists()
    machine.expiry._remove([s for h in machine.expiry._holdings() for s in h.sounds])
    assert machine.paths.library.exists()


def test_what_the_rules_cover(machine: Machine) -> None:
    machine.keep("One.", source="microphone")
    machine.keep("Two.", source="podcast")
    machine.keep("Three.", source="podcast")
    machine.keep("Four.", source="podcast", consent="private")
    machine.rules('[retention.sources.podcast]\naudio = "7d"')
    rows = {row.name: row for row in machine.expiry.covered()}
    assert {name: row.documents for name, row in rows.items()} == {
        "private": 1,
        "podcast": 2,
        "others": 1,
    }
    assert (rows["podcast"].sounds, rows["podcast"].size) == (2, 2 * BYTES)
    assert (rows["podcast"].audio, rows["podcast"].transcripts) == (7 * DAY, None)


def test_a_file_that_went_in_a_crash_is_noted_the_next_time(machine: Machine) -> None:
    talk = machine.keep("The heron stood in the reeds.", source="microphone")
    machine.rules('[retention]\naudio = "1d"')
    machine.clock.time += 2 * DAY
    next(machine.paths.audio.glob("*/*")).unlink()
    assert len(machine.expiry.apply()) == 1
    assert machine.copies(talk)[0].missing_since is not None


def test_new_rules_wait_a_day_and_then_hold_daily(machine: Machine) -> None:
    machine.keep("The heron stood in the reeds.", source="microphone")
    machine.rules('[retention]\naudio = "1d"')
    machine.clock.time += 40 * DAY
    machine.expiry.daily()
    assert machine.sounds() == 1
    machine.clock.time += DAY - timedelta(minutes=1)
    again = machine.start()  # a restart does not make them newer
    again.daily()
    assert machine.sounds() == 1
    machine.clock.time += timedelta(minutes=2)
    again.daily()
    assert machine.sounds() == 0
    machine.clock.time = datetime.now(UTC)
    machine.keep("Bread rises in a warm kitchen.", source="microphone")
    machine.clock.time += 50 * DAY
    again.daily()
    assert machine.sounds() == 0


def test_changed_rules_wait_again(machine: Machine) -> None:
    machine.keep("The heron stood in the reeds.", source="microphone")
    machine.expiry.daily()
    machine.clock.time += 10 * DAY
    machine.rules('[retention]\naudio = "1d"')
    machine.expiry.daily()
    assert machine.sounds() == 1


def test_who_applies_them_has_agreed_to_them(machine: Machine) -> None:
    machine.rules('[retention]\naudio = "3d"')
    machine.expiry.apply()
    machine.keep("The heron stood in the reeds.", source="microphone")
    machine.clock.time += 4 * DAY
    machine.start().daily()
    assert machine.sounds() == 0
