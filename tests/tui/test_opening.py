"""What opens a place, and where; what a chip does to a query."""

from __future__ import annotations

from pathlib import Path

import pytest

from memex.errors import InvalidRequest, NotFound
from tests.tui.driving import Driver, drive
from tests.tui.fakes import Doc, FakeMemory, FakeReach, segment
from tui.chips import picked, toggled
from tui.findings import Place
from tui.opening import opening


def place(uri: str, kind: str = "note") -> Place:
    return Place(1, "d", "Title", kind, uri, "text")


def everything(program: str) -> str | None:
    return f"/usr/bin/{program}"


def nothing(_: str) -> str | None:
    return None


@pytest.fixture
def note(tmp_path: Path) -> Path:
    file = tmp_path / "a note.md"
    file.write_text("x")
    return file


@pytest.mark.parametrize(
    ("editor", "arguments"),
    [
        ("nvim", ["nvim", "+12", "FILE"]),
        ("/opt/bin/nano -w", ["/opt/bin/nano", "-w", "+12", "FILE"]),
        ("code --wait", ["code", "--wait", "-g", "FILE:12"]),
        ("hx", ["hx", "FILE:12"]),
        ("unknown", ["unknown", "FILE"]),
    ],
)
def test_a_note_is_opened_at_its_line(note: Path, editor: str, arguments: list[str]) -> None:
    found = opening(place(note.as_uri()), 12, {"EDITOR": editor}, everything)
    assert list(found.arguments) == [each.replace("FILE", str(note)) for each in arguments]
    assert found.takes_screen


def test_the_pager_serves_where_there_is_no_editor(note: Path) -> None:
    found = opening(place(note.as_uri()), None, {"PAGER": "less -R"}, everything)
    assert found.arguments == ("less", "-R", str(note))


def test_what_is_no_plain_text_is_the_desktops(note: Path) -> None:
    found = opening(place(note.as_uri(), "pdf"), 3, {"EDITOR": "vi"}, everything)
    assert found.arguments == ("xdg-open", str(note))
    assert not found.takes_screen
    page = opening(place("https://example.org/a", "web"), None, {}, everything)
    assert page.arguments == ("xdg-open", "https://example.org/a")


@pytest.mark.parametrize(
    ("uri", "kind", "said"),
    [
        ("file:///nowhere/gone.md", "note", "no longer there"),
        ("javascript:alert(1)", "web", "nothing that can be opened"),
        ("https://example.org", "web", "No program here"),
    ],
)
def test_what_cannot_be_opened_is_said(uri: str, kind: str, said: str) -> None:
    with pytest.raises(NotFound, match=said):
        opening(place(uri, kind), None, {}, nothing)


def test_no_editor_is_said_with_the_remedy(note: Path) -> None:
    with pytest.raises(NotFound, match="EDITOR"):
        opening(place(note.as_uri()), None, {"EDITOR": "gone"}, nothing)


def test_an_editor_that_is_no_command_is_said(note: Path) -> None:
    with pytest.raises(InvalidRequest, match="VISUAL"):
        opening(place(note.as_uri()), None, {"VISUAL": "vi 'x", "EDITOR": "vi"}, everything)


def test_a_program_that_does_not_start_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "xdg-open"
    program.write_bytes(b"\0")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    page = Doc("A page", "web", [segment("hypertext")], uri="https://example.org/a")

    async def steps(it: Driver) -> None:
        await it.type("hypertext")
        await it.sees("1 hit ·")
        await it.press("enter", "o")
        await it.sees("xdg-open does not start")
        await it.type("/x")  # it goes on
        await it.sees("❯ hypertextx")

    drive(steps, reach=FakeReach(FakeMemory({"page": page})), size=(140, 45))


def test_a_chip_comes_into_the_query_and_goes() -> None:
    assert toggled("bees", "kind:pdf") == "bees kind:pdf"
    assert toggled("bees kind:pdf hive", "kind:pdf") == "bees hive"
    assert toggled("", 'from:"Voice 1"') == 'from:"Voice 1"'
    month = "since:2026-05 before:2026-06"
    assert toggled(f"bees {month}", month) == "bees"


def test_chips_are_seen_in_what_is_typed() -> None:
    query = 'bees kind:pdf from:"Voice 1" since:2026-05 before:2026-06 until:friday http:x'
    assert picked(query) == [
        "kind:pdf", 'from:"Voice 1"', "since:2026-05 before:2026-06", "until:friday",
    ]  # fmt: skip
