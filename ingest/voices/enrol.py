"""`python -m ingest.voices.enrol FILE`: how the one person in a recording sounds, as JSON
on standard output; an error as JSON there, too, and exit status 1.

A process of its own: `memex people enroll` loads no numbers.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

import numpy as np

from ingest.activity import speech_pieces
from ingest.sound import Sound
from ingest.voices.embedding import RATE, VoiceEncoder
from ingest.voices.speakers import load_encoder
from memex.config import load_config
from memex.errors import InvalidRequest, MemexError, error_to_json
from memex.wire import Json

LEAST: Final = 5.0
"""Seconds of speech from which a voice is learnt."""
MOST: Final = 120.0
"""Seconds of speech that are listened to."""


def voice_of(path: Path, encoder: VoiceEncoder) -> Json:
    """The voice in a recording ("model", "vector", "seconds"). Raises `UnreadableFile`, and
    `InvalidRequest` where hardly anything is said.
    """
    pieces, seconds = [], 0.0
    with Sound(path) as sound:
        for piece in speech_pieces(sound.blocks()):
            pieces.append(piece.samples)
            seconds += len(piece.samples) / RATE
            if seconds >= MOST:
                break
    if seconds < LEAST:
        raise InvalidRequest(
            f"Only {seconds:.1f} s are spoken in it; a voice is learnt from {LEAST:.0f} s on.",
            "Record somebody who speaks for about 20 s, alone and near the microphone.",
        )
    vector = encoder.utterance(np.concatenate(pieces))
    return {
        "model": encoder.model,
        "vector": [float(value) for value in vector],
        "seconds": round(seconds, 2),
    }


def main() -> None:
    """The process. A recording that breaks off is no recording to learn from."""
    try:
        found = voice_of(Path(sys.argv[1]), load_encoder(load_config()))
    except MemexError as error:
        sys.stdout.write(json.dumps({"error": error_to_json(error)}))
        sys.exit(1)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
