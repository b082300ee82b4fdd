"""How an embedding model makes one vector of the vectors of a text's tokens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, Literal

Pooling = Literal["cls", "mean"]

POOLING: Final = "1_Pooling/config.json"
"""Where a sentence-transformers model says it."""
_NAMES: Final[dict[str, Pooling]] = {
    "cls": "cls",
    "mean": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
}
"""Of the modes computed here, as newer and older versions write them."""


def read_pooling(folder: Path) -> Pooling:
    """The mode of the model in a folder: its first token's vector or their mean.

    Raises `ValueError` for a model that does otherwise, `OSError` where it does
    not say.
    """
    found = json.loads((folder / POOLING).read_text(encoding="utf-8"))
    modes = {name for name, value in found.items() if name.startswith("pooling_mode_") and value}
    named = found.get("pooling_mode")
    modes |= {named} if isinstance(named, str) else set(named or ())
    if len(modes) != 1 or not modes <= _NAMES.keys():
        raise ValueError(f"this model pools in a way unknown here: {', '.join(sorted(modes))}")
    if not found.get("include_prompt", True):
        raise ValueError("this model leaves its prompt out of the pooling")
    return _NAMES[modes.pop()]
