"""The people of the library: whose voices were heard, and saying who they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.timer import Timer

from memex.errors import DaemonUnavailable, MemexError, NotFound
from tui.entry import Entry
from tui.findings import Place
from tui.messages import Opened, Refused
from tui.people import Person, counted, meant, opened, people, quotes, same
from tui.section import Done, Listing, Section
from tui.sure import Sure
from tui.text import clock, cut, day, shown
from tui.threads import Newest, beside, tell

CALM: Final = 0.15
"""Seconds that the cursor rests before it is asked what somebody said."""
QUIET: Final = "$foreground 55%"
LONGEST: Final = 300
"""Cells of a quote."""
NOBODY: Final = (
    "No voice is known yet: they come with recordings. Whoever is heard for some seconds stands "
    "here as “Voice 1”, until you say who it is."
)


@dataclass(frozen=True, slots=True)
class Namesake:
    """A name that somebody else has already."""

    person: Person


class Quoted(Message):
    """What somebody said."""

    def __init__(self, name: str, places: Sequence[Place]) -> None:
        """Who, and what."""
        super().__init__()
        self.name = name
        self.places = places


class People(Section[Person]):
    """Voices without a name first, those that speak most; then people by name."""

    ASKS = "A name"
    OF_ROW = frozenset({"name", "hear"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,n", "name", "Name", key_display="n"),
        Binding("m", "name(True)", "It is me", show=False),
        Binding("p", "hear", "Hear"),
    ]

    _rest: Timer | None = None
    _turn = 0
    """Which of the quotes is heard next."""

    def on_mount(self) -> None:
        """Nothing that was said is known yet."""
        self._quotes: Mapping[str, Sequence[Place]] = {}
        self._asking: Newest[str] = Newest(self._ask, lambda run: beside(self, run, "quotes"))

    def fetched(self) -> Sequence[Person]:
        """Everybody, in a thread."""
        return self._line.use(people, starts=False)

    def badge(self) -> tuple[str, bool]:
        """How many have no name."""
        unnamed = sum(not one.named for one in self._all or ())
        return f"{unnamed:,} unnamed" if unnamed else super().badge()[0], False

    def show(self, rows: Sequence[Person]) -> None:
        """Where they are others, what they said may be, too."""
        if rows != self._all:
            self._quotes = {}
            self.settled()
        super().show(rows)

    # What they said.

    def settled(self) -> None:
        """Ask what somebody said, once the cursor rests."""
        self._turn = 0
        if self._rest:
            self._rest.stop()
        self._rest = self.set_timer(CALM, self._want)

    def _want(self) -> None:
        if self.row and self.seen and self.row.key not in self._quotes:
            self._asking.want(self.row.key)

    def enter(self) -> None:
        """Ask for what the one at the cursor said, too."""
        super().enter()
        self._want()

    def _ask(self, name: str) -> None:
        """In a thread."""
        try:
            said = self._line.use(lambda memory: quotes(memory, name), starts=False)
            tell(self, Quoted(name, said))
        except DaemonUnavailable:
            return  # the link says so
        except MemexError as error:
            tell(self, Refused(error))

    def on_quoted(self, message: Quoted) -> None:
        """Show it."""
        message.stop()
        self._quotes = {**self._quotes, message.name: message.places}
        self.redraw()

    def known(self) -> Content:
        """How much they spoke, and something of what they said."""
        person = self.row
        if person is None:
            none = NOBODY if self._all is not None and not self._typed else ""
            return self.away() or Content.styled(none, QUIET)
        lines = [Content.assemble((shown(person.key), "bold"), (f"  {person.told()}", QUIET))]
        said = self._quotes.get(person.key)
        if said is None:
            lines.append(self.away() or Content.styled("…", QUIET))
        elif not said:
            lines.append(Content.styled("Nothing that they said is remembered.", QUIET))
        lines += map(_quote, said or ())
        return Content("\n").join(lines)

    def action_hear(self) -> None:
        """Play something that they said; once more, something else."""
        person = self.row
        if person is None:
            return
        said, turn = self._quotes.get(person.key), self._turn
        self._turn += 1

        def work() -> None:
            try:
                found = quotes_of(said)
                tell(self, Opened(self._line.use(lambda memory: opened(memory, found))))
            except MemexError as error:
                tell(self, Refused(error))

        def quotes_of(known: Sequence[Place] | None) -> Place:
            if known is None:
                known = self._line.use(lambda memory: quotes(memory, person.key))
            if not known:
                raise NotFound(
                    f"Nothing that {shown(person.key)} said is remembered.",
                    "It was forgotten, or no document of it is left.",
                )
            return known[turn % len(known)]

        beside(self, work, "hear")

    # Who they are.

    def on_listing_picked(self, message: Listing.Picked) -> None:
        """Name the one that was clicked."""
        message.stop()
        self.action_name()

    def action_name(self, owner: bool = False) -> None:
        """Ask who it is."""
        person = self.row
        if person is None:
            return
        among = self._all or ()
        me = next((one.key for one in among if one.owner), "")
        value = (me if owner else "") or (person.key if person.named else "")
        title = "Who are you?" if owner else f"Who is {shown(person.key)}?"
        said = self.known() if not person.named else Content(f"{shown(person.key)} is called …")

        def take(typed: str) -> Namesake | None:
            namesake = same(typed, among, person)
            if namesake:
                return Namesake(namesake)
            self._call(person, typed, owner=owner)
            return None

        def decided(outcome: Namesake | None) -> None:
            if outcome:
                self._merge(person, outcome.person, owner=owner)

        entry = Entry(
            title,
            said,
            take,
            suggest=lambda typed: meant(typed, among, person),
            value=value,
            hint="A name",
        )
        self.app.push_screen(entry, decided)

    def _merge(self, person: Person, into: Person, *, owner: bool) -> None:
        """Two are one, when that is meant."""
        said = Content("\n").join(
            [
                Content.assemble(
                    (shown(into.key), "bold"), " is known already: ", (into.told(), QUIET)
                ),
                Content.assemble((shown(person.key), "bold"), ": ", (person.told(), QUIET)),
                Content(""),
                Content(
                    f"They become one, {shown(into.key)}, in all that was said and from now on. "
                    "That cannot be taken back. Where they are two, leave it, and give this one "
                    "another name, with a surname or a letter."
                ),
            ]
        )

        def meant_so(yes: bool | None) -> None:
            if yes:
                self._begin(person, into.key, owner=owner)

        self.app.push_screen(Sure("Are they one?", said, "makes them one"), meant_so)

    def _begin(self, person: Person, name: str, *, owner: bool) -> None:
        """Name somebody, in a thread."""

        def work() -> None:
            try:
                self._call(person, name, owner=owner)
            except MemexError as error:
                tell(self, Refused(error))

        beside(self, work, "name")

    def _call(self, person: Person, name: str, *, owner: bool) -> None:
        """In a thread. Raises `MemexError`."""
        name = " ".join(name.split())  # as memexd has it
        changed = self._line.use(lambda memory: memory.name_voice(person.key, name, owner=owner))
        told = counted(changed["documents"], "document")
        tell(self, Done(f"{shown(name)} it is, in {told}."))
        self._line.watch()  # which tells all rooms


def _quote(place: Place) -> Content:
    """Something that was said; when, and in what."""
    at = f"{clock(place.start)} · " if place.start is not None else ""
    where = f"{at}{cut(place.title, 40)} · {day(place.said_at)}"
    return Content.assemble(f"“{cut(' '.join(place.text.split()), LONGEST)}”  ", (where, QUIET))
