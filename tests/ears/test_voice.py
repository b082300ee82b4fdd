"""Silero VAD without a runtime."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ingest.activity import Voice as Reference
from ingest.ears.voice import Heavy, Light, Voice, model_file, read_weights, silero
from tests.ears.sounds import Samples, load


@pytest.fixture(scope="module")
def talk(shared: Path) -> Samples:
    samples = load(shared / "audio" / "conversation" / "phone.flac")
    return samples[: len(samples) // 512 * 512]


def test_it_says_what_the_runtime_says(talk: Samples) -> None:
    expected = Reference()((talk / 32768).astype(np.float32))
    np.testing.assert_allclose(Voice()(talk), expected, atol=1e-4)
    assert expected.max() > 0.95
    assert expected.min() < 0.05


@pytest.mark.parametrize("windows", [1, 3, 64])
def test_the_size_of_the_blocks_does_not_matter(talk: Samples, windows: int) -> None:
    voice, whole = Voice(), Voice()(talk)
    step = windows * 512
    parts = [voice(talk[at : at + step]) for at in range(0, len(talk), step)]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-5)


def test_another_network_takes_the_runtime(talk: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(silero(), Light)
    expected = Voice(silero())(talk)
    shapes = {"encoder.conv_layers.0.weight": (1, 2, 3)}
    monkeypatch.setattr("ingest.ears.voice.SHAPES", shapes)
    network = silero()
    assert isinstance(network, Heavy)
    np.testing.assert_allclose(Voice(network)(talk), expected, atol=1e-4)


def test_the_weights_are_all_read() -> None:
    weights = read_weights(model_file())
    assert sum(array.size for array in weights.values()) == pytest.approx(310_000, rel=0.05)
    assert all(np.isfinite(array).all() for array in weights.values())


def test_nothing_overflows() -> None:
    loud = np.tile(np.array([32767, -32768], np.int16), 512 * 20)
    assert np.isfinite(Voice()(loud)).all()


def test_nothing_heavy_comes_with_it() -> None:
    script = (
        "import sys; from ingest.ears.recorder import Recorder; from ingest.ears.voice import "
        "Voice; import numpy; Voice()(numpy.zeros(512, numpy.int16)); "
        "print(*sys.modules, sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    modules = {name.partition(".")[0] for name in done.stdout.split()}
    assert "numpy" in modules, done.stderr
    heavy = {"faster_whisper", "ctranslate2", "onnxruntime", "av", "scipy", "sounddevice"}
    assert not modules & heavy
