from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.readers import read
from ingest.readers.subtitles import read_cues
from ingest.reading import Reading
from memex.errors import DamagedFile, NoTextFound, UnreadableFile


@pytest.mark.parametrize(
    "name", ["talk-ffmpeg.srt", "talk-ffmpeg.vtt", "talk-pysubs2.srt", "talk-pysubs2.vtt"]
)
def test_cues_of_real_programs(name: str, files: Path, reading: Reading) -> None:
    document = read(files / name, reading)
    assert document.kind == "subtitles"
    assert [(s.start, s.end, s.speaker, s.text) for s in document.segments] == [
        (0.5, 3.25, "ANNA", "Who wrote the ledger?"),
        (3.4, 7.0, "BERT", "The harbour master did, but Ingrid told him what it meant."),
        (7.2, 3729.01, None, "♪ (waves) ♪"),
    ]


def _cues(tmp_path: Path, text: str, name: str = "a.vtt") -> list[tuple[str | None, str]]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return [(s.speaker, s.text) for s in read_cues(path)]


def test_webvtt_voices_notes_styles_and_identifiers(tmp_path: Path) -> None:
    text = (
        "WEBVTT - Harbour\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nNOTE to the editor\n\n"
        "intro\n00:01.000 --> 00:03.500 align:start position:10%\n"
        "<v Anna Holm>Hello <i>there</i> &amp; welcome</v>\n<v.loud Bert>Hi!</v>\n\n"
        "NOTE\n00:00 is a lie\n\nlast-1\n00:04.000 --> 00:05.000\nThe end.\n"
    )
    assert _cues(tmp_path, text) == [
        ("Anna Holm", "Hello there & welcome"),
        ("Bert", "Hi!"),
        (None, "The end."),
    ]


def test_rolling_captions_are_not_said_twice(tmp_path: Path) -> None:
    text = (
        "WEBVTT\n\n00:00.000 --> 00:02.000 align:start\n \nwe<00:00.500><c> left</c>\n\n"
        "00:02.000 --> 00:02.010\nwe left\n \n\n"
        "00:02.010 --> 00:04.000\nwe left\nat<00:02.500><c> dawn</c>\n\n"
        "00:04.000 --> 00:04.010\nat dawn\n \n\n"
        "00:04.010 --> 00:06.000\nat dawn\nfor<00:05.000><c> Vardal</c>\n"
    )
    assert [said for _, said in _cues(tmp_path, text)] == ["we left", "at dawn", "for Vardal"]


def test_a_refrain_is_no_rolling_caption(tmp_path: Path) -> None:
    text = "".join(
        f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{said}\n\n"
        for n, said in enumerate(["No.", "No.", "Yes.", "Why?", "Because.", "Go.", "Now."], 1)
    )
    assert [said for _, said in _cues(tmp_path, text, "a.srt")][:3] == ["No.", "No.", "Yes."]


def test_speakers_by_prefix(tmp_path: Path) -> None:
    said = [
        "[SPEAKER_01]: one",
        "DR. SMITH: two",
        ">> Anna: three",
        "Anna: four",
        "Remember: five",
        "at 10: 30",
    ]
    text = "".join(
        f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{line}\n\n" for n, line in enumerate(said, 1)
    )
    assert _cues(tmp_path, text, "a.srt") == [
        ("SPEAKER_01", "one"),
        ("DR. SMITH", "two"),
        ("Anna", "three"),
        ("Anna", "four"),
        (None, "Remember: five"),
        (None, "at 10: 30"),
    ]


def test_crooked_subtitles_lose_nothing(tmp_path: Path) -> None:
    text = (
        "1\n00:00:05,000 --> 00:00:06,000\nsecond\n2\n0:00:01.5-->0:00:02.5 X1:40\n{\\an8}first\n\n"
        "after a blank line\n\n3\n00:00:09,000 --> 00:00:08,000\n<font color=red>third</font>"
    )
    path = tmp_path / "a.srt"
    path.write_text(text)
    assert [(s.text, s.start, s.end) for s in read_cues(path)] == [
        ("first after a blank line", 1.5, 2.5),
        ("second", 5.0, 6.0),
        ("third", 9.0, 9.0),
    ]


def test_old_encodings_are_recognised(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    path.write_bytes(
        "1\n00:00:01,000 --> 00:00:02,000\nDéjà vu à Genève, où l'été...\n".encode("cp1252")
    )
    assert read_cues(path)[0].text == "Déjà vu à Genève, où l'été..."


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Just a letter.", DamagedFile),
        ("1\n00:00:01,000 --> 00:00:02,000\n\n", NoTextFound),
        ("", NoTextFound),
    ],
)
def test_files_without_subtitles(text: str, error: type[Exception], tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    path.write_text(text)
    with pytest.raises(error):
        read_cues(path)


TIMED = st.binary(max_size=60).map(lambda b: b"1\n00:00:01,000 --> 00:00:02,000\n" + b)


@settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.binary(max_size=400) | st.lists(TIMED, max_size=5).map(b"\n".join))
def test_any_bytes_are_cues_or_a_clear_error(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "any.srt"
    path.write_bytes(data)
    try:
        segments = read_cues(path)
    except UnreadableFile:
        pass
    else:
        assert all(s.text and s.start is not None and s.end is not None for s in segments)
        assert all(s.start <= s.end for s in segments if s.start is not None and s.end is not None)
