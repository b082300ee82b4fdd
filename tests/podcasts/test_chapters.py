from __future__ import annotations

import json
import math

import pytest

from ingest.podcasts.chapters import MAX_CHAPTERS, read_chapters
from ingest.podcasts.errors import Malformed
from ingest.readers.container import Chapter


def test_chapters_end_where_the_next_begins() -> None:
    data = json.dumps(
        {
            "version": "1.2.0",
            "chapters": [
                {"startTime": 168, "title": "Oakum\nand \x1b[1mpitch", "img": "x.jpg"},
                {"startTime": 0, "title": "Intro", "endTime": 100.5},
                {"startTime": 200, "title": "Silent", "toc": False},
                {"startTime": "300.25", "title": "Outro"},
                {"startTime": 310, "img": "no-title.jpg"},
                {"startTime": -5, "title": "Before"},
                {"startTime": math.inf, "title": "Never"},
                {"startTime": True, "title": ["no", "title"]},
                "nonsense",
            ],
        }
    ).encode()
    chapters = (
        Chapter("Intro", 0.0, 100.5),
        Chapter("Oakum and pitch", 168.0, 300.25),
        Chapter("Outro", 300.25, 360.0),
    )
    assert read_chapters(data, 360.0) == chapters
    assert read_chapters(data)[-1].end == math.inf


def test_chapters_are_bounded() -> None:
    rows = [{"startTime": n, "title": str(n)} for n in range(MAX_CHAPTERS + 10)]
    assert len(read_chapters(json.dumps({"chapters": rows}).encode())) == MAX_CHAPTERS


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{", b'{"chapters": 3}', b"<html>", b"[" * 200_000, bytes(range(256)) * 8],
    ids=["empty", "list", "torn", "number", "page", "deep", "binary"],
)
def test_what_are_no_chapters(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_chapters(data)
