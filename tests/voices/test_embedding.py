from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from evals.speaking import equal_error_rate
from ingest.voices.embedding import RATE, VoiceEncoder, levelled
from tests.voices.conftest import manifest, samples_of

REFERENCE = Path(__file__).with_name("resemblyzer.npz")
"""What Resemblyzer 0.1.4 makes of four recordings of -26 dBFS (librosa 0.11, torch 2.13),
float16."""


def test_the_vectors_are_those_of_the_original(encoder: VoiceEncoder, shared: Path) -> None:
    rows = {row["id"]: row for row in manifest(shared, "read")}
    reference = np.load(REFERENCE)
    assert len(reference.files) == 4
    for name in reference.files:
        ours = encoder.whole(samples_of(shared, rows[name]))
        theirs = reference[name].astype(np.float32)
        assert ours @ theirs / np.linalg.norm(theirs) > 0.9999


def test_one_person_is_told_from_another(encoder: VoiceEncoder, shared: Path) -> None:
    """Four recordings of each of eight people, every pair."""
    rows = manifest(shared, "read")
    names = [row["speaker"] for row in rows]
    some = [row for n, row in enumerate(rows) if names[:n].count(row["speaker"]) < 4]
    vectors = np.stack([encoder.utterance(samples_of(shared, row)) for row in some])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    same: list[float] = []
    different: list[float] = []
    for n, one in enumerate(some):
        for m in range(n):
            alike = same if one["speaker"] == some[m]["speaker"] else different
            alike.append(float(vectors[n] @ vectors[m]))
    assert len(same) >= 40
    assert equal_error_rate(same, different) <= 0.02


def test_how_loud_somebody_speaks_makes_next_to_no_difference(
    encoder: VoiceEncoder, shared: Path
) -> None:
    samples = samples_of(shared, manifest(shared, "read")[0])
    loud, quiet = encoder.utterance(samples), encoder.utterance(samples * 0.01)
    assert loud @ quiet > 0.9999
    assert np.sqrt(np.mean(levelled(samples) ** 2)) == pytest.approx(10 ** (-26 / 20), rel=1e-3)


def test_silence_and_a_click_are_vectors_too(encoder: VoiceEncoder) -> None:
    for samples in (np.zeros(RATE, np.float32), np.ones(1, np.float32), np.zeros(0, np.float32)):
        assert np.isfinite(encoder.utterance(samples)).all()


def test_it_needs_neither_torch_nor_much_memory(encoder: VoiceEncoder) -> None:
    code = """
import sys
from pathlib import Path
import numpy as np
from ingest.voices.speakers import load_encoder
from memex.config import Config, ModelChoice, Paths
encoder = load_encoder(Config(Paths(Path("/none"), Path("/none/config.toml")), ModelChoice()))
encoder.utterance(np.random.default_rng(1).normal(0, 0.1, 60 * 16000).astype(np.float32))
status = Path("/proc/self/status")
lines = status.read_text().splitlines() if status.exists() else ["VmHWM: 0"]
print(*(line.split()[1] for line in lines if line.startswith("VmHWM")))
print(*{name.partition(".")[0] for name in sys.modules})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    peak, modules = done.stdout.splitlines()
    assert int(peak) * 1024 < 200e6
    assert not {"torch", "faster_whisper", "ctranslate2", "scipy"} & set(modules.split())
