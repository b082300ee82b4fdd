"""The reader, loaded when it is first needed: a memory that is only searched never pays for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence

from memex.protocols import LanguageModel, Message, never


class LazyReader:
    """A `LanguageModel` that loads another one at its first use."""

    def __init__(self, name: str, load: Callable[[], LanguageModel]) -> None:
        """`load` is called once, or again after it failed."""
        self._name = name
        self._load = load
        self._loading = threading.Lock()
        self._loaded: LanguageModel | None = None

    def load(self) -> LanguageModel:
        """The model itself. Raises `ModelError`."""
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    @property
    def model(self) -> str:
        """Its name, without loading it."""
        return self._name

    @property
    def parameters(self) -> int:
        """Its size."""
        return self.load().parameters

    @property
    def context(self) -> int:
        """Tokens that prompt and answer share."""
        return self.load().context

    def close(self) -> None:
        """Let it go, where it was loaded."""
        with self._loading:
            if self._loaded is not None:
                self._loaded.close()
                self._loaded = None

    def count_tokens(self, text: str) -> int:
        """Tokens of a text, without special ones."""
        return self.load().count_tokens(text)

    def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 128,
        grammar: str | None = None,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] = never,
    ) -> Generator[str, None, None]:
        """Stream the answer; see `memex.protocols.LanguageModel`."""
        yield from self.load().complete(
            messages, max_tokens=max_tokens, grammar=grammar, stop=stop, cancelled=cancelled
        )
