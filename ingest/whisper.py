"""A Whisper model in memory: sounds of at most 30 s in, words with their times out.

faster-whisper's parts (spectrogram, tokenizer, alignment) around CTranslate2, int8 on
the CPU, float16 on a CUDA device. Whisper's encoder always sees 30 s, however short a
sound is. For sounds of up to 14 s it sees 15 s here: half the work, and the words are
the same (docs/decisions/hearing.md). With still less it falls into loops.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, log
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens

from ingest.recognition import loops
from ingest.speech import SAMPLE_RATE
from memex.errors import ModelDamaged
from memex.types import Word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

_log = logging.getLogger(__name__)

WORKERS: Final = 2
"""Decodings that run at the same time: within one, CTranslate2 keeps but one core busy
for most of the time."""
BEAM: Final = 5
"""Hypotheses kept while decoding."""
FRAMES: Final = 100
"""Spectral frames a second."""
WHOLE: Final = 30 * FRAMES
"""Frames that the encoder is made for."""
HALF: Final = WHOLE // 2
"""Frames that it sees of short sounds."""
SHORT: Final = 14 * SAMPLE_RATE
"""Samples of the longest sound that half a window is enough for."""
TOKENS: Final = 224
"""Tokens of the longest text, Whisper's own limit: more is a loop."""
SURE: Final = 0.5
"""Probability from which the detected language is kept."""
LEAST: Final = 1e-9
"""Probability of a token, at least, where logarithms are taken."""
OPENING: Final = "\"'“¿([{-"
"""Punctuation that belongs to the word after it."""
CLOSING: Final = "\"'.。,，!！?？:：”)]}、"
"""Punctuation that belongs to the word before it."""


@dataclass(slots=True)
class Language:
    """The language of what is said, as far as it is known."""

    code: str | None = None
    settled: bool = False

    def note(self, code: str, probability: float) -> None:
        """Take what was detected, for good where it is sure enough; where it is not,
        what was known before stands.
        """
        if not self.settled and (self.code is None or probability >= SURE):
            self.code, self.settled = code, probability >= SURE


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of one sound."""

    words: tuple[Word, ...]
    """Times in seconds from the start of the sound; `text` as it is spelt, with the
    space before it."""
    logprob: float
    """Mean log probability of its tokens."""
    no_speech: float
    """Whisper's probability that nothing was said."""
    encoded: Encoded


@dataclass(frozen=True, slots=True)
class Encoded:
    """One of several sounds that were encoded together."""

    batch: ctranslate2.StorageView
    at: int
    frames: int
    """That the encoder saw of each."""

    def alone(self) -> ctranslate2.StorageView:
        """The sound by itself, on the same device."""
        device = self.batch.device
        on_cpu = self.batch.to_device(ctranslate2.Device.cpu) if device == "cuda" else self.batch
        row = np.ascontiguousarray(np.asarray(on_cpu)[self.at : self.at + 1])
        view = ctranslate2.StorageView.from_array(row)
        return view.to_device(ctranslate2.Device.cuda) if device == "cuda" else view


class Whisper:
    """A loaded model. Safe to use from several threads."""

    def __init__(self, directory: Path, device: str = "auto") -> None:
        """Load the CTranslate2 model in `directory`; `device` is "auto", "cpu" or "cuda".

        Raises `ModelDamaged`.
        """
        self.model = load(directory, device)
        self._tokenizers: dict[str, tuple[Tokenizer, tuple[int, ...]]] = {}

    def language(self) -> Language:
        """What is known before anything is heard: English models know it all."""
        english = not self.model.model.is_multilingual
        return Language("en" if english else None, english)

    def decode(
        self,
        sounds: Sequence[Samples],
        language: Language,
        *,
        beam: int = BEAM,
        hotwords: Sequence[str] = (),
        whole: bool = False,
    ) -> list[Decoded]:
        """The texts of sounds (mono, 16 kHz, at most 30 s, none empty), decoded together;
        where they are all short, and not `whole` asked for, in half a window. Texts
        that loop there are decoded in a whole one.

        A language that is not settled is detected, and noted. Names among `hotwords`
        are preferred.
        """
        names = ", ".join(hotwords) or None
        if whole or max(map(len, sounds)) > SHORT:
            return self._decoded(sounds, WHOLE, language, beam, names)
        decoded = self._decoded(sounds, HALF, language, beam, names)
        looped = [at for at, one in enumerate(decoded) if loops(one.words)]
        if looped:
            some = [sounds[at] for at in looped]
            again = self._decoded(some, WHOLE, language, beam, names)
            for at, one in zip(looped, again, strict=True):
                decoded[at] = one
        return decoded

    def likelihoods(
        self, encoded: Encoded, language: Language, texts: Sequence[str]
    ) -> list[float]:
        """How likely each text is to be what is said in a sound: the log probability of its
        tokens, in nats.
        """
        alone = encoded.alone()
        tokenizer, _ = self._tokenizer(language.code or "en")
        return [
            sum(log(max(p, LEAST)) for p in aligned.text_token_probs)
            for text in texts
            for aligned in self.model.model.align(
                alone, tokenizer.sot_sequence, [tokenizer.encode(text)], encoded.frames
            )
        ]

    def spells(self, word: str) -> bool:
        """Whether there is no token for a word: it is written in parts."""
        tokens = self.model.hf_tokenizer.encode(f" {word}", add_special_tokens=False).ids
        return len(tokens) > 1

    def _decoded(
        self,
        sounds: Sequence[Samples],
        frames: int,
        language: Language,
        beam: int,
        names: str | None,
    ) -> list[Decoded]:
        encoded = self._encode(sounds, frames)
        if not language.settled:
            language.note(*self._detected(encoded))
        tokenizer, suppressed = self._tokenizer(language.code or "en")
        prompt = self.model.get_prompt(tokenizer, [], without_timestamps=True, hotwords=names)
        results = self.model.model.generate(
            encoded,
            [prompt] * len(sounds),
            beam_size=beam,
            max_length=min(self.model.max_length, len(prompt) + TOKENS),
            suppress_tokens=list(suppressed),
            return_scores=True,
            return_no_speech_prob=True,
        )
        texts = [result.sequences_ids[0] for result in results]
        words = self._aligned(tokenizer, encoded, texts, [len(s) / SAMPLE_RATE for s in sounds])
        return [
            Decoded(
                some,
                _mean(result.scores[0], len(text)),
                result.no_speech_prob,
                Encoded(encoded, at, frames),
            )
            for at, (some, result, text) in enumerate(zip(words, results, texts, strict=True))
        ]

    def _encode(self, sounds: Sequence[Samples], frames: int) -> ctranslate2.StorageView:
        extract = self.model.feature_extractor
        spectra = [pad_or_trim(extract(sound)[..., :-1], frames) for sound in sounds]
        return self.model.encode(np.stack(spectra))

    def _detected(self, encoded: ctranslate2.StorageView) -> tuple[str, float]:
        """The language of encoded sounds, and the mean probability of it."""
        found: Counter[str] = Counter()
        detected = self.model.model.detect_language(encoded)
        for ranking in detected:
            for token, probability in ranking:
                found[token] += probability
        token, total = found.most_common(1)[0]
        return token[2:-2], total / len(detected)  # "<|en|>"

    def _tokenizer(self, language: str) -> tuple[Tokenizer, tuple[int, ...]]:
        """The tokenizer for a language, and the tokens of what is no speech."""
        if language not in self._tokenizers:
            multilingual = bool(self.model.model.is_multilingual)
            tokenizer = Tokenizer(
                self.model.hf_tokenizer, multilingual, task="transcribe", language=language
            )
            self._tokenizers[language] = tokenizer, get_suppressed_tokens(tokenizer, [-1])
        return self._tokenizers[language]

    def _aligned(
        self,
        tokenizer: Tokenizer,
        encoded: ctranslate2.StorageView,
        texts: Sequence[Sequence[int]],
        seconds: Sequence[float],
    ) -> list[tuple[Word, ...]]:
        """The words of texts, by the attention of the decoder to the sounds.

        faster-whisper mends times by those of the text before: each text is given a
        window of its own in one long recording.
        """
        window = WHOLE / FRAMES
        rows: list[list[dict[str, Any]]] = [
            [
                {
                    "seek": n * WHOLE,
                    "start": n * window,
                    "end": n * window + length,
                    "tokens": list(text),
                }
            ]
            for n, (text, length) in enumerate(zip(texts, seconds, strict=True))
        ]
        frames = [ceil(length) * FRAMES for length in seconds]
        self.model.add_word_timestamps(rows, tokenizer, encoded, frames, OPENING, CLOSING, 0.0)
        return [tuple(_words(row[0], n * window)) for n, row in enumerate(rows)]


def _words(row: dict[str, Any], zero: float) -> Iterator[Word]:
    for word in row["words"]:
        start, end = float(word["start"]) - zero, float(word["end"]) - zero
        yield Word(word["word"], start, end, float(word["probability"]))


def _mean(score: float, tokens: int) -> float:
    """Mean log probability with the end of the text counted, as Whisper's thresholds are
    meant; CTranslate2's is without.
    """
    return score * tokens / (tokens + 1)


def load(directory: Path, device: str) -> WhisperModel:
    """Load a model: on CUDA where there is a device and its libraries, else on the CPU.

    Raises `ModelDamaged`.
    """
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
            num_workers=WORKERS + 1,  # a phrase need not wait for a batch
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
