"""Speech to text by faster-whisper, in a stream.

Sound comes in blocks of a second, speech leaves it in chunks of at most 30 s, and
eight chunks are decoded together (CTranslate2 int8 on the CPU, float16 on a CUDA
device). What is in memory is one batch, however long the recording is.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import defaultdict, deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import ctranslate2
import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.transcribe import Segment as WhisperSegment

from ingest.recognition import Heard, kept, missed, repaired
from ingest.sentences import segments_of
from ingest.sound import Sound
from ingest.speech import SAMPLE_RATE, Chunk, Piece, pack, speech_pieces
from memex.errors import DamagedFile, ModelDamaged
from memex.protocols import Recognised
from memex.types import Word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

_log = logging.getLogger(__name__)

BATCH: Final = 8
"""Chunks decoded together; more of them cost memory and gain nothing on a CPU."""
WORKERS: Final = 2
"""Shares of a batch that are decoded at the same time."""
BEAM: Final = 5
"""Hypotheses kept while decoding."""
LATE: Final = 0.7
"""Seconds by which the first word after a pause may be put too late."""
FRAMES: Final = 100
"""Spectral frames a second, in which faster-whisper counts where a chunk begins."""
SURE: Final = 0.5
"""Probability from which the detected language is kept for the rest of the file."""


@dataclass(slots=True)
class _Language:
    """The language of one recording, as far as it is known."""

    code: str | None = None
    settled: bool = False

    def note(self, code: str, probability: float) -> None:
        """Take what was detected, for good where it is sure enough."""
        if not self.settled:
            self.code, self.settled = code, probability >= SURE


class WhisperTranscriber:
    """A Whisper model, loaded. Implements `memex.protocols.Transcriber`."""

    def __init__(self, name: str, directory: Path, device: str = "auto", beam: int = BEAM) -> None:
        """Load the CTranslate2 model in `directory`; `device` is "auto", "cpu" or "cuda".

        Raises `ModelDamaged`.
        """
        self._name = name.removeprefix("whisper-").removeprefix("whisper ")
        self._beam = beam
        model = _load(directory, device)
        self._multilingual = bool(model.model.is_multilingual)
        self._pipelines = [BatchedInferencePipeline(model) for _ in range(WORKERS)]
        self._pool = ThreadPoolExecutor(WORKERS, "whisper")

    @property
    def model(self) -> str:
        """As it is shown: "whisper tiny.en"."""
        return f"whisper {self._name}"

    def transcribe(self, media: Path, start: float = 0.0) -> Iterator[Recognised]:
        """Recognise a recording from `start` seconds on, a batch at a time.

        A recording that breaks off yields all that can be heard in it and raises
        `DamagedFile` then. Raises `UnreadableFile` for what is no recording.
        """
        language = _Language(None if self._multilingual else "en", not self._multilingual)
        with Sound(media) as sound:
            blocks = _Whole(sound.blocks(start))
            pieces = speech_pieces(blocks, round(start * SAMPLE_RATE))
            with closing(_ahead(pack(pieces))) as chunks:
                for stretch in self._stretches(chunks, language):
                    yield stretch.recognised(sound.duration, language.code)
            yield Recognised((), max(start, sound.position), sound.duration, language.code)
            if blocks.error is not None:
                raise blocks.error

    def _stretches(self, chunks: Iterator[Chunk], language: _Language) -> Iterator[_Stretch]:
        """Recognise chunks a batch at a time. What a batch missed is heard again with
        the next one, since a batch of one chunk takes nearly as long as a full one.
        """
        before: _Stretch | None = None
        again: list[Chunk] = []
        while batch := [*again, *(fresh := list(islice(chunks, BATCH - len(again))))]:
            heard = self._hear(batch, language)
            if before is not None:
                before.repair(heard[: len(again)])
                yield before
            before = _Stretch(fresh, heard[len(again) :]) if fresh else None
            again = before.missed() if before is not None else []
        if before is not None:
            yield before

    def _hear(self, batch: Sequence[Chunk], language: _Language) -> list[Heard]:
        """Decode the chunks of a batch; one `Heard` for each, in order.

        Each worker takes a share of them: within one decoding, CTranslate2 keeps but
        one core busy for most of the time.
        """
        size = -(-len(batch) // WORKERS) if language.settled else len(batch)
        shares = [batch[at : at + size] for at in range(0, len(batch), size)]
        turns = [
            self._pool.submit(self._decode, pipeline, share, language)
            for pipeline, share in zip(self._pipelines, shares, strict=False)
        ]
        return [heard for turn in turns for heard in turn.result()]

    def _decode(
        self, pipeline: BatchedInferencePipeline, batch: Sequence[Chunk], language: _Language
    ) -> list[Heard]:
        sounds = [chunk.samples for chunk in batch]
        ends = list(accumulate(map(len, sounds)))
        starts = [0, *ends[:-1]]
        half = 0.5  # of a sample: the pipeline rounds down
        clips = [
            {"start": (start + half) / SAMPLE_RATE, "end": (end + half) / SAMPLE_RATE}
            for start, end in zip(starts, ends, strict=True)
        ]
        found, info = pipeline.transcribe(
            np.concatenate(sounds),
            language=language.code if language.settled else None,
            beam_size=self._beam,
            batch_size=BATCH,
            word_timestamps=True,
            vad_filter=False,
            clip_timestamps=clips,
            language_detection_segments=BATCH,
        )
        language.note(info.language, info.language_probability)
        by_seek: dict[int, list[WhisperSegment]] = defaultdict(list)
        for segment in found:
            by_seek[segment.seek].append(segment)
        seeks = [int(start / SAMPLE_RATE * FRAMES) for start in starts]
        return [_heard(chunk, by_seek[seek]) for chunk, seek in zip(batch, seeks, strict=True)]


class _Stretch:
    """Consecutive chunks and the words heard in them."""

    def __init__(self, chunks: Sequence[Chunk], heard: Sequence[Heard]) -> None:
        good = [kept(one) for one in heard]
        self._end = chunks[-1].end
        self._pieces = [
            p for chunk, some in zip(chunks, good, strict=True) if some for p in chunk.pieces
        ]
        self._words = [word for some in good for word in some]
        self._suppressed = sum(
            bool(one.words) and not some for one, some in zip(heard, good, strict=True)
        )

    def missed(self) -> list[Chunk]:
        """Speech without words, packed anew; at most a batch of it."""
        return list(islice(pack(missed(self._pieces, self._words)), BATCH))

    def repair(self, again: Sequence[Heard]) -> None:
        """Put in what was heard in the missed speech."""
        self._words = repaired(self._words, again)

    def recognised(self, duration: float | None, language: str | None) -> Recognised:
        """The stretch as it is handed out."""
        words = _begin_with_the_voice(self._words, self._pieces)
        return Recognised(
            tuple(segments_of(words)),
            self._end / SAMPLE_RATE,
            duration,
            language,
            self._suppressed,
        )


class _Whole:
    """Blocks of sound up to where the recording breaks off; the error is kept for then."""

    def __init__(self, blocks: Iterator[Samples]) -> None:
        self._blocks = blocks
        self.error: DamagedFile | None = None

    def __iter__(self) -> Iterator[Samples]:
        heard = False
        try:
            for block in self._blocks:
                heard = True
                yield block
        except DamagedFile as error:
            if not heard:
                raise
            self.error = error


def _ahead(chunks: Iterator[Chunk]) -> Generator[Chunk]:
    """The same chunks, prepared by a thread while others are recognised."""
    pool = ThreadPoolExecutor(1, "sound")
    try:
        coming = deque(pool.submit(next, chunks, None) for _ in range(BATCH))
        while (chunk := coming.popleft().result()) is not None:
            coming.append(pool.submit(next, chunks, None))
            yield chunk
    finally:
        pool.shutdown(cancel_futures=True)


def _heard(chunk: Chunk, segments: Sequence[WhisperSegment]) -> Heard:
    """Put the words of a chunk back in their places in the recording."""
    words = []
    for segment in segments:
        zero = segment.seek / FRAMES
        for word in segment.words or ():
            start, end = chunk.place(word.start - zero, word.end - zero)
            words.append(Word(word.word, start, end, float(word.probability)))
    if not words:
        return Heard((), chunk.spoken, 0.0, 1.0)
    return Heard(tuple(words), chunk.spoken, segments[0].avg_logprob, segments[0].no_speech_prob)


def _begin_with_the_voice(words: Sequence[Word], pieces: Iterable[Piece]) -> list[Word]:
    """Let the first word after a pause begin where the speech does: Whisper's
    alignment often puts it a little later.
    """
    found = list(words)
    at = 0
    for piece in pieces:
        voice, end = piece.speech.start / SAMPLE_RATE, piece.end / SAMPLE_RATE
        while at < len(found) and found[at].start < voice:
            at += 1
        if at == len(found):
            break
        free = at == 0 or found[at - 1].end <= voice
        if free and found[at].start < end and found[at].start - voice <= LATE:
            found[at] = replace(found[at], start=voice)
    return found


def _load(directory: Path, device: str) -> WhisperModel:
    """Load a model: on CUDA where there is a device and its libraries, else on the CPU."""
    try:
        if device == "cuda" or (device == "auto" and ctranslate2.get_cuda_device_count() > 0):
            try:
                return _on_cuda(directory)
            except RuntimeError as error:
                if device == "cuda":
                    raise
                _log.warning("CUDA cannot be used (%s): the CPU is", error)
        return WhisperModel(
            str(directory),
            device="cpu",
            compute_type="int8",
            cpu_threads=min(4, max(1, _cores() // WORKERS)),
            num_workers=WORKERS,
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelDamaged(
            f"The speech model in {directory} cannot be loaded: {error}.",
            "Fetch it again: memex models pull.",
        ) from error


def _cores() -> int:
    """Processors that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _on_cuda(directory: Path) -> WhisperModel:
    """Load and try it: a missing CUDA library shows only when the model runs."""
    model = WhisperModel(str(directory), device="cuda", compute_type="float16")
    bands = model.feature_extractor.mel_filters.shape[0]
    model.encode(np.zeros((bands, model.feature_extractor.nb_max_frames), dtype=np.float32))
    return model
