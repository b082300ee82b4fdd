"""The memory as the screen needs it: the seam between it and the daemon.

Real: `memex.client.Client`, reached by `tui.reach.Daemon`. Everything here blocks, and is
called in threads only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from memex.client import Added
    from memex.config import WatchedFolder
    from memex.progress import Event
    from memex.protocols import Filters
    from memex.wire import Json


Hush = Literal["private", "paused"]
"""Ways in which nothing is heard: `memex private on`, and `memex pause`, by which nothing is
read either.
"""


class Memory(Protocol):
    """What is asked of memexd. All of it raises `MemexError`."""

    def search(
        self,
        query: str,
        limit: int,
        filters: Filters = ...,
        *,
        segments: bool = False,
        trace: bool = True,
    ) -> Json:
        """Hits with their snippets, facets, and the number of the trace."""

    def segments(self, document_id: str, first: int, last: int) -> Json:
        """A window of a document."""

    def ask_json(
        self, question: str, filters: Filters = ..., after: Json | None = None
    ) -> Iterator[Json]:
        """Pieces of an answer as they come; last the answer. A follow-up is understood by what
        was asked before (`after`, which `memex.wire.turn_of` makes of an answer).
        """

    def traces(self, limit: int) -> list[Json]:
        """The latest traces, newest first."""

    def saved_searches(self) -> list[Json]:
        """The saved searches, newest first."""

    def save_search(self, query: str) -> int:
        """Save a query; its number."""

    def remove_searches(self, *search_ids: int) -> int:
        """Remove saved searches; how many there were."""

    def trace(self, name: str) -> Json:
        """A trace, whole."""

    def label(self, name: str, verdict: str | None, *, mark: str = "", note: str = "") -> Json:
        """Call a trace, or a number in it, right or wrong."""

    def status(self) -> Json:
        """Counts and states."""

    def changes(self, after: int) -> list[Json]:
        """What was renamed and removed, after so many changes that the status counts."""

    def documents(self, kind: str | None = None, *, hidden: bool = False) -> list[Json]:
        """The catalogue, newest first."""

    def retry(self, id_: str) -> Added:
        """Let failed items wait again: those whose ids begin so, or "all"."""

    def drop(self, id_: str) -> list[str]:
        """Give failed items up; their paths."""

    def selected(self, selection: Json) -> Json:
        """What a forgetting would concern."""

    def forgetting(
        self, document_ids: Sequence[str], *, verify: bool = False, heard: Json | None = None
    ) -> Iterator[Json]:
        """Forget documents: steps, last "forgotten"."""

    def add(self, paths: Sequence[Path]) -> Added:
        """Put files and folders into the spool."""

    def follow(self, added: Added) -> Iterator[Event | None]:
        """What becomes of them."""

    def people(self) -> list[Json]:
        """Everybody whose voice is known."""

    def about(self, name: str, limit: int) -> Json:
        """What is remembered of somebody, with so many quotes at most."""

    def name_voice(self, who: str, name: str, *, owner: bool = False) -> Json:
        """Say who a voice is; with the name of somebody who is known, the two are one."""

    def feeds(self) -> list[Json]:
        """The podcasts that are followed."""

    def add_feeds(self, feeds: Sequence[Json]) -> Json:
        """Follow podcasts: which are followed now, and which addresses are none."""

    def refresh_feeds(self, *names: str) -> list[Json]:
        """Have podcasts looked at now: these, or all."""

    def remove_feed(self, name: str) -> Json:
        """Follow a podcast no longer; what it was."""

    def follow_live(self) -> Iterator[Json]:
        """How devices are and what is being said (`memex.live`); {} while nothing is told."""


class Reach(Protocol):
    """The way to the memory."""

    def memory(self, *, start: bool) -> Memory:
        """The memory, whose daemon is started where it does not run, `start` says so and that is
        allowed. Raises `DaemonUnavailable`.
        """

    def running(self) -> bool:
        """Whether its daemon runs."""

    def models(self) -> list[tuple[str, str, str]]:
        """The models that are used: role, name, and whether it is "present"."""

    def listen(self) -> None:
        """Have the microphone heard from now on. Raises `MemexError`."""

    def hearing(self) -> Mapping[str, Any]:
        """How the ears are (`memex.condition.hearing`). Raises `MemexError`."""

    def hush(self, how: Hush, *, on: bool | None) -> str:
        """Hear nothing, or again (with None: the other one than now); what to say of it.
        Raises `MemexError`.
        """

    def folders(self) -> Sequence[WatchedFolder]:
        """The folders that are to be watched. Raises `MemexError`."""

    def watch(self, folder: Path) -> bool:
        """Watch a folder from now on; False where it is watched already. Raises `MemexError`."""

    def unwatch(self, folder: Path) -> None:
        """Watch a folder no longer. Raises `MemexError`."""
