"""A look at a feed: what is new in it is fetched.

An episode is marked as known only when the spool has it: whatever dies before that
is done again, from the partial file. The server's validators are kept only when
nothing of the feed is left to fetch, so that "nothing has changed" means just that.
"""

from __future__ import annotations

import hashlib
import logging
import random
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ingest.podcasts.download import Bounds
from ingest.podcasts.endings import Held, Stopped
from ingest.podcasts.episodes import Fetcher
from ingest.podcasts.errors import PodcastError
from ingest.podcasts.feed import Episode, Feed, read_feed
from ingest.podcasts.identity import identities
from ingest.podcasts.patience import Patience
from ingest.podcasts.web import NO_VALIDATORS, Page, Validators, Web
from memex.client import Client
from memex.errors import DaemonUnavailable, MemexError, NotFound
from memex.protocols import Step
from memex.spool import Spool
from memex.types import FeedLook, KnownFeed

EVERY: Final = 3600.0
"""Seconds between two looks at a feed, and up to a tenth more."""
FIRST_PAUSE: Final = 300.0
"""Seconds after the first look that brought trouble; twice as many after each further one."""
LONGEST_PAUSE: Final = 24 * 3600.0
"""Seconds."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Offered:
    """An episode with the marks that it is known by."""

    episode: Episode
    marks: frozenset[str]


class Looking:
    """Looks at feeds, one after the other."""

    def __init__(
        self,
        client: Client,
        spool: Spool,
        downloads: Path,
        floor: int,
        check: Callable[[], None],
        progress: Callable[[Step], None],
        sleep: Callable[[float], None],
    ) -> None:
        """`downloads` is for partial files; `floor` is the bytes that stay free on the disk.
        `check` and `progress` raise `Held` and `Stopped`, `sleep` the latter.
        """
        self._client = client
        self._spool = spool
        self._downloads = downloads
        self._floor = floor
        self._check = check
        self._progress = progress
        self._web = Web(patience=Patience(sleep=sleep))

    def look(self, feed: KnownFeed) -> FeedLook:
        """Look at one feed; its troubles are its own. Raises `Held`, `Stopped`, `NotFound`,
        and where memexd does not answer `DaemonUnavailable`.
        """
        try:
            return self._refresh(feed)
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

    def _refresh(self, feed: KnownFeed) -> FeedLook:
        """Ask the server, and take what is new.

        Whether the typed address is of the own network shows at the first look: a public
        name that leads there later is another's trick.
        """
        own = feed.typed if feed.private or feed.checked_at is None else None
        page = self._web.get(
            feed.url, typed=own, validators=Validators(feed.etag, feed.last_modified)
        )
        if page.unchanged:
            return _looked(feed, page, feed.title, [])
        found = read_feed(page.body, page.url, page.content_type)
        own = own if feed.private or page.private else None
        bounds = Bounds(floor=self._floor)
        fetcher = Fetcher(self._web, self._spool, self._downloads, bounds, self._progress, own)
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
