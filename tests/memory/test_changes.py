from __future__ import annotations

from pathlib import Path

from memex.changes import KEPT, Changes, Removed, Renamed
from tests.memory.test_forgetting import Notes


def test_whoever_looks_again_is_told_what_came_since() -> None:
    changes = Changes()
    assert changes.after(0) == []
    changes.note(Renamed("Voice 3", "Ada"))
    changes.note(Removed(("a", "b")))
    assert changes.count == 2
    assert changes.after(0) == [Renamed("Voice 3", "Ada"), Removed(("a", "b"))]
    assert changes.after(1) == [Removed(("a", "b"))]
    assert changes.after(2) == changes.after(9) == []


def test_only_the_latest_are_kept() -> None:
    changes = Changes()
    for number in range(KEPT + 2):
        changes.note(Renamed(f"Voice {number}", None))
    assert changes.after(0)[0] == Renamed("Voice 2", None)
    assert [each.before for each in changes.after(KEPT + 1) if isinstance(each, Renamed)] == [
        f"Voice {KEPT + 1}"
    ]


def test_what_is_forgotten_or_let_go_is_noted(tmp_path: Path) -> None:
    notes = Notes(tmp_path)
    one, _ = notes.write()
    other, _ = notes.write("Another text.")
    for _ in notes.forgetting.forget(one.id):
        pass
    notes.forgetting.let_go(other.id)
    assert notes.memex.changes.after(0) == [Removed((one.id,)), Removed((other.id,))]
