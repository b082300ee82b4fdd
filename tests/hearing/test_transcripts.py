from __future__ import annotations

import json
from pathlib import Path

import pytest

from ingest.readers.transcripts import companion, is_companion, read_transcript
from memex.errors import DamagedFile, NoTextFound
from memex.types import Segment

SRT = "1\n00:00:01,000 --> 00:00:02,500\nHello there.\n"


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text("x")


@pytest.mark.parametrize(
    "name",
    [
        "talk.srt",
        "talk.VTT",
        "talk.mp3.srt",
        "talk.en.srt",
        "talk.pt-BR.vtt",
        "talk.json",
        "talk.mp3.json",
        "talk.transcript.json",
    ],
)
def test_what_lies_beside_a_recording(tmp_path: Path, name: str) -> None:
    touch(tmp_path, "talk.mp3", name, "talk.txt", "other.srt")
    assert companion(tmp_path / "talk.mp3") == tmp_path / name
    assert is_companion(tmp_path / name)


@pytest.mark.parametrize(
    "name", ["talks.srt", "talk.info.json", "talk.part 2.srt", "tal.srt", "talk.mp4.srt", ".srt"]
)
def test_what_belongs_to_something_else(tmp_path: Path, name: str) -> None:
    touch(tmp_path, "talk.mp3", name)
    assert companion(tmp_path / "talk.mp3") is None
    assert not is_companion(tmp_path / name)


def test_the_nearest_name_goes_first(tmp_path: Path) -> None:
    names = ["talk.mp3.vtt", "talk.srt", "talk.vtt", "talk.transcript.json", "talk.de.srt"]
    touch(tmp_path, "talk.mp3", *names)
    for name in ["talk.mp3.vtt", "talk.srt", "talk.vtt", "talk.json", "talk.transcript.json"]:
        if name == "talk.json":
            continue
        assert companion(tmp_path / "talk.mp3") == tmp_path / name
        (tmp_path / name).unlink()
    assert companion(tmp_path / "talk.mp3") == tmp_path / "talk.de.srt"


def test_names_with_dots_and_capitals(tmp_path: Path) -> None:
    touch(tmp_path, "ep.01.en.MP3", "ep.01.en.srt")
    assert companion(tmp_path / "ep.01.en.MP3") == tmp_path / "ep.01.en.srt"
    assert is_companion(tmp_path / "ep.01.en.srt")


def test_a_folder_is_no_transcript(tmp_path: Path) -> None:
    touch(tmp_path, "talk.mp3")
    (tmp_path / "talk.srt").mkdir()
    assert companion(tmp_path / "talk.mp3") is None
    assert companion(tmp_path / "gone" / "talk.mp3") is None


def test_subtitles_alone_are_no_companion(tmp_path: Path) -> None:
    touch(tmp_path, "film.srt", "notes.json")
    assert not is_companion(tmp_path / "film.srt")
    assert not is_companion(tmp_path / "notes.json")


@pytest.mark.parametrize(
    ("name", "language"),
    [("talk.srt", None), ("talk.en-GB.srt", "en-gb"), ("talk.mp3.srt", None)],
)
def test_subtitles(tmp_path: Path, name: str, language: str | None) -> None:
    path = tmp_path / name
    path.write_text(SRT)
    transcript = read_transcript(path)
    assert transcript.segments == (Segment("Hello there.", 1.0, 2.5),)
    assert transcript.language == language


def test_podcast_namespace(tmp_path: Path) -> None:
    """The example of the specification, shortened."""
    path = tmp_path / "talk.json"
    rows = [
        {"speaker": "Darth Vader", "startTime": 0.5, "endTime": 0.75, "body": "I"},
        {"speaker": "Darth Vader", "startTime": 0.75, "endTime": 1.0, "body": "am"},
        {"speaker": "Darth Vader", "startTime": 1.0, "endTime": 1.5, "body": "your father."},
        {"speaker": "Luke", "startTime": 2.0, "endTime": 2.25, "body": "Nooooo"},
    ]
    path.write_text(json.dumps({"version": "1.0.0", "segments": rows}))
    assert read_transcript(path).segments == (
        Segment("I am your father.", 0.5, 1.5, "Darth Vader"),
        Segment("Nooooo", 2.0, 2.25, "Luke"),
    )


def test_json_of_whisper(tmp_path: Path) -> None:
    path = tmp_path / "talk.json"
    rows = [{"id": 0, "start": 0.0, "end": 3.2, "text": " The first thing that he said."}]
    path.write_text(json.dumps({"text": "…", "segments": rows, "language": "en"}))
    transcript = read_transcript(path)
    assert transcript.segments == (Segment("The first thing that he said.", 0.0, 3.2),)
    assert transcript.language == "en"


def test_json_of_whisper_cpp(tmp_path: Path) -> None:
    path = tmp_path / "talk.json"
    row = {"offsets": {"from": 0, "to": 3200}, "text": " The first thing that he said."}
    path.write_text(json.dumps({"transcription": [row]}))
    assert read_transcript(path).segments[0].end == 3.2


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '"text"', "{}", '{"segments": 3}', "[" * 100_000],
    ids=["empty", "torn", "list", "text", "object", "number", "deep"],
)
def test_damaged_json(tmp_path: Path, content: str) -> None:
    path = tmp_path / "talk.json"
    path.write_text(content)
    with pytest.raises((DamagedFile, NoTextFound)):
        read_transcript(path)


def test_rows_that_make_no_sense_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "talk.json"
    good = {"startTime": 5, "endTime": 1, "body": "It ends before it begins, oddly."}
    bad = [3, None, {}, {"body": "no time"}, {"body": "x", "startTime": "NaN"}, {"startTime": -1}]
    path.write_text(json.dumps({"segments": [*bad, good]}))
    assert read_transcript(path).segments == (Segment(str(good["body"]), 5.0, 5.0),)
