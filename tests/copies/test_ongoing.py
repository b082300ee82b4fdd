"""A backup while somebody is being recorded."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.ears.handing import hand_in
from memex import backup
from memex.backup import back_up
from memex.config import Paths
from memex.daemons import ROLES
from memex.items import Item, Lane, Provenance
from memex.library import Library
from memex.recordings import RATE, Growing
from memex.restore import restore
from memex.spool import Spool
from memex.types import GROWING, Arrival, Segment, heard_id
from tests.copies.making import paths_of, quiet
from tests.documents import spoken
from tests.ears.sounds import BEGAN

ORIGIN = Provenance("microphone", "desk", BEGAN, "private")
HEARD = np.random.default_rng(1).integers(-3000, 3000, 3 * RATE).astype(np.int16)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = paths_of(tmp_path / "home")
    paths.create()
    Library(paths.library).close()
    return paths


@pytest.fixture
def recording(paths: Paths) -> Iterator[Growing]:
    growing = Growing(Spool(paths.spool).live, ORIGIN)
    growing.write(HEARD)
    growing.begun(100)
    growing.lost(RATE, 800, "the device was away")
    yield growing
    growing._shut()


def restored(paths: Paths, tmp_path: Path) -> Spool:
    file = tmp_path / "it.backup"
    back_up(paths, file, quiet)
    other = paths_of(tmp_path / "other")
    restore(file, other, ROLES, quiet, force=False)
    return Spool(other.spool)


def sound(item: Item) -> bytes:
    with wave.open(item.path) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        frames: bytes = file.readframes(file.getnframes())
    return frames


def test_what_was_recorded_so_far_comes_back_as_a_recording_that_ended(
    paths: Paths, recording: Growing, tmp_path: Path
) -> None:
    spool = restored(paths, tmp_path)
    (item,) = spool.items("new")
    assert (item.id, item.lane, item.explicit) == (recording.id, Lane.LIVE, False)
    assert item.provenance == replace(ORIGIN, attributes={"lost": "0.05"})
    assert Path(item.path).parent == spool.directory / "data"
    assert sound(item) == HEARD.tobytes()
    assert not list(spool.live.iterdir())
    recording.write(HEARD)  # and it goes on where it is made
    recording.close()
    (here,) = hand_in(Spool(paths.spool))
    assert isinstance(here, Item)
    assert sound(here) == HEARD.tobytes() * 2


def test_one_that_a_crash_left_comes_back_too(
    paths: Paths, recording: Growing, tmp_path: Path
) -> None:
    recording._shut()
    (item,) = restored(paths, tmp_path).items("new")
    assert sound(item) == HEARD.tobytes()


def test_one_that_has_no_sound_yet_is_no_recording(paths: Paths, tmp_path: Path) -> None:
    growing = Growing(Spool(paths.spool).live, ORIGIN)
    spool = restored(paths, tmp_path)
    assert (spool.count("new"), list((spool.directory / "data").iterdir())) == (0, [])
    growing.discard()


def test_one_that_ends_meanwhile_comes_back_once_and_whole(
    paths: Paths, recording: Growing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = backup._items

    def ending(spool: Path) -> dict[str, tuple[str, bytes]]:
        if recording._sound and not recording._sound.closed:
            recording.write(HEARD)
            recording.close()
            assert len(list(hand_in(Spool(paths.spool)))) == 1
        return look(spool)

    monkeypatch.setattr(backup, "_items", ending)
    (item,) = restored(paths, tmp_path).items("new")
    assert sound(item) == HEARD.tobytes() * 2


@pytest.mark.parametrize("over", [False, True])
def test_what_the_library_has_whole_by_then_is_not_read_anew(
    paths: Paths, recording: Growing, tmp_path: Path, *, over: bool
) -> None:
    """The beginning of it would take the place of the whole."""
    document = replace(
        spoken(Segment("The heron stood.", 0.0, 2.0), uri=recording.path.as_uri()),
        id=heard_id(ORIGIN.source, ORIGIN.device, BEGAN),
        attributes={"source": "microphone"} | ({} if over else {GROWING: "yes"}),
    )
    library = Library(paths.library)
    library.add(Arrival.of(document, sha256="0" * 64, size=1))
    library.close()
    assert restored(paths, tmp_path).count("new") == (0 if over else 1)
