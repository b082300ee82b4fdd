"""Speech to text by faster-whisper, in a stream.

Sound comes in blocks of a second, speech leaves it in chunks that are cut at pauses, and
sixteen chunks are decoded together (`ingest.whisper`). What is in memory is one batch,
however long the recording is. Phrases that are said now are decoded one by one.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ingest.activity import speech_pieces
from ingest.live.interim import Interim
from ingest.live.phrase import SoFar
from ingest.misheard import Name, corrected
from ingest.recognition import Heard, Judged, judged, missed, repaired
from ingest.sentences import segments_of
from ingest.sound import Sound
from ingest.speech import SAMPLE_RATE, Chunk, Piece, Span, pack
from ingest.whisper import BEAM, SHORT, WORKERS, Decoded, Encoded, Language, Whisper
from memex.errors import DamagedFile
from memex.protocols import Recognised
from memex.types import Correction, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

BATCH: Final = 16
"""Chunks decoded together; more of them cost memory and gain nothing on a CPU."""
LATE: Final = 0.7
"""Seconds by which the first word after a pause may be put too late."""


class WhisperTranscriber:
    """A Whisper model, loaded. Implements `memex.protocols.Transcriber`."""

    def __init__(
        self,
        name: str,
        directory: Path,
        device: str = "auto",
        beam: int = BEAM,
        names: Callable[[], Sequence[Name]] = tuple,
    ) -> None:
        """Load the CTranslate2 model in `directory`; `device` is "auto", "cpu" or "cuda".
        `names` may be said (`ingest.misheard`).

        Raises `ModelDamaged`.
        """
        self._name = name.removeprefix("whisper-").removeprefix("whisper ")
        self._beam = beam
        self._names = names
        self._whisper = Whisper(directory, device)
        self._spoken = self._whisper.language()
        self._interim = Interim(self._whisper.model)
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
        language = self._whisper.language()
        with Sound(media) as sound:
            blocks = _Whole(sound.blocks(start))
            pieces = speech_pieces(blocks, round(start * SAMPLE_RATE))
            with closing(_ahead(pack(pieces))) as chunks:
                for stretch in self._stretches(chunks, language):
                    yield stretch.recognised(sound.duration, language.code)
            yield Recognised((), max(start, sound.position), sound.duration, language.code)
            if blocks.error is not None:
                raise blocks.error

    def phrase(self, samples: Samples, *, beam: int = BEAM, hotwords: Sequence[str] = ()) -> Heard:
        """Recognise one phrase of at most 30 s (mono, 16 kHz), decoded once and by itself.

        Word times count from its start. It may be called while a recording is
        recognised: both share the model. Names among `hotwords` are preferred.
        """
        if not len(samples):
            return Heard((), 0.0, 0.0, 1.0)
        language = replace(self._spoken)
        (decoded,) = self._whisper.decode([samples], language, beam=beam, hotwords=hotwords)
        if language.settled:
            self._spoken.code = language.code
        chunk = Chunk((Piece(0, samples, Span(0, len(samples))),))
        return self._looked_again(_heard(chunk, decoded), decoded.encoded, language)

    def interim(self, samples: Samples) -> SoFar:
        """What has been said so far of a phrase that goes on (`ingest.live.interim`)."""
        began, used = time.perf_counter(), time.process_time()
        words = self._interim(samples)
        # others of this process may have used it too; others of the machine may have waited
        took = min(time.perf_counter() - began, time.process_time() - used)
        return SoFar(words, took)

    def _stretches(self, chunks: Iterator[Chunk], language: Language) -> Iterator[_Stretch]:
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

    def _hear(self, batch: Sequence[Chunk], language: Language) -> list[Heard]:
        """Recognise the chunks of a batch; one `Heard` for each, in order.

        Each worker takes a share of the short ones, and of the long ones.
        """
        shares = list(_shares(batch)) if language.settled else [range(len(batch))]
        turns = [
            self._pool.submit(self._decode, [batch[at] for at in share], language)
            for share in shares
        ]
        heard = {
            at: one
            for share, turn in zip(shares, turns, strict=True)
            for at, one in zip(share, turn.result(), strict=True)
        }
        return [heard[at] for at in range(len(batch))]

    def _decode(self, chunks: Sequence[Chunk], language: Language) -> list[Heard]:
        sounds = [chunk.samples for chunk in chunks]
        decoded = self._whisper.decode(sounds, language, beam=self._beam)
        return [
            self._looked_again(_heard(chunk, one), one.encoded, language)
            for chunk, one in zip(chunks, decoded, strict=True)
        ]

    def _looked_again(self, heard: Heard, encoded: Encoded, language: Language) -> Heard:
        """With the names that were misheard."""
        words, made = corrected(
            heard.words,
            self._names(),
            self._whisper.spells,
            lambda texts: self._whisper.likelihoods(encoded, language, texts),
        )
        return replace(heard, words=words, corrected=made)


def _shares(batch: Sequence[Chunk]) -> Iterator[Sequence[int]]:
    """Places of the chunks that are decoded together; long ones take twice the memory."""
    short = [at for at, chunk in enumerate(batch) if len(chunk.samples) <= SHORT]
    long = [at for at, chunk in enumerate(batch) if len(chunk.samples) > SHORT]
    for some, most in ((short, BATCH // WORKERS), (long, BATCH // WORKERS // 2)):
        size = max(1, min(most, -(-len(some) // WORKERS)))
        yield from (some[at : at + size] for at in range(0, len(some), size))


class _Stretch:
    """Consecutive chunks and the words heard in them."""

    def __init__(self, chunks: Sequence[Chunk], heard: Sequence[Heard]) -> None:
        verdicts = [judged(one) for one in heard]
        self._end = chunks[-1].end
        self._pieces = [
            piece
            for chunk, verdict in zip(chunks, verdicts, strict=True)
            if verdict.words
            for piece in chunk.pieces
        ]
        self._words = [word for verdict in verdicts for word in verdict.words]
        self._dropped = [reason for verdict in verdicts for reason in verdict.dropped]
        self._corrected = list(_corrected(heard, verdicts))

    def missed(self) -> list[Chunk]:
        """Speech without words, packed anew; at most a batch of it."""
        return list(islice(pack(missed(self._pieces, self._words)), BATCH))

    def repair(self, again: Sequence[Heard]) -> None:
        """Put in what was heard in the missed speech."""
        verdicts = [judged(one, again=True) for one in again]
        self._words = repaired(self._words, [word for one in verdicts for word in one.words])
        self._dropped += [reason for verdict in verdicts for reason in verdict.dropped]
        self._corrected += _corrected(again, verdicts)

    def recognised(self, duration: float | None, language: str | None) -> Recognised:
        """The stretch as it is handed out."""
        words = _begin_with_the_voice(self._words, self._pieces)
        return Recognised(
            tuple(segments_of(words)),
            self._end / SAMPLE_RATE,
            duration,
            language,
            tuple(self._dropped),
            tuple(self._corrected),
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


def _corrected(heard: Iterable[Heard], verdicts: Iterable[Judged]) -> Iterator[Correction]:
    """The corrections of what was not dropped."""
    for one, verdict in zip(heard, verdicts, strict=True):
        if verdict.words:
            yield from one.corrected


def _heard(chunk: Chunk, decoded: Decoded) -> Heard:
    """Put the words of a chunk back in their places in the recording."""
    words = tuple(
        replace(word, start=start, end=end)
        for word in decoded.words
        for start, end in [chunk.place(word.start, word.end)]
    )
    return Heard(words, chunk.spoken, decoded.logprob, decoded.no_speech)


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
