from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from memex import tombstones
from memex.errors import NotFound
from memex.forgetting import Forgetting
from memex.index import Index
from memex.items import Lane, Provenance
from memex.memory import Memex
from memex.proof import Report, search
from memex.proof.probes import Probe
from memex.protocols import Step
from memex.spool import STATES, Spool, State
from memex.types import Arrival, Document
from tests.documents import BREAD, TALK, document
from tests.memory.test_expiry import Machine

SECRET = "The zyxomantic heron stood in the reeds of Brobdingovia."
WORD = Probe("word", "zyxomantic")
NAME = "quixomere"


class KilledError(BaseException):
    pass


class Notes(Machine):
    """A memory of notes in a folder of the user's own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "home")
        self.folder = folder
        self.spool = Spool(self.paths.spool)
        self.forgetting = Forgetting(self.memex, self.paths, self.spool)
        self.remember(BREAD, BREAD.uri)
        self.remember(TALK, TALK.uri)

    def write(self, text: str = SECRET) -> tuple[Document, Path]:
        """A note, as a file and remembered."""
        file = self.folder / f"{NAME}.md"
        file.write_text(text, encoding="utf-8")
        note = document(text, title="A note", uri=file.as_uri())
        self.remember(note, note.uri)
        return note, file

    def left(self) -> set[str]:
        """Where something of the note is still to be found."""
        *_, report = search(self.paths.home, (WORD, Probe("path", NAME)))
        assert isinstance(report, Report)
        return {finding.file for finding in report.findings}

    def leave_traces(self, file: Path) -> None:
        """In the spool, a checkpoint, a log, the last list."""
        waiting = self.spool.put(file)
        (self.paths.work / f"{waiting.id}.jsonl").write_text(SECRET)
        (self.paths.work / f"{0:024}.jsonl").write_text(SECRET)  # its item was finished
        (self.paths.run / "shown.json").write_text(json.dumps([SECRET]))
        (self.paths.logs / "memex-ingest.log").write_text(
            f"one\n{file}: UnreadableFile\n/moved/since/{file.name}: x\n{file}.bak: y\ntwo\n"
        )


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path)


def forget(notes: Notes, *ids: str) -> None:
    for _ in notes.forgetting.forget(*ids):
        pass


def test_nothing_of_it_stays_but_what_is_anothers(notes: Notes) -> None:
    note, file = notes.write()
    notes.leave_traces(file)
    assert notes.left() > {"library.db", "run/shown.json", f"work/{0:024}.jsonl"}
    forget(notes, note.id)
    log = notes.paths.logs / "memex-ingest.log"
    assert log.read_text() == f"one\n{file}.bak: y\ntwo\n"
    assert notes.left() == set()
    assert file.exists()
    assert notes.library.ids() == {BREAD.id, TALK.id}


@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (Memex, "forget"),
        (Memex, "indexer"),
        (Forgetting, "_clear"),
        (Index, "purge"),
    ],
)
def test_what_a_crash_broke_off_is_finished(
    notes: Notes, monkeypatch: pytest.MonkeyPatch, owner: type, step: str
) -> None:
    note, file = notes.write()
    notes.leave_traces(file)

    def killed(*_: object, **__: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        if step == "indexer":
            patch.setattr(type(notes.memex.indexer), "remove", killed)
        else:
            patch.setattr(owner, step, killed)
        with pytest.raises(KilledError):
            forget(notes, note.id)
    notes.memex.close()
    again = Machine(notes.paths.home)
    for _ in again.memex.indexer.reconcile():
        pass
    forgetting = Forgetting(again.memex, again.paths, Spool(again.paths.spool))
    forgetting.finish()
    assert notes.left() == set()
    assert not list(again.paths.run.iterdir())
    assert again.library.ids() == {BREAD.id, TALK.id}
    key = tombstones.of_text(note.id)
    assert again.library.tombstones.among([key]) == {key}
    again.memex.close()


def test_a_note_of_it_that_is_damaged_stops_nothing(notes: Notes) -> None:
    note, _ = notes.write()
    (notes.paths.run / "forgetting.json").write_text('{"documents": ["')
    forget(notes, note.id)
    assert notes.left() == set()


def test_nothing_is_forgotten_where_one_is_not_there(notes: Notes) -> None:
    note, _ = notes.write()
    with pytest.raises(NotFound):
        forget(notes, note.id, "nothing")
    assert note.id in notes.library.ids()
    notes.forgetting.finish()
    assert note.id in notes.library.ids()


def test_what_was_let_go_is_wiped_later_and_may_come_back(notes: Notes) -> None:
    note, file = notes.write()
    waiting = notes.spool.put(file)
    notes.forgetting.let_go(note.id)
    assert notes.library.ids() == {BREAD.id, TALK.id}
    assert "index" in {place.partition("/")[0] for place in notes.left()}
    assert notes.spool.has("new", waiting.id)
    notes.spool.discard("new", waiting)
    notes.forgetting.finish()
    assert notes.left() == set()
    notes.write()
    assert note.id in notes.library.ids()


@pytest.mark.parametrize("state", STATES)
def test_a_newer_state_of_the_file_in_the_spool_goes_too(notes: Notes, state: State) -> None:
    """And a scan does not find it again."""
    note, file = notes.write()
    file.write_text(f"{SECRET} More of it.", encoding="utf-8")
    item = notes.spool.put(file, explicit=False, lane=Lane.FOUND)
    if state != "new":
        notes.spool.take(item)
    if state == "failed":
        notes.spool.fail(item, f"It says {SECRET}")
    forget(notes, note.id)
    assert notes.left() == set()
    key = tombstones.of_file(file.as_uri(), item.signature)
    assert notes.library.tombstones.among([key]) == {key}


def test_an_episode_that_waits_again_goes_with_its_document(notes: Notes) -> None:
    address = f"https://example.org/{NAME}.mp3"
    episode = replace(document(SECRET, uri=address), kind="audio")
    notes.remember(episode, address)
    draft = notes.spool.draft("1.mp3")
    draft.write_bytes(SECRET.encode())
    origin = Provenance("podcast", started_at=datetime.now(UTC), uri=address)
    notes.spool.receive(draft, origin, Lane.BULK)
    forget(notes, episode.id)
    assert notes.left() == set()


def test_what_came_of_an_episode_in_part_goes_with_it(notes: Notes) -> None:
    """Also where its sound is kept, so that it lies elsewhere than it came from."""
    address = f"https://example.org/{NAME}"
    sound = notes.paths.audio / "ab" / f"{'ab' * 12}.opus"
    attributes = {"source": "podcast", "link": address}
    episode = replace(document(SECRET, uri=sound.as_uri()), attributes=attributes)
    notes.remember(episode, episode.uri)
    downloads = notes.paths.downloads
    downloads.mkdir()
    for name, place in (("1" * 24, address), ("2" * 24, "https://example.org/other")):
        (downloads / f"{name}.place").write_text(place)
        (downloads / f"{name}.mp3").write_bytes(b"sound")
        (downloads / f"{name}.mp3.state").write_text("{}")
    (downloads / f"{'1' * 24}.vtt").write_text(SECRET)
    after = verified(notes, episode.id)
    assert after.clean
    assert {file.name.partition(".")[0] for file in downloads.iterdir()} == {"2" * 24}
    assert len(list(downloads.iterdir())) == 3


def test_a_place_that_still_lies_there_is_seen_by_the_proof(notes: Notes) -> None:
    address = f"https://example.org/{NAME}"
    episode = replace(document(SECRET, uri=address), kind="audio")
    notes.remember(episode, address)
    notes.paths.downloads.mkdir()
    late = notes.paths.downloads / "1.place"
    after = verified(notes, episode.id, meanwhile=lambda: late.write_text(address))
    assert {finding.file for finding in after.findings} == {"work/downloads/1.place"}


def test_what_another_copy_of_it_was_recognised_to_say_goes_too(
    notes: Notes, tmp_path: Path
) -> None:
    """And the recognition of other recordings goes on where it is."""
    note, _ = notes.write()
    size = notes.library.copies(note.id)[0].size
    checkpoints = []
    for number, length in enumerate((size, size + 1)):
        other = tmp_path / f"{number}.mp3"
        other.write_bytes(b"x" * length)
        item = notes.spool.put(other)
        checkpoints.append(notes.paths.work / f"{item.id}.jsonl")
        checkpoints[-1].write_text(json.dumps({"size": length}) + "\n" + "{}\n")
    forget(notes, note.id)
    assert [file.exists() for file in checkpoints] == [False, True]


def test_an_address_that_ends_as_a_kept_sound_does_takes_nothing_with_it(notes: Notes) -> None:
    kept = notes.keep("Another thing.", source="microphone")
    claims = document("Whatever.", uri=kept.uri.replace("file://", "https://example.org"))
    notes.remember(claims, claims.uri)
    forget(notes, claims.id)
    assert notes.sounds() == 1


def test_only_sound_in_the_archive_is_removed(notes: Notes) -> None:
    kept = notes.keep(SECRET, source="microphone")
    assert notes.sounds() == 1
    uri = f"{notes.paths.audio.as_uri()}/../library.db"
    claims = document("Whatever.", uri=uri)
    notes.remember(claims, uri)
    forget(notes, kept.id, claims.id)
    assert notes.sounds() == 0
    assert notes.paths.library.exists()


def verified(notes: Notes, *ids: str, meanwhile: Callable[[], object] = lambda: None) -> Report:
    """What the search after a forgetting says."""
    for item in notes.forgetting.forget(*ids, verify=True):
        if isinstance(item, Step):
            if (item.stage, item.done) == ("forgetting", 2):
                meanwhile()
        else:
            assert item.before
            assert item.before.findings
            assert item.after
            return item.after
    raise AssertionError


def test_the_proof_sees_what_was_put_there(notes: Notes) -> None:
    note, _ = notes.write()
    planted = notes.paths.home / "copy.txt"
    after = verified(notes, note.id, meanwhile=lambda: planted.write_text(SECRET))
    assert {finding.file for finding in after.findings} == {"copy.txt"}


def test_what_an_older_version_of_another_file_says_too_proves_nothing(notes: Notes) -> None:
    """It is hidden, but it is kept: it would be found, and nothing would be wrong."""
    note, _ = notes.write()
    other = document(SECRET, "And more.", uri="file:///notes/other.md")
    notes.remember(other, other.uri)
    newer = document("Only this.", uri=other.uri)
    notes.remember(newer, newer.uri)
    assert other.id not in notes.library.ids()
    assert verified(notes, note.id).clean


def test_what_two_of_the_forgotten_share_is_looked_for(notes: Notes) -> None:
    note, _ = notes.write()
    other = document(SECRET, "And more.", uri="file:///notes/other.md")
    notes.remember(other, other.uri)
    planted = notes.paths.home / "copy.txt"
    after = verified(notes, note.id, other.id, meanwhile=lambda: planted.write_text(SECRET))
    assert {finding.probe for finding in after.findings} >= {"text", "word"}


def test_many_are_forgotten_and_looked_for_at_once(notes: Notes) -> None:
    ids = []
    for number in range(600):
        note = document(
            f"{SECRET} The {number} of them, number{number}qy.", uri=f"file:///{number}"
        )
        notes.library.add(Arrival.of(note, sha256=note.id, size=1))
        ids.append(note.id)
    for _ in notes.memex.indexer.reconcile():
        pass
    assert verified(notes, *ids).clean
    assert notes.left() == set()
