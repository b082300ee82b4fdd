"""Fetches one episode, with its transcript and chapters, and hands it to the spool."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import math
import mimetypes
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

import httpx2

from ingest.podcasts import chapters, transcripts
from ingest.podcasts.download import Bounds, download
from ingest.podcasts.errors import (
    AddressRefused,
    Malformed,
    PodcastError,
    RefusedByServer,
    TooLarge,
)
from ingest.podcasts.feed import Enclosure, Episode, Feed, Transcript
from ingest.podcasts.urls import bare_url, shown
from ingest.podcasts.web import Web
from ingest.readers import MEDIA_SUFFIXES, READERS
from ingest.readers.transcripts import companion, read_transcript
from memex.config import PLACE
from memex.errors import DiskFull, StorageError, UnreadableFile
from memex.items import Lane, Provenance
from memex.protocols import Step
from memex.spool import Spool
from memex.types import KnownFeed

_TYPES: Final = {"audio/m4a": ".m4a", "audio/mp4": ".m4a", "audio/x-m4a": ".m4a"}
"""Where `mimetypes` knows another ending, or none."""
_READ_ALONE: Final = frozenset({".srt", ".vtt"})
"""Endings of transcripts that are read without a recording."""
_JSON: Final = "application/json, */*;q=0.1"
PATIENCE: Final = 7 * 24 * 3600.0
"""Seconds for which an episode's sound may be missing before its notes must do."""
_MISSING: Final = frozenset({404, 410})
_LASTING: Final = (AddressRefused, Malformed, TooLarge)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fetcher:
    """The way of an episode into the spool."""

    web: Web
    spool: Spool
    downloads: Path
    """Where what has come in part lies."""
    bounds: Bounds
    progress: Callable[[Step], None]
    """As in `download`: may raise to interrupt."""
    own: str | None
    """The feed's address as in `Web.get`, where its server is in the own network."""

    def take(self, followed: KnownFeed, feed: Feed, episode: Episode) -> None:
        """Fetch an episode and hand it in; one without sound as the text of its notes.

        Raises `PodcastError`, `StorageError`.
        """
        name = _name(followed, episode)
        self._written(f"{name}{PLACE}", place(feed, episode).encode())
        if episode.enclosure is None:
            self._take_words(name, feed, episode)
        else:
            self._take_sound(name, followed, feed, episode, episode.enclosure)
        self._clear(name)

    def _take_sound(
        self, name: str, followed: KnownFeed, feed: Feed, episode: Episode, enclosure: Enclosure
    ) -> None:
        media = self.downloads / f"{name}{_suffix(enclosure)}"
        transcript = self._transcript(media.name, feed, episode)
        origin = provenance(feed, episode, notes=episode.notes, marks=self._chapters(episode))
        origin = replace(origin, keep_sound=followed.keep_audio)
        if not followed.keep_audio and transcript and (alone := self._alone(transcript)):
            self._hand_in(alone, origin)
            return
        download(
            self.web,
            enclosure.url,
            media,
            typed=self.own,
            bounds=self.bounds,
            progress=self.progress,
        )
        self._hand_in(media, origin, [transcript] if transcript else [])

    def settle(
        self, followed: KnownFeed, feed: Feed, episode: Episode, error: PodcastError
    ) -> bool:
        """Whether an episode whose sound is not to be had was asked for long enough: then
        its words are remembered, with the reason. Raises `StorageError`.
        """
        name = _name(followed, episode)
        since = self._missing_since(name)
        gone = isinstance(error, RefusedByServer) and error.status in _MISSING
        lasting = gone or isinstance(error, _LASTING)
        if episode.enclosure is None or not lasting or time.time() - since < PATIENCE:
            return False
        transcript = companion(self.downloads / f"{name}{_suffix(episode.enclosure)}")
        if transcript and (alone := self._alone(transcript)):
            marks = self._chapters(episode)
            origin = provenance(
                feed, episode, notes=episode.notes, marks=marks, missing=error.message
            )
            self._hand_in(alone, origin)
        else:
            self._take_words(name, feed, episode, error.message)
        self._clear(name)
        return True

    def left(self, followed: KnownFeed, episode: Episode) -> bool:
        """Whether an episode was asked for, and is not here yet."""
        return self._note(_name(followed, episode)).exists()

    def _note(self, name: str) -> Path:
        """Where it stands since when an episode is missing."""
        return self.downloads / f"{name}.missing"

    def _missing_since(self, name: str) -> float:
        """Seconds of the epoch; now at the first call."""
        note = self._note(name)
        try:
            since = float(note.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            since = time.time()
        self._written(note.name, str(since).encode())  # again, so that it is not stale
        return since

    def _take_words(self, name: str, feed: Feed, episode: Episode, missing: str = "") -> None:
        words = episode.notes.strip() or episode.title
        if words:
            draft = self._written(f"{name}.txt", words.encode())
            self._hand_in(draft, provenance(feed, episode, notes="", missing=missing))

    def _clear(self, name: str) -> None:
        """Remove what is left here of an episode that the spool has."""
        for file in self.downloads.glob(f"{name}.*"):
            file.unlink(missing_ok=True)

    def _hand_in(self, draft: Path, origin: Provenance, beside: Iterable[Path] = ()) -> None:
        self.spool.receive(draft, origin, Lane.BULK, beside=beside)

    def _transcript(self, media: str, feed: Feed, episode: Episode) -> Path | None:
        """The best transcript that is to be had, as a file; None where there is none."""
        for offered in transcripts.preferred(episode.transcripts, feed.language):
            try:
                return self._fetched(media, offered, episode.duration)
            except PodcastError as error:  # the speech is recognised, then
                _log.info("a transcript is not used: %s", type(error).__name__)
        return None

    def _fetched(self, media: str, offered: Transcript, duration: float | None) -> Path:
        page = self.web.get(offered.url, typed=self.own, accept="*/*", limit=transcripts.MAX_BYTES)
        name, body = transcripts.beside(media, offered, page.body, duration)
        return self._written(name, body)

    def _chapters(self, episode: Episode) -> str:
        """The chapters as `ingest.provenance` takes them; empty where there are none."""
        if episode.chapters is None:
            return ""
        try:
            page = self.web.get(
                episode.chapters.url,
                typed=self.own,
                accept=_JSON,
                limit=chapters.MAX_BYTES,
            )
            found = chapters.read_chapters(page.body, episode.duration)
        except PodcastError as error:
            _log.info("chapters are not used: %s", type(error).__name__)
            return ""
        rows = [[c.title, c.start, None if math.isinf(c.end) else c.end] for c in found]
        return json.dumps(rows, ensure_ascii=False) if rows else ""

    def _alone(self, transcript: Path) -> Path | None:
        """A transcript as it is read without its recording; None where it says nothing."""
        try:
            segments = read_transcript(transcript).segments
        except UnreadableFile:
            return None
        if not segments or transcript.suffix in _READ_ALONE:
            return transcript if segments else None
        return self._written(f"{transcript.name}.vtt", transcripts.as_vtt(segments))

    def _written(self, name: str, data: bytes) -> Path:
        path = self.downloads / name
        try:
            path.touch(mode=0o600)
            path.write_bytes(data)
        except OSError as error:
            full = error.errno in {errno.ENOSPC, errno.EDQUOT}
            kind = DiskFull if full else StorageError
            raise kind(f"{path} cannot be written: {error.strerror}.", "Make room.") from error
        return path


def provenance(
    feed: Feed, episode: Episode, *, notes: str, marks: str = "", missing: str = ""
) -> Provenance:
    """Where an episode comes from; `marks` are its chapters, `missing` is why it has no sound."""
    number = episode.number
    artwork = episode.image or feed.image
    attributes = {
        "feed": feed.title or shown(feed.url),
        "episode": f"{number:g}" if number is not None else "",
        "season": str(episode.season) if episode.season is not None else "",
        "chapters": marks,
        "artwork": str(bare_url(httpx2.URL(artwork))) if artwork else "",
        "sound": missing,
    }
    return Provenance(
        source="podcast",
        started_at=episode.published,
        uri=place(feed, episode),
        title=episode.title,
        author=episode.author or feed.author or feed.title,
        notes=notes,
        attributes={name: value for name, value in attributes.items() if value},
    )


def place(feed: Feed, episode: Episode) -> str:
    """A URI that is the episode's alone: another text in the same place would replace it.

    That is its link where no other episode has it and it is not the podcast's own.
    """
    link = episode.link or ""
    parts = urlsplit(link)
    links = Counter(each.link for each in feed.episodes)
    own = link != feed.link and links[link] == 1 and bool(parts.path.strip("/") or parts.query)
    if own and "@" not in parts.netloc:
        return link
    return f"{shown(feed.url)}#{hashlib.sha256(episode.guid.encode()).hexdigest()[:16]}"


def _suffix(enclosure: Enclosure) -> str:
    """The ending by which the readers know the file."""
    named = PurePosixPath(unquote(urlsplit(enclosure.url).path)).suffix.lower()
    kind = (enclosure.type or "").partition(";")[0].strip().lower()
    told = _TYPES.get(kind) or mimetypes.guess_extension(kind) or ""
    candidates = (named if named in MEDIA_SUFFIXES else "", told, named)
    return next((each for each in candidates if each in READERS), ".mp3")


def _name(followed: KnownFeed, episode: Episode) -> str:
    """What its files are called while they come."""
    return hashlib.sha256(f"{followed.id} {episode.guid}".encode()).hexdigest()[:24]
