"""A name that a note spells is heard in a recording, through the real program."""

from __future__ import annotations

import json
from pathlib import Path

from ingest.transcribe import WhisperTranscriber
from tests.home import home

NOTE = """Dinner at Delmonico, where they make lobster. Ada says that Delmonico burnt down once.
Later she read of Nuzhat al Zaman to us, and of her brother; Nuzhat al Zaman wept.
"""


def recording(shared: Path, said: str) -> Path:
    """The one in which that is said."""
    rows = map(json.loads, (shared / "audio" / "read.jsonl").read_text().splitlines())
    (row,) = (row for row in rows if said in row.get("text", ""))
    return shared / "audio" / str(row["audio"])


def test_what_a_note_spells_is_heard(
    whisper: WhisperTranscriber, shared: Path, tmp_path: Path
) -> None:
    assert whisper.model  # without it nothing is heard
    files = [recording(shared, "the delmonico"), recording(shared, "nuzhat al zaman")]
    with home(tmp_path / "home") as memex:
        note = tmp_path / "dinner.md"
        note.write_text(NOTE)
        memex.run("add", note)
        assert {"Delmonico", "Nuzhat al Zaman"} <= set(memex.client.names())
        memex.run("add", *files)
        heard = [
            memex.client.document(row["id"])
            for row in memex.client.documents()
            if row["kind"] == "audio"
        ]
        texts = [" ".join(segment["text"] for segment in each["segments"]) for each in heard]
        kept = [each["attributes"].get("corrected", "") for each in heard]
        for name in ("Delmonico", "Nuzhat al Zaman"):
            assert sum(name in text for text in texts) == 1
            (note_of_it,) = (one for one in kept if name in one)
            assert "(heard: " in note_of_it
            assert note_of_it.count("heard") == 1  # nothing else was changed
        assert {"audio", "note"} == {
            hit["kind"] for hit in memex.client.search("Delmonico", 5)["hits"]
        }
