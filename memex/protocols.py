"""Every seam of Memex on one page.

A seam has a real implementation and a fake that ships (`memex.testing`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from memex.types import Answer, Arrival, Correction, Hit, Segment, Turn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recognised:
    """One stretch of a recording, recognised for good."""

    segments: tuple[Segment, ...]
    """In order, times counted from the start of the recording. May be empty."""
    position: float
    """Seconds of the recording that are done: recognition can resume here."""
    duration: float | None
    """Seconds of the whole recording, where its container tells."""
    language: str | None
    suppressed: tuple[str, ...] = ()
    """For each text that the recogniser made up and that was dropped, why: "phantom"."""
    corrected: tuple[Correction, ...] = ()
    """Names that were put in the place of what was heard."""


class Transcriber(Protocol):
    """Speech to text. Real: faster-whisper."""

    @property
    def model(self) -> str:
        """The recogniser's name, as it is shown: "whisper tiny.en"."""

    def transcribe(self, media: Path, start: float = 0.0) -> Iterator[Recognised]:
        """Recognise a media file from `start` seconds on, stretch by stretch.

        Memory does not grow with the length of the file. Raises
        `UnreadableFile` for what is no sound recording.
        """


class Embedder(Protocol):
    """Text to unit vectors. Real: CTranslate2, sentence-transformers."""

    @property
    def model(self) -> str:
        """Name and revision: vectors of different models never meet."""

    @property
    def dimension(self) -> int:
        """Components of a vector."""

    def encode_query(self, text: str) -> Vectors:
        """Shape (dimension,), L2 norm 1."""

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimension), each row of L2 norm 1."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text as an embedder reads it, token by token; special ones and prompts are left out."""

    places: Sequence[tuple[int, int]]
    """The characters of each: first, and one past the last."""
    vectors: Vectors
    """Shape (tokens, dimension), each row of L2 norm 1."""


@runtime_checkable
class TokenEmbedder(Embedder, Protocol):
    """An `Embedder` that tells what each token means where it stands. Real: CTranslate2."""

    def read_query(self, text: str) -> tuple[Vectors, Tokens]:
        """`encode_query`, and the tokens."""

    def read_documents(
        self, texts: Sequence[str], keep: Callable[[str, Tokens], bytes]
    ) -> tuple[Vectors, list[bytes]]:
        """`encode_documents`, and what `keep` makes of each text and its tokens: all of them
        at once would take two hundred times the room of the vectors.
        """


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat prompt."""

    role: str
    """"system", "user" or "assistant"."""
    content: str


def never() -> bool:
    """Not cancelled."""
    return False


class LanguageModel(Protocol):
    """Prompt to text. Real: llama-cpp-python."""

    @property
    def model(self) -> str:
        """Its name, as it is shown."""

    @property
    def parameters(self) -> int:
        """Its size: what it can be trusted with depends on it."""

    @property
    def context(self) -> int:
        """Tokens that prompt and answer share."""

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, without special ones."""

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 128,
        grammar: str | None = None,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] = never,
    ) -> Generator[str, None, None]:
        """Stream the answer piece by piece, greedily. Closing the iterator stops the model at
        once; so does `cancelled`, asked from time to time, while nobody can close it because
        the next piece is waited for. `grammar` is GBNF.
        """

    def close(self) -> None:
        """Let its memory go; the next use takes it again."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is narrowed to."""

    kinds: tuple[str, ...] = ()
    """Of one of these kinds; of any, where there is none."""
    since: datetime | None = None
    """Said or written at or after this time."""
    until: datetime | None = None
    """Said or written before this time."""
    speaker: str | None = None
    document_id: str | None = None
    origin: str | None = None
    """Out of a podcast, device or document that is called so (`memex.origins`)."""
    documents: tuple[str, ...] | None = None
    """In one of these; in any, where there is None."""


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Remembered:
    """What became of a document handed to `Memory.remember`."""

    document_id: str
    new: bool
    """False when the same text was there already: only a copy was noted."""
    passages: int
    forgotten: bool = False
    """It was forgotten before, and the user did not name it: nothing was stored."""
    overheard: bool = False
    """All of it repeats that document (`memex.overheard`): only that was noted."""
    repeats: int = 0
    """Live documents that turned out to repeat this one, and are gone (`memex.hindsight`)."""


@dataclass(frozen=True, slots=True)
class Step:
    """Progress of a long operation."""

    stage: str
    """"reading", "transcribing", "embedding", …"""
    done: float
    total: float | None
    """None when it cannot be told."""
    unit: str
    """"s" of sound, "passages", "bytes", …"""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an answer as it is written."""

    text: str


@dataclass(frozen=True, slots=True)
class Retracted:
    """What has streamed so far did not stand up to its sources: forget it."""


class Memory(Protocol):
    """The memory itself. Real: `memex.memory.Memex` in the daemon's process,
    `memex.client.Client` over its socket.
    """

    def remember(self, *arrivals: Arrival) -> Iterator[Step | Remembered]:
        """Store and index documents, all or none. At the end comes a `Remembered`
        for each, in order; by then they are found by `recall`.
        """

    def recall(self, query: str, *, limit: int = 10, filters: Filters = NO_FILTERS) -> list[Hit]:
        """The passages that answer best, best first."""

    def ask(
        self, question: str, *, filters: Filters = NO_FILTERS, after: Turn | None = None
    ) -> Iterator[Token | Retracted | Answer]:
        """Answer from what is remembered, a follow-up by what was asked before it (`after`). The
        last item is the `Answer`.
        """

    def forget(self, *document_ids: str, tombstone: bool = True) -> None:
        """Remove documents everywhere. Raises `NotFound`.

        With a `tombstone` a rescan does not bring them back.
        """

    def status(self) -> Mapping[str, object]:
        """Counts and states, as `memex status --json` prints them."""
