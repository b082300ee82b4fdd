"""Feeds: RSS and Atom with the namespaces of podcasts, read by feedparser.

Before, lxml mends what came into well-formed XML without entities, so that
feedparser's strict parser reads it, and counts the episodes; it also reads the
podcast namespace, of whose repeated elements feedparser keeps only the last.
"""

from __future__ import annotations

import calendar
import hashlib
import html
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import feedparser
import httpx2
from lxml import etree

from ingest.podcasts.errors import AddressRefused, Malformed, NotAFeed, TooLarge
from ingest.podcasts.markup import elements, is_well_formed, name_of, parse, text_of
from ingest.podcasts.urls import parsed_url, shown
from ingest.readers.blocks import blocks, parse_html
from ingest.readers.text import clean, label

MAX_BYTES: Final = 32 << 20
"""Bytes of a feed."""
MAX_EPISODES: Final = 5_000
"""Episodes that are read of a feed, from its top."""
MAX_ELEMENTS: Final = 500_000
"""XML elements of a feed, in as many episodes as are read."""
MAX_NOTES: Final = 100_000
"""Characters of an episode's notes."""
_MAX_CROOKED: Final = 2 << 20
"""Bytes up to which feedparser's lenient parser, which is slow, may be needed."""
_STUMBLES: Final = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What feedparser raises where it stumbles, as over a namespace with an odd space in it."""
_MAX_GUID: Final = 2_000
_MAX_TRANSCRIPTS: Final = 50
_FEEDS: Final = frozenset({"rss", "feed", "rdf"})
_ITEMS: Final = frozenset({"item", "entry"})
_PODCAST: Final = re.compile(
    r"\{https?://(?:www\.)?(?:podcastindex\.org/namespace/1\.0"
    r"|github\.com/podcastindex-org/podcast-namespace/[^{}]*)/?\}(\w+)",
    re.IGNORECASE,
)
_ITUNES: Final = re.compile(r"\{http://www\.itunes\.com/dtds/[^{}]*\}(\w+)", re.IGNORECASE)
_END: Final = re.compile(rb"</\s*(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_TAIL: Final = 16_384
"""Bytes in which a feed's end is looked for, comments may follow it."""
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]*>|<!--|<!\[CDATA\[")
_CLOCK: Final = re.compile(r"(?:(\d{1,4}):)?(\d{1,5}):(\d{1,2}(?:\.\d+)?)")
_SUFFIX: Final = re.compile(
    r"\.(?:aac|flac|m4[abv]|mp[34]|mkv|mov|oga|ogg|opus|wav|webm)$", re.IGNORECASE
)
_PLAIN: Final = re.compile(
    r"atom|userland\.com/rss|purl\.org/(?:net/)?rss|netscape\.com/rdf|harvard\.edu/tech/rss",
    re.IGNORECASE,
)
"""Namespaces of the feed formats themselves."""
_FEED_TYPES: Final = frozenset({"application/rss+xml", "application/atom+xml"})


@dataclass(frozen=True, slots=True)
class Enclosure:
    """The file with an episode's sound."""

    url: str
    type: str | None
    """As the feed has it: "audio/mpeg"."""
    length: int | None
    """Bytes, as the feed has it; often wrong."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript that a feed offers."""

    url: str
    type: str | None
    """As the feed has it: "text/vtt"."""
    language: str | None = None
    rel: str | None = None
    """"captions" where its times are exact."""


@dataclass(frozen=True, slots=True)
class ChaptersLink:
    """Where an episode's chapters are."""

    url: str
    type: str | None
    """"application/json+chapters"."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode as its feed describes it."""

    guid: str
    """The feed's own, or a stable one made of the enclosure, the link or the title."""
    title: str
    published: datetime | None
    """UTC."""
    enclosure: Enclosure | None
    duration: float | None
    """Seconds."""
    link: str | None
    author: str | None
    notes: str
    """Plain text, paragraphs divided by an empty line."""
    image: str | None
    transcripts: tuple[Transcript, ...] = ()
    chapters: ChaptersLink | None = None
    season: int | None = None
    number: float | None = None
    """Of the episode; the podcast namespace has 3.5 too."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A podcast."""

    url: str
    title: str
    author: str | None
    description: str
    """Plain text."""
    link: str | None
    language: str | None
    """As the feed has it: "en-GB"."""
    image: str | None
    episodes: tuple[Episode, ...]
    """In the feed's order, mostly the newest first."""
    whole: bool = True
    """False where its end is missing, perhaps with episodes."""


def read_feed(data: bytes, url: str, content_type: str | None = None) -> Feed:
    """The podcast that a feed describes; `url` is where it was fetched.

    A feed without episodes is one too. Raises `NotAFeed` (with the address of the
    feed where a web page names it), `Malformed`, `TooLarge`.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(f"{shown(url)} has more than {MAX_BYTES >> 20} MiB; no feed has.")
    root = parse(data, content_type, max_tags=3 * MAX_ELEMENTS)
    if root is None or name_of(root) not in _FEEDS:
        raise _not_a_feed(data, url, content_type)
    items = _items(root)
    for item in items[MAX_EPISODES:]:
        parent = item.getparent()
        if parent is not None:
            parent.remove(item)
    if sum(1 for _ in elements(root)) > MAX_ELEMENTS:
        raise TooLarge(f"{shown(url)} has more than {MAX_ELEMENTS:,} elements; no feed has.")
    items = items[:MAX_EPISODES]
    for item in items:
        _drop_summary(item)
    parsed = _parsed(etree.tostring(root, encoding="utf-8", xml_declaration=True), url)
    entries = [dict(entry) for entry in parsed.entries]
    episodes = (_episode(entry, item, url) for entry, item in _paired(entries, items))
    whole = _END.search(data[-_TAIL:].replace(b"\0", b"")) is not None
    return replace(_feed(dict(parsed.feed), tuple(episodes), url), whole=whole)


def _parsed(data: bytes, url: str) -> feedparser.FeedParserDict:
    """What feedparser makes of a mended feed. Raises `Malformed`."""
    problem = Malformed(f"{shown(url)} is too broken to be read.", "Tell the publisher.")
    if len(data) > _MAX_CROOKED and not is_well_formed(data):
        raise problem
    try:
        return feedparser.parse(
            io.BytesIO(data),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except _STUMBLES as error:
        raise problem from error


def _items(root: etree._Element) -> list[etree._Element]:
    """The episodes, but not the items within items that some extensions have."""
    found = [each for each in elements(root) if name_of(each) in _ITEMS and _is_plain(each)]
    return [each for each in found if not any(name_of(up) in _ITEMS for up in each.iterancestors())]


def _paired(
    entries: list[dict[str, Any]], items: list[etree._Element]
) -> Iterator[tuple[dict[str, Any], etree._Element]]:
    """What feedparser read with the element it is from: in order, or by the GUID
    where the two disagree on what an episode is.
    """
    if len(entries) == len(items):
        yield from zip(entries, items, strict=True)
        return
    marks = {"guid", "id"}
    named = {(each.text or "").strip(): up for up in items for each in up if name_of(each) in marks}
    for entry in entries[:MAX_EPISODES]:
        yield entry, named.get(str(entry.get("id") or ""), etree.Element("item"))


def _is_plain(element: etree._Element) -> bool:
    """Whether an element is of RSS or Atom itself: `media:item` is no episode."""
    space = str(element.tag).rpartition("}")[0]
    return not space or _PLAIN.search(space) is not None


def _drop_summary(item: etree._Element) -> None:
    """Take away the summary of iTunes where there is a description, which
    feedparser would put it in the place of.
    """
    described = any(
        name_of(each) in {"description", "summary"} and _is_plain(each) and _full(each)
        for each in item
    )
    for each in [each for each in item if _ITUNES.fullmatch(str(each.tag))]:
        if described and name_of(each) == "summary":
            item.remove(each)


def _full(element: etree._Element) -> bool:
    return any(str(text).strip() for text in element.itertext())


def _feed(feed: Mapping[str, Any], episodes: tuple[Episode, ...], url: str) -> Feed:
    return Feed(
        url=url,
        title=_plain_line(feed.get("title")),
        author=_plain_line(feed.get("author")) or None,
        description=plain_text(str(feed.get("subtitle") or feed.get("summary") or "")),
        link=_address(feed.get("link"), url),
        language=label(feed.get("language") or "") or None,
        image=_image(feed, url),
        episodes=episodes,
    )


def _episode(entry: Mapping[str, Any], item: etree._Element, url: str) -> Episode:
    own = list(_podcast_elements(item))
    enclosure = _enclosure(entry, url)
    link = _address(entry.get("link"), url)
    title = _plain_line(entry.get("title") or entry.get("itunes_title"))
    guid = str(entry.get("id") or "").strip()[:_MAX_GUID]
    notes = _notes(entry)
    return Episode(
        guid=clean(guid) or (enclosure.url if enclosure else _made(link, title, notes)),
        title=title,
        published=_published(entry),
        enclosure=enclosure,
        duration=_duration(str(entry.get("itunes_duration") or "")),
        link=link,
        author=_plain_line(entry.get("author")) or None,
        notes=notes,
        image=_image(entry, url),
        transcripts=tuple(islice(_transcripts(own, url), _MAX_TRANSCRIPTS)),
        chapters=next(_chapters(own, url), None),
        season=_whole(_number(own, "season") or entry.get("itunes_season")),
        number=_float(_number(own, "episode") or entry.get("itunes_episode")),
    )


def _made(link: str | None, title: str, notes: str) -> str:
    """A stable GUID for an episode that has neither its own nor an enclosure."""
    return f"{link or ''} {title}".strip() or hashlib.sha256(notes.encode()).hexdigest()


def _podcast_elements(item: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """Name and element of what an episode has of the podcast namespace."""
    for each in item.iterchildren(etree.Element):
        match = _PODCAST.fullmatch(str(each.tag))
        if match is not None:
            yield match[1].lower(), each


def _transcripts(own: Iterable[tuple[str, etree._Element]], url: str) -> Iterator[Transcript]:
    for name, each in own:
        address = _address(each.get("url"), url) if name == "transcript" else None
        if address is not None:
            yield Transcript(
                address, _mark(each, "type"), _mark(each, "language"), _mark(each, "rel")
            )


def _chapters(own: Iterable[tuple[str, etree._Element]], url: str) -> Iterator[ChaptersLink]:
    for name, each in own:
        address = _address(each.get("url"), url) if name == "chapters" else None
        if address is not None:
            yield ChaptersLink(address, _mark(each, "type"))


def _mark(element: etree._Element, name: str) -> str | None:
    return label(element.get(name) or "") or None


def _number(own: Iterable[tuple[str, etree._Element]], wanted: str) -> str | None:
    return next((each.text for name, each in own if name == wanted and each.text), None)


def _enclosure(entry: Mapping[str, Any], url: str) -> Enclosure | None:
    """The first that is sound, else film, else anything."""
    links = [each for each in entry.get("links") or () if each.get("rel") == "enclosure"]
    media = [{**each, "href": each.get("url")} for each in entry.get("media_content") or ()]
    found = []
    for each in (*links, *media):
        address = _address(each.get("href"), url)
        kind = label(each.get("type") or "").lower() or None
        if address is not None:
            found.append(
                Enclosure(address, kind, _whole(each.get("length") or each.get("filesize")))
            )
    return min(found, key=_unlike_sound, default=None)


def _unlike_sound(enclosure: Enclosure) -> int:
    kind = (enclosure.type or "").partition("/")[0]
    if kind in {"audio", "video"}:
        return 0 if kind == "audio" else 2
    return 1 if _SUFFIX.search(httpx2.URL(enclosure.url).path) else 3


def _published(entry: Mapping[str, Any]) -> datetime | None:
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    try:
        return datetime.fromtimestamp(calendar.timegm(moment), tz=UTC) if moment else None
    except (OverflowError, ValueError, OSError):
        return None


def _notes(entry: Mapping[str, Any]) -> str:
    """The longest form first: content:encoded, description, itunes:summary."""
    full = (str(each.get("value") or "") for each in entry.get("content") or ())
    texts = (*full, str(entry.get("summary") or ""), str(entry.get("subtitle") or ""))
    return next((text for text in map(plain_text, texts) if text), "")


def plain_text(text: str) -> str:
    """Show notes without their HTML, paragraphs divided by an empty line."""
    if not _TAG.search(text):
        return clean(html.unescape(text)).strip()[:MAX_NOTES]
    root = parse_html(text)
    if root is None:
        return ""
    return "\n\n".join(block.text for block in blocks(root))[:MAX_NOTES].strip()


def _plain_line(value: object) -> str:
    """A title or name, which some feeds write in HTML."""
    return label(plain_text(str(value))) if value else ""


def _image(table: Mapping[str, Any], url: str) -> str | None:
    image = table.get("image")
    return _address(image.get("href") if isinstance(image, dict) else None, url)


def _address(value: object, base: str) -> str | None:
    """An absolute http(s) address; None for anything else."""
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        return str(parsed_url(value.strip(), httpx2.URL(base)))
    except (AddressRefused, httpx2.InvalidURL):
        return None


def _duration(value: str) -> float | None:
    """Seconds of "3723", "62:03" or "1:02:03"; None for anything else, and for 0."""
    text = value.strip()
    match = _CLOCK.fullmatch(text)
    if match is not None:
        hours, minutes, seconds = match.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds) or None
    return _float(text) or None


def _float(value: object) -> float | None:
    text = str(value or "").strip()
    return float(text) if re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", text) else None


def _whole(value: object) -> int | None:
    text = str(value or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _not_a_feed(data: bytes, url: str, content_type: str | None) -> NotAFeed:
    """What came instead, and where a web page says that its feed is."""
    if not data.strip():
        return NotAFeed(f"{shown(url)} is empty.", "Check the address.")
    page = parse_html(text_of(data, content_type))
    links = page.iter("link") if page is not None else ()
    offered = (
        _address(each.get("href"), url)
        for each in links
        if (each.get("type") or "").strip().lower() in _FEED_TYPES
    )
    found = next(filter(None, offered), None)
    if found is not None:
        return NotAFeed(f"{shown(url)} is a web page, not a feed.", f"Its feed is {label(found)}.")
    return NotAFeed(
        f"{shown(url)} is no feed: neither RSS nor Atom.",
        "Look for the podcast's RSS address on its web page.",
    )
