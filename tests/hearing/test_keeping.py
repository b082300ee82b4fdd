from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import av
import jiwer
import pytest
from whisper_normalizer.english import EnglishTextNormalizer

from ingest.keeping import encode as keep
from ingest.transcribe import WhisperTranscriber
from memex.errors import DamagedFile, DiskFull, InvalidRequest, NoTextFound, StorageError
from memex.protocols import Step
from tests.hearing.making import Samples, encode, hum, load


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return encode(hum(20), folder / "talk.m4a", "aac", 44_100)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where it is to be kept: alone in its folder."""
    folder = tmp_path / "kept"
    folder.mkdir()
    return folder / "talk.opus"


def test_what_is_kept(source: Path, target: Path) -> None:
    steps: list[Step] = []
    kept = keep(source, target, progress=steps.append)
    assert (kept.path, kept.damage) == (target, None)
    assert kept.size == target.stat().st_size < 1.3 * kept.seconds * 24_000 / 8
    assert target.stat().st_mode & 0o777 == 0o600
    assert list(target.parent.iterdir()) == [target]
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == kept.seconds
    with av.open(str(target)) as container:
        assert container.format.name == "ogg"
        assert container.streams.audio[0].codec_context.name == "opus"
        assert container.streams.audio[0].codec_context.channels == 1


def test_the_same_again(source: Path, target: Path) -> None:
    """Done again, after a crash that left a draft, it is the same to the byte."""
    keep(source, target)
    first = target.read_bytes()
    target.with_name("talk.opus.part").write_bytes(b"torn")
    keep(source, target)
    assert target.read_bytes() == first
    assert list(target.parent.iterdir()) == [target]


def test_ended_in_the_middle(source: Path, target: Path) -> None:
    """What was there before stays; nothing half-written does."""
    target.write_bytes(b"before")

    def stop(step: Step) -> None:
        if step.done > 5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        keep(source, target, progress=stop)
    assert target.read_bytes() == b"before"
    assert list(target.parent.iterdir()) == [target]


class _Small(io.FileIO):
    """A file on a disk that is soon full."""

    def write(self, data: object) -> int:
        if self.tell() > ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)  # type: ignore[arg-type] # typeshed: any buffer


ROOM = 20_000


def test_a_full_disk(source: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fdopen", lambda handle, mode: io.BufferedWriter(_Small(handle, mode)))
    with pytest.raises(DiskFull, match="Make room"):
        keep(source, target)
    assert list(target.parent.iterdir()) == []


def test_a_disk_that_fails_at_the_end(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(handle: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(StorageError, match="cannot be written"):
        keep(source, target)
    assert list(target.parent.iterdir()) == []


def test_a_folder_that_is_not_there(source: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        keep(source, tmp_path / "gone" / "talk.opus")


def test_what_breaks_off_is_kept_up_to_there(source: Path, target: Path, tmp_path: Path) -> None:
    whole = encode(hum(20), tmp_path / "talk.mp3", "libmp3lame", 44_100)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    kept = keep(whole, target)
    assert kept.damage is not None
    assert "breaks off at 00:00:" in kept.damage
    assert len(load(target)) / 16_000 == pytest.approx(kept.seconds, abs=0.001)
    assert 8 < kept.seconds < 12


def test_what_has_no_sound(target: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.mp3"
    page.write_bytes(b"<!DOCTYPE html><html><body>Not found</body></html>" * 50)
    film = tmp_path / "silent.mp4"
    with av.open(str(film), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode(None))
    with pytest.raises(DamagedFile, match="no recording"):
        keep(page, target)
    with pytest.raises(NoTextFound, match="no sound track"):
        keep(film, target)
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("bit_rate", [-1, 0, 500, 10**9])
def test_bit_rates_that_make_no_sense(source: Path, target: Path, bit_rate: int) -> None:
    with pytest.raises(InvalidRequest, match="Choose between"):
        keep(source, target, bit_rate=bit_rate)


def test_the_same_words(
    whisper: WhisperTranscriber, audio: Path, speech: Samples, target: Path
) -> None:
    """What is kept is recognised as the recording is."""
    normal = EnglishTextNormalizer()
    source = audio / "read" / "LJ001-0001.flac"
    keep(source, target)
    said, kept = (
        normal(" ".join(s.text for each in whisper.transcribe(path) for s in each.segments))
        for path in (source, target)
    )
    assert len(said.split()) > 15
    assert jiwer.wer(said, kept) < 0.1
