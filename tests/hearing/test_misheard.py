from __future__ import annotations

from collections.abc import Sequence

import pytest

from ingest.misheard import PRICE, corrected, names_of
from memex.phonetics import alike, sound_of
from memex.types import Correction, Word

NAMES = names_of(["Nuzhat al Zaman", "Delmonico", "Ada", "Helstone", "Houston"])
ORDINARY = {"and", "by", "the", "was", "mr", "hill", "when", "in", "made", "it", "iron"}
LIKELY = -20.0


def words(text: str, doubted: str = "") -> list[Word]:
    """One word a second; of those in `doubted` the recogniser is not sure."""
    return [
        Word(f" {word}", float(n), n + 0.8, 0.3 if word in doubted.split() else 0.99)
        for n, word in enumerate(text.split())
    ]


def spelt(word: str) -> bool:
    return word.casefold() not in ORDINARY


class Model:
    """Says how likely texts are; what it was not told is hardly likely."""

    def __init__(self, **losses: float) -> None:
        """How much less likely than what was heard a phrase is with a name in it."""
        self.losses = losses
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> list[float]:
        self.asked += texts[1:]
        return [LIKELY, *(LIKELY - self._loss(text) for text in texts[1:])]

    def _loss(self, text: str) -> float:
        found = [loss for name, loss in self.losses.items() if name.replace("_", " ") in text]
        return found[0] if found else 50.0


def heard(found: Sequence[Word]) -> str:
    return "".join(word.text for word in found).strip()


def test_a_name_that_was_spelt_by_its_sound_is_mended_and_what_was_heard_is_kept() -> None:
    said = words("made by Domonico. It was", doubted="Domonico.")
    found, made = corrected(said, NAMES, spelt, Model(Delmonico=2.7))
    assert heard(found) == "made by Delmonico. It was"
    assert made == (Correction("Delmonico", "Domonico", 2.0),)
    assert (found[2].start, found[2].end) == (2.0, 2.8)


def test_a_name_of_more_words_shares_their_time() -> None:
    said = words("when Nuzad Alzaman's mother", doubted="Nuzad Alzaman's")
    found, made = corrected(said, NAMES, spelt, Model(Nuzhat_al_Zaman=1.0))
    assert heard(found) == "when Nuzhat al Zaman's mother"
    assert [each.heard for each in made] == ["Nuzad Alzaman"]
    starts = [word.start for word in found]
    assert starts == sorted(starts)
    assert starts[1] == 1.0
    assert found[3].end == pytest.approx(2.8)


def test_the_sound_must_say_so_too() -> None:
    said = words("made by Domonico", doubted="Domonico")
    found, made = corrected(said, NAMES, spelt, Model(Delmonico=PRICE + 0.1))
    assert heard(found) == "made by Domonico"
    assert not made


def test_what_the_recogniser_was_sure_of_stays() -> None:
    model = Model(Delmonico=-5.0)
    assert corrected(words("made by Domonico"), NAMES, spelt, model)[1] == ()
    assert not model.asked


def test_an_ordinary_word_is_not_taken_for_a_name() -> None:
    names = names_of(["Iran", "Helen", "Hull"])
    model = Model(Iran=-5.0, Hull=-5.0)
    assert corrected(words("it was iron", doubted="iron"), names, spelt, model)[1] == ()
    assert not model.asked


def test_between_two_names_that_fit_as_well_nothing_is_chosen() -> None:
    said = words("it was in Halston", doubted="Halston")
    model = Model(Helstone=1.0, Houston=2.0)
    assert corrected(said, NAMES, spelt, model)[1] == ()
    assert len(model.asked) >= 2
    found, _ = corrected(said, NAMES, spelt, Model(Helstone=1.0, Houston=2.6))
    assert heard(found) == "it was in Helstone"


def test_a_name_that_is_there_is_left_alone() -> None:
    model = Model(Helstone=-1.0)
    said = words("the Houston was in Helstone's hill", doubted="Houston Helstone's")
    assert corrected(said, NAMES, spelt, model)[1] == ()
    assert not model.asked


def test_a_name_may_be_part_of_one_that_was_misheard() -> None:
    names = names_of(["Nuzhat al Zaman", "Zaman"])
    said = words("when Nuzad Zaman was", doubted="Nuzad")
    assert heard(corrected(said, names, spelt, Model(Nuzhat_al_Zaman=1.0))[0]) == (
        "when Nuzhat al Zaman was"
    )


def test_words_beside_a_name_that_were_heard_well_stay() -> None:
    names = names_of(["Albanian", "Nate Diaz"])
    model = Model(Albanian=-1.0, Nate_Diaz=1.0)
    said = words("by Albania, it was", doubted="Albania,")
    assert corrected(said, names, spelt, model)[1] == ()
    said = words("it was Nate Dias", doubted="Dias")
    assert heard(corrected(said, names, spelt, model)[0]) == "it was Nate Diaz"


def test_names_too_short_to_tell_are_not_looked_for() -> None:
    assert [name.text for name in names_of(["Ada", "Jo", "Łucja", "李小龙"])] == ["Łucja"]


def test_spelling_and_sound_are_compared() -> None:
    sounds, letters = alike(sound_of("Zbigniew"), sound_of("Sbignef"))
    assert sounds > letters > 0.5
    assert alike(sound_of("Ada"), sound_of("")) == (0.0, 0.0)
