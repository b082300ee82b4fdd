"""`python -m memex.models.convert_embedding SOURCE TARGET [ADAPTER]`: a BERT-like
sentence-transformers model to CTranslate2, its weights quantised to int8.

Run as a process of its own by `memex.models.converted`: transformers and torch
take seconds and hundreds of megabytes, and only this step needs them.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from ctranslate2.converters import TransformersConverter

from memex.models.adapter import merge
from memex.models.pooling import POOLING, read_pooling

COPIED: Final = ("tokenizer.json", "sentence_bert_config.json", POOLING)
"""What the embedder needs besides the weights."""
MODULES: Final = frozenset({"Transformer", "Pooling", "Normalize"})
"""What the embedder computes; the last makes unit vectors, which all of Memex's are."""


def convert(source: Path, target: Path, adapter: Path | None = None) -> None:
    """Convert the model in the folder `source`, with what an adapter adds to its weights,
    into the new folder `target`.

    Raises `ValueError` for a model of which the embedder would make other vectors.
    """
    if adapter:
        with tempfile.TemporaryDirectory(prefix=".adapting-", dir=target.parent) as folder:
            merge(source, adapter, Path(folder))
            convert(Path(folder), target)
        return
    read_pooling(source)
    stages = json.loads((source / "modules.json").read_text(encoding="utf-8"))
    kinds = {str(stage["type"]).rpartition(".")[2] for stage in stages}
    if unknown := kinds - MODULES:
        raise ValueError(f"this model has stages unknown here: {', '.join(sorted(unknown))}")
    TransformersConverter(str(source)).convert(str(target), quantization="int8")
    for name in COPIED:
        (target / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(source / name, target / name)


if __name__ == "__main__":
    convert(*map(Path, sys.argv[1:]))
