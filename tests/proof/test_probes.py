from __future__ import annotations

from dataclasses import replace

from memex.library import Library
from memex.proof import Kind, Probe, probes
from memex.types import Arrival, Segment
from tests.documents import document, spoken
from tests.proof.secret import PLAIN, SECRET, copy_of


def test_probes_are_what_no_other_document_says(needles: tuple[Probe, ...]) -> None:
    texts = {kind: [p.text for p in needles if p.kind == kind] for kind in Kind.__args__}  # type: ignore[attr-defined]  # of a Literal
    assert "zyxomantic" in texts["word"]
    assert "zyxomant" in texts["stem"]
    assert texts["text"][0].casefold() == PLAIN
    assert SECRET.title in texts["title"]
    assert set(texts["path"]) == {
        SECRET.uri,
        "/home/ada/Sécrafide notes/quixomere.md",
        "quixomere",
    }
    assert texts["name"] == ["Wilhelmina Thrustlebeck"]
    assert SECRET.id in texts["id"]


def test_what_another_document_says_too_is_no_probe(library: Library) -> None:
    other = replace(
        spoken(
            Segment("They told of THE ZYXOMANTIC quivering of Brobdingovia perplexes.", 0, 1),
            Segment("Superlanternfishes!", speaker="Wilhelmina Thrustlebeck"),
        ),
        uri=SECRET.uri,
    )
    library.add(Arrival(other, copy_of(other)))
    texts = {probe.text.casefold() for probe in probes([SECRET.id], library)}
    assert not texts & {
        PLAIN,
        "zyxomantic",
        "zyxomant",
        "lanternfish",
        "wilhelmina thrustlebeck",
        "quixomere",
        SECRET.uri.casefold(),
    }
    assert "sprankledoff" in texts


def test_words_with_the_same_stem_as_anothers_are_no_stems(library: Library) -> None:
    mine = document("Unflappability, and grumbliness.")
    others = document("An unflappable, grumbly man.")
    for remembered in (mine, others):
        library.add(Arrival(remembered, copy_of(remembered)))
    assert not [probe for probe in probes([mine.id], library) if probe.kind == "stem"]


def test_words_of_memex_itself_are_no_probes(library: Library) -> None:
    mine = document("Transcribing segments: recognition of the passages, fsync and traceback.")
    library.add(Arrival(mine, copy_of(mine)))
    assert not [probe for probe in probes([mine.id], library) if probe.kind in ("word", "stem")]


def test_a_long_document_has_a_bounded_number_of_probes(library: Library) -> None:
    long = document(*(f"qwx{'abcdefghij'[n % 10] * (n // 10 % 50 + 3)}" * 3 for n in range(5000)))
    library.add(Arrival(long, copy_of(long)))
    found = probes([long.id], library)
    assert 30 < len(found) < 150
    assert found == probes([long.id], library)
