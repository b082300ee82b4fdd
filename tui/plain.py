"""Memex line by line, without a screen: for screen readers and Braille, for terminals that
cannot draw, and for pipes. What is typed is a command, or words that are searched for; what is
said comes below it, in words, and is never drawn again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from textual.message import Message

from memex.errors import InvalidRequest, MemexError, error_from_json
from memex.progress import FINAL
from tui import spoken
from tui.asking import after, located, why
from tui.chips import picked, toggled
from tui.ears import ears_of
from tui.findings import Findings, Place
from tui.holdings import holdings, narrowed
from tui.link import Line
from tui.memory import Memory, Reach
from tui.messages import Broke, Hushed, Linked, Refused, Stopped
from tui.opening import file_of, recording_of
from tui.player import Player, loudspeaker
from tui.searching import Query, keep, label, search
from tui.state import State
from tui.text import shown
from tui.welcome import SAMPLES

if TYPE_CHECKING:
    from tui.sound import Speaker

T = TypeVar("T")
Said = Iterator[str]
"""Lines, as they come."""

PAGE: Final = 5
"""Lines of a list at a time."""
READ: Final = 8
"""Segments of a document at a time."""
BEFORE: Final = 1
"""Segments that are read before the place itself."""


class Plain:
    """A conversation over one memory."""

    def __init__(
        self,
        reach: Reach,
        write: Callable[[str], None],
        open_speaker: Callable[[], Speaker] = loudspeaker,
        *,
        starts: bool = True,
    ) -> None:
        """`write` says a line. It is called by the player's thread, too. `starts`: whether
        daemons may be started.
        """
        self._starts = starts
        self._write = write
        self._line = Line(reach, self._tell)
        self._reach = reach
        self._player = Player(self._tell, open_speaker)
        self._query = ""
        self._findings = Findings("")
        self._answer: Mapping[str, Any] | None = None
        self._answers = False
        """Whether what is numbered are sources of the answer, rather than hits."""
        self._places: dict[int, Place] = {}
        self._listed: Sequence[str] = ()
        """Queries that are numbered."""
        self._more: Callable[[], Said] | None = None
        self._back: Callable[[], Said] | None = None

    def begin(self) -> None:
        """Say how it is."""
        self.run(self._greet)

    def hush(self) -> None:
        """What was under way is not wanted."""
        self._player.stop()
        self._write("Stopped. Type quit to end.")

    def close(self) -> None:
        """Be still."""
        self._player.close()

    def run(self, work: Callable[[], Said]) -> None:
        """Say what there is to say, or why there is nothing."""
        try:
            for line in work():
                self._write(line)
        except MemexError as error:
            self._write(_refusal(error))

    def _tell(self, message: Message) -> None:
        """From any thread."""
        match message:
            case Linked("starting") if self._starts:
                self._write("Starting memexd.")
            case Hushed(said):
                self._write(said)
            case Refused(error) | Stopped(MemexError() as error):
                self._write(_refusal(error))
            case Broke(fault):
                self._write(f"Not done. This is a fault of Memex: {shown(repr(fault))}.")

    def _greet(self) -> Said:
        status = self._line.use(lambda memory: memory.status())
        count = sum((status.get("documents") or {}).values())
        if count:
            yield f"Memex, {spoken.counted(count, 'document')}."
            yield "Type what you remember of it, or a command. help says which there are."
        else:
            yield "Memex. Nothing is remembered yet."
            yield "add, and the path of a file or folder, reads it. add samples reads the samples."

    # Finding.

    def search(self, words: str) -> Said:
        """Hits of a query."""
        if not words:
            raise InvalidRequest("There is nothing to search for.", "Type search, and words.")
        findings = self._line.use(lambda memory: search(memory, Query(words, settled=True)))
        self._query, self._findings, self._answers = words, findings, False
        self._places = {each.n: each for each in findings.places}
        count = len(findings.places)
        yield f"{spoken.counted(count, 'hit')}." if count else "Nothing found. Try other words."
        yield from self._page([spoken.hit(each, count) for each in findings.places])

    def filter(self, number: str) -> Said:
        """What narrows the query; one of it put in, or taken out."""
        if not self._query:
            raise InvalidRequest("Nothing was searched for yet.", "Type words to search for.")
        on = picked(self._query)
        others = [each for each in self._findings.chips if each[0] not in on]
        counted = [(words, spoken.counted(count, "passage")) for words, count in others]
        chips = [*((words, "on") for words in on), *counted]
        if number:
            words, _ = _numbered(dict(enumerate(chips, start=1)), number, "filter")
            query = toggled(self._query, words)
            yield f"Searching for {shown(query)}."
            yield from self.search(query)
            return
        if not chips:
            yield "There is nothing to narrow it by."
            return
        lines = [f"{n}. {shown(words)}, {said}." for n, (words, said) in enumerate(chips, start=1)]
        yield "filter and a number puts one in, or takes it out."
        yield from self._page(lines)

    def more(self, _: str) -> Said:
        """What comes next."""
        if self._more is None:
            yield "That is all."
        else:
            yield from self._more()

    def back(self, _: str) -> Said:
        """What comes before."""
        if self._back is None:
            yield "There is nothing before it."
        else:
            yield from self._back()

    def _page(self, lines: Sequence[str], at: int = 0) -> Said:
        yield from lines[at : at + PAGE]
        left = len(lines) - at - PAGE
        self._back = None
        self._more = partial(self._page, lines, at + PAGE) if left > 0 else None
        if left > 0:
            yield f"more says the next {min(left, PAGE)} of {left} left."

    # Reading and hearing.

    def open(self, number: str) -> Said:
        """A place in its document."""
        place = self._place(number)
        yield spoken.place(place)
        yield from self._read(place.document, max(0, place.first - BEFORE))

    def _read(self, document: str, first: int) -> Said:
        last = first + READ - 1
        found = self._line.use(lambda memory: memory.segments(document, first, last))
        segments, count = found["segments"], found["count"]
        for before, each in zip(chain([None], segments), segments, strict=False):
            yield spoken.segment(each, before)
        end = first + len(segments)
        self._more = partial(self._read, document, end) if end < count else None
        earlier_ = max(0, first - READ)
        self._back = partial(self._read, document, earlier_) if first else None
        ways = [*(["more goes on"] if self._more else []), *(["back goes back"] if first else [])]
        said = f"{', '.join(ways)}." if ways else "That is all of it."
        yield f"Parts {first + 1} to {end} of {count}. {said}"

    def play(self, number: str) -> Said:
        """A place as it was said."""
        place = self._place(number)
        if not place.heard or place.start is None:
            raise InvalidRequest(f"{shown(place.title)} is written.", f"Read it: open {place.n}.")
        self._player.play(recording_of(place), place.start)
        yield f"Playing from {spoken.moment(place.start)}. stop ends it; pause, faster, slower."

    def pause(self, _: str) -> Said:
        """Stand still, or go on."""
        self._check_playing()
        self._player.toggle()
        yield "Paused. pause goes on." if self._player.paused else "Going on."

    def stop(self, _: str) -> Said:
        """Play nothing."""
        self._check_playing()
        self._player.stop()
        yield "Stopped."

    def pace(self, _: str, by: int) -> Said:
        """Faster, or slower."""
        self._check_playing()
        yield f"Speed {self._player.faster(by):g}."

    def _check_playing(self) -> None:
        if self._player.order is None:
            raise InvalidRequest("Nothing plays.", "play and a number plays a hit.")

    def where(self, number: str) -> Said:
        """The file or address of a place."""
        place = self._place(number)
        yield shown(str(file_of(place.uri) or place.uri))

    def _place(self, number: str) -> Place:
        return _numbered(self._places, number, "hit")

    # Asking.

    def ask(self, question: str) -> Said:
        """An answer, whole, with its sources."""
        if not question:
            raise InvalidRequest("There is no question.", "Type ask, and the question.")
        yield "Asking. This may take a while; Ctrl+C stops it."
        answer = self._line.use(lambda memory: self._answered(memory, question))
        places = self._line.use(lambda memory: located(memory, answer))
        self._answer, self._answers = answer, True
        self._places = {each.n: each for each in places}
        yield from spoken.answer(answer)
        yield from self._page([spoken.source(each, len(places)) for each in places])

    def _answered(self, memory: Memory, question: str) -> Mapping[str, Any]:
        for fields in memory.ask_json(question, after=after(self._answer)):
            if fields["type"] == "error":
                raise error_from_json(fields)
            if fields["type"] == "answer":
                return fields
        raise MemexError("The answer broke off.", "Ask again.")

    def why(self, _: str) -> Said:
        """How the last answer came about."""
        name = self._trace()
        trace = self._line.use(lambda memory: memory.trace(name))
        lines: list[str] = []
        for title, said in why(trace):
            first, *others = map(spoken.text, filter(str.strip, said.splitlines()))
            lines += [f"{title}: {first}", *others]
        yield from self._page(lines)

    def mark(self, number: str, verdict: str | None) -> Said:
        """Call a hit, a source or the answer right or wrong, or take that back."""
        if self._answers:
            trace, mark = self._trace(), f"c{self._place(number).n}" if number else ""
            self._line.use(lambda memory: memory.label(trace, verdict, mark=mark))
            what = f"Source {number}" if number else "The answer"
        else:
            place, findings = self._place(number), self._findings
            if place not in findings.places:
                raise InvalidRequest("Only hits and answers are marked.", "Search first.")
            self._findings = self._line.use(lambda m: label(m, findings, place, verdict))
            what = f"Hit {number}"
        yield f"{what}: {f'marked {verdict}' if verdict else 'not marked'}."

    def correct(self, words: str) -> Said:
        """Call the answer wrong, and note what would be right."""
        trace = self._trace()
        if not words:
            raise InvalidRequest("What would be right?", "Write it behind correct.")
        self._line.use(lambda memory: memory.label(trace, "wrong", note=words))
        yield "The answer: marked wrong, with what would be right."

    def _trace(self) -> str:
        if self._answer is None:
            raise InvalidRequest("There is no answer yet.", "Type ask, and a question.")
        if self._answer.get("trace") is None:
            raise InvalidRequest(
                "This answer left no trace.", "`[traces] enabled` in the configuration keeps them."
            )
        return str(self._answer["trace"])

    # Queries.

    def save(self, _: str) -> Said:
        """Save the query, or save it no longer."""
        if not self._query:
            raise InvalidRequest("Nothing was searched for yet.", "Type words to search for.")
        kept = self._line.use(lambda memory: keep(memory, self._query))
        yield f"{'Saved' if kept else 'No longer saved'}: {shown(self._query)}."

    def queries(self, _: str, which: Callable[[Memory], list[str]]) -> Said:
        """Queries, numbered."""
        self._listed = self._line.use(which)
        if not self._listed:
            yield "There is none."
            return
        yield "again and a number searches for it."
        yield from self._page([f"{n}. {shown(q)}" for n, q in enumerate(self._listed, start=1)])

    def again(self, number: str) -> Said:
        """A query from the list."""
        query = _numbered(dict(enumerate(self._listed, start=1)), number, "query")
        yield f"Searching for {shown(query)}."
        yield from self.search(query)

    # The memory.

    def list_(self, words: str) -> Said:
        """Documents, the newest first."""
        found = narrowed(self._line.use(holdings), words)
        self._answers, self._findings = False, Findings("")
        self._places = {n: each.place for n, each in enumerate(found, start=1)}
        yield f"{spoken.counted(len(found), 'document')}."
        lines = [f"{n}. {spoken.place(each.place)}." for n, each in enumerate(found, start=1)]
        yield from self._page(lines)

    def add(self, path: str) -> Said:
        """Read a file or folder, and say what became of each."""
        if not path:
            raise InvalidRequest("There is no path.", "Type add, and the path.")
        chosen = SAMPLES if path == "samples" else Path(path).expanduser().absolute()
        added = self._line.use(lambda memory: memory.add([chosen]))
        for error in added.errors:
            raise error
        yield "Reading. Ctrl+C leaves it to go on by itself."
        for event in self._line.use(lambda memory: memory.follow(added)):
            if event and event.state in FINAL - {"folder"}:
                name = shown(Path(event.path).name)
                yield f"{event.state.capitalize()}: {name}. {shown(event.message)}".strip()

    def private(self, how: str) -> Said:
        """Close every microphone, or open it again."""
        self._line.hush("private", on={"on": True, "off": False}.get(how))
        return iter(())

    def status(self, _: str) -> Said:
        """How Memex is."""
        status = self._line.use(lambda memory: memory.status())
        counts = status.get("documents") or {}
        said = ", ".join(f"{count:,} {kind}" for kind, count in counts.items()) or "none"
        lines = [f"documents: {said}", f"ears: {ears_of(self._reach.hearing()).said}"]
        lines += [f"{name}: {told}" for name, told, _ in State(status, datetime.now(UTC)).said]
        yield from self._page([f"{line}." for line in lines])


def _numbered(things: Mapping[int, T], number: str, what: str) -> T:
    """What has a number in what was listed. Raises `InvalidRequest`."""
    if not number:
        raise InvalidRequest(f"Which {what}?", "Say its number.")
    if int(number) not in things:
        there = f"There are {len(things)}." if things else "Nothing is listed."
        raise InvalidRequest(f"There is no {what} {number}.", there)
    return things[int(number)]


def _refusal(error: MemexError) -> str:
    return f"Not done. {shown(error.message)} {shown(error.remedy)}".strip()
