from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from memex.errors import ModelDamaged
from memex.models.adapter import PREFIX, adapted, adapter_path, merge
from memex.models.catalogue import MINILM_TALK, MODELS
from memex.models.entry import Adapter

RNG = np.random.default_rng(1)
WEIGHTS = {
    "layer.0.query.weight": RNG.normal(size=(4, 3)).astype("float32"),
    "layer.0.key.weight": RNG.normal(size=(4, 3)).astype("float32"),
}
DOWN, UP = RNG.normal(size=(2, 3)).astype("float16"), RNG.normal(size=(4, 2)).astype("float16")
ADAPTER = {
    f"{PREFIX}layer.0.query.lora_A.weight": DOWN,
    f"{PREFIX}layer.0.query.lora_B.weight": UP,
}


def test_what_is_adapted_is_the_sum_and_the_rest_stays() -> None:
    found = adapted(WEIGHTS, ADAPTER)
    expected = WEIGHTS["layer.0.query.weight"] + UP.astype("float32") @ DOWN.astype("float32")
    np.testing.assert_allclose(found["layer.0.query.weight"], expected, atol=1e-6)
    assert found["layer.0.key.weight"] is WEIGHTS["layer.0.key.weight"]
    assert found["layer.0.query.weight"].dtype == np.float32


def test_an_adapter_for_another_model_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no layer\.0\.query"):
        adapted({"layer.0.key.weight": WEIGHTS["layer.0.key.weight"]}, ADAPTER)


def test_a_model_is_made_beside_the_one_on_record(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "1_Pooling").mkdir(parents=True)
    target.mkdir()
    (source / "1_Pooling/config.json").write_text("{}")
    save_file(WEIGHTS, source / "model.safetensors")
    save_file(ADAPTER, tmp_path / "adapter.safetensors")
    merge(source, tmp_path / "adapter.safetensors", target)
    assert (target / "1_Pooling/config.json").read_text() == "{}"
    made, before = load_file(target / "model.safetensors"), load_file(source / "model.safetensors")
    assert not np.allclose(made["layer.0.query.weight"], before["layer.0.query.weight"])
    np.testing.assert_array_equal(before["layer.0.query.weight"], WEIGHTS["layer.0.query.weight"])


def test_only_the_adapter_on_record_is_used() -> None:
    with pytest.raises(ModelDamaged, match="Install Memex again"):
        adapter_path(Adapter("talk", "0" * 64))
    with pytest.raises(ModelDamaged):
        adapter_path(Adapter("no-such-adapter", "0" * 64))


@pytest.mark.parametrize("entry", [each for each in MODELS.values() if each.adapter])
def test_the_adapters_that_ship_are_those_on_record(entry: object) -> None:
    assert entry is MINILM_TALK
    assert MINILM_TALK.adapter
    assert adapter_path(MINILM_TALK.adapter).stat().st_size < 2e6
    assert MINILM_TALK.revision == MINILM_TALK.adapter.sha256[:12]
