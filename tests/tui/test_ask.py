"""The notebook: a question, its answer as it comes, citations there and back, why, marks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from memex.errors import NotFound
from memex.protocols import NO_FILTERS, Filters
from tests.tui.driving import Driver, drive
from tests.tui.fakes import FakeMemory, FakeReach, library
from tui.cell import Citations

if TYPE_CHECKING:
    from memex.wire import Json

ANSWER = "Ted Nelson called it hypertext. [1]"


def citation(n: int, document: str, position: int) -> dict[str, Any]:
    """A citation as the daemon has it."""
    memory = FakeMemory()
    hit = memory._hit(document, position, [], 0)
    del hit["snippet"]
    return {"n": n, **hit, "spelled": hit["text"]}


def answer(**others: object) -> list[dict[str, Any]]:
    cited = [citation(1, "talk", 3), citation(2, "note", 2)]
    told = {
        "question": "", "answer": ANSWER, "found": True, "citations": cited,
        "understood": None, "ms": 812.0,
    }  # fmt: skip
    return [
        {"type": "token", "text": "Ted "},
        {"type": "token", "text": "Nelson"},
        {"type": "answer", **told, "trace": 1, **others},
    ]


class Notebook(FakeMemory):
    """A memory that has traces of answers."""

    def trace(self, name: str) -> dict[str, Any]:
        hit = {"n": 1, "title": "A desk", "text": "He called it hypertext", "score": 2.0}
        places = [("talk", 3), ("note", 2)]
        return {
            "timings": {"recall": 14.0, "writing": 402.0},
            "hits": [{**hit, "ranks": {"lexical": 1}}],
            "citations": [
                {**hit, "n": n, "ranks": {}, "document": document, "first": at, "last": at}
                for n, (document, at) in enumerate(places, start=1)
            ],
            "exchanges": [
                {"messages": [{"role": "system", "content": "Be \x1b[31mshort."}], "output": "Ted"}
            ],
        }


class Follower(Notebook):
    """A memory that understands what begins with "and" by what was asked before; "slow" waits
    until it is let go.
    """

    def ask_json(
        self, question: str, filters: Filters = NO_FILTERS, after: Json | None = None
    ) -> Iterator[Json]:
        list(super().ask_json(question, filters, after))
        if question.startswith("slow"):
            assert self.open.wait(20)
        understood = None
        if after and question.startswith("and"):
            understood = f"{question} ({after['question']})?"
        yield from answer(question=question, answer=f"{question}!", understood=understood)


@pytest.fixture
def notebook() -> FakeReach:
    return FakeReach(Follower())


@pytest.fixture
def reach() -> FakeReach:
    return FakeReach(Notebook(library(), pieces=answer()))


async def ask(it: Driver, question: str = "who called it so") -> None:
    await it.press("f3")
    await it.type(question)
    await it.press("enter")


def test_an_answer_comes_with_its_citations(reach: FakeReach) -> None:
    async def steps(it: Driver) -> None:
        await ask(it)
        await it.sees("1 who called it so  0.8 s", ANSWER)
        await it.sees(
            "[1] ♪ A desk that remembers · 0:12 · Ben", "“He called it hypertext in 1965.”"
        )
        await it.sees("[2] ✎ Things to look up")
        assert it.memory.past == ["who called it so"]

    drive(steps, reach=reach)


def test_when_yesterday_was_stands_in_a_citation() -> None:
    told = "He called it so yesterday [7 May 2023]."
    cited = [{**citation(1, "talk", 3), "spelled": told}]

    async def steps(it: Driver) -> None:
        await ask(it)
        await it.sees(f"“{told}”")

    drive(steps, reach=FakeReach(Notebook(library(), pieces=answer(citations=cited))))


def test_a_citation_is_opened_at_its_place_and_escape_comes_back(reach: FakeReach) -> None:
    async def steps(it: Driver) -> None:
        await ask(it)
        await it.sees("[2] ✎")
        await it.press("up", "down", "enter")
        await it.sees("▌ A note on hypertext and bees.")
        assert it.main.focused is it.main.desk.reader
        await it.press("escape")
        await it.until(lambda: type(it.main.focused).__name__ == "Citations")
        await it.press("escape")
        await it.until(lambda: it.main.focused is it.main.ask.prompt)

    drive(steps, reach=reach)


def test_where_no_trace_is_kept_the_place_is_searched_for() -> None:
    async def steps(it: Driver) -> None:
        await ask(it)
        await it.sees("[2] ✎")
        await it.press("up", "down", "enter")
        await it.sees("▌ A note on hypertext and bees.")
        assert not any(trace for _, trace in it.memory.searches)
        await it.press("escape", "plus")
        await it.sees("This answer left no trace.")

    drive(steps, reach=FakeReach(FakeMemory(pieces=answer(trace=None))), size=(140, 45))


def test_what_was_taken_back_is_no_longer_there() -> None:
    async def steps(it: Driver) -> None:
        await ask(it)
        await it.sees("“Only the quote.”")
        assert "Made up" not in it.text()

    pieces = [
        {"type": "token", "text": "Made up"},
        {"type": "retracted"},
        *answer(answer="“Only the quote.” [1]")[2:],
    ]
    drive(steps, reach=FakeReach(Notebook(library(), pieces=pieces)))


def test_a_question_is_edited_and_asked_again_in_its_cell(reach: FakeReach) -> None:
    async def steps(it: Driver) -> None:
        await ask(it)
        await it.sees("[2] ✎")
        await it.press("up", "e")
        await it.until(lambda: it.main.ask.prompt.value == "who called it so")
        await it.type(" then")
        await it.press("enter")
        await it.sees("1 who called it so then", "[2] ✎")
        assert len(it.main.ask.cells()) == 1
        await it.press("up", "r")
        await it.until(lambda: it.memory.past[-2:] == ["who called it so then"] * 2)

    drive(steps, reach=reach)


def test_why_shows_the_trace(reach: FakeReach) -> None:
    async def steps(it: Driver) -> None:
        await ask(it)
        await it.sees("[2] ✎")
        await it.press("up", "w")
        await it.sees("recall 14 ms", "1 A desk (lexical 1; 2.00)", "Told: system", "Wrote")
        await it.sees("Be \\x1b[31mshort.")
        await it.press("escape")
        await it.sees("[2] ✎")

    drive(steps, reach=reach, size=(140, 45))


def test_answer_and_citation_are_marked_with_one_key(reach: FakeReach) -> None:
    async def steps(it: Driver) -> None:
        await ask(it)
        await it.sees("[2] ✎")
        await it.press("up", "down", "minus")
        await it.sees("✗ wrong")
        it.main.ask.cells()[0].focus()
        await it.press("plus")
        await it.sees("✓ right")
        await it.press("plus")
        await it.until(lambda: "✓ right" not in it.text())
        assert it.memory.labels == [
            ("1", "wrong", "c2"), ("1", "right", ""), ("1", None, ""),
        ]  # fmt: skip

    drive(steps, reach=reach)


def test_cells_stay_and_the_query_of_the_search_is_what_may_be_asked(reach: FakeReach) -> None:
    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("3 hits")
        await it.press("f3")
        await it.until(lambda: it.main.ask.prompt.value == "hypertext")
        assert it.main.ask.prompt.selected_text == "hypertext"  # what is typed takes its place
        await it.press("enter")
        await it.sees("1 hypertext  0.8 s", "[2] ✎")
        await it.type("another")
        await it.press("enter")
        await it.sees("2 another  0.8 s")
        await it.press("f2")
        await it.sees("3 hits")
        await it.press("f3")
        await it.sees("2 another")

    drive(steps, reach=reach, size=(140, 45))


async def ask_all(it: Driver, *questions: str) -> None:
    """One after the other, each once the one before is answered."""
    await it.press("f3")
    for question in questions:
        await it.type(question)
        await it.press("enter")
        await it.sees(f"{question}!")
        await it.until(lambda: it.main.ask.cells()[-1].places, "it is answered")


def turn(question: str, answer: str) -> dict[str, Any]:
    return {"question": question, "answer": answer, "passages": ["talk:3", "note:2"]}


def test_a_cell_follows_the_one_above_it_and_says_what_it_was_understood_as(
    notebook: FakeReach,
) -> None:
    async def steps(it: Driver) -> None:
        await ask_all(it, "who", "and when", "and why")
        await it.sees("understood as: and when (who)?")
        await it.sees("understood as: and why (and when (who)?)?")
        assert it.memory.afters == [
            None, turn("who", "who!"), turn("and when (who)?", "and when!"),
        ]  # fmt: skip

    drive(steps, reach=notebook, size=(140, 60))


def test_what_follows_a_cell_that_is_asked_again_is_stale_until_it_is_asked_again(
    notebook: FakeReach,
) -> None:
    async def steps(it: Driver) -> None:
        await ask_all(it, "who", "and when", "and why", "where", "and how")
        first, *others = it.main.ask.cells()
        first.focus()
        await it.press("e")
        await it.type("ever")
        await it.press("enter")
        await it.sees("whoever!")
        assert [cell.stale for cell in others] == [True, True, False, False]
        assert it.text().count("stale: what it follows was asked again") == 2
        others[0].focus()
        await it.press("R")
        await it.sees("understood as: and when (whoever)?")
        await it.sees("understood as: and why (and when (whoever)?)?")
        assert "stale:" not in it.text()
        assert it.memory.past[5:] == ["whoever", "and when", "and why"]

    drive(steps, reach=notebook, size=(140, 80))


def test_a_stale_cell_is_asked_again_alone(notebook: FakeReach) -> None:
    async def steps(it: Driver) -> None:
        await ask_all(it, "who", "and when", "and why")
        first, second, third = it.main.ask.cells()
        first.focus()
        await it.press("r")
        await it.until(lambda: second.stale and third.stale and not first.busy)
        second.focus()
        await it.press("r")
        await it.until(lambda: not second.stale and not second.busy)
        assert third.stale

    drive(steps, reach=notebook, size=(140, 60))


def test_a_question_waits_for_the_answer_that_it_may_follow(notebook: FakeReach) -> None:
    async def steps(it: Driver) -> None:
        it.memory.open.clear()
        await it.press("f3")
        for question in ("slow one", "and then"):
            await it.type(question)
            await it.press("enter")
        await it.until(lambda: len(it.main.ask.cells()) == 2)
        await it.until(lambda: it.memory.past == ["slow one"])
        it.memory.open.set()
        await it.sees("understood as: and then (slow one)?")
        assert it.memory.afters[1] == turn("slow one", "slow one!")

    drive(steps, reach=notebook, size=(140, 60))


def test_what_was_understood_by_something_forgotten_goes_with_it() -> None:
    class Narrow(Follower):
        def ask_json(
            self, question: str, filters: Filters = NO_FILTERS, after: Json | None = None
        ) -> Iterator[Json]:
            cited = [citation(1, "talk" if question == "who" else "note", 2)]
            for fields in super().ask_json(question, filters, after):
                yield {**fields, "citations": cited} if "citations" in fields else fields

    async def steps(it: Driver) -> None:
        await ask_all(it, "who", "and when", "where")
        it.main.ask.forget({"talk"})
        await it.until(lambda: [cell.question for cell in it.main.ask.cells()] == ["where"])

    drive(steps, reach=FakeReach(Narrow()), size=(140, 60))


def test_what_is_typed_while_an_answer_comes_is_typed(notebook: FakeReach) -> None:
    async def steps(it: Driver) -> None:
        it.memory.open.clear()
        await ask(it, "slow one")
        it.memory.open.set()
        await it.sees("slow one!", "[2] ✎")
        await it.type("requery")  # each of these letters is a key where an answer is looked at
        assert it.main.ask.prompt.value == "requery"
        assert it.memory.past == ["slow one"]
        await it.press("up")
        await it.until(lambda: type(it.main.focused).__name__ == "Citations")

    drive(steps, reach=notebook)


def test_whoever_reads_an_earlier_answer_is_left_there(notebook: FakeReach) -> None:
    async def steps(it: Driver) -> None:
        await ask_all(it, *(f"question {n}" for n in range(6)))
        it.memory.open.clear()
        await it.type("slow one")
        await it.press("enter")
        await it.sees("7 slow one")
        cells = it.main.ask.query_one("#cells")
        assert cells.scroll_offset.y == cells.max_scroll_y > 0
        it.main.ask.cells()[0].focus()
        await it.until(lambda: cells.scroll_offset.y == 0)
        it.memory.open.set()
        await it.until(lambda: it.main.ask.cells()[-1].places)
        await it.still()
        assert "question 0!" in it.text()

    drive(steps, reach=notebook)


def test_an_answer_is_followed_to_its_end(notebook: FakeReach) -> None:
    async def steps(it: Driver) -> None:
        await ask_all(it, *(f"question {n}" for n in range(6)))
        await it.sees("question 5!", "[2] ✎")
        first = it.main.ask.cells()[0]
        first.focus()
        await it.sees("question 0!")
        await it.press("r")
        await it.until(lambda: len(it.memory.past) == 7 and first.places)
        await it.still()
        assert "question 0!" in it.text()

    drive(steps, reach=notebook)


def test_escape_leaves_a_question_as_it_was(reach: FakeReach) -> None:
    async def steps(it: Driver) -> None:
        await ask(it)
        await it.sees("[2] ✎")
        await it.press("up", "e")
        await it.sees("✎ who called it so")
        await it.press("escape")
        await it.sees("? Ask what you want to know")
        await it.type("another")
        await it.press("enter")
        await it.sees("1 who called it so", "2 another")
        assert len(it.main.ask.cells()) == 2

    drive(steps, reach=reach)


def test_what_is_answered_while_something_is_forgotten_is_asked_again(
    notebook: FakeReach,
) -> None:
    async def steps(it: Driver) -> None:
        it.memory.open.clear()
        await ask(it, "slow one")
        await it.until(lambda: it.memory.past == ["slow one"])
        it.main.ask.forget({"talk"})
        it.memory.open.set()
        await it.until(lambda: it.memory.past == ["slow one"] * 2)
        await it.sees("1 slow one", "[2] ✎")

    drive(steps, reach=notebook)


def test_an_answer_whose_trace_is_lost_has_its_citations() -> None:
    class Traceless(FakeMemory):
        def trace(self, name: str) -> Json:
            raise NotFound("There is no such trace.")

    async def steps(it: Driver) -> None:
        await ask(it)
        await it.sees(ANSWER, "[2] ✎")
        assert "no such trace" not in it.text()

    drive(steps, reach=FakeReach(Traceless(pieces=answer())))


def test_keys_that_come_at_once_go_where_they_would_one_by_one(notebook: FakeReach) -> None:
    async def steps(it: Driver) -> None:
        await it.press("f3")
        it.press_at_once(*"wherr", "backspace", "e", "enter", *"who", "enter", *"and")
        await it.sees("1 where", "2 who", "? and")
        assert it.memory.past == ["where", "who"]
        await it.until(lambda: it.main.ask.cells()[-1].places)
        it.press_at_once("up", "r")
        await it.until(lambda: it.memory.past == ["where", "who", "who"])
        assert it.main.ask.prompt.value == "and"
        it.press_at_once("slash", "ctrl+u", "up", "e", *"ever", "enter", *"re", "left", "w")
        await it.until(lambda: it.memory.past[3:] == ["whoever"])
        await it.until(lambda: it.main.ask.prompt.value == "rwe")
        assert it.main.focused is it.main.ask.prompt

    drive(steps, reach=notebook, size=(140, 60))


def test_why_is_not_shown_to_somebody_who_types_by_now() -> None:
    class Slow(Notebook):
        asked = 0

        def trace(self, name: str) -> dict[str, Any]:
            self.asked += 1
            assert self.open.wait(20)
            return super().trace(name)

    memory = Slow(library(), pieces=answer())

    async def steps(it: Driver) -> None:
        await ask(it)
        await it.sees("[2] ✎")
        memory.open.clear()
        before = memory.asked
        await it.press("up", "w")
        await it.until(lambda: memory.asked > before)
        await it.press("slash")
        memory.open.set()
        await it.type("quite")
        await it.still()
        assert it.main.ask.prompt.value == "quite"
        assert "Told: system" not in it.text()

    drive(steps, reach=FakeReach(memory))


def test_a_correction_is_noted_with_the_mark(notebook: FakeReach) -> None:
    async def steps(it: Driver) -> None:
        await ask(it)
        await it.sees("[2] ✎")
        await it.press("up", "c")
        await it.sees("What would be right?", "[1] of “who")
        await it.type("It was [b]Ted")
        await it.press("enter")
        await it.sees("desk that remembers · 0:12 · Ben  ✗ wrong", "right would be: It was [b]Ted")
        await it.press("c")
        await it.sees("What would be right?")
        await it.press("escape", "minus")  # it is taken back
        await it.until(lambda: "✗ wrong" not in it.text())
        await it.press("up", "c")  # the answer
        await it.sees("│  “who called it so”")
        await it.type("1965")
        await it.press("enter")
        await it.sees("0.8 s  ✗ wrong", "right would be: 1965")
        assert it.memory.labels == [("1", "wrong", "c1"), ("1", None, "c1"), ("1", "wrong", "")]
        assert it.memory.notes == ["It was [b]Ted", "", "1965"]

    drive(steps, reach=notebook)


def test_the_cursor_goes_through_all_that_was_asked(notebook: FakeReach) -> None:
    async def steps(it: Driver) -> None:
        await ask(it, "who")
        await it.sees("1 who  0.8 s", "[2] ✎")
        await ask(it, "when")
        await it.sees("2 when  0.8 s")
        await it.until(lambda: it.main.ask.cells()[-1].places)
        first, second = it.main.ask.cells()
        await it.press("up", "j")
        assert second.place
        assert second.place.n == 2
        await it.press("k", "up")
        assert second.has_focus
        await it.press("up")
        assert first.query_one(Citations).has_focus
        assert first.place
        assert first.place.n == 2
        await it.press("k", "k", "k")
        assert first.has_focus
        await it.press(*["down"] * 5)
        assert second.place.n == 2
        await it.press("down", *"so")
        assert it.main.ask.prompt.value == "so"

    drive(steps, reach=notebook, size=(140, 45))
