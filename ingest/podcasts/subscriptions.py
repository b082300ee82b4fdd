"""The thread that looks at the feeds that are due, and fetches what is new in them.

An episode is marked as known only when the spool has it: whatever dies before that
is done again, from the partial file. The server's validators are kept only when
nothing of the feed is left to fetch, so that "nothing has changed" means just that.
"""

from __future__ import annotations

import hashlib
import logging
import random
import threading
import time
import traceback
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ingest.holds import Holds
from ingest.podcasts.download import Bounds
from ingest.podcasts.episodes import Fetcher
from ingest.podcasts.errors import PodcastError
from ingest.podcasts.feed import Episode, Feed, read_feed
from ingest.podcasts.identity import identities
from ingest.podcasts.patience import Patience
from ingest.podcasts.web import NO_VALIDATORS, Page, Validators, Web
from memex.client import Client
from memex.errors import DaemonUnavailable, MemexError, NotFound
from memex.items import Lane
from memex.models.heap import give_back
from memex.protocols import Step
from memex.spool import Spool
from memex.types import FeedLook, KnownFeed
from memex.urls import shown

EVERY: Final = 3600.0
"""Seconds between two looks at a feed, and up to a tenth more."""
FIRST_PAUSE: Final = 300.0
"""Seconds after the first look that brought trouble; twice as many after each further one."""
LONGEST_PAUSE: Final = 24 * 3600.0
"""Seconds."""
ASK_EVERY: Final = 60.0
"""Seconds between two questions to the daemon whether a feed is due, where nothing wakes us."""
HELD_EVERY: Final = 2.0
"""Seconds between two looks at whether something may be fetched, and how long a stop may take."""
STALE: Final = 30 * 24 * 3600.0
"""Seconds after which a partial file that nobody went on with is removed."""

_log = logging.getLogger(__name__)


class Stopped(Exception):
    """The process was asked to end; what came is kept."""


class Held(Exception):
    """Nothing may be fetched now; the feed stays due."""


@dataclass(frozen=True, slots=True)
class _Offered:
    """An episode with the marks that it is known by."""

    episode: Episode
    marks: frozenset[str]


class Subscriptions:
    """Looks at the feeds until it is stopped. Without a feed there is no network."""

    def __init__(
        self, client: Client, spool: Spool, downloads: Path, holds: Holds, *, floor: int
    ) -> None:
        """`downloads` is for partial files; `floor` is the bytes that stay free on the disk."""
        self._client = client
        self._spool = spool
        self._downloads = downloads
        self._holds = holds
        self._floor = floor
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._looked = 0.0
        self._thread = threading.Thread(target=self._run, name="podcasts", daemon=True)
        self.doing = ""
        """Which podcast is being looked at, for whoever asks."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """There may be something to look at."""
        self._wake.set()

    def stop(self) -> None:
        """End what is under way. A server that keeps silent is not waited for: what came
        is on the disk, and the thread ends with the process.
        """
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(HELD_EVERY)

    def _sweep(self) -> None:
        for file in self._downloads.iterdir() if self._downloads.is_dir() else ():
            with suppress(FileNotFoundError):  # its episode was forgotten just now
                if time.time() - file.stat().st_mtime > STALE:
                    file.unlink()

    def _run(self) -> None:
        pause = 0.0
        with suppress(Stopped):
            while not self._stopping.is_set():
                self._wake.wait(pause)
                self._wake.clear()
                pause = self._turn()

    def _turn(self) -> float:
        """One round; seconds until the next. Raises `Stopped`."""
        try:
            self._round()
        except (DaemonUnavailable, Held):
            return HELD_EVERY
        except (MemexError, OSError) as error:  # a disk refuses: the library's, or ours
            _log.warning("podcasts are looked at later: %s", type(error).__name__)
        finally:
            self.doing = ""
        return ASK_EVERY

    def _round(self) -> None:
        """Look at every feed that is due.

        Raises `Held`, `Stopped`, `MemexError` where memexd does not take what came, `OSError`.
        """
        self._sweep()
        due = self._client.whole_feeds(due=True)
        if not due:
            return
        self._check()
        self._downloads.mkdir(mode=0o700, parents=True, exist_ok=True)
        web = Web(patience=Patience(sleep=self._sleep))
        for feed in due:
            self._check()
            self.doing = feed.title or shown(feed.url)
            with suppress(NotFound):  # it was removed meanwhile
                look = self._look(web, feed)
                if self._is_followed(feed):
                    self._client.note_feed(feed.id, look)
            give_back()  # what a long feed took

    def _is_followed(self, feed: KnownFeed) -> bool:
        """False where another address was given meanwhile, with other credentials perhaps."""
        found = self._client.whole_feeds()
        return any((each.id, each.typed) == (feed.id, feed.typed) for each in found)

    def _look(self, web: Web, feed: KnownFeed) -> FeedLook:
        """Look at one feed; its troubles are its own. Raises as `_round`, and `NotFound`."""
        try:
            return self._refresh(web, feed)
        except (Held, Stopped, DaemonUnavailable, NotFound):
            raise
        except MemexError as error:
            _log.warning("feed %d: %s", feed.id, type(error).__name__)
            asked = error.retry_after if isinstance(error, PodcastError) else None
            return _troubled(feed, str(error), asked)
        except Exception as error:  # noqa: BLE001 (one bad feed must not stop the others)
            kind = type(error).__name__
            frames = traceback.extract_tb(error.__traceback__)
            where = "\n".join(f"{frame.filename}:{frame.lineno}" for frame in frames)
            _log.warning("feed %d: %s\n%s", feed.id, kind, where)
            return _troubled(feed, f"This should not have happened ({kind}).", None)

    def _refresh(self, web: Web, feed: KnownFeed) -> FeedLook:
        """Ask the server, and take what is new.

        Whether the typed address is of the own network shows at the first look: a public
        name that leads there later is another's trick.
        """
        own = feed.typed if feed.private or feed.checked_at is None else None
        page = web.get(feed.url, typed=own, validators=Validators(feed.etag, feed.last_modified))
        if page.unchanged:
            return _looked(feed, page, feed.title, [])
        found = read_feed(page.body, page.url, page.content_type)
        own = own if feed.private or page.private else None
        bounds = Bounds(floor=self._floor)
        fetcher = Fetcher(web, self._spool, self._downloads, bounds, self._progress, own)
        errors = self._take_new(fetcher, feed, found)
        return _looked(feed, page, found.title or feed.title, errors, whole=found.whole)

    def _take_new(self, fetcher: Fetcher, feed: KnownFeed, found: Feed) -> list[PodcastError]:
        """Fetch what is not known yet, the newest first; what could not be fetched and why."""
        offered = _offered(found)
        known = self._client.known_episodes(feed.id, _all_marks(offered))
        passed = [
            each
            for each in _passed(feed, offered)
            if known.isdisjoint(each.marks) and not fetcher.left(feed, each.episode)
        ]
        if passed:
            self._client.mark_episodes(feed.id, _all_marks(passed))
            known |= _all_marks(passed)
        errors: list[PodcastError] = []
        away: dict[str, PodcastError] = {}
        for each in offered:
            if known.isdisjoint(each.marks):
                error = self._take(fetcher, feed, found, each.episode, away)
                if error is not None:
                    errors.append(error)
                    continue
            if not each.marks <= known:
                self._client.mark_episodes(feed.id, each.marks)
        return errors

    def _take(
        self,
        fetcher: Fetcher,
        feed: KnownFeed,
        found: Feed,
        episode: Episode,
        away: dict[str, PodcastError],
    ) -> PodcastError | None:
        """Fetch an episode; why it is not here yet. Servers that are `away` wanted to be
        left alone for a while.
        """
        server = urlsplit(episode.enclosure.url).netloc if episode.enclosure else ""
        if server in away:
            return away[server]
        self._check()
        # Whoever removed the feed meanwhile does not want the rest of it.
        self._client.known_episodes(feed.id, ())
        try:
            fetcher.take(feed, found, episode)
        except PodcastError as error:
            _log.warning("an episode of feed %d: %s", feed.id, type(error).__name__)
            if error.retry_after:
                away[server] = error
            return None if fetcher.settle(feed, found, episode, error) else error
        return None

    def _progress(self, _: Step) -> None:
        """Raises `Stopped`, `Held`."""
        if self._stopping.is_set():
            raise Stopped
        if time.monotonic() - self._looked > HELD_EVERY:
            self._check()

    def _check(self) -> None:
        """Raises `Stopped`, and `Held` where nothing may be fetched."""
        if self._stopping.is_set():
            raise Stopped
        self._looked = time.monotonic()
        if self._holds.reason(Lane.BULK):
            raise Held

    def _sleep(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise Stopped


def _offered(found: Feed) -> list[_Offered]:
    """The episodes with their marks, the newest first; those without a date at the end.

    What was only announced has other marks than the episode when its sound is there.
    """
    each = []
    for episode, signs in zip(found.episodes, identities(found.episodes), strict=True):
        kind = "notes " if episode.enclosure is None else ""
        each.append(_Offered(episode, frozenset(_mark(kind + sign) for sign in signs)))
    oldest = datetime.min.replace(tzinfo=UTC)
    return sorted(each, key=lambda one: one.episode.published or oldest, reverse=True)


def _passed(feed: KnownFeed, offered: Sequence[_Offered]) -> Sequence[_Offered]:
    """Those further back than was asked for. A feed may bring its archive later too, all at
    once.
    """
    beyond = offered[feed.back :]
    if feed.checked_at is None:
        return beyond
    dated = ((each, each.episode.published) for each in beyond)
    return [each for each, published in dated if published and published < feed.added_at]


def _mark(sign: str) -> str:
    """A sign as it is kept: of no length but one, and without what it says."""
    return hashlib.sha256(sign.encode(errors="replace")).hexdigest()[:32]


def _all_marks(offered: Iterable[_Offered]) -> set[str]:
    return {mark for each in offered for mark in each.marks}


def _looked(
    feed: KnownFeed, page: Page, title: str, errors: Sequence[PodcastError], *, whole: bool = True
) -> FeedLook:
    """What came of a look at which the server answered; `whole` is False where the feed's
    end was missing.
    """
    failures = feed.failures + 1 if errors else 0
    now = datetime.now(UTC)
    asked = max((error.retry_after or 0.0 for error in errors), default=0.0)
    wait = max(min(_pause(failures), EVERY), asked) if errors else EVERY
    kept = NO_VALIDATORS
    if whole and not errors:
        was = feed if page.unchanged else NO_VALIDATORS
        kept = Validators(
            page.validators.etag or was.etag, page.validators.last_modified or was.last_modified
        )
    return FeedLook(
        url=page.moved_to or feed.url,
        private=feed.private or page.private,
        title=title,
        etag=kept.etag,
        last_modified=kept.last_modified,
        checked_at=now,
        next_at=now + timedelta(seconds=_jittered(wait)),
        trouble=_told(errors),
        failures=failures,
    )


def _troubled(feed: KnownFeed, trouble: str, asked: float | None) -> FeedLook:
    """What came of a look that failed; `asked` is the pause that the server wants, seconds."""
    failures = feed.failures + 1
    wait = _jittered(max(_pause(failures), asked or 0.0))
    return FeedLook(
        url=feed.url,
        private=feed.private,
        title=feed.title,
        etag=None,
        last_modified=None,
        checked_at=None,
        next_at=datetime.now(UTC) + timedelta(seconds=wait),
        trouble=trouble,
        failures=failures,
    )


def _told(errors: Sequence[PodcastError]) -> str:
    if not errors:
        return ""
    several = f"{len(errors)} episodes are" if len(errors) > 1 else "An episode is"
    return f"{several} not here yet: {errors[0]}"


def _pause(failures: int) -> float:
    """Seconds until the next look after so many that brought trouble."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 20))


def _jittered(seconds: float) -> float:
    """Never less than a server asked for, and never all at once."""
    return seconds * (1 + random.random() / 10)  # noqa: S311 (no secret)
