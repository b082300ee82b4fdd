"""A line to type, over everything else, with what may be meant below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from memex.errors import MemexError
from tui.prompt import Field
from tui.text import shown
from tui.threads import Newest, beside, tell

T = TypeVar("T")

OFFERED: Final = 4
"""Lines of what may be meant."""

Suggest = Callable[[str], Sequence[str]]
"""What may be meant by what is typed, likeliest first. In a thread."""


class Entry(ModalScreen[T | None], Generic[T]):
    """The line. Enter has what is typed taken, by a thread; where it is refused, why is said
    and it can be mended. Esc takes nothing.
    """

    class Offered(Message):
        """What may be meant by what was typed."""

        def __init__(self, typed: str, offers: Sequence[str]) -> None:
            """By which line."""
            super().__init__()
            self.typed = typed
            self.offers = offers

    class Taken(Message):
        """What was typed was taken."""

        def __init__(self, outcome: object) -> None:
            """What came of it."""
            super().__init__()
            self.outcome = outcome

    class Denied(Message):
        """What was typed was not taken."""

        def __init__(self, error: MemexError) -> None:
            """Why, and what to do."""
            super().__init__()
            self.error = error

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Leave it", key_display="Esc"),
        Binding("tab", "complete", "Complete", show=False, priority=True),
        Binding("down", "move(1)", "Next", show=False, priority=True),
        Binding("up", "move(-1)", "Before", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        said: Content,
        take: Callable[[str], T],
        *,
        suggest: Suggest | None = None,
        value: str = "",
        hint: str = "",
    ) -> None:
        """`said` stands above the line. `take` and `suggest` are called in threads; what `take`
        returns is what this is dismissed with, and it raises `MemexError`.
        """
        super().__init__()
        self._title = title
        self._said = said
        self._take = take
        self._value = value
        self._hint = hint
        self._offers: Sequence[str] = ()
        self._busy = False
        self._suggest = suggest
        self._newest: Newest[str] = Newest(self._ask, lambda run: beside(self, run, "suggest"))

    def compose(self) -> ComposeResult:
        """What it is about, the line, what may be meant, why not."""
        with Vertical(id="entry") as frame:
            frame.border_title = Content(self._title)
            completes = "Tab completes · " if self._suggest else ""
            frame.border_subtitle = Content(f"Enter takes it · {completes}Esc leaves it")
            yield Static(self._said, id="entry-said", markup=False)
            yield Field(self._value, placeholder=self._hint, compact=True, select_on_focus=False)
            yield OptionList(markup=False)
            yield Static(id="entry-why", markup=False)

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(Input).focus()
        self._offer(())
        self._newest.want(self._value)

    # What may be meant.

    def _ask(self, typed: str) -> None:
        """In a thread."""
        if self._suggest:
            tell(self, self.Offered(typed, self._suggest(typed)))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Something else may be meant."""
        event.stop()
        self.query_one("#entry-why", Static).update("")
        self._newest.want(event.value)

    def on_entry_offered(self, message: Entry.Offered) -> None:
        """Show what may be meant, unless something else is typed by now."""
        if message.typed == self.query_one(Input).value:
            self._offer(message.offers)

    def _offer(self, offers: Sequence[str]) -> None:
        self._offers = offers = [] if [*offers] == [self.query_one(Input).value] else offers
        list_ = self.query_one(OptionList)
        list_.set_options(Option(shown(offer)) for offer in offers)
        list_.highlighted = None
        list_.styles.height = min(OFFERED, len(offers))
        list_.display = bool(offers)

    def action_move(self, by: int) -> None:
        """To another of what may be meant, while typing goes on."""
        list_ = self.query_one(OptionList)
        if list_.option_count:
            at = list_.highlighted
            before = -1 if at is None and by > 0 else at or 0
            list_.highlighted = (before + by) % list_.option_count

    def action_complete(self) -> None:
        """Type what all that may be meant begins with; or the one that has the cursor."""
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self._type(self._offers[at])
        elif self._offers:
            self._type(_begun(self._offers) or self.query_one(Input).value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Type what was clicked."""
        event.stop()
        self._type(self._offers[event.option_index])

    def _type(self, text: str) -> None:
        line = self.query_one(Input)
        line.value = text
        line.cursor_position = len(text)
        line.focus()

    # Taking it.

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Type the one that has the cursor; have what is typed taken."""
        event.stop()
        at = self.query_one(OptionList).highlighted
        if at is not None and self._offers[at] != event.value:
            self._type(self._offers[at])
        elif event.value.strip() and not self._busy:
            self._busy = True
            self.query_one("#entry-why", Static).update("…")
            beside(self, lambda: self._try(event.value.strip()), "take")

    def _try(self, typed: str) -> None:
        """In a thread."""
        try:
            outcome = self._take(typed)
        except MemexError as error:
            tell(self, self.Denied(error))
        else:
            tell(self, self.Taken(outcome))

    def on_entry_taken(self, message: Entry.Taken) -> None:
        """Be done."""
        message.stop()
        self.dismiss(message.outcome)  # type: ignore[arg-type]  # it is what `take` returned

    def on_entry_denied(self, message: Entry.Denied) -> None:
        """Say why, and let it be mended."""
        message.stop()
        self._busy = False
        error = message.error
        why = Content.styled(shown(error.message), "$text-error")
        self.query_one("#entry-why", Static).update(
            why + Content(f"\n{shown(error.remedy)}" if error.remedy else "")
        )


def _begun(offers: Sequence[str]) -> str:
    """What all of them begin with, in whatever letters the first one has."""
    first = offers[0]
    for at, char in enumerate(first):
        if any(char.casefold() != other[at : at + 1].casefold() for other in offers[1:]):
            return first[:at]
    return first
