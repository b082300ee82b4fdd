from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from faster_whisper.vad import VadOptions, get_speech_timestamps

from ingest.activity import Endpoints, speech_pieces
from ingest.speech import CHUNK, ENOUGH, SAMPLE_RATE, Chunk, Piece, Span, pack
from tests.hearing.making import Samples, load


def blocks(samples: Samples, size: int = 16_300) -> Iterator[Samples]:
    for at in range(0, len(samples), size):
        yield samples[at : at + size]


def test_the_stream_is_cut_like_the_whole_file(audio: Path) -> None:
    """Silero on the whole recording at once finds the same stretches of speech."""
    samples = load(audio / "read" / "two_cities.flac")
    options = VadOptions(max_speech_duration_s=30, min_silence_duration_ms=160, speech_pad_ms=250)
    expected = [(s["start"], s["end"]) for s in get_speech_timestamps(samples, options)]
    got = [(piece.start, piece.end) for piece in speech_pieces(blocks(samples))]
    assert got == pytest.approx(np.array(expected), abs=512)


@pytest.mark.parametrize("size", [160, 16_000, 100_000])
def test_the_size_of_the_blocks_does_not_matter(audio: Path, size: int) -> None:
    samples = load(audio / "conversation" / "phone.flac")
    one = [(p.start, p.end) for p in speech_pieces(blocks(samples, size))]
    assert one == [(p.start, p.end) for p in speech_pieces([samples])]


def test_pieces_hold_their_stretch_of_the_stream(audio: Path) -> None:
    samples = load(audio / "conversation" / "phone.flac")
    first = 40_000
    pieces = list(speech_pieces(blocks(samples), first))
    assert pieces
    for piece in pieces:
        np.testing.assert_array_equal(
            piece.samples, samples[piece.start - first : piece.end - first]
        )
        assert piece.start <= piece.speech.start < piece.speech.end <= piece.end


def test_chunks_are_never_longer_than_whisper_hears(audio: Path) -> None:
    samples = load(audio / "long" / "turns.opus")[: 120 * SAMPLE_RATE]
    chunks = list(pack(speech_pieces(blocks(samples))))
    assert max(len(chunk.samples) for chunk in chunks) <= CHUNK
    packed = [chunk for chunk in chunks if len(chunk.pieces) > 1]
    assert max(len(chunk.samples) for chunk in packed) <= ENOUGH
    assert len(chunks) <= 20


def test_unbroken_speech_is_cut_where_it_is_quietest() -> None:
    probabilities = [0.9] * 2500
    probabilities[700] = 0.6
    endpoints = Endpoints(0)
    spans = [*endpoints(probabilities), *endpoints.finish()]
    assert spans[0].end == 700 * 512
    assert all(after.start == before.end for before, after in pairwise(spans))
    assert all(span.end - span.start < CHUNK for span in spans)


def test_long_silence_leaves_nothing_in_memory(speech: Samples) -> None:
    def stream() -> Iterator[Samples]:
        yield speech
        for _ in range(1200):
            yield np.zeros(SAMPLE_RATE, np.float32)
        yield speech

    tracemalloc.start()
    chunks = list(pack(speech_pieces(stream())))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(chunk.spoken for chunk in chunks) > 12
    assert peak < 8_000_000


def chunk() -> Chunk:
    """A second of speech at 10 s and one at 20 s, each with 0.4 s around it."""
    sound = np.zeros(round(1.8 * SAMPLE_RATE), np.float32)
    return Chunk(
        tuple(
            Piece(
                round((at - 0.4) * SAMPLE_RATE),
                sound,
                Span(at * SAMPLE_RATE, (at + 1) * SAMPLE_RATE),
            )
            for at in (10, 20)
        )
    )


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0.5, 0.9, (10.1, 10.5)),
        (2.4, 2.8, (20.2, 20.6)),
        (1.0, 2.3, (10.6, 11.1)),  # lasts over the pause: belongs to what is before
        (1.5, 2.5, (20.0 - 0.1, 20.3)),  # nothing of it is before: to what is after
        (3.0, 9.9, (20.8, 21.1)),
    ],
)
def test_words_are_put_back_in_their_place(
    start: float, end: float, expected: tuple[float, float]
) -> None:
    assert chunk().place(start, end) == pytest.approx(expected, abs=0.001)
