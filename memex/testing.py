"""Fakes that ship with Memex: small enough to compute by hand.

They stand in for the models behind `memex.protocols` in tests of what lies
around them. What proves a capability is a test with the real model.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from memex.protocols import Message, Recognised, never

if TYPE_CHECKING:
    from memex.protocols import Vectors

DIMENSION: Final = 8


class WordLengths:
    """An `Embedder`: component i counts the words of i + 1 letters (the last one
    those of 8 and more), scaled to length 1. "to be or" is (0, 1, 0, …).
    """

    def __init__(self, model: str = "word-lengths") -> None:
        """`model` is its identity: another name is another model."""
        self._model = model

    @property
    def model(self) -> str:
        """Its name."""
        return self._model

    @property
    def dimension(self) -> int:
        """Components of a vector."""
        return DIMENSION

    def encode_query(self, text: str) -> Vectors:
        """Shape (8,)."""
        vector: Vectors = self.encode_documents([text])[0]
        return vector

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), 8); a text without words has the first unit vector."""
        counts = np.zeros((len(texts), DIMENSION), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.split():
                counts[row, min(len(word), DIMENSION) - 1] += 1
            if not text.split():
                counts[row, 0] = 1
        vectors: Vectors = counts / np.linalg.norm(counts, axis=1, keepdims=True)
        return vectors


@dataclass
class ScriptedModel:
    """A `LanguageModel` that says what it was told to, a word at a time."""

    replies: list[str]
    """What it says to one prompt after the other; the last again and again."""
    parameters: int = 7_000_000_000
    context: int = 2048
    model: str = "scripted"
    prompts: list[Sequence[Message]] = field(default_factory=list)
    """What it was asked."""

    def count_tokens(self, text: str) -> int:
        """A word is a token."""
        return len(text.split())

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 128,
        grammar: str | None = None,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] = never,
    ) -> Generator[str, None, None]:
        """Stream the next reply."""
        self.prompts.append(messages)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        for word in reply.split(" ")[:max_tokens]:
            if cancelled():
                return
            yield f"{word} "

    def close(self) -> None:
        """Nothing is held."""


@dataclass
class ScriptedTranscriber:
    """A `Transcriber` that hears what it was told to, whatever the file."""

    stretches: Iterable[Recognised]
    model: str = "scripted"

    def transcribe(self, media: Path, start: float = 0.0) -> Iterator[Recognised]:
        """The stretches that end after `start`."""
        yield from (stretch for stretch in self.stretches if stretch.position > start)
