"""What a document is out of, as a user would name it: a podcast, an album, a device that heard it;
else it is a thing by itself, with its title.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from memex.database import Database

_CALLED: Final = ("feed", "show", "album", "device")
"""Attributes that name it, the first that a document has."""
_NAMED: Final = (*_CALLED, "source")
_FIRST: Final = ", ".join(f"json_extract(attributes, '$.{name}')" for name in _CALLED)


class Origins:
    """The origins of the library's documents."""

    def __init__(self, database: Database) -> None:
        """A room of the library."""
        self._database = database

    def of(self, document_ids: Iterable[str]) -> dict[str, str]:
        """What these documents are out of, by their ids."""
        rows = self._database.all(
            f"SELECT id, coalesce({_FIRST}, title) AS origin FROM documents"  # noqa: S608 (above)
            " WHERE id IN (SELECT value FROM json_each(?))",
            json.dumps(list(document_ids)),
        )
        return {row["id"]: row["origin"] for row in rows if row["origin"]}

    def within(self, words: str) -> tuple[str, ...]:
        """The documents that are out of what is called so, or whose title has this, in any case
        and however it is spaced; for what was heard live, its kind of source ("wearable"), too.
        """
        rows = self._database.all(
            "SELECT id FROM documents WHERE says(title, ?) OR EXISTS (SELECT 1 FROM"
            " json_each(attributes) AS said JOIN json_each(?) AS named ON said.key = named.value"
            " WHERE says(said.value, ?))",
            words,
            json.dumps(_NAMED),
            words,
        )
        return tuple(row["id"] for row in rows)
