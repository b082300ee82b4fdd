"""Interim decoding: what is being said, as far as it has been said.

Whisper's encoder is trained on 30 seconds, and costs as much for one. Here it sees the
sound and six seconds of silence behind it, which takes a third of the time, and the
decoding is greedy. The price: a word in two hundred more is wrong, until the phrase is
over and decoded for good. (Settled words are not given to the decoder as what it begins with: that
costs as much, and where nothing follows them yet it says them twice.)
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens

from ingest.recognition import IMPLAUSIBLE, NO_SPEECH, UNLIKELY
from ingest.speech import SAMPLE_RATE
from memex.types import Word

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]
    Features = NDArray[np.float32]

FRAMES: Final = 100
"""Frames of a spectrogram a second."""
LONGEST: Final = 30 * FRAMES
"""Frames that the encoder is made for."""
AFTER: Final = 6 * FRAMES
"""Frames of silence that the encoder sees after the sound; with less it makes things up."""
PACE: Final = 7
"""Tokens a second that nobody says more of."""
MARGIN: Final = 12
"""Tokens besides."""
REPETITIVE: Final = 2.4
"""Times that a text can be compressed which is a loop (Whisper's own threshold)."""
SURE: Final = 0.5
"""Probability from which a language that was detected is kept."""


class Interim:
    """Decodes the beginning of a phrase. Safe to call from several threads."""

    def __init__(self, model: WhisperModel) -> None:
        """Over a model that is loaded."""
        self._model = model
        self._language: str | None = None if model.model.is_multilingual else "en"

    def __call__(self, samples: Samples) -> tuple[Word, ...]:
        """The words of a sound (mono, 16 kHz, at most 30 s); times in seconds from its
        start. None where nothing is said, or that cannot be told yet.
        """
        if not len(samples):
            return ()
        features = _padded(self._model.feature_extractor(samples))
        encoded = self._model.encode(features)
        tokenizer = self._tokenizer(encoded)
        seconds = len(samples) / SAMPLE_RATE
        tokens = self._generate(encoded, tokenizer, seconds)
        if not tokens:
            return ()
        frames = round(seconds * FRAMES)
        (found,) = self._model.find_alignment(tokenizer, [tokens], encoded, frames)
        return tuple(_words(found, seconds))

    def _generate(self, encoded: object, tokenizer: Tokenizer, seconds: float) -> list[int]:
        """The tokens of the text; none where it is not to be believed."""
        prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        most = len(prompt) + int(MARGIN + PACE * seconds)
        result = self._model.model.generate(
            encoded,
            [prompt],
            beam_size=1,
            max_length=min(self._model.max_length, most),
            suppress_tokens=get_suppressed_tokens(tokenizer, [-1]),
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        tokens = [token for token in result.sequences_ids[0] if token < tokenizer.eot]
        likely = result.scores[0]
        silent = result.no_speech_prob > NO_SPEECH and likely < UNLIKELY
        if silent or likely < IMPLAUSIBLE or _loops(tokenizer.decode(tokens)):
            return []
        return tokens

    def _tokenizer(self, encoded: object) -> Tokenizer:
        code = self._language or self._detected(encoded)
        multilingual = bool(self._model.model.is_multilingual)
        return Tokenizer(self._model.hf_tokenizer, multilingual, task="transcribe", language=code)

    def _detected(self, encoded: object) -> str:
        token, probability = self._model.model.detect_language(encoded)[0][0]
        code = str(token)[2:-2]  # "<|en|>"
        if probability >= SURE:
            self._language = code
        return code


def _padded(features: Features) -> Features:
    """A spectrogram with silence behind it; of an even number of frames."""
    length = min(LONGEST, (features.shape[1] + AFTER + 1) // 2 * 2)
    some = features[:, :length]
    return np.ascontiguousarray(np.pad(some, ((0, 0), (0, length - some.shape[1]))))


def _loops(text: str) -> bool:
    data = text.encode()
    return len(data) > REPETITIVE * len(zlib.compress(data))


def _words(found: Iterable[Mapping[str, Any]], end: float) -> Iterator[Word]:
    """Words as they are aligned, with the punctuation around them; none ends after the
    sound.
    """
    held: Word | None = None
    opening = ""
    for each in found:
        text = str(each["word"])
        if not any(map(str.isalnum, text)):
            if held is None or text.startswith(" "):
                opening += text
            else:
                held = replace(held, text=held.text + text)
            continue
        if held is not None:
            yield held
        start, stop = min(float(each["start"]), end), min(float(each["end"]), end)
        joined = opening + (text.lstrip() if opening else text)
        held, opening = Word(joined, start, stop, float(each["probability"])), ""
    if held is not None:
        yield held
