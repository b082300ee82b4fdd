"""A crowded memory for measuring search: real documents, then shuffled ones.

The corpora hold some tens of thousands of passages. What is missing to the
number asked for is made of their units, drawn at random within one corpus, so
that words and lengths stay those of real text. Vectors are made, not embedded:
each is a mixture of those of two real passages with noise, since search takes
as long on them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from evals.corpus import KINDS, sources
from evals.dataset import CORPUS, Unit, read_units
from memex.passages import split
from memex.types import Document, Passage, Segment, content_id

if TYPE_CHECKING:
    from memex.protocols import Vectors

MADE: Final = "eval:crowd/"
"""How the URIs of made documents begin."""
WORDS: Final = 6_000
"""Words of a made document: about 40 passages."""
NOISE: Final = 0.02
"""Standard deviation of the noise on each component of a made vector."""


def crowd(recall: Path, passages: int) -> Iterator[tuple[Document, list[Passage]]]:
    """Documents with their passages, until there are as many passages as asked for."""
    left = passages
    for document in _documents(sorted(path.parent for path in recall.glob(f"*/{CORPUS}"))):
        cut = split(document)[:left]
        left -= len(cut)
        yield document, cut
        if not left:
            return


def strangers(recall: Path, passages: int, seed: int) -> list[Document]:
    """Made documents of about so many passages that are in no crowd."""
    folders = sorted(path.parent for path in recall.glob(f"*/{CORPUS}"))
    random_ = random.Random(f"stranger {seed}")  # noqa: S311 (reproducible, no secret)
    units = read_units(random_.choice(folders))
    documents: list[Document] = []
    count = 0
    while count < passages:
        documents.append(_shuffled(units, random_))
        count += len(split(documents[-1]))
    return documents


def mixtures(anchors: Vectors, count: int, random_: np.random.Generator) -> Vectors:
    """Made unit vectors, shape (count, dimension), near those of real passages."""
    pairs = random_.integers(0, len(anchors), (2, count))
    share = random_.uniform(0.5, 1, (count, 1)).astype(np.float32)
    noise = random_.normal(0, NOISE, (count, anchors.shape[1])).astype(np.float32)
    mixed: Vectors = share * anchors[pairs[0]] + (1 - share) * anchors[pairs[1]] + noise
    unit: Vectors = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    return unit


def _documents(folders: Sequence[Path]) -> Iterator[Document]:
    corpora: list[Sequence[Unit]] = []
    for folder in folders:
        corpora.append(read_units(folder))
        yield from (source.document for source in sources(corpora[-1]))
    random_ = random.Random(0)  # noqa: S311 (reproducible, no secret)
    while True:
        yield _shuffled(random_.choice(corpora), random_)


def _shuffled(units: Sequence[Unit], random_: random.Random) -> Document:
    segments: list[Segment] = []
    words = 0
    while words < WORDS:
        unit = random_.choice(units)
        if unit.text:
            segments.append(Segment(text=unit.text, speaker=unit.speaker))
            words += len(unit.text.split())
    id_ = content_id(segments)
    return Document(
        id=id_,
        kind=KINDS.get(units[0].kind, "note"),
        title=f"{units[0].kind} {id_[:6]}",
        uri=f"{MADE}{id_}",
        created_at=random_.choice(units).time,
        segments=tuple(segments),
    )
