"""What is drawn obeys nothing and lines up."""

from __future__ import annotations

from textual.content import Content

from tui.text import clock, cut, lit, shown


def test_control_characters_are_shown_as_they_are_written() -> None:
    assert shown("\x1b[31mred\x07 \x9b") == "\\x1b[31mred\\x07 \\x9b"


def test_white_space_is_a_space() -> None:
    assert shown("one\ttwo\nthree\u00a0four") == "one two three four"


def test_what_steers_direction_or_joins_is_left_out() -> None:
    assert shown("a\u202eb\u200fc\u2066d\ufeff") == "abcd"
    assert shown("👩\u200d👩\u200d👧 👍🏽 ❤\ufe0f") == "👩👩👧 👍 ❤"


def test_scripts_stay_as_they_are() -> None:
    for text in ("שלום עולם", "日本語", "Ünïcödé", "é", "हिन्दी"):
        assert shown(text) == text


def test_marks_stay_on_their_words_when_characters_go_or_grow() -> None:
    text = "\u202e\x1b the 日本 word"
    start = text.index("word")
    content = lit(text, [(start, start + 4, "bold")])
    (span,) = content.spans
    assert content.plain[span.start : span.end] == "word"


def test_marks_that_reach_too_far_are_cut() -> None:
    assert [tuple(span) for span in lit("abc", [(1, 99, "bold"), (7, 9, "bold")]).spans] == [
        (1, 3, "bold")
    ]


def test_a_cut_is_in_cells() -> None:
    assert Content(cut("日本語日本語", 7)).cell_length <= 7
    assert cut("日本語日本語", 7).endswith("…")
    assert cut("short", 7) == "short"
    assert cut("x", 0) == ""


def test_the_clock_has_hours_where_there_are_any() -> None:
    assert [clock(at) for at in (0, 59.9, 61, 3600, 36061)] == [
        "0:00", "0:59", "1:01", "1:00:00", "10:01:01",
    ]  # fmt: skip
