"""Adapters: what Memex has taught a model whose weights come from elsewhere.

Low-rank differences (Hu et al., LoRA: low-rank adaptation of large language models,
ICLR 2022): a matrix W of the model, shape (out, in), becomes W + B A, with A of shape
(rank, in) and B of shape (out, rank). They are some hundredths of the weights, and ship with
the package, in the layout that the library peft writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from memex.errors import ModelDamaged
from memex.models.entry import Adapter
from memex.models.store import file_sha256

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Tensors = Mapping[str, NDArray[np.float32]]

WEIGHTS: Final = "model.safetensors"
PREFIX: Final = "base_model.model."
"""Before the name of what is adapted."""


def adapter_path(adapter: Adapter) -> Path:
    """Its file in this package. Raises `ModelDamaged` where it is not the one on record."""
    path = Path(__file__).with_name("adapters") / f"{adapter.name}.safetensors"
    if not path.is_file() or file_sha256(path) != adapter.sha256:
        raise ModelDamaged(
            f"{path} is missing, or not the adapter on record.", "Install Memex again."
        )
    return path


def merge(source: Path, adapter: Path, target: Path) -> None:
    """Make the model in the folder `source` in the empty folder `target`, adapted: what does
    not change is a link.

    Raises `ValueError` where the adapter is not one for this model.
    """
    from safetensors.numpy import load_file, save_file  # noqa: PLC0415 (only here)

    for path in source.iterdir():
        if path.name != WEIGHTS:
            (target / path.name).symlink_to(path.resolve())
    weights = adapted(load_file(source / WEIGHTS), load_file(adapter))
    save_file(dict(weights), target / WEIGHTS, {"format": "pt"})


def adapted(weights: Tensors, adapter: Tensors) -> Tensors:
    """Weights with what an adapter adds to them, by name. Raises `ValueError`."""
    found = dict(weights)
    for name, down in adapter.items():
        if not name.endswith(".lora_A.weight"):
            continue
        module = name.removeprefix(PREFIX).removesuffix(".lora_A.weight")
        up = adapter[f"{PREFIX}{module}.lora_B.weight"]
        if f"{module}.weight" not in found:
            raise ValueError(f"this model has no {module} to be adapted")
        difference = up.astype("float32") @ down.astype("float32")
        found[f"{module}.weight"] = found[f"{module}.weight"] + difference
    return found
