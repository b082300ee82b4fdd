from __future__ import annotations

from pathlib import Path

import av
import pytest

import memex
from ingest.readers import read
from ingest.reading import Reading
from memex.protocols import Transcriber

SAMPLES = Path(memex.__file__).parent / "samples"
MAX_BYTES = 3_000_000
"""All samples together."""


def _no_recogniser() -> Transcriber:
    raise AssertionError("a written document needs no recogniser")


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    return Reading(transcriber=_no_recogniser, checkpoint=tmp_path / "checkpoint.jsonl")


def test_the_samples_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in SAMPLES.iterdir()}
    assert set(sizes) == {
        "README.md",
        "allotment-minutes.pdf",
        "the-bread-shelf.epub",
        "the-long-trail.m4a",
        "things-to-look-up.md",
    }
    assert sum(sizes.values()) < MAX_BYTES


@pytest.mark.parametrize(
    ("name", "kind", "title", "headings", "said"),
    [
        (
            "the-bread-shelf.epub",
            "book",
            "The Bread Shelf: A Small Handbook",
            [
                "A jar that is alive",
                "The loaf on four numbers",
                "Fire and steam",
                "When it goes wrong",
            ],
            "A loaf is done when its middle has reached 96 degrees.",
        ),
        (
            "allotment-minutes.pdf",
            "pdf",
            "Millbrook Lane Allotment Society: minutes of the winter meeting",
            [
                "1. Water",
                "2. The seed swap",
                "3. Plot 17",
                "4. The bees",
                "5. Money",
                "6. Other matters",
            ],
            "The seed swap takes place on Sunday, 15 March 2026,",
        ),
        (
            "things-to-look-up.md",
            "note",
            "Things I always have to look up",
            [
                "Things I always have to look up",
                "Things I always have to look up › House",
                "Things I always have to look up › Bicycle",
                "Things I always have to look up › Lent and borrowed",
            ],
            "The boiler likes 1.5 bar when it is cold.",
        ),
    ],
)
def test_the_written_samples_are_read_whole(
    name: str, kind: str, title: str, headings: list[str], said: str, reading: Reading
) -> None:
    document = read(SAMPLES / name, reading)
    assert (document.kind, document.title, document.author) == (kind, title, "The Memex project")
    assert document.created_at is not None
    assert document.created_at.year == 2026
    found = dict.fromkeys(segment.heading for segment in document.segments if segment.heading)
    assert list(found) == headings
    assert said in "\n".join(" ".join(segment.text.split()) for segment in document.segments)


def test_the_episode_has_chapters_and_tags() -> None:
    with av.open(SAMPLES / "the-long-trail.m4a") as container:
        titles = [chapter["metadata"]["title"] for chapter in container.chapters()]
        tags = dict(container.metadata)
        seconds = (container.duration or 0) / av.time_base
    assert titles == [
        "A desk that remembers",
        "A hut on stilts",
        "A word for it",
        "Ninety minutes in San Francisco",
    ]
    assert tags["title"] == "A desk that remembers"
    assert tags["artist"] == "Sam and Robin"
    assert tags["album"] == "The Long Trail"
    assert tags["date"] == "2026-05-04"
    assert 180 <= seconds <= 240
