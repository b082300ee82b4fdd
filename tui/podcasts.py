"""The podcasts of the library: which are followed, how each is, adding and removing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.content import Content

from memex.errors import error_from_json
from tui.entry import Entry
from tui.people import counted
from tui.section import QUIET, Done, Listing, Section, local
from tui.sure import Sure
from tui.text import cut, shown
from tui.threads import tell

ROOMY: Final = 56
"""Cells of a line from which on it says when it was looked at."""
NONE: Final = (
    "No podcast is followed, and nothing is asked of the network. “a” follows one by the address "
    "of its feed; `memex feeds import FILE` takes a list of another program (OPML)."
)
ADDED: Final = (
    "The address of its feed. Its server is asked for episodes from then on: the latest and new "
    "ones are fetched, heard and remembered. `memex feeds add --help` has choices."
)
REMOVED: Final = (
    "It is looked at no longer, and no episode is fetched. What was remembered of it stays: "
    "Documents has it, where it can be forgotten."
)


@dataclass(frozen=True, slots=True)
class Podcast:
    """A podcast that is followed."""

    key: str
    """Its number."""
    title: str
    """"" until it was looked at."""
    url: str
    """Without name, password and query."""
    checked_at: str | None
    """When it was looked at, ISO 8601; None: not yet."""
    next_at: str | None
    """When it is looked at again, ISO 8601; None: now."""
    trouble: str
    """What went wrong the last time; "" where nothing did."""
    back: int
    """Episodes that are fetched of those that were there when it was added."""
    keep_audio: bool
    episodes: int | None
    """That are remembered; None where that is not known yet."""

    @property
    def name(self) -> str:
        """What it is called; its address until that is known."""
        return self.title or self.url

    @property
    def words(self) -> str:
        """What typing finds it by."""
        return f"{self.title} {self.url} {self.trouble}".casefold()

    def line(self, width: int) -> Content:
        """Its name; at the right how many episodes, and when it was looked at or what failed."""
        sign = ("✗", "$text-error") if self.trouble else ("◍", "$primary")
        many = "" if self.episodes is None else counted(self.episodes, "episode")
        looked = self.looked() if width >= ROOMY else ""
        style = QUIET
        if self.trouble:
            short = self.trouble.removeprefix(f"{self.url} ")
            looked, style = cut(short, width // 2), "$text-error"
        right = "  ".join(part for part in (many, looked) if part) + " "
        left = Content.assemble(" ", sign, " ", cut(self.name, width - len(right) - 4))
        gap = " " * max(1, width - left.cell_length - Content(right).cell_length)
        return Content.assemble(left, gap, (right, style))

    def looked(self) -> str:
        """When it was looked at."""
        return f"looked {local(self.checked_at)}" if self.checked_at else "not looked at yet"

    def told(self) -> Content:
        """All that is known of it."""
        following = f"next look {local(self.next_at)}" if self.next_at else "next look now"
        sound = "their sound is kept" if self.keep_audio else "their sound is not kept"
        many = "" if self.episodes is None else f"{counted(self.episodes, 'episode')} remembered; "
        lines = [
            Content.styled(shown(self.title) or "(no title yet)", "bold"),
            Content.styled(f"{shown(self.url)}", QUIET),
            Content.styled(f"{self.looked()}, {following}", QUIET),
            Content.styled(f"{many}of those from before at most {self.back:,}; {sound}", QUIET),
        ]
        if self.trouble:
            lines.insert(2, Content.styled(f"{shown(self.trouble)}", "$text-error"))
        return Content("\n").join(lines)


class Podcasts(Section[Podcast]):
    """Those in trouble first."""

    ASKS = "Words of a title, an address"
    OF_ROW = frozenset({"refresh_one", "refresh_all", "remove"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add"),
        Binding("r", "refresh_one", "Look now"),
        Binding("R", "refresh_all", "Look at all", show=False),
        Binding("d", "remove", "Remove"),
    ]

    def fetched(self) -> Sequence[Podcast]:
        """All of them with their episodes, in a thread."""
        return podcasts(self._line.use(lambda memory: memory.feeds(), starts=False))

    def mark(self) -> object:
        """What changes when an episode comes, or a look is over."""
        feeds = self.status.get("feeds") or ()
        looks = [(feed["id"], feed["checked_at"], feed["trouble"]) for feed in feeds]
        return super().mark(), looks

    def badge(self) -> tuple[str, bool]:
        """How many; red where one is in trouble."""
        return super().badge()[0], any(one.trouble for one in self._all or ())

    def told(self) -> None:
        """Show how each is by now; the episodes are those that were counted last."""
        if "feeds" in self.status:
            counted_ = {one.key: one.episodes for one in self._all or ()}
            self.show(podcasts(self.status["feeds"], counted_))
        else:
            self.redraw()

    def known(self) -> Content:
        """Of one all that is known; and what is fetched just now."""
        if self.row is None:
            none = NONE if self._all is not None and not self._typed else ""
            return self.away() or Content.styled(none, QUIET)
        fetching = (self.status.get("ingest") or {}).get("fetching")
        told = self.row.told()
        return told + Content(f"\nnow fetching: {shown(fetching)}") if fetching else told

    def on_listing_picked(self, message: Listing.Picked) -> None:
        """All that is known stands below."""
        message.stop()

    def action_add(self) -> None:
        """Ask for an address, and follow it."""

        def take(typed: str) -> None:
            wanted = {"url": typed, "back": None, "keep_audio": None}
            reply = self._line.use(lambda memory: memory.add_feeds([wanted]))
            for error in reply["errors"]:
                raise error_from_json(error)
            feed = reply["feeds"][0]
            how = (
                "is followed. Episodes come in the background."
                if feed["new"]
                else "was followed already; it is looked at now."
            )
            name = shown(feed["title"] or feed["url"])
            tell(self, Done(f"{name} {how}", str(feed["id"])))

        entry = Entry("Follow a podcast", Content(ADDED), take, hint="https://…")
        self.app.push_screen(entry)

    def action_refresh_one(self) -> None:
        """Look for new episodes of one."""
        if self.row:
            self._refresh(self.row.key)

    def action_refresh_all(self) -> None:
        """Look for new episodes of all."""
        self._refresh()

    def _refresh(self, *names: str) -> None:
        def work() -> str:
            looked = self._line.use(lambda memory: memory.refresh_feeds(*names))
            one = shown(looked[0]["title"] or looked[0]["url"]) if len(looked) == 1 else ""
            return f"{one or counted(len(looked), 'podcast')}: looked at now."

        self.do(work, "refresh")

    def action_remove(self) -> None:
        """Follow one no longer, when that is meant."""
        podcast = self.row
        if podcast is None:
            return

        def work() -> str:
            self._line.use(lambda memory: memory.remove_feed(podcast.key))
            return f"{shown(podcast.name)} is followed no longer."

        def meant(yes: bool | None) -> None:
            if yes:
                self.do(work, "remove")

        said = podcast.told() + Content(f"\n\n{REMOVED}")
        self.app.push_screen(Sure("Follow it no longer?", said, "removes it"), meant)


def podcasts(
    feeds: Sequence[Mapping[str, Any]], counts: Mapping[str, int | None] | None = None
) -> list[Podcast]:
    """The podcasts by title, those in trouble first; with episodes as they are told, or as they
    were counted before.
    """
    found = [_podcast(feed, counts or {}) for feed in feeds]
    return sorted(found, key=lambda one: (not one.trouble, one.name.casefold()))


def _podcast(feed: Mapping[str, Any], counts: Mapping[str, int | None]) -> Podcast:
    key = str(feed["id"])
    return Podcast(
        key=key,
        title=feed["title"],
        url=feed["url"],
        checked_at=feed["checked_at"],
        next_at=feed["next_at"],
        trouble=feed["trouble"] or "",
        back=feed["back"],
        keep_audio=feed["keep_audio"],
        episodes=feed.get("episodes", counts.get(key)),
    )
