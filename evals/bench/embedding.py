"""Embedding through Memex against `SentenceTransformer.encode` of the same weights.

Both sides embed the same real passages in batches of 32 on all cores, in turns
and in processes of their own, models loaded and warmed up before the clock
starts. The vectors are compared row by row.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from evals.bench.figures import Figure, Setting
from evals.bench.process import in_process, medians, timed
from evals.corpus import sources
from evals.dataset import find_sets, read_units
from memex.config import load_config
from memex.models.adapter import adapter_path, merge
from memex.models.loading import load_embedder
from memex.models.registry import chosen, find
from memex.models.store import locate
from memex.passages import indexed_text, split

if TYPE_CHECKING:
    from memex.protocols import Vectors

BATCH: Final = 32
COUNT: Final = 384
"""Passages that are embedded."""
WARM_UP: Final = 32


def measure(setting: Setting) -> list[Figure]:
    """The ratio of throughputs and the mean cosine."""
    texts = setting.work / "texts.json"
    texts.write_text(json.dumps(real_texts(setting.recall, COUNT)), encoding="utf-8")
    sides = {"memex_side": setting.work / "memex.npy", "torch_side": setting.work / "torch.npy"}
    taken: dict[str, list[dict[str, float]]] = {side: [] for side in sides}
    for number in range(setting.rounds):
        for side, vectors in sides.items():
            setting.say(f"embedding, round {number + 1}: {side.removesuffix('_side')}")
            found = in_process(f"{__name__}:{side}", texts=str(texts), vectors=str(vectors))
            taken[side].append(found)
    cosines = np.sum(np.load(sides["memex_side"]) * np.load(sides["torch_side"]), axis=1)
    ours, theirs = medians(taken["memex_side"]), medians(taken["torch_side"])
    note = f"{COUNT} real passages, rounds: {setting.rounds}, {os.cpu_count()} cores"
    return [
        Figure("embedding, Memex", COUNT / ours["seconds"], "passages/s", note=note),
        Figure(
            "embedding, sentence-transformers", COUNT / theirs["seconds"], "passages/s", note=note
        ),
        Figure(
            "embedding, throughput ratio",
            theirs["seconds"] / ours["seconds"],
            "×",
            "at least 2",
            note,
        ),
        Figure("embedding, processor time ratio", theirs["cpu"] / ours["cpu"], "×", note=note),
        Figure("embedding, mean cosine", float(cosines.mean()), "", "at least 0.99", note),
        Figure("embedding, smallest cosine", float(cosines.min()), "", note=note),
    ]


def real_texts(recall: Path, count: int) -> list[str]:
    """Indexed texts of documents drawn at random, as many from each set with questions."""
    sets = find_sets(recall)
    share = -(-count // len(sets))
    random_ = random.Random(0)  # noqa: S311 (reproducible, no secret)
    texts: list[str] = []
    for folder in sets:
        found = list(sources(read_units(folder)))
        random_.shuffle(found)
        passages = (passage for source in found for passage in split(source.document))
        texts += [indexed_text(passage) for passage in islice(passages, share)]
    return texts[:count]


def memex_side(texts: str, vectors: str) -> dict[str, float]:
    """The embedder that Memex uses."""
    return _timed(load_embedder(load_config()).encode_documents, texts, vectors)


def torch_side(texts: str, vectors: str) -> dict[str, float]:
    """sentence-transformers on torch, on as many threads as there are cores."""
    import torch  # noqa: PLC0415 (the other side must not load it)
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 (nor this)

    torch.set_num_threads(os.cpu_count() or 1)
    config = load_config()
    entry = find(chosen(config.models, "embedding"))
    with tempfile.TemporaryDirectory() as folder:
        source = locate(entry, config)
        if entry.adapter:
            merge(source, adapter_path(entry.adapter), Path(folder))
            source = Path(folder)
        model = SentenceTransformer(str(source), device="cpu")

    def encode(batch: Sequence[str]) -> Vectors:
        found: Vectors = model.encode(
            list(batch),
            prompt=entry.prompts.document or None,
            batch_size=BATCH,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return found

    return _timed(encode, texts, vectors)


def _timed(
    encode: Callable[[Sequence[str]], Vectors], texts: str, vectors: str
) -> dict[str, float]:
    content: list[str] = json.loads(Path(texts).read_bytes())
    encode(content[:WARM_UP])
    found, taken = timed(lambda: encode(content))
    np.save(vectors, found)
    return taken
