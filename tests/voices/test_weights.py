from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from ingest.voices.weights import MAGIC, read_weights
from memex.errors import ModelDamaged


class _Call:
    """Does what a malicious checkpoint does: it names a function and calls it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return Path.write_text, (str(self._path), "it ran")


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: object) -> object:
        return obj[1:] if isinstance(obj, tuple) and obj[:1] == ("pid",) else None


def checkpoint(
    path: Path, state: object, storages: bytes = b"", keys: tuple[str, ...] = ()
) -> Path:
    with path.open("wb") as stream:
        for each in (MAGIC, 1001, {"little_endian": True}, {"model_state": state}, list(keys)):
            _Pickler(stream, 2).dump(each)
        stream.write(storages)
    return path


def test_a_checkpoint_that_calls_something_is_refused(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    path = checkpoint(tmp_path / "model.pt", {"weight": _Call(trap)})
    with pytest.raises(ModelDamaged, match="nothing that weights need"):
        read_weights(path, "model_state")
    assert not trap.exists()


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04 a newer checkpoint", pickle.dumps(MAGIC), pickle.dumps(1)]
)
def test_what_is_no_checkpoint_is_damaged(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "model.pt").write_bytes(data)
    with pytest.raises(ModelDamaged, match="memex models pull"):
        read_weights(tmp_path / "model.pt", "model_state")


def test_the_weights_of_the_real_one_are_read(encoder: object, tmp_path: Path) -> None:
    from memex.config import load_config  # noqa: PLC0415 (beside the fixture that needs it)
    from memex.models.registry import find  # noqa: PLC0415
    from memex.models.store import locate  # noqa: PLC0415

    path = locate(find("resemblyzer-ge2e"), load_config())
    state = read_weights(path, "model_state")
    assert state["lstm.weight_ih_l0"].shape == (1024, 40)
    assert all(np.isfinite(tensor).all() for tensor in state.values())
    cut = tmp_path / "cut.pt"
    cut.write_bytes(path.read_bytes()[:1_000_000])
    with pytest.raises(ModelDamaged):
        read_weights(cut, "model_state")
