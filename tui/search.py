"""The room of search: a line to type in, chips, hits."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from memex.chips import renamed
from memex.errors import DaemonUnavailable, MemexError
from tui.chips import Chips, toggled
from tui.earlier import STAR, Earlier
from tui.findings import Findings
from tui.hints import nothing, tips
from tui.history import History
from tui.link import Line
from tui.memory import Memory
from tui.messages import Chosen, Found, Kept, Marked, Narrowed, Opened, Refused, Remembered
from tui.prompt import Prompt
from tui.results import Results
from tui.searching import Query, earlier, keep, label, saved, search
from tui.text import cut
from tui.threads import Newest, beside, tell
from tui.welcome import Welcome

PAUSE: Final = 0.01
"""Seconds without a key after which it is searched."""
LONG: Final = 0.3
"""Seconds after which it is shown that a search is still under way."""


class Balked(Message):
    """A query was not answered."""

    def __init__(self, query: Query, error: MemexError) -> None:
        """The error says why."""
        super().__init__()
        self.query = query
        self.error = error


class Lapsed(Message):
    """A query could not be asked: memexd is not there, as the link says."""


class Search(Vertical):
    """The room."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "earlier", "Earlier", priority=True),
        Binding("down", "below", "Hits", priority=True),
        Binding("ctrl+r", "history", "History"),
        Binding("ctrl+s", "save", "Save", show=False),
    ]

    def __init__(self, line: Line, *, id: str | None = None) -> None:  # noqa: A002 (Textual's)
        """Searches go through `line`, in a thread."""
        super().__init__(id=id)
        self.history = History()
        self._line = line
        self._timer: Timer | None = None
        self._late: Timer | None = None
        self._walked = ""
        self._empty = False
        self._age = 0
        """How often something was forgotten, or somebody named."""
        self._newest = Newest(self._ask, lambda run: beside(self, run, "search"))

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        with Horizontal(id="line"):
            yield Static("❯", id="sign")
            yield Prompt(
                placeholder="What was it?", id="prompt", compact=True, select_on_focus=False
            )
            yield Static(id="tally", markup=False)
        yield Chips(id="chips")
        yield Results(id="results")
        yield Static(id="hint", markup=False)
        yield Welcome(self._line, id="welcome")

    @property
    def prompt(self) -> Prompt:
        """The line to type in."""
        return self.query_one(Prompt)

    @property
    def results(self) -> Results:
        """The hits."""
        return self.query_one(Results)

    def on_mount(self) -> None:
        """Nothing is asked yet."""
        self._show_hint()

    # Keys of the line.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is of the line; what is saved from the hits, too."""
        if not self.is_mounted or action not in {"earlier", "below", "history"}:
            return True
        return self.screen.focused is self.prompt

    def action_below(self) -> None:
        """Into the hits; where an earlier query is shown, to a later one."""
        if self.history.walking:
            self._walk(self.history.forth())
        else:
            self._enter_results()

    def _enter_results(self) -> None:
        if self.results.option_count:
            self.screen.set_focus(self.results)

    # Asking.

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search, a moment after the last key."""
        event.stop()
        if self.prompt.value != self._walked:  # what it is by now, whatever was typed before
            self.history.leave()
        if self._timer:
            self._timer.stop()
        self._timer = self.set_timer(PAUSE, self.again)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """What stands there is meant; on to the hits."""
        event.stop()
        self.settle()
        self._enter_results()

    def again(self) -> None:
        """Search for what stands there."""
        text = self.prompt.value.strip()
        if not text:
            self.show(Findings(""))
            return
        if self._late is None:
            self._late = self.set_timer(LONG, self._say_late)
        self._newest.want(Query(text))

    def settle(self) -> None:
        """Let what stands there leave a trace, unless it has."""
        if self._timer:
            self._timer.stop()  # it would be searched as what is typed on
        text = self.prompt.value.strip()
        findings = self.results.findings
        if text and (findings.query != text or findings.trace is None):
            self._newest.want(Query(text, settled=True))

    def _ask(self, query: Query) -> None:
        """In a thread."""
        age = self._age
        try:
            findings = self._line.use(lambda memory: search(memory, query))
        except DaemonUnavailable:
            tell(self, Lapsed())  # what is on the screen stays
        except MemexError as error:
            tell(self, Balked(query, error))
        else:
            tell(self, Found(findings, query.settled, age))
            if query.settled:
                self._remember()

    def remember(self) -> None:
        """Fetch earlier queries."""
        beside(self, self._remember, "history")

    def _remember(self) -> None:
        """In a thread."""
        try:
            tell(self, self._line.use(_remembered, starts=False))
        except DaemonUnavailable:
            return  # the link says so
        except MemexError as error:
            tell(self, Refused(error))

    # Showing.

    def on_found(self, message: Found) -> None:
        """Show it, unless something else stands there by now, or something of it may have been
        forgotten since, or be called otherwise.
        """
        message.stop()
        if (message.findings.query, message.age) == (self.prompt.value.strip(), self._age):
            self.show(message.findings)

    def on_lapsed(self, message: Lapsed) -> None:
        """Nothing is under way."""
        message.stop()
        self._tally("", "")

    def on_balked(self, message: Balked) -> None:
        """Say that a query makes no sense: beside it while it is typed, else aloud; unless
        something else stands there by now. The hits stay.
        """
        message.stop()
        if message.query.text != self.prompt.value.strip():
            return
        self._tally(cut(message.error.message, 40), "$text-error")
        if message.query.settled:
            self.post_message(Refused(message.error))

    def show(self, findings: Findings) -> None:
        """Show hits and chips."""
        settled = self.results.findings
        if findings.trace is None and findings.query == settled.query and settled.trace:
            self._count()
            return  # it is settled already
        self.results.show(findings)
        if not findings.places:
            self.post_message(Chosen(None))
        self.query_one(Chips).show(self.prompt.value, findings.chips)
        self._count()
        self._show_hint()

    def _count(self) -> None:
        """Say how many hits there are, and whether the query is saved."""
        findings = self.results.findings
        count = len(findings.places)
        hits = f"{count} hit{'' if count == 1 else 's'} · {findings.ms:.0f} ms" if count else ""
        mark = STAR if self.history.has(self.prompt.value) else ""
        self._tally(f"{mark} {hits}".strip(), "$foreground 55%")

    def _show_hint(self) -> None:
        """What stands in the place of hits, where there are none."""
        findings = self.results.findings
        welcome = self._empty and not findings.query
        self.query_one(Welcome).display = welcome
        self.results.display = bool(findings.places)
        hint = self.query_one("#hint", Static)
        hint.display = not findings.places and not welcome
        if findings.query:
            hint.update(nothing(findings.query))
        else:
            hint.update(tips(self.history.saved, self.history.queries))

    def tell(self, status: Mapping[str, Any]) -> None:
        """Take note of whether anything is remembered: if not, that is what is offered."""
        empty = not sum((status.get("documents") or {}).values())
        if empty != self._empty:
            self._empty = empty
            self._show_hint()
            if empty and not self.prompt.value:
                self.query_one(Welcome).begin(focus=self.display)
            elif not empty and self.display:
                self.prompt.focus()

    def _say_late(self) -> None:
        self._tally("…", "$text-warning")

    def _tally(self, said: str, style: str) -> None:
        """Say at the end of the line how it went."""
        if self._late:
            self._late.stop()
            self._late = None
        self.query_one("#tally", Static).update(Content.styled(said, style))

    def forget(self, documents: Set[str]) -> None:
        """Show no hit in documents that are no more, and no query that is forgotten with them."""
        if any(place.document in documents for place in self.results.findings.places):
            self.show(Findings(""))
        self._age += 1
        self.again()
        self.remember()

    def rename(self, before: str, now: str | None) -> None:
        """Somebody is called otherwise: hits have the name, their text, the chips and what is
        saved, too. Those that come are not of the trace any more: the order may be another.
        """
        if now and (text := renamed(self.prompt.value, before, now)) != self.prompt.value:
            self.put(text)
        self.results.findings = replace(self.results.findings, trace=None)
        self._age += 1
        self.again()
        self.remember()

    # Narrowing.

    def on_narrowed(self, message: Narrowed) -> None:
        """Put a chip's words into the query, or take them out."""
        message.stop()
        self.prompt.value = toggled(self.prompt.value, message.words)
        self.prompt.cursor_position = len(self.prompt.value)

    # Earlier queries, and saved ones.

    def on_remembered(self, message: Remembered) -> None:
        """They came."""
        message.stop()
        self.history.fill(message.queries, message.saved)
        self._show_hint()
        if not self._late:
            self._count()
        if isinstance(self.app.screen, Earlier):
            self.app.screen.fill(message.queries, message.saved)

    def action_save(self) -> None:
        """Save what stands there, or save it no longer."""
        if self.prompt.value.strip():
            self._keep(self.prompt.value)

    def on_prompt_kept(self, message: Prompt.Kept) -> None:
        """Ctrl+S in the line."""
        message.stop()
        self.action_save()

    def _keep(self, query: str) -> None:
        def work() -> None:
            try:
                kept = self._line.use(lambda memory: keep(memory, query))
            except DaemonUnavailable:
                return  # the link says so
            except MemexError as error:
                tell(self, Refused(error))
            else:
                tell(self, Kept(query, kept))
                self._remember()

        beside(self, work, "save")

    def on_kept(self, message: Kept) -> None:
        """Say so."""
        message.stop()
        said = "Saved; Ctrl+R has it." if message.saved else "No longer saved."
        self.app.notify(cut(message.query, 60), title=said, timeout=3, markup=False)

    def action_earlier(self) -> None:
        """Go to an earlier query, from the one that is typed."""
        self._walk(self.history.back(self.prompt.value))

    def _walk(self, text: str | None) -> None:
        if text is not None:
            self.put(text)

    def action_history(self) -> None:
        """Show saved queries and earlier ones, to pick one."""
        sheet = Earlier(self.history.queries, self.history.saved, self.prompt.value, self._keep)
        self.app.push_screen(sheet, lambda text: self.put(text) if text else None)

    def put(self, text: str) -> None:
        """Let a query stand there."""
        self.prompt.value = text
        self._walked = self.prompt.value
        self.prompt.cursor_position = len(self._walked)

    # Marking.

    def mark(self, verdict: str) -> None:
        """Call the hit that is looked at right or wrong; the same once more takes it back."""
        place = self.results.place
        if place is None:
            return
        wanted = None if self.results.verdict(place) == verdict else verdict
        findings, age = self.results.findings, self._age

        def work() -> None:
            try:
                settled = self._line.use(lambda memory: label(memory, findings, place, wanted))
            except DaemonUnavailable:
                return  # the link says so
            except MemexError as error:
                tell(self, Refused(error))
            else:
                tell(self, Found(settled, settled=True, age=age))
                tell(self, Marked(settled.trace or 0, str(place.n), wanted))

        beside(self, work, "mark")

    def on_marked(self, message: Marked) -> None:
        """Show it."""
        message.stop()
        if message.trace == self.results.findings.trace:
            self.results.mark(message)

    def on_chosen(self, message: Chosen) -> None:
        """Hits that come when another room is seen are not looked at yet."""
        if not self.display:
            message.stop()

    def on_opened(self, _: Opened) -> None:
        """What was opened was meant. (The message goes on to the screen.)"""
        self.settle()


def _remembered(memory: Memory) -> Remembered:
    return Remembered(earlier(memory), saved(memory))
