"""The hits of a search, by document: title, kind, date; how sure, speaker, second, snippet."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Final

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.findings import SIGNS, Findings, Place
from tui.lines import Lines
from tui.messages import Chosen, Marked, Opened
from tui.text import clock, cut, day, lit, shown

BAR: Final = 4
"""Cells of the bar for how sure."""
INDENT: Final = " " * (BAR + 2)
VERDICTS: Final = {"right": ("✓ right", "$text-success"), "wrong": ("✗ wrong", "$text-error")}
MATCH: Final = "bold $text-accent"
QUIET: Final = "$foreground 55%"


def bar(share: float) -> Content:
    """How sure, beside the best."""
    full = max(1, round(share * BAR))
    return Content.assemble(("━" * full, "$primary"), ("─" * (BAR - full), "$foreground 20%"))


class _Heading(Lines):
    """A document's title, its kind and date at the right."""

    def __init__(self, place: Place, *, first: bool) -> None:
        self._place = place
        self._first = first

    def lines(self, width: int) -> list[Content]:
        """One; behind another document an empty one before it."""
        above = [] if self._first else [Content("")]
        return [*above, self._line(width - 1)]

    def _line(self, width: int) -> Content:
        place = self._place
        right = f" {place.kind} {day(place.said_at)}".rstrip()
        title = cut(place.title, width - len(right) - 3)
        left = Content.assemble((f" {SIGNS.get(place.kind, '·')} ", "$primary"), (title, "bold"))
        gap = " " * max(0, width - left.cell_length - len(right))
        return Content.assemble(left, gap, (right, QUIET))


class _Entry(Lines):
    """A hit: a line of where it stands, and its snippet."""

    def __init__(self, place: Place, most: int, verdict: str | None) -> None:
        self._place = place
        self._most = most
        self._verdict = verdict

    def lines(self, width: int) -> list[Content]:
        """One of where it stands, where there is more to say than its title; `most` of its
        snippet.
        """
        room = max(8, width - BAR - 3)
        where = self._where()
        lines = [where.truncate(room, ellipsis=True)] if where else []
        text = self._text().wrap(room)
        lines += text[: self._most]
        if len(text) > self._most:
            lines[-1] = (lines[-1].rstrip() + Content("…")).truncate(room, ellipsis=True)
        indents = [Content.assemble(" ", bar(self._place.share), " "), *[Content(INDENT)] * 9]
        return [indent + line for indent, line in zip(indents, lines, strict=False)]

    def _text(self) -> Content:
        """The snippet, without the heading that it begins with: that stands above it."""
        place = self._place
        first, _, rest = place.text.partition("\n")
        repeated = bool(first and rest) and (place.heading or "").endswith(first)
        skip = len(first) + 1 if repeated else 0
        marks = ((start - skip, end - skip, MATCH) for start, end in place.matches)
        return lit(place.text[skip:], [mark for mark in marks if mark[0] >= 0])

    def _where(self) -> Content:
        place = self._place
        parts: list[tuple[str, str]] = []
        if place.start is not None:
            parts.append((clock(place.start), "$text-secondary"))
        if place.page is not None:
            parts.append((f"page {place.page}", "$text-secondary"))
        if place.speaker:
            parts.append((shown(place.speaker), "$text-primary"))
        heading = (place.heading or "").split(" › ")[-1]
        if heading and heading != place.title:
            parts.append((shown(heading), QUIET))
        if self._verdict:
            parts.insert(0, VERDICTS[self._verdict])
        return Content.styled(" · ", QUIET).join(Content.styled(*part) for part in parts)


class Results(OptionList, inherit_bindings=False):
    """The list; the first hit is looked at as soon as it is there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Play, read"),
        Binding("down,j", "cursor_down", "Next hit", show=False),
        Binding("up,k", "cursor_up", "Hit before", show=False),
        Binding("pagedown", "page_down", "A page on", show=False),
        Binding("pageup", "page_up", "A page back", show=False),
        Binding("home", "first", "First hit", show=False),
        Binding("end", "last", "Last hit", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        """An empty list."""
        super().__init__(id=id, markup=False)
        self.findings = Findings("")
        self._places: dict[str, Place] = {}
        self._verdicts: dict[str, str | None] = {}

    @property
    def place(self) -> Place | None:
        """The hit that is looked at."""
        option = self.highlighted_option
        return self._places.get(option.id or "") if option else None

    def show(self, findings: Findings) -> None:
        """Show what was found; the same hits once more keep the cursor where it is."""
        same = findings.spots == self.findings.spots
        kept = self.place.n if same and self.place else 1
        if not same or findings.query != self.findings.query:
            self._verdicts.clear()
        self.findings = findings
        self._places = {str(place.n): place for place in findings.places}
        self._fill(kept)

    def mark(self, marked: Marked) -> None:
        """Show that a hit was called right or wrong."""
        self._verdicts[marked.mark] = marked.verdict
        self._fill(self.place.n if self.place else 1)

    def verdict(self, place: Place) -> str | None:
        """What a hit was called."""
        return self._verdicts.get(str(place.n))

    def step(self, by: int) -> bool:
        """Go to the next hit, or the one before; False at the end."""
        numbers = [option.id for option in self.options if not option.disabled]
        at = numbers.index(str(self.place.n)) + by if self.place else 0
        if not 0 <= at < len(numbers):
            return False
        self.highlighted = self.get_option_index(str(numbers[at]))
        return True

    @property
    def _most(self) -> int:
        """Lines of a snippet: fewer where the screen is low."""
        return 2 if self.app.size.height >= 30 else 1

    def _fill(self, n: int) -> None:
        options: list[Option] = []
        for group in self.findings.groups():
            heading = _Heading(self._dated(group), first=not options or self._most == 1)
            options.append(Option(heading, disabled=True))
            for place in group:
                entry = _Entry(place, self._most, self._verdicts.get(str(place.n)))
                options.append(Option(entry, id=str(place.n)))
        self.set_options(options)
        if options:
            self.highlighted = self.get_option_index(str(n))
            if n == 1:
                self.scroll_home(animate=False)

    @staticmethod
    def _dated(group: list[Place]) -> Place:
        """A group's best hit, with the date of the first that has one."""
        said = next((place.said_at for place in group if place.said_at), None)
        return replace(group[0], said_at=said)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Tell which hit is looked at."""
        event.stop()
        if place := self._places.get(event.option_id or ""):
            self.post_message(Chosen(place))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Have a hit played, or read."""
        event.stop()
        if place := self._places.get(event.option_id or ""):
            self.post_message(Opened(place))
