"""Pages of a document: what is here, where it stands, what is heard."""

from __future__ import annotations

import pytest

from memex.types import Segment
from tui.pages import GUESSED, MOST, PAGE, Pages

COUNT = 1000


def said(position: int) -> Segment:
    return Segment(f"number {position}", start=position * 3.0, end=position * 3.0 + 2)


def height(segment: Segment, _: Segment | None) -> int:
    return 2 if segment.text.endswith("0") else 1


def put(pages: Pages, number: int) -> int | None:
    first, last = pages.window(number)
    segments = [said(position) for position in range(first, min(last + 1, COUNT))]
    return pages.put(first, COUNT, segments, height)


@pytest.fixture
def pages() -> Pages:
    made = Pages("d")
    for number in (0, 1, 5):
        assert put(made, number) == number
    return made


def test_a_page_comes_with_the_segment_before_it(pages: Pages) -> None:
    assert pages.before(0) is None
    assert pages.before(PAGE) == said(PAGE - 1)
    assert pages.before(PAGE + 1) == said(PAGE)
    assert pages.segment(PAGE) == said(PAGE)
    assert pages.segment(3 * PAGE) is None


def test_a_line_is_of_a_segment_and_the_other_way_round(pages: Pages) -> None:
    for position in (0, 1, 11, PAGE, PAGE + 15, 5 * PAGE + 3):
        line = pages.line_of(position)
        assert pages.at(line) == (position, 0)
    assert pages.at(pages.line_of(10) + 1) == (10, 1)
    assert pages.at(pages.line_of(3 * PAGE)) is None
    assert pages.at(pages.lines) is None


def test_what_is_not_here_is_guessed_and_put_right(pages: Pages) -> None:
    page = sum(height(said(position), None) for position in range(PAGE))
    assert pages.lines == 3 * page + (COUNT // PAGE - 3) * GUESSED
    put(pages, 2)
    assert pages.lines == 4 * page + (COUNT // PAGE - 4) * GUESSED


def test_what_is_heard(pages: Pages) -> None:
    assert pages.heard_at(0.0) == 0
    assert pages.heard_at(3.5) == 1
    assert pages.heard_at(2.9) == 0  # in the pause after it
    assert pages.heard_at(3.0 * PAGE) == PAGE
    assert pages.heard_at(3.0 * (2 * PAGE + 4)) is None  # it is not here
    assert pages.heard_at(3.0 * (5 * PAGE + 4) + 1) == 5 * PAGE + 4


def test_the_utterances_beside_it(pages: Pages) -> None:
    assert pages.neighbour(3.5, 1) == 6.0
    assert pages.neighbour(3.5, -1) == 0.0
    assert pages.neighbour(0.5, -1) == 0.0
    assert pages.neighbour(3.0 * (2 * PAGE - 1), 1) is None


def test_far_pages_go() -> None:
    pages = Pages("d")
    for number in range(COUNT // PAGE):
        put(pages, number)
    pages.trim(3)
    assert len(pages.here) == MOST
    assert 3 in pages.here
    assert COUNT // PAGE - 1 not in pages.here


def test_a_document_that_grows_is_longer(pages: Pages) -> None:
    before = pages.lines
    pages.put(0, COUNT + PAGE, [said(position) for position in range(PAGE)], height)
    assert pages.lines == before + GUESSED


def test_an_empty_document_has_no_lines() -> None:
    pages = Pages("d")
    assert pages.put(0, 0, [], height) is None
    assert pages.lines == 0
    assert pages.at(0) is None
    assert pages.heard_at(1.0) is None
