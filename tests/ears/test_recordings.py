"""Recordings that grow: written by one, read along by others, whole after a crash."""

from __future__ import annotations

import os
import subprocess
import sys
import wave
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ingest.ears.handing import hand_in
from memex.errors import DiskFull, StorageError
from memex.items import Item, Lane, Provenance
from memex.recordings import (
    HEADER,
    LONE,
    RATE,
    Followed,
    Growing,
    Phrase,
    growing,
    left,
    mend,
    moment,
    recording_id,
)
from memex.spool import Spool
from tests.conftest import REPOSITORY
from tests.ears.sounds import BEGAN, Samples

ORIGIN = Provenance(source="microphone", device="desk", started_at=BEGAN, consent="listening")


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def noise(seconds: float, seed: int = 1) -> Samples:
    chance = np.random.default_rng(seed)
    return chance.integers(-3000, 3000, round(seconds * RATE)).astype(np.int16)


def crashed(spool: Spool, samples: Samples, origin: Provenance = ORIGIN) -> Growing:
    """A recording whose process is gone: its files are closed, and nothing was tidied up."""
    recording = Growing(spool.live, origin)
    recording.write(samples)
    recording.begun(100)
    recording._shut()
    return recording


def handed_in(spool: Spool) -> list[Item]:
    done = list(hand_in(spool))
    assert all(isinstance(each, Item) for each in done)
    return [each for each in done if isinstance(each, Item)]


def test_what_is_written_is_read_along(spool: Spool) -> None:
    samples = noise(2)
    recording = Growing(spool.live, ORIGIN)
    (followed,) = growing(spool.live)
    assert (followed.id, followed.origin) == (recording_id(ORIGIN), ORIGIN)
    assert (followed.length, followed.phrases, followed.speaking) == (0, [], None)
    recording.write(samples[:20_000])
    recording.begun(1000)
    followed.look()
    assert (followed.length, followed.speaking) == (20_000, 1000)
    np.testing.assert_array_equal(followed.samples(500, 30_000), samples[500:20_000])
    recording.write(samples[20_000:])
    recording.phrase(1000, 25_000)
    recording.lost(26_000, 160, "the device hung")
    recording.settle()
    followed.look()
    assert followed.phrases == [Phrase(1000, 25_000)]
    assert followed.speaking is None
    assert followed.lost == [(26_000, 160, "the device hung")]
    np.testing.assert_array_equal(followed.samples(0, len(samples)), samples)
    recording.close()
    assert moment(ORIGIN, RATE) == BEGAN.replace(second=1)


def test_it_is_the_owners_alone_and_other_players_can_play_it(spool: Spool) -> None:
    recording = Growing(spool.live, ORIGIN)
    recording.write(noise(2))
    recording.close(RATE)
    assert recording.path.stat().st_mode & 0o777 == 0o600
    assert recording.path.with_suffix(".jsonl").stat().st_mode & 0o777 == 0o600
    with wave.open(str(recording.path)) as file:
        assert (file.getnframes(), file.getframerate()) == (RATE, RATE)
        assert file.readframes(RATE) == noise(2)[:RATE].tobytes()


def test_a_line_that_is_not_whole_is_read_when_it_is(spool: Spool) -> None:
    recording = Growing(spool.live, ORIGIN)
    (followed,) = growing(spool.live)
    marks = recording.path.with_suffix(".jsonl")
    with marks.open("ab", buffering=0) as file:
        file.write(b'{"said": [1, ')
        followed.look()
        assert followed.phrases == []
        file.write(b"2]}\n")
    followed.look()
    assert followed.phrases == [Phrase(1, 2)]
    recording.close()


@pytest.mark.parametrize("line", [b"\0\0\0\0", b"[]", b'{"said": 1}', b'{"new": true}', b'"x"'])
def test_a_line_that_says_nothing_is_passed_over(spool: Spool, line: bytes) -> None:
    recording = crashed(spool, noise(1))
    with recording.path.with_suffix(".jsonl").open("ab") as file:
        file.write(line + b'\n{"said": [1, 2]}\n')
    (followed,) = growing(spool.live)
    assert followed.phrases == [Phrase(1, 2)]


def test_what_is_being_written_is_not_left(spool: Spool) -> None:
    recording = Growing(spool.live, ORIGIN)
    recording.write(noise(1))
    assert list(left(spool.live)) == []
    assert handed_in(spool) == []
    recording.close()
    (item,) = handed_in(spool)
    assert item.id == recording.id


def test_what_a_crash_left_is_handed_in_once(spool: Spool) -> None:
    samples = noise(3)
    recording = crashed(spool, samples)
    with recording.path.open("ab") as file:
        file.write(b"\1")  # half a sample
    (item,) = handed_in(spool)
    assert (item.id, item.lane, item.provenance) == (recording.id, Lane.LIVE, ORIGIN)
    with wave.open(item.path) as file:
        assert file.readframes(file.getnframes()) == samples.tobytes()
    assert not list(spool.live.iterdir())
    assert handed_in(spool) == []
    assert [each.id for each in spool.waiting()] == [item.id]


def test_what_is_missing_in_it_is_told(spool: Spool) -> None:
    recording = Growing(spool.live, ORIGIN)
    recording.write(noise(1))
    recording.lost(0, RATE // 4, "x")
    recording.lost(RATE // 2, RATE // 4, "x")
    recording.close()
    (item,) = handed_in(spool)
    assert item.provenance
    assert item.provenance.attributes == {"lost": "0.50"}


def test_after_a_power_cut_that_took_its_origin(spool: Spool) -> None:
    recording = crashed(spool, noise(2))
    recording.path.with_suffix(".jsonl").write_bytes(b"\0" * 300)
    ended = datetime(2026, 5, 1, 12, 0, 2, tzinfo=UTC)
    os.utime(recording.path, (ended.timestamp(), ended.timestamp()))
    (item,) = handed_in(spool)
    assert item.provenance
    assert item.provenance.source == "recovered"
    assert item.provenance.started_at == ended.replace(second=0)


def test_sound_without_marks_is_taken_in_unless_somebody_removes_it_just_now(spool: Spool) -> None:
    recording = crashed(spool, noise(2))
    recording.path.with_suffix(".jsonl").unlink()
    assert handed_in(spool) == []
    old = recording.path.stat().st_mtime - LONE - 1
    os.utime(recording.path, (old, old))
    (item,) = handed_in(spool)
    assert item.id == recording.id


def test_where_nothing_was_recorded_nothing_is_handed_in(spool: Spool) -> None:
    crashed(spool, noise(0))
    assert handed_in(spool) == []
    assert not list(spool.live.iterdir())


def test_marks_without_sound_go(spool: Spool) -> None:
    recording = crashed(spool, noise(1))
    recording.path.unlink()
    assert handed_in(spool) == []
    assert not list(spool.live.iterdir())


@pytest.mark.parametrize("taken", [False, True])
def test_a_crash_while_it_is_handed_in(spool: Spool, *, taken: bool) -> None:
    """Between the move of the sound and the sidecar, or after that."""
    recording = crashed(spool, noise(1))
    (followed,) = growing(spool.live)
    mend(followed)
    if taken:
        spool.receive(recording.path, ORIGIN, Lane.LIVE, id_=recording.id)
    else:
        recording.path.rename(spool.directory / "data" / recording.path.name)
    assert [item.id for item in handed_in(spool)] == ([] if taken else [recording.id])
    (item,) = spool.waiting()
    assert item.id == recording.id
    assert Path(item.path).stat().st_size == HEADER + RATE * 2
    assert not list(spool.live.iterdir())


def test_one_that_the_disk_refuses_keeps_no_other_from_it(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = crashed(spool, noise(1))
    second = crashed(spool, noise(1), replace(ORIGIN, device="lamp"))
    receive = Spool.receive

    def refuse(own: Spool, draft: Path, origin: Provenance, lane: Lane, id_: str) -> Item:
        if id_ == first.id:
            raise DiskFull("no room", "")
        return receive(own, draft, origin, lane, id_=id_)

    monkeypatch.setattr(Spool, "receive", refuse)
    done = list(hand_in(spool))
    assert {type(each) for each in done} == {DiskFull, Item}
    monkeypatch.undo()
    assert [item.id for item in handed_in(spool)] == [first.id]
    assert {item.id for item in spool.waiting()} == {first.id, second.id}


def test_one_moment_of_one_device_is_one_recording(spool: Spool) -> None:
    recording = Growing(spool.live, ORIGIN)
    recording.write(noise(1))
    with pytest.raises(StorageError, match="already"):
        Growing(spool.live, ORIGIN)
    recording.close()
    (item,) = handed_in(spool)
    assert Path(item.path).stat().st_size == HEADER + RATE * 2


def test_one_that_is_not_to_be_leaves_nothing(spool: Spool) -> None:
    recording = Growing(spool.live, ORIGIN)
    recording.write(noise(1))
    (followed,) = growing(spool.live)
    recording.discard()
    assert not list(spool.live.iterdir())
    with pytest.raises(OSError, match="No such file"):
        followed.look()


def test_a_disk_that_refuses_takes_all_or_nothing(spool: Spool, tmp_path: Path) -> None:
    """A file that may not grow any further stands for a full disk."""
    script = tmp_path / "limited.py"
    script.write_text(
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from memex.errors import StorageError\n"
        "from memex.recordings import Growing\n"
        "from tests.ears.test_recordings import ORIGIN, noise\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "recording = Growing(Path(sys.argv[1]), ORIGIN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_001, 100_001))\n"
        "recording.write(noise(4)[:40_000])\n"
        "try:\n"
        "    recording.write(noise(4)[40_000:])\n"
        "except StorageError:\n"
        "    assert recording.length == 40_000\n"
        "    recording.close()\n"
        "    print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, script, spool.live],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert done.stdout == "refused\n", done.stderr
    (item,) = handed_in(spool)
    with wave.open(item.path) as file:
        assert file.readframes(file.getnframes()) == noise(4)[:40_000].tobytes()


def test_there_is_nothing_where_nothing_is(tmp_path: Path) -> None:
    assert list(growing(tmp_path / "live")) == list(left(tmp_path / "live")) == []
    (tmp_path / "live").mkdir()
    (tmp_path / "live" / "x.jsonl").touch()
    assert list(growing(tmp_path / "live")) == []
    with pytest.raises(ValueError, match="nothing yet"):
        Followed(tmp_path / "live" / "x.jsonl")
    assert list(left(tmp_path / "live")) == []
    assert (tmp_path / "live" / "x.jsonl").exists()  # somebody begins just now
