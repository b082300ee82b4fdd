"""What documents are out of, as a user would name it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from memex.library import Library
from memex.types import Arrival, Document
from tests.documents import BREAD, TALK
from tests.memory.test_library import copy_of


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    opened = Library(tmp_path / "library.db")
    yield opened
    opened.close()


def test_an_episode_is_out_of_its_podcast_and_what_was_heard_of_its_device(
    library: Library,
) -> None:
    given = {"feed": "Straße & Gate", "album": "Best of", "source": "podcast"}
    episode = _with(BREAD, given)
    heard = _with(TALK, {"device": "Kitchen", "source": "satellite"})
    library.add(Arrival(episode, copy_of(episode)), Arrival(heard, copy_of(heard)))
    found = library.origins.of([episode.id, heard.id, "gone"])
    assert found == {episode.id: "Straße & Gate", heard.id: "Kitchen"}
    assert library.origins.within("STRASSE  &") == (episode.id,)
    assert library.origins.within("kitchen") == library.origins.within("satellite") == (heard.id,)
    assert library.origins.within(episode.title.upper()) == (episode.id,)
    assert library.origins.within("publisher") == ()


def test_what_is_by_itself_has_its_title(library: Library) -> None:
    library.add(Arrival(BREAD, copy_of(BREAD)))
    assert library.origins.of([BREAD.id]) == {BREAD.id: BREAD.title}


def _with(document: Document, attributes: dict[str, str]) -> Document:
    return replace(document, attributes=attributes)
