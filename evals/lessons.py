"""What an embedder learns from: questions, each with passages that answer it, and others that
look as if they did.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from evals.bm25 import Bm25
from evals.corpus import parts
from evals.dataset import held_out, read_recall_set
from evals.robustness import NOISES, heard
from memex.passages import indexed_text
from memex.protocols import Embedder, Step

LURES: Final = 40
"""Passages that a question is likely to be answered with by mistake: the first so many by
cosine, and by BM25."""
HOMES: Final = 6
"""Passages with evidence, the first in the corpus, that are shown of a question that has many."""
ANSWERED: Final = 0.35
"""How often a sentence of a long answer stands in for the question."""
SHORTEST: Final = 6
"""Words in such a sentence."""
NOISY: Final = 0.3
"""How often a question is written in small letters, mistyped or misheard."""
RECOGNISED: Final = 0.25
"""How often a passage is as a recogniser may have heard it."""
WORST: Final = 0.25
"""The share of its words that may be misheard at most."""

_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")
_WORD: Final = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question; passages by their place in `Course.texts`."""

    questions: Sequence[str]
    """The question, and sentences of its answer: each tells what is looked for."""
    right: Sequence[int]
    wrong: Sequence[int]

    def show(self, dice: random.Random) -> int:
        """A passage that answers it."""
        return dice.choice(self.right[:HOMES])

    def ask(self, dice: random.Random) -> str:
        """The question as somebody may put it."""
        asked = self.questions[0]
        if len(self.questions) > 1 and dice.random() < ANSWERED:
            asked = dice.choice(self.questions[1:])
        if dice.random() < NOISY:
            asked = dice.choice(list(NOISES.values()))(asked, str(dice.random()))
        return asked


@dataclass(frozen=True, slots=True)
class Course:
    """The lessons of one set."""

    name: str
    texts: Sequence[str]
    """What is embedded of each passage."""
    lessons: Sequence[Lesson]

    def read(self, at: int, dice: random.Random) -> str:
        """A passage, at times as a recogniser may have heard it."""
        text = self.texts[at]
        if dice.random() >= RECOGNISED:
            return text
        share, seed = dice.uniform(0, WORST), str(dice.random())
        return _WORD.sub(
            lambda found: heard(found.group(), seed) if dice.random() < share else found.group(),
            text,
        )


def read(folder: Path, embedder: Embedder, progress: Callable[[Step], None]) -> Course:
    """The lessons of a set of questions. Raises `InvalidRequest`."""
    data = read_recall_set(folder)
    (part,) = parts(data, "pooled")
    texts = [indexed_text(passage) for passage in part.passages]
    units = [part.units(passage) for passage in part.passages]
    vectors = embedder.encode_documents(texts)
    by_words = Bm25(part.passages)
    unseen = held_out(data.queries)
    at = {passage.id: place for place, passage in enumerate(part.passages)}
    lessons = []
    for done, query in enumerate(part.queries, start=1):
        progress(Step("looking for lures", done, len(part.queries), "questions"))
        right = [place for place, there in enumerate(units) if there & query.evidence]
        if query.id in unseen or not right:
            continue
        near = np.argsort(-(vectors @ embedder.encode_query(query.text)))[:LURES]
        worded = [at[passage.id] for passage in by_words.search(query, LURES)]
        wrong = sorted({*map(int, near), *worded} - set(right))
        answers = [
            sentence
            for sentence in _SENTENCE_END.split(query.answer)
            if len(sentence.split()) >= SHORTEST
        ]
        if wrong:
            lessons.append(Lesson([query.text, *answers], right, wrong))
    return Course(data.name, texts, lessons)
