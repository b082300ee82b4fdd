"""A cell of the notebook: a question, its answer as it comes, what the answer quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content, Span
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.findings import SIGNS, Place
from tui.lines import Lines, hung
from tui.messages import Chosen, Opened
from tui.results import VERDICTS
from tui.text import clock, cut, paragraphs, shown

NUMBER: Final = re.compile(r"\[\d+\]")
QUIET: Final = "$foreground 55%"


class _Entry(Lines):
    """A citation: where it stands, and what it says there."""

    def __init__(self, place: Place, verdict: list[tuple[str, str]], note: str) -> None:
        self._place = place
        self._verdict = verdict
        self._note = note

    def lines(self, width: int) -> list[Content]:
        """One of where it stands, the quote, and what would be right."""
        place = self._place
        facts = []
        if place.start is not None:
            facts.append(clock(place.start))
        if place.page is not None:
            facts.append(f"page {place.page}")
        if place.speaker:
            facts.append(shown(place.speaker))
        said = Content.assemble(
            *((f" · {fact}", "$text-secondary") for fact in facts), *self._verdict
        )
        sign = Content.assemble((f"[{place.n}] ", "bold $text-accent"), SIGNS.get(place.kind, "·"))
        title = cut(place.title, width - sign.cell_length - said.cell_length - 1)
        quote = Content.styled(f"“{shown(place.spelled or place.text)}”", "$foreground 80%")
        head = Content.assemble(sign, (f" {title}", "bold"), said)
        note = hung(Content.styled(*_righted(self._note)), width, "    ") if self._note else []
        return [head, *hung(quote, width, "    "), *note]


class Citations(OptionList, inherit_bindings=False):
    """What an answer quotes. Before the first one comes the answer, behind the last one the next
    question.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Play, read"),
        Binding("down,j", "cursor_down", "Next citation", show=False),
        Binding("up,k", "cursor_up", "Citation before", show=False),
    ]

    class Left(Message):
        """The cursor goes beyond the first one, or the last."""

        def __init__(self, by: int) -> None:
            """1: beyond the last."""
            super().__init__()
            self.by = by

    def action_cursor_up(self) -> None:
        """To the one before."""
        if self.highlighted:
            super().action_cursor_up()
        else:
            self.post_message(self.Left(-1))

    def action_cursor_down(self) -> None:
        """To the next one."""
        if self.highlighted is not None and self.highlighted < self.option_count - 1:
            super().action_cursor_down()
        else:
            self.post_message(self.Left(1))

    def enter(self, at: int) -> None:
        """To one of them; -1 is the last."""
        self.highlighted = at % self.option_count
        self.screen.set_focus(self)


class Cell(Vertical, can_focus=True):
    """One question."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "again", "Again"),
        Binding("w", "why", "Why"),
        Binding("R", "stale", "Again what is stale", show=False),
        Binding("c", "correct", "Correct", show=False),
        Binding("down,j", "move(1)", "On", show=False),
        Binding("up,k", "move(-1)", "Back", show=False),
    ]

    class Wanted(Message):
        """Something is to be done with a cell: "again", "why", "stale", "correct"."""

        def __init__(self, cell: Cell, what: str) -> None:
            """`what` is one of the four."""
            super().__init__()
            self.cell = cell
            self.what = what

    class Left(Message):
        """The cursor goes on to another cell, or to the line."""

        def __init__(self, cell: Cell, by: int) -> None:
            """From which, and whether on (1) or back."""
            super().__init__()
            self.cell = cell
            self.by = by

    def __init__(self, number: int, question: str) -> None:
        """`number` counts the cells from 1."""
        super().__init__()
        self.number = number
        self.question = question
        self.turn = 0
        """How often it was asked: what comes of earlier askings is passed over."""
        self.trace: int | None = None
        self.places: Sequence[Place] = ()
        self.verdicts: dict[str, str | None] = {}
        self.notes: dict[str, str] = {}
        """What would be right, as the user has it."""
        self.busy = False
        """Whether its answer is waited for."""
        self.stale = False
        """Whether it was understood by a question that was asked again since."""
        self.after: Cell | None = None
        """The cell that it is asked after."""
        self.follows: Cell | None = None
        """The same, where it was understood by that."""
        self.said: Mapping[str, Any] | None = None
        """Its answer, as it came."""
        self._answer = ""
        self._state = "…"

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield Static(id="question", markup=False)
        yield Static(id="understood", markup=False)
        yield Static(id="answer", markup=False)
        yield Citations(markup=False)

    def on_mount(self) -> None:
        """Show the question."""
        self._draw()

    @property
    def place(self) -> Place | None:
        """The citation that has the cursor."""
        at = self.query_one(Citations).highlighted
        return self.places[at] if at is not None and at < len(self.places) else None

    @property
    def documents(self) -> Set[str]:
        """What its answer quotes, by their ids."""
        return {each["document"] for each in self.said["citations"]} if self.said else set()

    def ask(self, question: str) -> int:
        """Begin to be asked, perhaps otherwise; the turn."""
        self.question, self._answer, self._state = question, "", "…"
        self.trace, self.places = None, ()
        self.busy, self.stale = True, False
        self.after = self.follows = self.said = None
        self.verdicts.clear()
        self.notes.clear()
        self.turn += 1
        self._draw()
        return self.turn

    def take(self, fields: Mapping[str, Any]) -> None:
        """Take a piece of the answer."""
        if fields["type"] == "token":
            self._answer += fields["text"]
        elif fields["type"] == "retracted":
            self._answer = ""
        elif fields["type"] == "answer":
            self._answer = fields["answer"]
            self._state = f"{fields['ms'] / 1000:.1f} s"
            self.trace = fields.get("trace")
            self.busy, self.said = False, fields
            self.follows = self.after if fields.get("understood") else None
        self._draw()

    def fail(self, why: str) -> None:
        """Say that there is no answer."""
        self._state, self.busy = shown(why), False
        self._draw()

    def grow_stale(self) -> None:
        """Say that what it follows was asked again."""
        self.stale = True
        self._draw()

    def cite(self, places: Sequence[Place]) -> None:
        """Show what the answer quotes."""
        self.places = places
        self._draw()

    def mark(self, mark: str, verdict: str | None, note: str = "") -> None:
        """Show that it, or a citation, was called right or wrong, and what would be right."""
        self.verdicts[mark], self.notes[mark] = verdict, note
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        head = Content.assemble(
            (f"{self.number} ", QUIET), (shown(self.question), "bold $text-primary"),
            (f"  {self._state}", QUIET), *self._verdict(""),
        )  # fmt: skip
        self.query_one("#question", Static).update(head)
        below = [Content.styled(*line) for line in self._understood()]
        self.query_one("#understood", Static).update(Content("\n").join(below))
        self.query_one("#understood").display = bool(below)
        text = "\n".join(paragraphs(self._answer)) if self._answer else ""
        numbers = [Span(*found.span(), "bold $text-accent") for found in NUMBER.finditer(text)]
        self.query_one("#answer", Static).update(Content(text, numbers))
        list_ = self.query_one(Citations)
        at = list_.highlighted or 0
        marks = (f"c{place.n}" for place in self.places)
        entries = (
            _Entry(place, self._verdict(mark), self.notes.get(mark, ""))
            for place, mark in zip(self.places, marks, strict=True)
        )
        list_.set_options(Option(entry) for entry in entries)
        list_.display = bool(self.places)
        list_.highlighted = at if self.places else None

    def _verdict(self, mark: str) -> list[tuple[str, str]]:
        verdict = self.verdicts.get(mark)
        if verdict is None:
            return []
        said, style = VERDICTS[verdict]
        return [(f"  {said}", style)]

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Look at a citation, where somebody is at them."""
        event.stop()
        if self.query_one(Citations).has_focus:
            self._look()

    def on_descendant_focus(self) -> None:
        """Likewise."""
        self._look()

    def _look(self) -> None:
        place = self.place
        if place and place.first >= 0:
            self.post_message(Chosen(place))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Have a citation played, or read."""
        event.stop()
        if event.option_index < len(self.places):  # else it was asked again just now
            self.post_message(Opened(self.places[event.option_index]))

    def _understood(self) -> Iterator[tuple[str, str]]:
        """What it was understood as, whether that still holds, and what would be right."""
        if self.follows is not None and self.said is not None:
            yield f"understood as: {shown(self.said['understood'])}", QUIET
        if self.stale:
            yield "stale: what it follows was asked again; r asks it, R all", "$text-warning"
        if note := self.notes.get(""):
            yield _righted(note)

    def on_citations_left(self, message: Citations.Left) -> None:
        """To the answer, or to the next cell."""
        message.stop()
        if message.by < 0:
            self.screen.set_focus(self)
        else:
            self.post_message(self.Left(self, 1))

    def action_move(self, by: int) -> None:
        """Into what it quotes, or to another cell."""
        if by > 0 and self.places:
            self.query_one(Citations).enter(0)
        else:
            self.post_message(self.Left(self, by))

    def enter(self, by: int) -> None:
        """Come to it from the cell above (1) or from below."""
        if by < 0 and self.places:
            self.query_one(Citations).enter(-1)
        else:
            self.screen.set_focus(self)

    def action_again(self) -> None:
        """Ask it once more."""
        self.post_message(self.Wanted(self, "again"))

    def action_stale(self) -> None:
        """Ask all again that are stale."""
        self.post_message(self.Wanted(self, "stale"))

    def action_correct(self) -> None:
        """Say what would be right."""
        self.post_message(self.Wanted(self, "correct"))

    def action_why(self) -> None:
        """Show why the answer is as it is."""
        self.post_message(self.Wanted(self, "why"))


def _righted(note: str) -> tuple[str, str]:
    """What would be right, in the user's words."""
    return f"right would be: {shown(note)}", "$text-success"
