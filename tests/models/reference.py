"""What sentence-transformers makes of a model: the vectors to be compared with."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from memex.protocols import Vectors

PROGRAM = """
import json, sys
from pathlib import Path
import numpy as np
from memex.config import Config, ModelChoice, Paths
from memex.models.loading import load_embedder
folder, texts, out = map(Path, sys.argv[1:4])
choice = ModelChoice(embedding="mine", paths={"mine": folder})
embedder = load_embedder(Config(Paths(out, out), choice))
rows = embedder.encode_documents(json.loads(texts.read_text()))
query = embedder.encode_query(sys.argv[4])
assert embedder.encode_documents([]).shape == (0, embedder.dimension)
np.savez(out, rows=rows, query=query, model=embedder.model)
"""


@dataclass(frozen=True)
class Reference:
    """Vectors by sentence-transformers."""

    rows: Vectors
    query: Vectors
    model: str


def by_sentence_transformers(
    folder: Path, texts: Sequence[str], query: str, work: Path
) -> Reference:
    """Of the model in `folder`, in a process of its own, because it loads torch."""
    (work / "texts.json").write_text(json.dumps(list(texts)))
    out = work / "vectors.npz"
    command = [sys.executable, "-c", PROGRAM, str(folder), str(work / "texts.json"), str(out)]
    subprocess.run([*command, query], check=True, timeout=300)
    found = np.load(out)
    return Reference(found["rows"], found["query"], str(found["model"]))
