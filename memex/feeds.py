"""The podcasts that are followed, and which of their episodes are known.

Nothing here asks the network: memex-ingest does, and tells what came of it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from memex.database import Database
from memex.errors import InvalidRequest, NotFound
from memex.types import FeedLook, KnownFeed
from memex.urls import key_of, shown, subscription_url

BACK: Final = 10
"""Episodes that are fetched of those that a feed already has when it is added."""


class Feeds:
    """The feeds of the library."""

    def __init__(self, database: Database) -> None:
        """A room of the library."""
        self._database = database

    def add(
        self,
        typed: str,
        *,
        title: str = "",
        back: int | None = None,
        keep_audio: bool | None = None,
    ) -> tuple[KnownFeed, bool]:
        """Follow a feed from now on (`BACK` episodes, with their sound); True when it is
        new. One that is followed already gets the choices that are made, and is looked at
        again; from its beginning when more episodes are wanted. Raises `InvalidRequest`.
        """
        url = subscription_url(typed)
        if back is not None and back < 0:
            raise InvalidRequest("Less than no episode cannot be fetched.", "Give 0 or more.")
        with self._database.transaction() as db:
            known = next((feed for feed in self.all() if _same(feed, url)), None)
            if known is None:
                cursor = db.execute(
                    "INSERT INTO feeds (url, typed, title, added_at, back, keep_audio)"
                    " VALUES (?1, ?1, ?2, ?3, ?4, ?5)",
                    (
                        url,
                        title,
                        _now(),
                        BACK if back is None else back,
                        keep_audio is not False,
                    ),
                )
                return self._feed(cursor.lastrowid or 0), True
            db.execute(  # the address as it is typed now may have other credentials
                "UPDATE feeds SET url = ?1, typed = ?1, back = coalesce(?2, back),"
                " keep_audio = coalesce(?3, keep_audio), etag = NULL, last_modified = NULL,"
                " next_at = NULL WHERE id = ?4",
                (url, back, keep_audio, known.id),
            )
            if back is not None and back > known.back:
                db.execute("UPDATE feeds SET checked_at = NULL WHERE id = ?", (known.id,))
                db.execute("DELETE FROM episodes WHERE feed_id = ?", (known.id,))
            return self._feed(known.id), False

    def all(self) -> list[KnownFeed]:
        """Every feed, in the order in which they were added."""
        return [_known(row) for row in self._database.all("SELECT * FROM feeds ORDER BY id")]

    def episodes(self) -> dict[str, int]:
        """How many episodes are remembered, by what their podcast was called then (its address
        where it had no title).
        """
        rows = self._database.all(
            "SELECT json_extract(attributes, '$.feed') AS feed, count(*) AS episodes FROM documents"
            " WHERE json_extract(attributes, '$.source') = 'podcast' GROUP BY feed"
        )
        return {row["feed"]: row["episodes"] for row in rows}

    def due(self) -> list[KnownFeed]:
        """The feeds that are to be looked at now, the longest due first."""
        rows = self._database.all(
            "SELECT * FROM feeds WHERE next_at IS NULL OR next_at <= ?"
            " ORDER BY coalesce(next_at, ''), id",
            _now(),
        )
        return [_known(row) for row in rows]

    def find(self, name: str) -> KnownFeed:
        """The one feed of this number or address (as typed, as it is now, as it is shown).

        Raises `NotFound`, `InvalidRequest` where several are shown so.
        """
        keys = {key_of(name), key_of(_address(name))} - {""}
        feeds = self.all()
        exact = [
            feed
            for feed in feeds
            if str(feed.id) == name or keys & {key_of(feed.url), key_of(feed.typed)}
        ]
        found = exact or [feed for feed in feeds if key_of(shown(feed.url)) in keys]
        if not found:
            raise NotFound(f"{shown(name)} is not followed.", "See `memex feeds list`.")
        if len(found) > 1:
            raise InvalidRequest(
                f"Several feeds are called {shown(name)}.",
                "Name one by its number in `memex feeds list`.",
            )
        return found[0]

    def refresh(self, *ids: int) -> None:
        """Have feeds looked at now: these, or all."""
        with self._database.transaction() as db:
            db.execute(
                "UPDATE feeds SET next_at = NULL"
                " WHERE ?1 = '[]' OR id IN (SELECT value FROM json_each(?1))",
                (json.dumps(ids),),
            )

    def remove(self, id_: int) -> None:
        """Follow a feed no longer; what was remembered of it stays. Raises `NotFound`."""
        with self._database.transaction() as db:
            if not db.execute("DELETE FROM feeds WHERE id = ?", (id_,)).rowcount:
                raise _gone()

    def note(self, id_: int, look: FeedLook) -> None:
        """What came of looking at a feed. One that was removed meanwhile stays so."""
        with self._database.transaction() as db:
            db.execute(
                "UPDATE feeds SET url = ?, private = ?, title = ?, etag = ?, last_modified = ?,"
                " checked_at = coalesce(?, checked_at), next_at = ?, trouble = ?, failures = ?"
                " WHERE id = ?",
                (
                    look.url,
                    look.private,
                    look.title,
                    look.etag,
                    look.last_modified,
                    look.checked_at.astimezone(UTC).isoformat() if look.checked_at else None,
                    look.next_at.astimezone(UTC).isoformat(),
                    look.trouble,
                    look.failures,
                    id_,
                ),
            )

    def known(self, id_: int, marks: Iterable[str]) -> set[str]:
        """Those of these marks that an episode was seen with. Raises `NotFound`."""
        self._feed(id_)
        rows = self._database.all(
            "SELECT mark FROM episodes WHERE feed_id = ?"
            " AND mark IN (SELECT value FROM json_each(?))",
            id_,
            json.dumps(list(marks)),
        )
        return {row["mark"] for row in rows}

    def mark(self, id_: int, marks: Iterable[str]) -> None:
        """Episodes with these marks are not to be fetched (again). Raises `NotFound`."""
        with self._database.transaction() as db:
            self._feed(id_)
            db.executemany(
                "INSERT INTO episodes VALUES (?, ?) ON CONFLICT DO NOTHING",
                [(id_, mark) for mark in marks],
            )

    def _feed(self, id_: int) -> KnownFeed:
        row = self._database.one("SELECT * FROM feeds WHERE id = ?", id_)
        if row is None:
            raise _gone()
        return _known(row)


def _gone() -> NotFound:
    return NotFound("This feed is not followed.", "See `memex feeds list`.")


def _same(feed: KnownFeed, url: str) -> bool:
    """Whether an address is the feed's, whatever the credentials."""
    key = _without_user(url)
    return key in {_without_user(feed.url), _without_user(feed.typed)}


def _without_user(url: str) -> str:
    host, slash, path = key_of(url).partition("/")
    return f"{host.rpartition('@')[2].lower()}{slash}{path}"


def _address(name: str) -> str:
    try:
        return subscription_url(name)
    except InvalidRequest:
        return ""


def _known(row: sqlite3.Row) -> KnownFeed:
    return KnownFeed(
        id=row["id"],
        url=row["url"],
        typed=row["typed"],
        private=bool(row["private"]),
        title=row["title"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        added_at=datetime.fromisoformat(row["added_at"]),
        checked_at=_time(row["checked_at"]),
        next_at=_time(row["next_at"]),
        trouble=row["trouble"],
        failures=row["failures"],
        back=row["back"],
        keep_audio=bool(row["keep_audio"]),
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _now() -> str:
    return datetime.now(UTC).isoformat()
