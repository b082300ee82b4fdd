"""What is being heard can be found while it grows, and is one document afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from memex.audit import Finding
from memex.audit.index import audit_index
from memex.indexer import Indexer
from memex.library import Library
from memex.memory import Memex
from memex.protocols import Remembered
from memex.testing import ScriptedModel, WordLengths
from memex.types import Arrival, Document, Segment, heard_id

AT = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
FIRST = Segment("We meet at the old ferry house.", 0.5, 3.0)
SECOND = Segment("Bring the green lantern.", 4.0, 6.0)
BETTER = Segment("Bring the great lantern.", 4.0, 6.0)
GROWING = "file:///home/ada/spool/live/1.wav"
KEPT = "file:///home/ada/audio/12/1.opus"
EPISODE = (
    "Vannevar Bush described a desk that holds all of a person's books and records and letters",
    "and he called it the memex because it was to be an enlarged supplement to memory itself",
)


class Home:
    """A memory in this process, with embeddings that need no model."""

    def __init__(self, folder: Path) -> None:
        self.library = Library(folder / "library.db")
        self.indexer = Indexer(self.library, folder / "index", WordLengths(), lambda _: None)
        self.memory = Memex(self.library, self.indexer, WordLengths(), ScriptedModel([""]))

    def hear(self, *segments: Segment, growing: bool = True, device: str = "") -> Remembered:
        document = heard(*segments, uri=GROWING if growing else KEPT, device=device)
        arrival = Arrival.of(document, sha256="1" if growing else "2", size=1)
        return self.remember(replace(arrival, growing=growing))

    def remember(self, arrival: Arrival) -> Remembered:
        *_, result = self.memory.remember(arrival)
        assert isinstance(result, Remembered)
        return result

    def found(self, query: str) -> list[tuple[str, str]]:
        hits = self.memory.recall(query, limit=5)
        return [(hit.passage.document_id, hit.passage.text) for hit in hits]


def heard(*segments: Segment, uri: str, device: str = "") -> Document:
    return Document(
        id=heard_id("microphone", device, AT),
        kind="audio",
        title="Microphone, 4 May 2026 10:30",
        uri=uri,
        created_at=AT,
        segments=(),
        duration=segments[-1].end,
        attributes={"source": "microphone", "device": device},
    ).saying(segments)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    made.memory.close()


def test_what_was_just_said_is_found_and_more_joins_it(home: Home) -> None:
    first = home.hear(FIRST)
    assert home.found("ferry") == [(first.document_id, FIRST.text)]
    second = home.hear(FIRST, SECOND)
    assert second.document_id == first.document_id
    assert home.found("lantern") == home.found("ferry")
    assert home.library.segments(first.document_id) == [FIRST, SECOND]
    assert len(home.indexer.serving.index) == 1


def test_the_better_text_takes_the_place_of_the_live_one(home: Home) -> None:
    id_ = home.hear(FIRST, SECOND).document_id
    assert home.library.grows(id_)
    home.hear(FIRST, BETTER, growing=False)
    assert not home.library.grows(id_)
    assert not any("green" in text for _, text in home.found("green lantern"))
    assert [found for found, _ in home.found("great lantern")] == [id_]
    assert [copy.uri for copy in home.library.copies(id_)] == [KEPT]
    assert home.library.document(id_).uri == KEPT
    assert [entry.id for entry in home.library.entries(hidden=True)] == [id_]


def test_what_is_handed_over_again_after_a_crash_changes_nothing(home: Home) -> None:
    home.hear(FIRST)
    home.hear(FIRST, BETTER, growing=False)
    before = home.library.document(heard_id("microphone", "", AT))
    home.hear(FIRST, BETTER, growing=False)
    assert home.library.document(before.id) == before
    assert len(home.indexer.serving.index) == 1


def test_what_comes_late_does_not_undo_the_better_text(home: Home) -> None:
    home.hear(FIRST)
    id_ = home.hear(FIRST, BETTER, growing=False).document_id
    late = home.hear(FIRST, SECOND)
    assert late.document_id == id_
    assert home.library.segments(id_) == [FIRST, BETTER]
    assert [copy.uri for copy in home.library.copies(id_)] == [KEPT]
    assert not any("green" in text for _, text in home.found("green lantern"))


def test_a_crash_between_library_and_index_is_made_good(home: Home, tmp_path: Path) -> None:
    home.hear(FIRST, SECOND)
    final = heard(FIRST, BETTER, uri=KEPT)
    home.library.add(Arrival.of(final, sha256="2", size=1))  # and there it is killed
    home.memory.close()
    again = Home(tmp_path)
    again.hear(FIRST, BETTER, growing=False)  # it is still in the spool
    assert not any("green" in text for _, text in again.found("green lantern"))
    assert [id_ for id_, _ in again.found("great")] == [final.id]
    looked = audit_index(again.library, again.indexer, mend=False)
    assert not [found for found in looked if isinstance(found, Finding)]
    again.memory.close()


def test_what_is_forgotten_while_it_grows_does_not_come_back(home: Home) -> None:
    id_ = home.hear(FIRST).document_id
    home.memory.forget(id_)
    assert home.hear(FIRST, SECOND).forgotten
    assert home.hear(FIRST, SECOND, growing=False).forgotten
    assert home.library.ids() == set()
    assert home.found("ferry lantern") == []


def test_a_podcast_that_played_is_let_go_when_the_recording_is_over(home: Home) -> None:
    segments = tuple(Segment(text, 7.0 * n, 7.0 * n + 6.5) for n, text in enumerate(EPISODE))
    episode = replace(
        heard(*segments, uri="file:///episode.mp3"), id="e" * 32, attributes={"source": "podcast"}
    )
    home.remember(Arrival.of(episode, sha256="3", size=1))
    growing = home.hear(*segments)
    assert not growing.overheard
    final = home.hear(*segments, growing=False)
    assert final.overheard
    assert home.library.ids() == {episode.id}
    assert [id_ for id_, _ in home.found("enlarged supplement to memory")] == [episode.id]


def test_what_was_linked_to_a_recording_stays_when_its_text_gets_better(home: Home) -> None:
    segments = tuple(Segment(text, 7.0 * n, 7.0 * n + 6.5) for n, text in enumerate(EPISODE))
    id_ = home.hear(*segments).document_id
    home.hear(*segments, growing=False, device="wearable")
    assert len(home.library.echoes.of(id_)) == 1
    home.hear(*segments, BETTER, growing=False)
    assert len(home.library.echoes.of(id_)) == 1
