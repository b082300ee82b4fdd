"""The room of questions: a notebook of cells, and a line to ask the next one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from memex.errors import DaemonUnavailable, InvalidRequest, MemexError
from tui.asking import after, located, why
from tui.cell import Cell, Citations
from tui.entry import Entry
from tui.findings import Place
from tui.link import Line
from tui.memory import Memory
from tui.messages import Cited, Failed, Marked, Opened, Piece, Reasons, Refused
from tui.prompt import Field
from tui.text import shown
from tui.threads import beside, tell
from tui.why import Why


class Cells(VerticalScroll, can_focus=False):
    """The cells: what is seen stays at their end as an answer grows, unless one goes back."""

    follows = True

    def keep(self) -> None:
        """Stay at the end."""
        if self.follows:
            self.scroll_end(animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """At the end it is followed again."""
        super().watch_scroll_y(old_value, new_value)
        self.follows = new_value >= self.max_scroll_y


class Question(Field):
    """The line. It is empty as soon as what stands there is asked."""

    async def action_submit(self) -> None:
        """Ask it."""
        await super().action_submit()
        self.value = ""


class Ask(Vertical):
    """The room."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "look", "Answer", priority=True),
        Binding("e", "edit", "Edit"),
        Binding("escape", "leave_as_it_was", "Leave it", key_display="Esc"),
    ]

    def __init__(self, line: Line, *, id: str | None = None) -> None:  # noqa: A002 (Textual's)
        """Questions go through `line`, in threads."""
        super().__init__(id=id)
        self.place: Place | None = None
        """The citation that was opened last."""
        self._line = line
        self._edited: Cell | None = None
        self._current: Cell | None = None
        self._due: list[Cell] = []
        """Cells that wait for the answer above them."""

    def compose(self) -> ComposeResult:
        """Cells above the line."""
        with Cells(id="cells"):
            yield Static(_tips(), id="asktips", markup=False)
        with Horizontal(id="askline"):
            yield Static("?", id="asksign")
            yield Question(
                placeholder="Ask what you want to know",
                id="question-line",
                compact=True,
                select_on_focus=False,
            )

    @property
    def prompt(self) -> Question:
        """The line."""
        return self.query_one(Question)

    @property
    def _at(self) -> Cell | None:
        """The cell that is looked at."""
        return next((cell for cell in self.cells() if cell.has_focus_within), None)

    def cells(self) -> list[Cell]:
        """All of them, the oldest first."""
        return list(self.query(Cell))

    def on_input_changed(self, event: Input.Changed) -> None:
        """It is asked with Enter only."""
        event.stop()

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        """Ask: in a new cell, or in the one that is edited."""
        event.stop()
        question = " ".join(event.value.split())
        if not question:
            return
        cell, cells = self._edited, self.query_one(Cells)
        self._edit(None)
        if cell is None:
            self.query_one("#asktips").display = False
            cell = Cell(1 + max((each.number for each in self.cells()), default=0), question)
            await cells.mount(cell)
            cells.follows = True
        self._ask(cell, question)

    def _edit(self, cell: Cell | None) -> None:
        """Let the line be of a question that was asked, or of a new one."""
        self._edited = cell
        self.query_one("#asksign", Static).update("✎" if cell else "?")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is of the line, and of a cell."""
        if not self.is_mounted or action not in {"look", "edit", "leave_as_it_was"}:
            return True
        if action == "edit":
            return self._at is not None
        wanted = self._current if action == "look" else self._edited
        return wanted is not None and self.screen.focused is self.prompt

    def action_look(self) -> None:
        """To the answer that came last."""
        self.focus_cell()

    def action_edit(self) -> None:
        """Write the question that is looked at otherwise."""
        if cell := self._at:
            self._current = cell
            self._edit(cell)
            self.prompt.value = cell.question
            self.prompt.cursor_position = len(cell.question)
            self.screen.set_focus(self.prompt)

    def action_leave_as_it_was(self) -> None:
        """Edit it no longer."""
        self._edit(None)
        self.prompt.value = ""

    def _ask(self, cell: Cell, question: str) -> None:
        cell.ask(question)
        self._current = cell
        for other in following(cell, self.cells()):
            other.grow_stale()
        self._due = [*(each for each in self._due if each is not cell), cell]
        self._go_on()
        self.query_one(Cells).keep()
        self.refresh_bindings()

    def _go_on(self) -> None:
        """Ask what waits, but for what may follow a question that has no answer yet."""
        cells = self.cells()
        for cell in [each for each in cells if each in self._due]:
            above = cells[: cells.index(cell)]
            if not (above and above[-1].busy):
                self._due.remove(cell)
                self._begin(cell, next((each for each in reversed(above) if each.said), None))

    def _begin(self, cell: Cell, above: Cell | None) -> None:
        cell.after, turn = above, cell.turn
        said = above.said if above else None
        beside(self, lambda: self._answer(cell, turn, said), f"question {cell.number}")

    def _answer(self, cell: Cell, turn: int, before: Mapping[str, Any] | None) -> None:
        """In a thread."""
        try:
            self._line.use(lambda memory: self._stream(memory, cell, turn, before))
        except MemexError as error:
            tell(self, Failed(cell.number, turn, error))

    def _stream(
        self, memory: Memory, cell: Cell, turn: int, before: Mapping[str, Any] | None
    ) -> None:
        answer = None
        for fields in memory.ask_json(cell.question, after=after(before)):
            if cell.turn != turn:
                return  # asked otherwise: closing the stream stops the model
            if fields["type"] == "error":
                raise MemexError(fields["message"], fields["remedy"])
            tell(self, Piece(cell.number, turn, fields))
            answer = fields if fields["type"] == "answer" else None
        if answer is not None:
            tell(self, Cited(cell.number, turn, located(memory, answer)))

    def _cell(self, number: int, turn: int) -> Cell | None:
        """A cell, unless it was asked again since."""
        found = (cell for cell in self.cells() if (cell.number, cell.turn) == (number, turn))
        return next(found, None)

    def on_piece(self, message: Piece) -> None:
        """Something of an answer came."""
        message.stop()
        if cell := self._cell(message.cell, message.turn):
            cell.take(message.fields)
            self.query_one(Cells).keep()

    def on_cited(self, message: Cited) -> None:
        """What it quotes came."""
        message.stop()
        if cell := self._cell(message.cell, message.turn):
            cell.cite(message.places)
            self.query_one(Cells).keep()
        self._go_on()

    def on_failed(self, message: Failed) -> None:
        """There is no answer."""
        message.stop()
        if cell := self._cell(message.cell, message.turn):
            cell.fail(message.error.message)
        self._go_on()
        if not isinstance(message.error, DaemonUnavailable):
            self.post_message(Refused(message.error))

    def focus_cell(self) -> None:
        """Go to the cell that was asked last, or looked at."""
        cell = self._current
        if cell is None:
            self.screen.set_focus(self.prompt)
        else:
            self.screen.set_focus(cell.query_one(Citations) if cell.places else cell)

    def forget(self, documents: Set[str]) -> None:
        """Keep no answer that quotes documents that are no more, and none that was understood by
        such an answer: it may have its names. What is being answered is asked again.
        """
        cells = self.cells()
        gone = [cell for cell in cells if cell.documents & documents]
        for cell in dict.fromkeys(each for one in gone for each in (one, *following(one, cells))):
            cell.turn += 1  # should it be asked just now, nobody waits for it any more
            cell.remove()
            cells.remove(cell)
            self._current = None if self._current is cell else self._current
            if self._edited is cell:
                self.action_leave_as_it_was()
        self._due = [cell for cell in cells if cell.busy]
        for cell in self._due:
            cell.ask(cell.question)
        self.call_after_refresh(self._go_on)
        if self.place and self.place.document in documents:
            self.place = None

    def rename(self, before: str, now: str | None) -> None:
        """Somebody is called otherwise."""
        for cell in self.cells():
            cell.cite([place.renamed(before, now) for place in cell.places])
        if self.place:
            self.place = self.place.renamed(before, now)

    def on_opened(self, message: Opened) -> None:
        """Remember it. (The message goes on to the screen.)"""
        self.place = message.place

    def on_cell_wanted(self, message: Cell.Wanted) -> None:
        """Do something with a cell."""
        message.stop()
        cell = self._current = message.cell
        if message.what == "again":
            self._ask(cell, cell.question)
        elif message.what == "stale":
            for each in [each for each in self.cells() if each.stale]:
                self._ask(each, each.question)
        elif message.what == "correct":
            self._correct(cell)
        else:
            beside(self, lambda: self._explain(cell), "why")

    def on_cell_left(self, message: Cell.Left) -> None:
        """To the cell above or below; below the last one is the line."""
        message.stop()
        cells = self.cells()
        at = cells.index(message.cell) + message.by
        if at == len(cells):
            self.screen.set_focus(self.prompt)
        elif at >= 0:
            self._current = cells[at]
            cells[at].enter(message.by)

    def _explain(self, cell: Cell) -> None:
        """In a thread."""
        try:
            if cell.trace is None:
                raise _untraced()
            name = str(cell.trace)
            tell(self, Reasons(cell.question, why(self._line.use(lambda m: m.trace(name)))))
        except DaemonUnavailable:
            return  # the link says so
        except MemexError as error:
            tell(self, Refused(error))

    def on_reasons(self, message: Reasons) -> None:
        """Show them, unless somebody went on: the next key may be for something else."""
        message.stop()
        if self.screen.is_active and self._at is not None:
            self.app.push_screen(Why(message.question, message.reasons))

    def mark(self, verdict: str) -> None:
        """Call the citation that has the cursor right or wrong, or the whole answer; the same
        once more takes it back.
        """
        cell = self._at or self._current
        if cell is None:
            return
        mark, trace = _mark(cell), cell.trace
        wanted = None if cell.verdicts.get(mark) == verdict else verdict

        def work() -> None:
            try:
                self._label(trace, mark, wanted)
            except DaemonUnavailable:
                return  # the link says so
            except MemexError as error:
                tell(self, Refused(error))

        beside(self, work, "mark")

    def _correct(self, cell: Cell) -> None:
        """Call it wrong, and ask what would be right: somebody's own words for it."""
        mark, trace = _mark(cell), cell.trace
        about = f"[{mark[1:]}] of “{cell.question}”" if mark else f"“{cell.question}”"
        entry = Entry(
            "What would be right?",
            Content(shown(about)),
            lambda typed: self._label(trace, mark, "wrong", typed),
            value=cell.notes.get(mark, ""),
            hint="It is called wrong, and this is noted with it",
        )
        self.app.push_screen(entry)

    def _label(self, trace: int | None, mark: str, verdict: str | None, note: str = "") -> None:
        """In a thread. Raises `MemexError`."""
        if trace is None:
            raise _untraced()
        self._line.use(lambda memory: memory.label(str(trace), verdict, mark=mark, note=note))
        tell(self, Marked(trace, mark, verdict, note))

    def on_marked(self, message: Marked) -> None:
        """Show it."""
        message.stop()
        for cell in self.cells():
            if cell.trace == message.trace:
                cell.mark(message.mark, message.verdict, message.note)


def _mark(cell: Cell) -> str:
    """What is called right or wrong: the citation that has the cursor, or "" for the answer."""
    place = None if cell.has_focus else cell.place
    return f"c{place.n}" if place else ""


def _untraced() -> MemexError:
    return InvalidRequest(
        "This answer left no trace.",
        "`[traces] enabled` in the configuration turns traces on; an answer leaves it at its end.",
    )


def following(cell: Cell, cells: Sequence[Cell]) -> list[Cell]:
    """The cells that were understood by a cell, or by one that was."""
    found: list[Cell] = []
    for each in cells:
        if each.follows is not None and each.follows in {cell, *found}:
            found.append(each)
    return found


def _tips() -> Content:
    return Content.assemble(
        ("Ask in a sentence.\n\n", "bold"),
        "A question may follow the one above it: “and when was that?”\n"
        "The answer says what it rests on, or that nothing was found. Each citation [1] is a "
        "place:\n",
        ("↑", "bold $text-accent"), " goes there, on up to the answer and those above, Enter plays "
        "or shows it, Esc comes back. ",
        ("e", "bold $text-accent"), " edits a question and asks it again, ",
        ("w", "bold $text-accent"), " shows why the answer\nis as it is, ",
        ("+", "bold $text-accent"), " and ", ("-", "bold $text-accent"),
        " call it right or wrong, ",
        ("c", "bold $text-accent"), " corrects it.",
    )  # fmt: skip
