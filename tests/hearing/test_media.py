from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest

from ingest.readers.media import read_media
from ingest.reading import Reading
from memex.errors import DamagedFile, NoTextFound, UnreadableFile
from memex.protocols import Recognised, Step, Transcriber
from memex.types import Segment, content_id
from tests.hearing.making import Extras, Samples, encode

SRT = "1\n00:00:01,000 --> 00:00:02,500\nHello there.\n\n2\n00:00:06,000 --> 00:00:08,000\nBye.\n"
MakeReading = Callable[[Transcriber], Reading]


@dataclass
class Scripted:
    """A recogniser that hears three stretches, and may break off."""

    error: Exception | None = None
    starts: list[float] = field(default_factory=list)
    model: str = "scripted"

    def transcribe(self, media: Path, start: float = 0.0) -> Iterator[Recognised]:
        self.starts.append(start)
        for n, end in enumerate((3.0, 6.0, 9.0)):
            if end > start:
                segment = Segment(f"Stretch {n}.", end - 2.5, end - 0.5)
                yield Recognised((segment,), end, 9.0, "en")
        if self.error is not None:
            raise self.error


@dataclass
class Deaf:
    """A recogniser that hears nothing."""

    model: str = "deaf"

    def transcribe(self, media: Path, start: float = 0.0) -> Iterator[Recognised]:
        yield Recognised((), 9.0, 9.0, None)


def never() -> Transcriber:
    raise AssertionError("nothing need be recognised")


@pytest.fixture
def mp3(tmp_path: Path, speech: Samples) -> Path:
    tags = {
        "title": "On printing",
        "artist": "William Morris",
        "album": "Essays",
        "date": "1893-05",
        "comment": "A \x1b[31mred\x1b[0m remark",
    }
    extras = Extras(tags=tags, chapters=[("Opening", 0, 4), ("The end", 4, 9.6)])
    return encode(speech, tmp_path / "talk.mp3", "libmp3lame", 44_100, extras)


def test_tags_and_chapters(mp3: Path, reading: MakeReading) -> None:
    document = read_media(mp3, reading(Scripted()))
    assert (document.kind, document.title, document.author) == (
        "audio",
        "On printing",
        "William Morris",
    )
    assert document.created_at is not None
    assert document.created_at.astimezone().date().isoformat() == "1893-05-01"
    assert dict(document.attributes) == {"album": "Essays", "comment": "A red remark"}
    assert [s.heading for s in document.segments] == ["Opening", "Opening", "The end"]
    assert document.duration == 9.0
    assert document.source == "recognised by scripted"
    assert document.language == "en"
    assert document.id == content_id(document.segments)
    assert document.uri == mp3.as_uri()


def test_without_tags_the_file_tells(tmp_path: Path, speech: Samples, reading: MakeReading) -> None:
    path = encode(speech, tmp_path / "my_walk.flac", "flac", 16_000)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    document = read_media(path, reading(Scripted()))
    assert document.title == "my walk"
    assert document.created_at == datetime.fromtimestamp(1_700_000_000, tz=UTC)


def test_tags_of_ogg_and_time_of_recording(
    tmp_path: Path, speech: Samples, reading: MakeReading
) -> None:
    tags = {"TITLE": "Walk", "creation_time": "2025-03-01T10:20:30Z", "DATE": "2026"}
    path = encode(speech, tmp_path / "a.opus", "libopus", 48_000, Extras(tags=tags))
    document = read_media(path, reading(Scripted()))
    assert document.title == "Walk"
    assert document.created_at == datetime(2025, 3, 1, 10, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "codec", "video", "kind"),
    [
        ("a.mp4", "aac", "mpeg4", "video"),
        ("a.webm", "libopus", "libvpx", "video"),
        ("a.mp4", "aac", None, "audio"),
    ],
)
def test_kind(
    tmp_path: Path,
    speech: Samples,
    reading: MakeReading,
    name: str,
    codec: str,
    video: str | None,
    kind: str,
) -> None:
    path = encode(speech, tmp_path / name, codec, 48_000, Extras(video=video))
    assert read_media(path, reading(Scripted())).kind == kind


def test_a_cover_is_no_film(tmp_path: Path, speech: Samples, reading: MakeReading) -> None:
    plain = encode(speech, tmp_path / "plain.mp3", "libmp3lame", 44_100)
    path = tmp_path / "cover.mp3"
    with av.open(str(plain)) as source, av.open(str(path), "w") as target:
        sound = target.add_stream_from_template(source.streams.audio[0])
        cover = target.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8))
        pictures = [*cover.encode(frame), *cover.encode(None)]
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = sound
                target.mux(packet)
        for picture in pictures:
            target.mux(picture)
    with av.open(str(path)) as container:
        assert container.streams.video
    assert read_media(path, reading(Scripted())).kind == "audio"


@pytest.mark.parametrize(
    ("name", "codec", "subtitles"),
    [
        ("talk.mkv", "libopus", "subrip"),
        ("talk.mkv", "libopus", "ass"),
        ("talk.mp4", "aac", "mov_text"),
        ("talk.webm", "libopus", "webvtt"),
    ],
)
def test_subtitles_inside(
    tmp_path: Path, speech: Samples, name: str, codec: str, subtitles: str
) -> None:
    extras = Extras(
        subtitles=subtitles,
        cues=[
            ("0,0,Default,Ann,0,0,0,,Hello {\\i1}there{\\i0}\\Nand welcome", 1.0, 2.5),
            ("1,0,Default,,0,0,0,,Commas, too, stay", 6.0, 8.0),
        ],
        chapters=[("One", 0, 5), ("Two", 5, 9)],
        video="libvpx" if name.endswith("webm") else "mpeg4",
    )
    path = encode(speech, tmp_path / name, codec, 48_000, extras)
    document = read_media(path, Reading(never, tmp_path / "c.jsonl"))
    assert [(s.text, s.heading) for s in document.segments] == [
        ("Hello there and welcome", "One"),
        ("Commas, too, stay", "Two"),
    ]
    assert [s.start for s in document.segments] == pytest.approx([1.0, 6.0], abs=0.05)
    assert [s.end for s in document.segments] == pytest.approx([2.5, 8.0], abs=0.05)
    assert document.source == f"transcript embedded in {name}"
    assert document.segments[0].speaker == ("Ann" if subtitles == "ass" else None)


def test_a_few_signs_are_no_transcript(
    tmp_path: Path, speech: Samples, reading: MakeReading
) -> None:
    long = np.tile(speech, 10)
    cues = [("0,0,Default,,0,0,0,,EXIT", 1.0, 2.0)]
    extras = Extras(subtitles="subrip", cues=cues)
    path = encode(long, tmp_path / "film.mkv", "libopus", 48_000, extras)
    assert read_media(path, reading(Scripted())).source == "recognised by scripted"


def test_a_transcript_beside_is_used(mp3: Path, tmp_path: Path) -> None:
    (tmp_path / "talk.srt").write_text(SRT)
    document = read_media(mp3, Reading(never, tmp_path / "c.jsonl"))
    assert [(s.text, s.start, s.heading) for s in document.segments] == [
        ("Hello there.", 1.0, "Opening"),
        ("Bye.", 6.0, "The end"),
    ]
    assert document.source == "transcript talk.srt"
    assert document.duration == pytest.approx(9.65, abs=0.1)
    assert document.kind == "audio"


def test_a_podcast_transcript_beside_names_the_speakers(mp3: Path, tmp_path: Path) -> None:
    row = {"speaker": "Ann", "startTime": 1, "endTime": 3, "body": "Welcome to the show, all."}
    path = tmp_path / "talk.transcript.json"
    path.write_text(json.dumps({"version": "1.0.0", "segments": [row]}))
    document = read_media(mp3, Reading(never, tmp_path / "c.jsonl"))
    assert document.segments[0].speaker == "Ann"
    assert document.source == "transcript talk.transcript.json"


def test_a_damaged_transcript_beside_is_said(
    mp3: Path, tmp_path: Path, reading: MakeReading
) -> None:
    (tmp_path / "talk.srt").write_text("<html>Not found</html>")
    document = read_media(mp3, reading(Scripted()))
    assert document.source == "recognised by scripted"
    assert document.attributes["transcript"].startswith("talk.srt was not used: ")


def test_progress_and_resumption(mp3: Path, tmp_path: Path) -> None:
    class Interrupted(Exception):
        pass

    def stop(step: Step) -> None:
        steps.append(step)
        if [each.done for each in steps] == [0.0, 3.0, 6.0]:
            raise Interrupted

    steps: list[Step] = []
    recogniser = Scripted()
    reading = Reading(lambda: recogniser, tmp_path / "c.jsonl", stop)
    with pytest.raises(Interrupted):
        read_media(mp3, reading)
    document = read_media(mp3, reading)
    assert recogniser.starts == [0.0, 6.0]
    assert [s.text for s in document.segments] == ["Stretch 0.", "Stretch 1.", "Stretch 2."]
    assert [(s.stage, s.done, s.unit) for s in steps] == [
        ("transcribing", done, "s") for done in (0.0, 3.0, 6.0, 6.0, 9.0)
    ]
    read_media(mp3, reading)
    assert recogniser.starts == [0.0, 6.0], "what is complete is not recognised again"


def test_sound_that_breaks_off(mp3: Path, reading: MakeReading) -> None:
    document = read_media(mp3, reading(Scripted(error=DamagedFile("broken"))))
    assert len(document.segments) == 3
    assert document.attributes["damaged"] == "sound breaks off at 00:00:09"


def test_nothing_was_said(mp3: Path, reading: MakeReading) -> None:
    with pytest.raises(NoTextFound, match="no speech was heard"):
        read_media(mp3, reading(Deaf()))


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", NoTextFound), (b"<html></html>" * 99, DamagedFile), (None, UnreadableFile)],
    ids=["empty", "html", "gone"],
)
def test_what_cannot_be_read(
    tmp_path: Path, content: bytes | None, error: type[UnreadableFile]
) -> None:
    path = tmp_path / "bad\n\x1b[31m\N{GRINNING FACE}.mp3"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error) as caught:
        read_media(path, Reading(never, tmp_path / "c.jsonl"))
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)
