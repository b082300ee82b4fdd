"""`python -m memex.models.convert_embedding SOURCE TARGET`: a BERT-like
sentence-transformers model to CTranslate2, its weights quantised to int8.

Run as a process of its own by `memex.models.converted`: transformers and torch
take seconds and hundreds of megabytes, and only this step needs them.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Final

from ctranslate2.converters import TransformersConverter

COPIED: Final = ("tokenizer.json", "sentence_bert_config.json")
"""What the embedder needs besides the weights."""


def convert(source: Path, target: Path) -> None:
    """Convert the model in the folder `source` into the new folder `target`.

    Raises `ValueError` for a model that is not the mean of its token vectors:
    the embedder computes nothing else.
    """
    pooling = json.loads((source / "1_Pooling" / "config.json").read_text(encoding="utf-8"))
    modes = {name for name, value in pooling.items() if name.startswith("pooling_mode") and value}
    if modes != {"pooling_mode_mean_tokens"}:
        raise ValueError(f"this model does not pool by the mean: {', '.join(sorted(modes))}")
    TransformersConverter(str(source)).convert(str(target), quantization="int8")
    for name in COPIED:
        shutil.copyfile(source / name, target / name)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
