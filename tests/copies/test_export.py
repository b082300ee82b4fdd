from __future__ import annotations

import json
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import frontmatter
import pytest

from ingest.readers.markdown import read_markdown
from ingest.reading import Reading
from memex.errors import InvalidRequest, NotFound
from memex.export import Exported, export
from memex.markdown import front_matter, markdown
from memex.protocols import Transcriber
from memex.types import Document, Segment
from memex.wire import Json, segment_to_json, time_to_json
from tests.documents import BREAD, ESSAY, TALK, document, spoken


def as_shown(document: Document, **others: Any) -> Json:  # noqa: ANN401 (fields)
    """A document as memexd gives it."""
    copy = {
        "uri": document.uri,
        "size": 1,
        "sha256": "a" * 64,
        "added_at": "2026-05-04T12:00:00+00:00",
        "replaced_at": None,
        "missing_since": None,
    }
    return {
        "id": document.id,
        "kind": document.kind,
        "title": document.title,
        "uri": document.uri,
        "created_at": time_to_json(document.created_at),
        "author": document.author,
        "language": document.language,
        "duration": document.duration,
        "source": document.source,
        "attributes": dict(document.attributes),
        "copies": [copy],
        "versions": [],
        "segments": [segment_to_json(segment) for segment in document.segments],
        **others,
    }


def exported(directory: Path, *documents: Json, form: Any = "markdown") -> Exported:  # noqa: ANN401
    by_id = {document["id"]: document for document in documents}
    return written(directory, list(documents), by_id.__getitem__, form)


def written(
    directory: Path,
    catalogue: list[Json],
    document: Callable[[str], Json],
    form: Any,  # noqa: ANN401 (one of two)
) -> Exported:
    kept = directory.parent / "audio"
    return list(export(directory, catalogue, document, form=form, sound=True, kept=kept))[-1]


def test_a_file_a_document_that_a_person_can_read(tmp_path: Path) -> None:
    done = exported(tmp_path / "out", as_shown(ESSAY), as_shown(TALK))
    assert (done.documents, done.written) == (2, 2)
    text = (tmp_path / "out" / f"2026-05-04 A talk ({TALK.id[:8]}).md").read_text(encoding="utf-8")
    post = frontmatter.loads(text)
    assert post["id"] == TALK.id
    assert TALK.uri in str(post["copies"])
    assert post.content.split("\n\n") == [
        "`00:00:00` **Ada:** Welcome to the show.",
        "`00:00:02` **Ada:** Today we speak about the garden and its roses.",
        "`00:00:06` **Ben:** I planted the first rose in nineteen ninety one.",
    ]
    assert "without it" in (tmp_path / "out" / "README.txt").read_text(encoding="utf-8")


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    exported(tmp_path / "out", as_shown(ESSAY))
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()} == {0o600}


def test_done_again_it_touches_what_changed_only(tmp_path: Path) -> None:
    out = tmp_path / "out"
    exported(out, as_shown(ESSAY), as_shown(BREAD))
    before = {path.name: path.stat().st_ino for path in out.iterdir()}
    done = exported(out, as_shown(ESSAY), as_shown(BREAD, title="Rye bread"))
    assert (done.written, done.unchanged) == (1, 1)
    after = {path.name: path.stat().st_ino for path in out.iterdir()}
    assert not [name for name in after if " Bread (" in name]
    assert [name for name in after if "Rye bread" in name]
    assert len(after) == len(before)
    same = f"2026-05-04 A note on hypertext ({ESSAY.id[:8]}).md"
    assert after[same] == before[same]


@pytest.mark.parametrize(
    "title",
    [
        "../../etc/passwd", "/abs", "..", ".hidden", "", "a" * 500, "日" * 500, "a/b\\c:d*e?",
        "line\nbreak \x1b[31mred", "CON", "trailing. ", "\ud800 lone", "~", "-rf",
    ],
    ids=ascii,
)  # fmt: skip
def test_a_title_is_no_path(tmp_path: Path, title: str) -> None:
    exported(tmp_path / "out", as_shown(ESSAY, title=title))
    (name,) = [path.name for path in (tmp_path / "out").iterdir() if path.suffix == ".md"]
    assert name.startswith("2026-05-04 ")
    assert name.isprintable()
    assert not set('/\\:*?"<>|') & set(name)
    assert len(os.fsencode(name)) < 255
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_ids_that_begin_alike_are_told_apart(tmp_path: Path) -> None:
    one = as_shown(ESSAY, id="12345678aa" + "0" * 22)
    two = as_shown(ESSAY, id="12345678ab" + "0" * 22)
    exported(tmp_path / "out", one, two)
    assert len(list((tmp_path / "out").glob("*.md"))) == 2


def test_a_directory_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InvalidRequest):
        exported(tmp_path, as_shown(ESSAY))
    assert (tmp_path / "README.txt").read_text(encoding="utf-8") == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def recording(path: Path, data: bytes) -> Json:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    shown = as_shown(TALK)
    shown["copies"][0] |= {
        "uri": path.as_uri(), "size": len(data), "sha256": sha256(data).hexdigest(),
    }  # fmt: skip
    return shown


def test_the_recording_lies_beside_its_text(tmp_path: Path) -> None:
    shown = recording(tmp_path / "talks" / "a talk.mp3", b"ID3 the sound of it")
    done = exported(tmp_path / "out", shown)
    copied = tmp_path / "out" / f"2026-05-04 A talk ({TALK.id[:8]}).mp3"
    assert copied.read_bytes() == b"ID3 the sound of it"
    assert (done.recordings, done.missing) == (1, [])
    assert exported(tmp_path / "out", shown).recordings == 0


def kept_sound(tmp_path: Path) -> Json:
    """What was recorded, and is kept as Opus: its copy has the hash of what was heard."""
    shown = recording(tmp_path / "audio" / "5c1f.opus", b"RIFF as it was heard")
    (tmp_path / "audio" / "5c1f.opus").write_bytes(b"OggS as it is kept")
    return shown


@pytest.mark.parametrize("form", ["markdown", "jsonl"])
def test_what_memex_keeps_of_its_own_is_copied(tmp_path: Path, form: str) -> None:
    shown = kept_sound(tmp_path)
    done = exported(tmp_path / "out", shown, form=form)
    copied = tmp_path / "out" / f"2026-05-04 A talk ({TALK.id[:8]}).opus"
    assert copied.read_bytes() == b"OggS as it is kept"
    assert (done.recordings, done.missing) == (1, [])
    if form == "jsonl":
        (line,) = (tmp_path / "out" / "documents.jsonl").read_text(encoding="utf-8").splitlines()
        assert json.loads(line) == shown


def test_nothing_is_taken_for_its_own_by_a_crooked_path(tmp_path: Path) -> None:
    shown = kept_sound(tmp_path)
    (tmp_path / "secret.wav").write_bytes(b"not of Memex")
    (tmp_path / "audio" / "linked.wav").symlink_to(tmp_path / "secret.wav")
    for name in ("..%2Fsecret.wav", "../secret.wav", "linked.wav"):
        shown["copies"][0]["uri"] = f"{(tmp_path / 'audio').as_uri()}/{name}"
        assert exported(tmp_path / "out", shown).missing == ["A talk"]


def test_a_recording_follows_the_title_of_its_text(tmp_path: Path) -> None:
    exported(tmp_path / "out", kept_sound(tmp_path))
    done = exported(tmp_path / "out", {**kept_sound(tmp_path), "title": "Roses"})
    names = {path.name for path in (tmp_path / "out").iterdir()} - {"README.txt"}
    assert names == {f"2026-05-04 Roses ({TALK.id[:8]}){suffix}" for suffix in (".md", ".opus")}
    assert done.missing == []


def test_a_suffix_that_is_too_long_for_a_name_is_left_out(tmp_path: Path) -> None:
    shown = recording(tmp_path / "talks" / f"a.{'b' * 240}", b"ID3 the sound of it")
    assert exported(tmp_path / "out", {**shown, "title": "a" * 500}).recordings == 1


def test_what_is_forgotten_meanwhile_does_not_end_it(tmp_path: Path) -> None:
    def document(id_: str) -> Json:
        if id_ == ESSAY.id:
            raise NotFound("There is no such document.")
        return as_shown(BREAD)

    done = written(tmp_path / "out", [as_shown(ESSAY), as_shown(BREAD)], document, "markdown")
    assert (done.documents, len(list((tmp_path / "out").glob("*.md")))) == (1, 1)


@pytest.mark.parametrize("now", [b"ID3 another sound!!", b"shorter", None])
def test_only_the_bytes_that_were_heard_are_copied(tmp_path: Path, now: bytes | None) -> None:
    """A feed may name any file of the user's as its recording."""
    path = tmp_path / "talks" / "a.mp3"
    shown = recording(path, b"ID3 the sound of it")
    if now is None:
        path.unlink()
    else:
        path.write_bytes(now)
    done = exported(tmp_path / "out", shown)
    assert done.missing == ["A talk"]
    assert not list((tmp_path / "out").glob("*.mp3"))
    assert not list((tmp_path / "out").glob(".*"))


def test_json_lines(tmp_path: Path) -> None:
    done = exported(tmp_path / "out", as_shown(ESSAY), as_shown(TALK), form="jsonl")
    lines = (tmp_path / "out" / "documents.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [as_shown(ESSAY), as_shown(TALK)]
    assert done.written == 2


def test_headings_stand_where_they_change() -> None:
    book = document(kind="book")
    shown = as_shown(
        book,
        segments=[
            segment_to_json(segment)
            for segment in (
                Segment("One", heading="One"),
                Segment("It began.", heading="One", page=1),
                Segment("It went on.", heading="One › A", page=2),
                Segment("It ended.", heading="Two › B", page=2),
            )
        ],
    )
    assert markdown(shown).strip().split("\n\n") == [
        "# One", "[p. 1]", "It began.", "## A", "[p. 2]", "It went on.", "# Two", "## B",
        "It ended.",
    ]  # fmt: skip


def load_whisper() -> Transcriber:
    raise AssertionError("a note needs no recogniser")


ODD = [
    "1. first things first",
    "# no heading",
    "- no item",
    "a * b * c and _under_ and `ticks` and [a](b) and <b>bold</b> &amp; AT&T | ~~x~~",
    "> no quote",
    "--- no rule",
    "a line\n===\nunder it",
    "    indented\tcode",
    "back\\slash",
    "\x1b[31mred\x07",
    "non\u00a0breaking, soft\u00adhyphen",
    "![image](http://example.org/x.png)",
    "10) tenth",
    "+ plus",
    "\ud83e\udd8a fox".encode("utf-16", "surrogatepass").decode("utf-16"),
]


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_a_note_is_the_same_document_when_it_is_added_again(tmp_path: Path, text: str) -> None:
    note = document("A title", text, "And more.", title='Odd: "title" # here\n---')
    shown = as_shown(note)
    shown["segments"][0]["heading"] = "A title"
    file = tmp_path / "note.md"
    file.write_text(front_matter(shown) + markdown(shown), encoding="utf-8")
    again = read_markdown(file, Reading(load_whisper, tmp_path / "checkpoint"))
    assert again.id == spoken(*note.segments).id
    assert again.title.split() == note.title.split()
    assert again.created_at == note.created_at
    assert "\x1b" not in file.read_text(encoding="utf-8")
