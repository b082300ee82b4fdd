from __future__ import annotations

from pathlib import Path

import pytest

from ingest.podcasts.errors import Malformed
from ingest.podcasts.feed import Transcript
from ingest.podcasts.transcripts import beside, html_transcript, preferred, suffix_of
from ingest.readers.transcripts import companion, read_transcript
from memex.types import Segment

HTML = """<!doctype html><title>Caulking</title><nav><p></p></nav>
<cite>Ada:</cite> <time>0:00</time>
<p>Welcome to the slipway, where we talk about boats &amp; timber.</p>
<cite>Ben :</cite> <time>0:09</time>
<p>Cotton comes first.</p>
<p>Then pitch.</p>
<cite>Ada:</cite> <time>1:00:21</time>
<p>Good bye.</p>"""

VTT = b"""WEBVTT

00:00.000 --> 00:05.000
<v Ada>Welcome to the slipway.
"""
SRT = b"""1
00:00:00,000 --> 00:00:05,000
Welcome to the slipway.
"""
JSON = b"""{"version": "1.0.0", "segments": [{"speaker": "Ada", "startTime": 0, "endTime": 5,
"body": "Welcome to the slipway."}]}"""


def offered(
    kind: str | None, url: str = "https://tides.example/2", language: str = ""
) -> Transcript:
    return Transcript(url, kind, language or None)


def test_the_kind_is_told_by_type_or_name() -> None:
    assert suffix_of(offered("text/vtt; charset=utf-8")) == ".vtt"
    assert suffix_of(offered("application/x-subrip")) == ".srt"
    assert suffix_of(offered("application/json")) == ".json"
    assert suffix_of(offered("text/html")) == ".html"
    assert suffix_of(offered(None, "https://tides.example/2.en.SRT?key=1")) == ".srt"
    assert suffix_of(offered("text/plain", "https://tides.example/2.vtt")) == ".vtt"
    assert suffix_of(offered("application/pdf")) is None


def test_the_best_transcript_is_of_the_language_and_has_times() -> None:
    page, captions, french = (
        offered("text/html"),
        offered("text/vtt"),
        offered("text/vtt", language="fr"),
    )
    pdf = offered("application/pdf")
    assert preferred([page, pdf, french, captions], "en-GB") == (captions, page, french)
    assert preferred([page, french], None) == (french, page)


def test_monologues_have_speakers_and_times() -> None:
    segments = html_transcript(HTML, 3630.0)
    assert [(s.text, s.speaker) for s in segments] == [
        ("Welcome to the slipway, where we talk about boats & timber.", "Ada"),
        ("Cotton comes first.", "Ben"),
        ("Then pitch.", "Ben"),
        ("Good bye.", "Ada"),
    ]
    assert [(s.start, s.end) for s in segments[::3]] == [(0.0, 9.0), (3621.0, 3630.0)]
    cotton, pitch = segments[1:3]
    assert cotton.start == 9.0
    assert cotton.end == pitch.start
    assert pitch.end == 3621.0
    assert pitch.start is not None
    assert 9.0 < pitch.start < 3621.0


def test_names_and_times_may_stand_in_the_paragraph() -> None:
    page = """<p><time>00:00</time> <cite>Ada</cite>: Welcome.</p>
    <p><cite>Ben</cite> <time>[0:04]</time> Thanks<br>indeed.</p><p>Go on.</p>"""
    segments = html_transcript(page, 10.0)
    assert [(s.speaker, s.text.lstrip(": ")) for s in segments] == [
        ("Ada", "Welcome."),
        ("Ben", "Thanks indeed."),
        ("Ben", "Go on."),
    ]
    assert [s.start for s in segments[:2]] == [0.0, 4.0]


def test_without_times_there_is_still_the_text() -> None:
    page = "<cite>Ada:</cite><p>Welcome.</p><p>And good bye.</p>"
    assert html_transcript(page) == (
        Segment("Welcome.", speaker="Ada"),
        Segment("And good bye.", speaker="Ada"),
    )


def test_times_never_run_back() -> None:
    page = "<time>0:10</time><p>One.</p><time>0:05</time><p>Two.</p><time>0:20</time><p>Three.</p>"
    starts = [segment.start or 0.0 for segment in html_transcript(page)]
    assert starts == sorted(starts)
    assert starts[0] == 10.0
    assert starts[2] == 20.0


@pytest.mark.parametrize("page", ["", "<html></html>", "<cite>Ada</cite><time>0:00</time>"])
def test_a_transcript_that_says_nothing(page: str) -> None:
    with pytest.raises(Malformed):
        html_transcript(page)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("text/vtt", VTT),
        ("application/srt", SRT),
        ("application/json", JSON),
        ("text/html", HTML.encode()),
    ],
)
def test_what_lies_beside_a_recording_is_read_with_it(
    tmp_path: Path, kind: str, content: bytes
) -> None:
    media = tmp_path / "episode.mp3"
    media.write_bytes(b"sound")
    name, data = beside(media.name, offered(kind, language="en-GB"), content, 3630.0)
    (tmp_path / name).write_bytes(data)
    found = companion(media)
    assert found == tmp_path / name
    transcript = read_transcript(found)
    assert transcript.segments[0].text.startswith("Welcome to the slipway")
    assert transcript.segments[0].start == 0.0
    if kind == "text/html":
        assert transcript.language == "en"
        assert [s.speaker for s in transcript.segments] == ["Ada", "Ben", "Ben", "Ada"]


def test_what_has_no_times_does_not_lie_beside_a_recording() -> None:
    with pytest.raises(Malformed, match="times"):
        beside("a.mp3", offered("text/html"), b"<p>Welcome.</p>")
    with pytest.raises(Malformed):
        beside("a.mp3", offered("application/pdf"), b"%PDF")
