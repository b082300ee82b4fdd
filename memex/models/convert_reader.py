"""`python -m memex.models.convert_reader SOURCE TARGET`: a GGUF file with its
tensors in Q8_0, which llama.cpp computes faster than Q4_1.

Run as a process of its own by `memex.models.converted`.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import llama_cpp


def convert(source: Path, target: Path) -> None:
    """Convert the file `source` into the new folder `target`. Raises `ValueError`."""
    target.mkdir()
    settings = llama_cpp.llama_model_quantize_default_params()
    settings.ftype = llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0
    settings.allow_requantize = True
    written = str(target / f"{source.stem}.Q8_0.gguf").encode()
    if llama_cpp.llama_model_quantize(str(source).encode(), written, ctypes.byref(settings)):
        raise ValueError(f"llama.cpp cannot convert {source}")


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
