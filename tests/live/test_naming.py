"""Captions say who speaks: real people, through the real daemons."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ingest.ears.utterances import PRE_ROLL, TAIL
from ingest.live.naming import LEAST, MOST, voiced
from ingest.voices.embedding import RATE, VoiceEncoder
from memex.daemons import start
from memex.errors import InvalidRequest
from memex.live import Caption, event_to_json
from memex.recordings import Phrase
from memex.spool import Spool
from tests.home import Home, home
from tests.live.feeding import Ears, origin, until
from tests.live.test_hearing import SILENCE, Looking
from tests.voices.conftest import Samples, encoder, manifest, samples_of

__all__ = ["encoder"]


@pytest.fixture
def memex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with home(tmp_path / "home") as made:
        monkeypatch.setenv("MEMEX_HOME", str(made.path))
        made.paths.create()
        yield made


def said_by(shared: Path, speaker: str) -> list[Samples]:
    rows = [row for row in manifest(shared, "read") if row["speaker"] == speaker]
    return [samples_of(shared, row) for row in rows]


def enrol(memex: Home, encoder: VoiceEncoder, name: str, sounds: list[Samples]) -> None:
    sound = np.concatenate(sounds)
    vector = [float(value) for value in encoder.utterance(sound)]
    memex.client.enrol(name, {"model": encoder.model, "vector": vector, "seconds": 20.0})


def hear(memex: Home, sounds: list[Samples]) -> Looking:
    """Have them said one after the other; what whoever looks sees, when all is over."""
    looking = Looking(memex)
    with Ears(Spool(memex.paths.spool), origin()) as ears:
        for sound in sounds:
            ears.hear((sound * 32767).astype(np.int16), pace=0.5)
            ears.hear(SILENCE, pace=0.5)
    return looking


def test_who_is_known_is_named_after_the_words_and_nobody_else(
    memex: Home, shared: Path, encoder: VoiceEncoder
) -> None:
    ada, bert, stranger = (said_by(shared, who) for who in ("2609", "367", "1688"))
    for role in ("memexd", "memex-ingest"):
        start(memex.paths, role)
    enrol(memex, encoder, "Ada", ada[:3])
    enrol(memex, encoder, "Bert", bert[:3])
    known = memex.client.people()
    looking = hear(memex, [ada[3], stranger[0], bert[3]])
    until(lambda: any(event["speaker"] == "Bert" for event in looking.captions))
    named = [event for event in looking.captions if event["speaker"]]
    assert named[0]["speaker"] == "Ada"
    assert {event["speaker"] for event in named} == {"Ada", "Bert"}
    for event in named:
        same = [one for one in looking.of(event["utterance"]) if one["final"]]
        assert same == [event | {"speaker": None}, event]  # first the words, at once
    strange = [event for event in looking.captions if event["utterance"] not in
               {one["utterance"] for one in named} and event["final"]]  # fmt: skip
    assert strange
    people = memex.client.people()
    assert [one["seconds"] for one in people] == [one["seconds"] for one in known]


def test_switched_off_nobody_is_named(memex: Home, shared: Path, encoder: VoiceEncoder) -> None:
    memex.paths.config.write_text("[listen]\nspeakers = false\n")
    ada = said_by(shared, "2609")
    for role in ("memexd", "memex-ingest"):
        start(memex.paths, role)
    enrol(memex, encoder, "Ada", ada[:3])
    looking = hear(memex, [ada[3]])
    until(lambda: any(event["final"] for event in looking.captions))
    time.sleep(3)
    assert not any(event["speaker"] for event in looking.captions)


def test_a_voice_that_is_none_is_refused(memex: Home) -> None:
    start(memex.paths, "memexd")
    caption = Caption("r", 0, "microphone", "desk", "2026-05-04T10:30:00+02:00", final=True)
    for voice in (7, {}, {"model": "m"}, {"model": "m", "vector": 3, "seconds": 2}):
        with pytest.raises(InvalidRequest):
            memex.client.say_live([event_to_json(caption) | {"voice": voice}])


def test_short_ones_are_left_out_and_long_ones_heard_in_part() -> None:
    least = round(LEAST * RATE) + PRE_ROLL + TAIL
    assert voiced(Phrase(100, 100 + least - 1)) is None
    assert voiced(Phrase(100, 100 + least)) == (100 + PRE_ROLL, 100 + least - TAIL)
    assert voiced(Phrase(0, 30 * RATE)) == (PRE_ROLL, PRE_ROLL + round(MOST * RATE))
