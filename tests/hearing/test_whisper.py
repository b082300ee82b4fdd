"""The model itself, and phrases that are decoded one by one."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
from whisper_normalizer.english import EnglishTextNormalizer

from ingest.recognition import Heard, kept
from ingest.sound import SAMPLE_RATE
from ingest.transcribe import WhisperTranscriber
from ingest.whisper import SHORT, Language, Whisper
from tests.hearing.making import Samples, load

LONGEST = 30


def rows(audio: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (audio / f"{name}.jsonl").read_text().splitlines()]


def said(heard: Heard) -> str:
    return "".join(word.text for word in kept(heard)).strip()


def word_errors(pairs: list[tuple[str, str]]) -> float:
    normal = EnglishTextNormalizer()
    references, found = zip(*((normal(a), normal(b)) for a, b in pairs), strict=True)
    return float(jiwer.wer(list(references), list(found)))


@pytest.fixture(scope="module")
def phrases(audio: Path) -> list[tuple[str, Samples]]:
    """Read phrases of eight voices, of 2 to 30 s: every third of the set."""
    some = [row for row in rows(audio, "read") if row["seconds"] < LONGEST and "text" in row]
    return [(row["text"], load(audio / row["audio"])) for row in some[::3]]


def test_phrases_are_heard(whisper: WhisperTranscriber, phrases: list[tuple[str, Samples]]) -> None:
    heard = [(text, whisper.phrase(samples)) for text, samples in phrases]
    assert word_errors([(text, said(one)) for text, one in heard]) < 0.16
    for (_, samples), (_, one) in zip(phrases, heard, strict=True):
        assert one.spoken == pytest.approx(len(samples) / SAMPLE_RATE)
        assert all(0 <= word.start <= word.end <= one.spoken + 0.01 for word in one.words)
        assert all(a.start <= b.start for a, b in pairwise(one.words))


def test_half_a_window_is_enough_for_short_phrases(
    whisper: WhisperTranscriber, phrases: list[tuple[str, Samples]]
) -> None:
    short = [(text, samples) for text, samples in phrases if len(samples) <= SHORT]
    model, language = whisper._whisper, Language("en", settled=True)
    found = {
        whole: [
            (text, "".join(word.text for word in model.decode([s], language, whole=whole)[0].words))
            for text, s in short
        ]
        for whole in (True, False)
    }
    assert word_errors(found[False]) <= word_errors(found[True]) + 0.02


def test_phrases_are_heard_while_a_recording_is(
    whisper: WhisperTranscriber, audio: Path, phrases: list[tuple[str, Samples]]
) -> None:
    """From several threads at once, each hears what it hears alone."""
    some = [samples for _, samples in phrases[:4]]
    alone = [said(whisper.phrase(samples)) for samples in some]
    with ThreadPoolExecutor(3) as pool:
        recording = pool.submit(lambda: list(whisper.transcribe(audio / "read/LJ001-0001.flac")))
        beside = list(pool.map(lambda samples: said(whisper.phrase(samples)), some))
        assert recording.result()[0].segments[0].text.startswith("Printing")
    assert beside == alone


def test_a_name_that_was_given_is_preferred(whisper: WhisperTranscriber, audio: Path) -> None:
    """It costs nothing where the name is not said."""
    samples = load(audio / "read" / "LJ001-0001.flac")
    plain = said(whisper.phrase(samples))
    assert said(whisper.phrase(samples, hotwords=["Zbigniew"])).split()[:6] == plain.split()[:6]


def test_nothing_is_made_up_of_a_phrase_without_speech(
    whisper: WhisperTranscriber, audio: Path
) -> None:
    """Silence, noise, typing, music, cut into phrases as if somebody spoke: what the
    voice activity detector lets through by mistake.
    """
    heard = {
        (row["id"], seconds, at): said(whisper.phrase(samples[at : at + seconds * SAMPLE_RATE]))
        for row in rows(audio, "nonspeech")
        for samples in [load(audio / row["audio"])]
        for seconds in (2, 10)
        for at in range(0, len(samples) - seconds * SAMPLE_RATE, 4 * seconds * SAMPLE_RATE)
    }
    assert len(heard) > 50
    assert {place: text for place, text in heard.items() if text} == {}


@pytest.mark.parametrize("samples", [0, 1, 100, SAMPLE_RATE // 10])
def test_next_to_nothing_is_nothing(whisper: WhisperTranscriber, samples: int) -> None:
    heard = whisper.phrase(np.zeros(samples, np.float32))
    assert kept(heard) == ()


def test_sounds_decoded_together_are_as_if_alone(
    whisper: WhisperTranscriber, phrases: list[tuple[str, Samples]]
) -> None:
    short = [samples for _, samples in phrases if len(samples) <= SHORT][:3]
    model, language = whisper._whisper, Language("en", settled=True)
    together = model.decode(short, language)
    for samples, one in zip(short, together, strict=True):
        (alone,) = model.decode([samples], language)
        assert [word.text for word in one.words] == [word.text for word in alone.words]
        starts = [word.start for word in one.words]
        assert starts == pytest.approx([word.start for word in alone.words], abs=0.5)


def test_a_language_once_sure_stands_against_a_guess() -> None:
    language = Language()
    language.note("cy", 0.3)
    assert (language.code, language.settled) == ("cy", False)
    language.note("de", 0.9)
    language.note("en", 0.9)
    assert (language.code, language.settled) == ("de", True)
    remembered = Language("de")
    remembered.note("cy", 0.3)
    assert (remembered.code, remembered.settled) == ("de", False)


def test_an_english_model_needs_no_guess(whisper: WhisperTranscriber) -> None:
    model: Whisper = whisper._whisper
    assert model.language() == Language("en", settled=True)
