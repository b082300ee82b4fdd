"""How Memex is, in lines: what arrives, who runs, what is in trouble. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from textual.content import Content

from tui.lines import Lines, hung
from tui.text import clock, shown

NAME: Final = 13
"""Cells of a line's name."""
FINE, BAD, QUIET = "", "$text-error", "$foreground 55%"

Said = tuple[str, str, str]
"""A line's name, what it says, and its style."""


class State(Lines):
    """The lines of the state; what is in trouble first among its like."""

    def __init__(self, status: Mapping[str, Any], now: datetime) -> None:
        """Of what memexd told last."""
        self.said: list[Said] = [
            *_queue(status),
            *_ingest(status, now),
            *_watching(status),
            *_feeds(status),
            *_gaps(status, now),
        ]
        """What there is to say, line by line."""

    def lines(self, width: int) -> list[Content]:
        """Names at the left; what they say is folded beside them."""
        lines = []
        for name, said, style in self.said:
            folded = hung(Content.styled(said, style), width, " " * (NAME + 2))
            folded[0] = Content.styled(f"{name:>{NAME}}  ", QUIET) + folded[0][NAME + 2 :]
            lines += folded
        return lines


def _queue(status: Mapping[str, Any]) -> Iterator[Said]:
    queue = status.get("queue") or {}
    waiting, working = queue.get("waiting", 0), queue.get("working", 0)
    busy = f"{waiting:,} waiting, {working:,} under way"
    yield ("queue", busy, FINE) if waiting or working else ("queue", "nothing waits", QUIET)
    ingest = status.get("ingest") or {}
    for name, doing in (("reading", "doing"), ("fetching", "fetching")):
        if ingest.get(doing):
            yield name, shown(ingest[doing]), FINE
    if indexing := status.get("indexing"):
        yield "indexing", f"{indexing['done']:,} of {indexing['total']:,}", FINE


def _ingest(status: Mapping[str, Any], now: datetime) -> Iterator[Said]:
    """Whether memex-ingest runs, and what it is not to do."""
    from memex.condition import SILENT, silence  # noqa: PLC0415 (a screen is up before it is imported)

    silent = silence(status, now)
    if status.get("memex_ingest") is None:
        yield "memex-ingest", "not running; `memex up` starts it", BAD
    elif silent >= SILENT:
        yield "memex-ingest", f"no sign of life for {silent:,.0f} s", BAD
    else:
        yield "memex-ingest", "running", QUIET
    if paused := status.get("paused"):
        end = f"until {_local(paused['until'])}" if paused["until"] else "by you"
        yield "paused", f"{end}; `memex resume` goes on", FINE
    waits: dict[str, list[str]] = {}
    for lane, reason in ((status.get("ingest") or {}).get("held") or {}).items():
        if reason and reason != "paused":
            waits.setdefault(reason, []).append(lane)
    for reason, lanes in waits.items():
        yield "held back", f"{', '.join(lanes)}: {shown(reason)}", FINE


def _watching(status: Mapping[str, Any]) -> Iterator[Said]:
    """The folders; those in trouble first."""
    folders = (status.get("ingest") or {}).get("watching") or ()
    for folder in sorted(folders, key=lambda folder: not folder["trouble"]):
        yield "watching", *_watched(folder)
    if status.get("missing"):
        yield "missing", f"{status['missing']:,} files are gone from where they were", FINE


def _watched(folder: Mapping[str, Any]) -> tuple[str, str]:
    path = shown(folder["path"])
    if folder["trouble"]:
        return f"{path}: {shown(folder['trouble'])}", BAD
    if folder["scanned_at"] is None:
        return f"{path}: not looked at yet", FINE
    settling = f", {folder['settling']:,} new or changed" if folder["settling"] else ""
    return f"{path}: {folder['files']:,} files{settling}", QUIET


def _feeds(status: Mapping[str, Any]) -> Iterator[Said]:
    """The podcasts; those in trouble first."""
    for feed in sorted(status.get("feeds") or (), key=lambda feed: not feed["trouble"]):
        title = shown(feed["title"] or feed["url"])
        at = feed["checked_at"]
        looked = f"looked at {_local(at)}" if at else "not looked at yet"
        if feed["trouble"]:
            yield "podcast", f"{title}: {shown(feed['trouble'])} ({looked})", BAD
        else:
            yield "podcast", f"{title}: {looked}", QUIET


def _gaps(status: Mapping[str, Any], now: datetime) -> Iterator[Said]:
    """When nothing could be heard or read: how many, and the latest."""
    gaps = status.get("gaps") or ()
    if not gaps:
        yield "gaps", "none known", QUIET
        return
    last = max(gaps, key=lambda gap: datetime.fromisoformat(gap["since"]))
    since = datetime.fromisoformat(last["since"])
    until = datetime.fromisoformat(last["until"]) if last["until"] else now
    length = clock((until - since).total_seconds())
    lasts = "" if last["until"] else ", until now"
    what = f"no {last['of']}, " if "of" in last else ""
    said = f"the last {_local(last['since'])} for {length}{lasts}: {what}{shown(last['reason'])}"
    yield "gaps", f"{len(gaps):,} known; {said}", FINE if last["until"] else BAD


def _local(time: str) -> str:
    """An ISO time as a local one, to the minute."""
    return f"{datetime.fromisoformat(time).astimezone():%Y-%m-%d %H:%M}"
