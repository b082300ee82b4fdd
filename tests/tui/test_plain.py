"""Line by line: what is typed, and what is said of it in words."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from memex.errors import InvalidRequest, MemexError
from tests.hearing.making import encode
from tests.tui.fakes import TALK, Doc, FakeMemory, FakeReach, Tape, segment, talk
from tests.tui.test_ask import ANSWER, Follower, Notebook, answer
from tests.tui.test_player import SAMPLE_RATE, tones
from tests.tui.test_search import HOSTILE
from tui import spoken
from tui.plain import Plain
from tui.typed import COMMANDS, converse


def said(*lines: str, reach: FakeReach | None = None, tape: Tape | None = None) -> list[str]:
    """What is said of what is typed, after the greeting."""
    heard: list[str] = []
    plain = Plain(reach or FakeReach(), heard.append, lambda: tape or Tape())
    converse(plain, io.StringIO("".join(f"{line}\n" for line in lines)).readline)
    return heard[2:]


def test_words_are_searched_for_and_each_hit_is_a_line_in_words() -> None:
    memory = FakeMemory()
    lines = said("hypertext", reach=FakeReach(memory))
    assert lines == [
        "3 hits.",
        (
            "1 of 3. Audio, A desk that remembers, Ben, at 12 seconds, 4 May 2026."
            " “He called it hypertext in 1965.” sure: high."
        ),
        (
            "2 of 3. Audio, A desk that remembers, Ada, at 20 seconds, 4 May 2026."
            " “No sheet of paper holds hypertext.” sure: fair."
        ),
        (
            "3 of 3. Note, Things to look up, Bread, 8 February 2026."
            " “A note on hypertext and bees.” sure: low."
        ),
    ]
    assert memory.searches == [("hypertext", True)]  # it was meant: it leaves a trace


def test_a_long_list_comes_in_parts() -> None:
    many = {str(n): Doc(f"Note {n}", "note", [segment("bees hum")]) for n in range(12)}
    lines = said("bees", "more", "more", "more", reach=FakeReach(FakeMemory(many)))
    assert lines[0] == "12 hits."
    assert [line.split(" ")[0] for line in lines if " of 12. " in line] == [
        str(n) for n in range(1, 13)
    ]
    assert lines[6] == "more says the next 5 of 7 left."
    assert lines[-1] == "That is all."


def test_a_place_is_read_on_and_back() -> None:
    lines = said("hypertext", "open 2", "back", "more")
    at = lines.index("Audio, A desk that remembers, Ada, at 20 seconds, 4 May 2026")
    assert lines[at + 1 : at + 6] == [
        "Ada, 16 seconds: Writing that branches, he said.",
        "20 seconds: No sheet of paper holds hypertext.",
        "Ben, 24 seconds: Thank you for listening.",
        "28 seconds: Until next week.",
        "Parts 5 to 8 of 8. back goes back.",
    ]
    assert lines[at + 6] == "Ada, the beginning: Welcome to the long trail."


def test_a_filter_is_put_in_by_its_number_and_taken_out() -> None:
    lines = said("hypertext", "filter", "filter 2", "filter 1")
    assert "1. kind:audio, 2 passages." in lines
    assert "Searching for hypertext kind:note." in lines
    assert lines[lines.index("Searching for hypertext kind:note.") + 1] == "1 hit."
    assert lines[lines.index("Searching for hypertext.") + 1] == "3 hits."


def test_what_is_no_command_is_searched_for() -> None:
    memory = FakeMemory()
    said("open the door", "more bread", "play", "search more", "OPEN 1", reach=FakeReach(memory))
    assert [query for query, _ in memory.searches] == ["open the door", "more bread", "more"]


def test_an_answer_comes_whole_with_its_sources_and_is_marked() -> None:
    memory = Notebook(pieces=answer())
    lines = said("ask who?", "right 2", "wrong", "unmark", "why", reach=FakeReach(memory))
    assert lines[1:3] == [
        f"{ANSWER[:-4]} (source 1)",
        (
            "Source 1 of 2. Audio, A desk that remembers, Ben, at 12 seconds, 4 May 2026."
            " “He called it hypertext in 1965.”"
        ),
    ]
    assert lines[4:7] == [
        "Source 2: marked right.",
        "The answer: marked wrong.",
        "The answer: not marked.",
    ]
    assert memory.labels == [("1", "right", "c2"), ("1", "wrong", ""), ("1", None, "")]
    assert any("recall 14 ms" in line for line in lines)
    assert "\x1b" not in "".join(lines)


def test_an_answer_is_corrected() -> None:
    memory = Notebook(pieces=answer())
    lines = said("correct 1965", "ask who?", "correct 15 March", "correct", reach=FakeReach(memory))
    assert "The answer: marked wrong, with what would be right." in lines
    assert lines[-1] == "Not done. What would be right? Write it behind correct."
    assert memory.labels == [("1", "wrong", "")]
    assert memory.notes == ["15 March"]


def test_a_question_may_follow_the_one_before() -> None:
    memory = Follower()
    lines = said("ask who?", "ask and when?", reach=FakeReach(memory))
    assert "Understood as: and when? (who?)?" in lines
    assert memory.afters[1]
    assert memory.afters[1]["question"] == "who?"


def test_a_hit_is_marked_in_the_trace_of_its_search() -> None:
    memory = FakeMemory()
    lines = said("hypertext", "right 2", "unmark 2", "right", reach=FakeReach(memory))
    assert lines[-3:] == [
        "Hit 2: marked right.",
        "Hit 2: not marked.",
        "Not done. Which hit? Say its number.",
    ]
    assert memory.labels == [("1", "right", "2"), ("1", None, "2")]


def test_a_hit_is_played_from_its_second(tmp_path: Path) -> None:
    file = encode(tones(), tmp_path / "talk.flac", "flac", SAMPLE_RATE)
    tape = Tape()
    tape.going.clear()
    reach = FakeReach(FakeMemory({"t": Doc("A talk", "audio", talk(TALK), file.as_uri())}))
    heard: list[str] = []
    plain = Plain(reach, heard.append, lambda: tape)

    def typed() -> Iterator[str]:
        yield from ("1965", "play 1", "faster", "pause", "pause")
        assert plain._player.order
        assert (plain._player.order.recording, plain._player.order.speed) == (file, 1.25)
        tape.going.set()
        yield from ("stop", "stop")

    lines = typed()
    converse(plain, lambda: next(lines, ""))
    assert "Playing from 12 seconds. stop ends it; pause, faster, slower." in heard
    assert heard[-5:] == [
        "Speed 1.25.",
        "Paused. pause goes on.",
        "Going on.",
        "Stopped.",
        "Not done. Nothing plays. play and a number plays a hit.",
    ]


def test_a_query_is_saved_listed_and_searched_again() -> None:
    memory = FakeMemory(past=["old bread"])
    lines = said(
        "bees", "save", "saved", "again 1", "save", "saved", "earlier", reach=FakeReach(memory)
    )
    assert "Saved: bees." in lines
    assert lines[lines.index("Saved: bees.") + 2 :][:3] == [
        "1. bees",
        "Searching for bees.",
        "1 hit.",
    ]
    assert "No longer saved: bees." in lines
    assert lines[lines.index("No longer saved: bees.") + 1] == "There is none."
    assert "2. old bread" in lines


def test_documents_are_listed_narrowed_and_read() -> None:
    lines = said("list", "list desk", "open 1")
    assert lines[0] == "2 documents."
    assert "1 document." in lines
    assert lines[lines.index("1 document.") + 1] == "1. Audio, A desk that remembers, 4 May 2026."
    assert "Ada, the beginning: Welcome to the long trail." in lines


def test_what_is_added_is_told_when_it_is_there(tmp_path: Path) -> None:
    memory = FakeMemory({})
    heard: list[str] = []
    plain = Plain(FakeReach(memory), heard.append, Tape)
    converse(plain, io.StringIO(f"add {tmp_path}/a.md\nadd {tmp_path}/b.xyz\n").readline)
    assert heard[0] == "Memex. Nothing is remembered yet."
    assert "Remembered: a.md. No reader." in heard
    assert "Failed: b.xyz. No reader." in heard
    assert memory.added == [tmp_path / "a.md", tmp_path / "b.xyz"]


def test_why_something_is_not_done_is_said_and_it_goes_on() -> None:
    memory = FakeMemory(refusal=InvalidRequest("This makes no sense.", "Write it otherwise."))
    reach = FakeReach(memory, up=False, may_start=False)
    heard: list[str] = []
    converse(Plain(reach, heard.append, Tape), io.StringIO("bees\nopen 7\n").readline)
    assert heard.count("Not done. memexd is not running. Start it with `memex up`.") == 2
    reach.up = True
    lines = said("bees", "open 7", "open", reach=reach)
    assert lines == [
        "Not done. This makes no sense. Write it otherwise.",
        "Not done. There is no hit 7. Nothing is listed.",
        "Not done. Which hit? Say its number.",
    ]


def test_ctrl_c_ends_what_is_under_way_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(Notebook, "ask_json", interrupted)
    lines = said("ask who?", "bees", "quit", "bread", reach=FakeReach(Notebook()))
    assert lines[1:3] == ["Stopped. Type quit to end.", "1 hit."]
    assert len(lines) == 4  # nothing after "quit"


def test_private_and_status_are_said() -> None:
    reach = FakeReach()
    lines = said("private on", "status", "private off", reach=reach)
    assert lines[0] == "private is on"
    assert "documents: 1 audio, 1 note." in lines
    assert any(line.startswith("ears: private") for line in lines)
    assert lines[-1] == "private is off"


def test_what_a_document_says_is_never_obeyed() -> None:
    evil = {"evil": Doc(HOSTILE, "note", [segment(HOSTILE, speaker=HOSTILE, heading=HOSTILE)])}
    lines = said("hypertext", "open 1", "list", reach=FakeReach(FakeMemory(evil)))
    assert not {"\x1b", "\x07", "\u202e"} & set("".join(lines))
    assert all("\n" not in line for line in lines)


def test_the_help_has_every_command() -> None:
    lines = said("help")
    assert [line.split(" ")[0].rstrip(":") for line in lines[1:]] == [*COMMANDS, "quit"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "the beginning"), (61, "1 minute 1 second"), (7322.9, "2 hours 2 minutes 2 seconds")],
)
def test_a_moment_is_said_in_words(seconds: float, words: str) -> None:
    assert spoken.moment(seconds) == words


def test_a_pipe_gets_words_alone(tmp_path: Path) -> None:
    """Without a daemon, a terminal or UTF-8: no prompt, no colour, no escape sequence."""
    done = subprocess.run(
        (sys.executable, "-m", "memex.cli", "--no-start", "tui", "--plain"),
        input="bees\n\xff\nquit\n".encode("latin-1"),
        capture_output=True,
        env={
            **os.environ,
            "MEMEX_HOME": str(tmp_path),
            "TERM": "dumb",
            "PYTHONIOENCODING": "ascii",
        },
    )
    assert done.returncode == 0, done.stderr
    assert (
        done.stdout.decode("ascii").splitlines()
        == ["Not done. memexd is not running. Start it with `memex up`."] * 3
    )
    assert not done.stderr


def test_a_reader_that_went_away_ends_it(tmp_path: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m memex.cli --no-start tui --plain < /dev/zero | true",
        shell=True,
        capture_output=True,
        timeout=60,
        env={**os.environ, "MEMEX_HOME": str(tmp_path)},
    )
    assert b"Traceback" not in done.stderr


def test_an_answer_that_breaks_off_is_told() -> None:
    pieces = [{"type": "token", "text": "Ted"}]
    lines = said("ask who?", reach=FakeReach(Notebook(pieces=pieces)))
    assert lines[-1] == "Not done. The answer broke off. Ask again."
    error = MemexError("The reader failed.", "See `memex doctor`.")
    pieces = [
        {"type": "error", "error": "MemexError", "message": error.message, "remedy": error.remedy}
    ]
    lines = said("ask who?", reach=FakeReach(Notebook(pieces=pieces)))
    assert lines[-1] == "Not done. The reader failed. See `memex doctor`."
