from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import jiwer
import numpy as np
import pytest
from whisper_normalizer.english import EnglishTextNormalizer

from ingest.readers.media import read_media
from ingest.reading import Reading
from ingest.sound import SAMPLE_RATE
from ingest.transcribe import WhisperTranscriber
from ingest.whisper import load as load_model
from memex.errors import DamagedFile, ModelDamaged
from memex.protocols import Recognised, Transcriber
from memex.types import Segment, Word
from tests.hearing.making import Samples, encode, load

READER = """
import sys
from pathlib import Path
from ingest.reading import Reading
from ingest.readers.media import read_media
from ingest.transcribe import WhisperTranscriber
name, model, media, checkpoint = sys.argv[1:]
reading = Reading(lambda: WhisperTranscriber(name, Path(model)), Path(checkpoint))
read_media(Path(media), reading)
"""


def segments(heard: list[Recognised]) -> list[Segment]:
    return [segment for each in heard for segment in each.segments]


def words(some: list[Segment]) -> list[Word]:
    return [word for segment in some for word in segment.words]


def test_what_is_said_in_a_long_recording(
    heard: list[Recognised], long_row: dict[str, Any]
) -> None:
    """Seven minutes of changing voices. faster-whisper's batches alone miss every
    fifth word of it (word error rate 31 %).
    """
    normal = EnglishTextNormalizer()
    said = " ".join(segment.text for segment in segments(heard))
    assert jiwer.wer(normal(long_row["text"]), normal(said)) < 0.2


def test_when_it_is_said(heard: list[Recognised], audio: Path, long_row: dict[str, Any]) -> None:
    """The first word of a turn begins when its voice does."""
    samples = load(audio / long_row["audio"])
    onsets = [onset(samples, turn["start"], turn["end"]) for turn in long_row["turns"]]
    starts = first_words(words(segments(heard)), [t["text"].split() for t in long_row["turns"]])
    errors = sorted(abs(start - onsets[turn]) for turn, start in starts.items())
    assert len(errors) > 25
    assert median(errors) < 0.15
    assert errors[len(errors) * 9 // 10] < 0.5


def onset(samples: Samples, start: float, end: float) -> float:
    """Seconds at which a turn gets loud: it opens with a silence of its own."""
    frame = SAMPLE_RATE // 50
    turn = samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
    turn = turn[: len(turn) // frame * frame].reshape(-1, frame)
    loud = np.sqrt((turn**2).mean(1))
    return start + int(np.argmax(loud > 0.2 * np.percentile(loud, 95))) / 50


def first_words(heard: list[Word], turns: list[list[str]]) -> dict[int, float]:
    """When the first word of each turn was heard, where it was recognised."""
    spoken = [(plain(word), n) for n, turn in enumerate(turns) for word in turn]
    got = [plain(word.text) for word in heard]
    output = jiwer.process_words(" ".join(word for word, _ in spoken), " ".join(got))
    found = {}
    for part in output.alignments[0]:
        if part.type == "equal":
            for n in range(part.ref_end_idx - part.ref_start_idx):
                at = part.ref_start_idx + n
                if at == 0 or spoken[at - 1][1] != spoken[at][1]:
                    found[spoken[at][1]] = heard[part.hyp_start_idx + n].start
    return found


def plain(word: str) -> str:
    """Lower case, letters and digits alone; never empty, so that words stay countable."""
    return "".join(filter(str.isalnum, word.lower())) or "-"


def test_segments_are_sentences_with_their_words(heard: list[Recognised]) -> None:
    found = segments(heard)
    assert 3 <= median(len(segment.words) for segment in found) <= 20
    assert max(len(segment.words) for segment in found) <= 30
    for segment in found:
        assert segment.start == segment.words[0].start
        assert segment.end == max(word.end for word in segment.words)
        assert segment.text.replace(" ", "") == "".join(word.text for word in segment.words)
        assert all(0 <= word.probability <= 1 for word in segment.words)
        assert all(word.start <= word.end for word in segment.words)
    starts = [word.start for word in words(found)]
    assert all(before <= after for before, after in pairwise(starts))


def test_positions_are_final(heard: list[Recognised], long_row: dict[str, Any]) -> None:
    positions = [each.position for each in heard]
    assert positions == sorted(positions)
    assert positions[-1] == pytest.approx(long_row["seconds"], abs=0.1)
    for before, after in pairwise(heard):
        assert all((s.end or 0) <= before.position + 0.01 for s in before.segments)
        assert all((s.start or 0) >= before.position - 0.01 for s in after.segments)
    assert {each.language for each in heard} == {"en"}


def test_nothing_is_made_up(whisper: WhisperTranscriber, audio: Path) -> None:
    """Silence, noise, typing and music: nothing is said in any of them."""
    rows = [json.loads(line) for line in (audio / "nonspeech.jsonl").read_text().splitlines()]
    assert len(rows) >= 8
    for row in rows:
        heard = list(whisper.transcribe(audio / row["audio"]))
        assert segments(heard) == [], row["id"]
        assert heard[-1].position == pytest.approx(row["seconds"], abs=0.1)


def test_a_single_word_is_heard(whisper: WhisperTranscriber, audio: Path) -> None:
    rows = [json.loads(line) for line in (audio / "wake.jsonl").read_text().splitlines()]
    some = [row for row in rows if row["text"].lower() == "computer"][:5] or rows[:5]
    heard = [segments(list(whisper.transcribe(audio / row["audio"]))) for row in some]
    assert sum(map(bool, heard)) >= len(some) - 1


def test_after_an_interruption_it_goes_on_where_it_was(
    whisper: WhisperTranscriber, audio: Path, long_row: dict[str, Any], heard: list[Recognised]
) -> None:
    start = heard[0].position
    rest = list(whisper.transcribe(audio / long_row["audio"], start))
    got, expected = segments(rest), segments(heard[1:])
    assert (got[0].start or 0) >= start
    assert [s.start for s in got[:3]] == pytest.approx([s.start for s in expected[:3]], abs=0.3)
    resumed = word_errors(long_row["text"], [*segments(heard[:1]), *got])
    assert resumed <= word_errors(long_row["text"], segments(heard)) + 0.02


def word_errors(reference: str, heard: list[Segment]) -> float:
    """Word error rate, as `python -m evals asr` counts it."""
    normal = EnglishTextNormalizer()
    return float(jiwer.wer(normal(reference), normal(" ".join(s.text for s in heard))))


def test_killed_and_started_again(
    whisper: WhisperTranscriber,
    model_folder: tuple[str, Path],
    audio: Path,
    long_row: dict[str, Any],
    heard: list[Recognised],
    tmp_path: Path,
) -> None:
    media, checkpoint = audio / long_row["audio"], tmp_path / "checkpoint.jsonl"
    name, folder = model_folder
    process = subprocess.Popen(
        [sys.executable, "-c", READER, name, str(folder), str(media), str(checkpoint)]
    )
    deadline = time.monotonic() + 240
    while not checkpoint.exists() or checkpoint.read_bytes().count(b"\n") < 2:
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    starts: list[float] = []

    class Counting:
        model = whisper.model

        def transcribe(self, media: Path, start: float = 0.0) -> Any:  # noqa: ANN401 (iterator)
            starts.append(start)
            yield from (each for each in heard if each.position > start)

    transcriber: Transcriber = Counting()
    document = read_media(media, Reading(lambda: transcriber, checkpoint))
    assert starts[0] in [each.position for each in heard], "what was done is not done again"
    assert [s.text for s in document.segments] == [s.text for s in segments(heard)]
    assert document.source == "recognised by whisper tiny.en"


def test_a_recording_that_breaks_off_is_heard_until_there(
    whisper: WhisperTranscriber, speech: Samples, tmp_path: Path
) -> None:
    path = encode(speech, tmp_path / "cut.mp3", "libmp3lame", 44_100)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 7 // 10])
    document = read_media(path, Reading(lambda: whisper, tmp_path / "c.jsonl"))
    assert "printing" in document.segments[0].text.lower()
    assert document.attributes["damaged"] == "sound breaks off at 00:00:06"


def test_an_error_at_the_beginning_is_an_error(whisper: WhisperTranscriber, tmp_path: Path) -> None:
    path = tmp_path / "page.mp3"
    path.write_bytes(b"<html>" * 1000)
    with pytest.raises(DamagedFile):
        list(whisper.transcribe(path))


def test_very_short_sound(whisper: WhisperTranscriber, tmp_path: Path) -> None:
    path = encode(np.zeros(100, np.float32), tmp_path / "click.wav", "pcm_s16le", 16_000)
    assert segments(list(whisper.transcribe(path))) == []


def test_a_model_with_the_files_of_large_v3_turbo(
    model_folder: tuple[str, Path], audio: Path, tmp_path: Path
) -> None:
    """The vocabulary as JSON, and a file that says what sound it takes: for that
    model 128 bands, where all smaller ones take 80.
    """
    name, source = model_folder
    for file in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / file).symlink_to(source / file)
    vocabulary = (source / "vocabulary.txt").read_text(encoding="utf-8").removesuffix("\n")
    (tmp_path / "vocabulary.json").write_text(json.dumps(vocabulary.split("\n")))
    sound = {"feature_extractor_type": "WhisperFeatureExtractor", "chunk_length": 30}
    sound |= {"hop_length": 160, "n_fft": 400, "sampling_rate": SAMPLE_RATE}
    described = tmp_path / "preprocessor_config.json"
    described.write_text(json.dumps(sound | {"feature_size": 80}))
    recording = audio / "read" / "LJ001-0001.flac"
    heard = segments(list(WhisperTranscriber(name, tmp_path).transcribe(recording)))
    assert heard[0].text.startswith("Printing")
    described.write_text(json.dumps(sound | {"feature_size": 128}))
    extract = load_model(tmp_path, "cpu").feature_extractor
    assert extract(np.zeros(SAMPLE_RATE, dtype=np.float32)).shape[0] == 128


def test_a_damaged_model_names_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"nothing")
    with pytest.raises(ModelDamaged, match="memex models pull"):
        WhisperTranscriber("tiny.en", tmp_path)
