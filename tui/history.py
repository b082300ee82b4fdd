"""Earlier queries, gone through with up and down as in a shell. Pure.

They are not written anywhere for this: they are what the memory keeps of what it was asked
(its traces), so that forgetting a document, or a trace, forgets them here, too. Saved ones are
picked from a list beside them.
"""

from __future__ import annotations

from collections.abc import Iterable


class History:
    """A walk through earlier queries."""

    def __init__(self) -> None:
        """There are none yet."""
        self._queries: list[str] = []
        self._saved: list[str] = []
        self._at: int | None = None
        self._draft = ""

    @property
    def queries(self) -> list[str]:
        """All of them, newest first."""
        return list(self._queries)

    @property
    def saved(self) -> list[str]:
        """Those that are saved, newest first."""
        return list(self._saved)

    def has(self, query: str) -> bool:
        """Whether a query is saved, however it is spaced."""
        return " ".join(query.split()) in self._saved

    @property
    def walking(self) -> bool:
        """Whether an earlier one is shown."""
        return self._at is not None

    def fill(self, queries: Iterable[str], saved: Iterable[str] = ()) -> None:
        """Take what the memory has, newest first."""
        self._queries = list(queries)
        self._saved = list(saved)

    def back(self, now: str) -> str | None:
        """The query before; None where there is none. `now` is what is typed."""
        if self._at is None:
            self._draft = now
        at = 0 if self._at is None else self._at + 1
        while at < len(self._queries) and self._queries[at] == now:
            at += 1
        if at >= len(self._queries):
            return None
        self._at = at
        return self._queries[at]

    def forth(self) -> str | None:
        """The query after, at last what was typed; None where nothing earlier is shown."""
        if self._at is None:
            return None
        self._at = self._at - 1 if self._at else None
        return self._draft if self._at is None else self._queries[self._at]

    def leave(self) -> None:
        """Something else is typed."""
        self._at = None
