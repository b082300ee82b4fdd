"""Transcription of a long recording: Memex against bare faster-whisper.

Both use the same weights, beam, batch size and word timestamps, in turns and in
processes of their own; the model is loaded before the clock starts. Bare
faster-whisper is `BatchedInferencePipeline` with `vad_filter=True`. Memex is
timed twice: recognition alone, and adding the file whole (reading, recognition,
looking again for the names of a memory, telling who speaks, storing, embedding,
indexing).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

import ctranslate2
from faster_whisper import BatchedInferencePipeline, WhisperModel

from evals.bench.embedding import real_texts
from evals.bench.figures import Figure, Setting
from evals.bench.home import running
from evals.bench.media import repeat
from evals.bench.process import at_rest, cpu_seconds, in_process, medians, timed
from evals.dataset import read_recordings
from ingest.apart import TranscriberApart
from ingest.misheard import names_of
from ingest.readers import read
from ingest.reading import Reading, ignore
from ingest.transcribe import BATCH, WhisperTranscriber
from ingest.voices.speakers import Speakers
from ingest.whisper import BEAM
from memex.config import load_config
from memex.models.loading import speech_model_path
from memex.names import MOST, names_in
from memex.types import Arrival, Document

SIDES: Final = ("bare", "recognition", "adding")
READ: Final = 20_000
"""Texts whose names the memory knows."""
HOURS: Final = 3
"""Length of the recording whose memory is compared with a short one's."""


class Said(Protocol):
    """A segment, of Memex or of faster-whisper."""

    @property
    def text(self) -> str:
        """What was said."""


def measure(setting: Setting) -> list[Figure]:
    """Seconds of each side, and what Memex takes in terms of bare faster-whisper."""
    media = long_recording(setting, setting.minutes * 60)
    rounds: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    for number in range(setting.rounds):
        for side in SIDES:
            setting.say(f"transcription, round {number + 1}: {side}")
            home = setting.work / f"home-{side}-{number}"
            rounds[side].append(
                in_process(
                    f"{__name__}:{side}",
                    media=str(media),
                    home=str(home),
                    recall=str(setting.recall),
                )
            )
    taken = {side: medians(found) for side, found in rounds.items()}
    note = f"{setting.minutes} min, beam {BEAM}, batch {BATCH}, rounds: {setting.rounds}"
    figures: list[Figure] = []
    for side in SIDES:
        figures.append(Figure(f"transcription, {side}", taken[side]["seconds"], "s", note=note))
        figures.append(Figure(f"transcription, {side}, words", taken[side]["words"], note=note))
    for side in ("recognition", "adding"):
        aim = "at most 1.05" if side == "adding" else ""
        for name, measured in (("", "seconds"), (", processor time", "cpu")):
            ratio = taken[side][measured] / taken["bare"][measured]
            figures.append(Figure(f"transcription, {side} / bare{name}", ratio, "×", aim, note))
    return figures


def measure_memory(setting: Setting) -> list[Figure]:
    """Peak memory of recognising a short and a long recording."""
    lengths = {setting.minutes * 60: f"{setting.minutes} min", HOURS * 3600: f"{HOURS} h"}
    figures: list[Figure] = []
    for side, name in (("recognition", "Memex"), ("bare", "bare faster-whisper")):
        peaks: list[float] = []
        for seconds, length in lengths.items():
            setting.say(f"memory: {name}, {length}")
            media = long_recording(setting, seconds)
            peaks.append(
                in_process(f"{__name__}:{side}", media=str(media), home="", recall="")["peak_mb"]
            )
            figures.append(Figure(f"memory, {name}, {length}", peaks[-1], "MB"))
        aim = "at most 1.1" if name == "Memex" else ""
        figures.append(Figure(f"memory, {name}, long / short", peaks[1] / peaks[0], "×", aim))
    return figures


def long_recording(setting: Setting, seconds: int) -> Path:
    """The set "long", repeated."""
    source = read_recordings(setting.audio, "long")[0].path
    media = setting.work / f"{seconds}{source.suffix}"
    if not media.exists():
        repeat(source, media, seconds)
    return media


def bare(media: str, home: str, recall: str) -> dict[str, float]:
    """faster-whisper as its documentation shows it, with the settings of Memex."""
    del home, recall
    _, path = speech_model_path(load_config())
    cuda = bool(ctranslate2.get_cuda_device_count())
    model = WhisperModel(
        str(path),
        device="cuda" if cuda else "cpu",
        compute_type="float16" if cuda else "int8",
        local_files_only=True,
    )
    pipeline = BatchedInferencePipeline(model)

    def work() -> int:
        segments, _ = pipeline.transcribe(
            media, beam_size=BEAM, batch_size=BATCH, word_timestamps=True, vad_filter=True
        )
        return _words(segments)

    words, taken = timed(work)
    return {**taken, "words": words}


def recognition(media: str, home: str, recall: str) -> dict[str, float]:
    """The transcriber of Memex alone."""
    del home, recall
    transcriber = WhisperTranscriber(*speech_model_path(load_config()))
    words, taken = timed(
        lambda: sum(_words(stretch.segments) for stretch in transcriber.transcribe(Path(media)))
    )
    return {**taken, "words": words}


def adding(media: str, home: str, recall: str) -> dict[str, float]:
    """All that adding a file does: memex-ingest's share (read, tell who speaks) in this process,
    the recogniser's (recognise, look for names again) in its own, memexd's (store, embed, index)
    in memexd.
    """
    os.environ["MEMEX_HOME"] = home
    config = load_config()
    config.paths.create()
    names = names_of(list(names_in(real_texts(Path(recall), READ)))[:MOST])
    transcriber = TranscriberApart(config, lambda: names)
    file = Path(media)
    reading = Reading(transcriber=lambda: transcriber, checkpoint=config.paths.work / "bench")
    speakers = Speakers(config)
    speakers.load()

    with running(Path(home)) as memexd:

        def work() -> Document:
            document, voices = speakers(read(file, reading), file, ignore)
            sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
            arrival = Arrival.of(document, sha256=sha256, size=file.stat().st_size)
            for _ in memexd.client.remember(replace(arrival, voices=voices)):
                pass
            return document

        before = at_rest(memexd.pid) + cpu_seconds(transcriber.pid)
        document, taken = timed(work)
        theirs = cpu_seconds(memexd.pid) + cpu_seconds(transcriber.pid) - before
    transcriber.close()
    return {**taken, "cpu": taken["cpu"] + theirs, "words": _words(document.segments)}


def _words(segments: Iterable[Said]) -> int:
    return sum(len(segment.text.split()) for segment in segments)
