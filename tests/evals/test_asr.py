from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from evals import asr
from evals.dataset import Recording, read_recordings
from ingest.transcribe import WhisperTranscriber
from memex.config import load_config
from memex.models.loading import speech_model_path
from memex.protocols import Recognised, Transcriber
from memex.types import Segment


class Scripted:
    """Says what the file is named."""

    model = "scripted"

    def transcribe(self, media: Path, start: float = 0.0) -> Iterator[Recognised]:
        for at, word in enumerate(media.stem.split("-")):
            segment = Segment(f" {word}", start=float(at), end=at + 1.0)
            yield Recognised((segment,), at + 1.0, None, "en")


def heard(text: str | None, found: str, seconds: float = 1.0, condition: str = "") -> asr.Heard:
    recording = Recording(found, Path(f"{found}.wav"), 10.0, text, condition)
    return asr.Heard(recording, found, seconds)


def test_stretches_are_joined_and_timed() -> None:
    recording = Recording("1", Path("one-two-three.wav"), 3.0, "one two three")
    (one,) = asr.transcribe(Scripted(), [recording])
    assert one.text == "one two three"
    assert one.seconds > 0


def test_rate_of_the_whole_set_by_hand() -> None:
    # 4 + 6 words; one substituted, one deleted, one inserted: 3 / 10, not the mean of 1/4 and 2/6.
    (result,) = asr.results(
        "s",
        "m",
        [
            heard("The cat sat down.", "the CAT sat town"),
            heard("one fox ran over that fence", "fox ran over all that fence"),
        ],
    )
    assert result.words == 10
    assert (result.substitutions, result.deletions, result.insertions) == (1, 1, 1)
    assert result.wer == pytest.approx(0.3)
    assert result.real_time_factor == pytest.approx(0.1)


def test_spelling_of_numbers_and_contractions_is_no_error() -> None:
    (result,) = asr.results("s", "m", [heard("I won't pay twenty dollars", "i will not pay $20")])
    assert result.wer == 0


def test_words_where_nothing_is_said_are_invented() -> None:
    (result,) = asr.results("s", "m", [heard("", "thank you"), heard("", "")])
    assert (result.silent, result.invented, result.wer) == (2, 2, None)


def test_a_recording_without_whole_transcript_counts_for_speed_only() -> None:
    (result,) = asr.results("s", "m", [heard(None, "whatever", 4.0), heard("a fox", "a fox")])
    assert (result.unscored, result.wer, result.recordings) == (1, 0, 2)
    assert result.real_time_factor == pytest.approx(0.25)


def test_conditions_get_rows_of_their_own() -> None:
    found = asr.results(
        "s",
        "m",
        [heard("a fox", "a fox", condition="clean"), heard("a fox", "box", condition="noise")],
    )
    assert [(one.condition, one.wer) for one in found] == [("", 0.5), ("clean", 0), ("noise", 1)]


def test_the_table_puts_each_figure_under_its_name() -> None:
    (result,) = asr.results("s", "m", [heard("a fox ran", "a fax ran ran"), heard("", "you")])
    shown = {column.header: list(column.cells) for column in asr.table([result]).columns}
    assert shown == {
        "condition": ["all"],
        "n": ["2"],
        "words": ["3"],
        "WER %": ["66.67"],
        "S/D/I": ["1/0/1"],
        "invented": ["1 in 1"],
        "minutes": ["0.3"],
        "RTF": ["0.100"],
    }


def test_how_much_more_often_one_is_wrong_than_the_other() -> None:
    (ours,) = asr.results("s", "m", [heard("a fox ran by", "a fax ran by")])
    (theirs,) = asr.results("s", "m", [heard("a fox ran by", "a fax ran")])
    (silent,) = asr.results("s", "m", [heard("", "")])
    assert asr.wer_ratio(ours, theirs) == pytest.approx(0.5)
    assert asr.wer_ratio(ours, silent) is None


def test_the_floors_hold(shared: Path) -> None:
    """What is added is heard about as well as by one pass of bare faster-whisper."""
    floors = tomllib.loads(Path(asr.__file__).with_name("floors.toml").read_text(encoding="utf-8"))
    name, folder = speech_model_path(load_config())
    for each, floor in floors["asr"].items():
        recordings = read_recordings(shared / "audio", each)
        sides: list[Transcriber] = [
            WhisperTranscriber(name, folder),
            asr.OnePass(name, folder, "one pass"),
        ]
        ours, theirs = (
            asr.results(each, side.model, list(asr.transcribe(side, recordings)))[0]
            for side in sides
        )
        ratio = asr.wer_ratio(ours, theirs)
        assert ratio is not None
        assert ratio <= floor["ratio"], each
