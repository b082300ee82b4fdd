"""What a cross-encoder makes of the candidates: question and passage are read together, and how
well they fit is one more feature of the passage.

It costs a pass through the model for each passage and question; nothing of it can be made
beforehand (Nogueira and Cho, Passage re-ranking with BERT, 2019).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from evals.ranking import Candidates, Ranking
from memex.errors import InvalidRequest
from memex.protocols import Step
from memex.recall.features import FEATURES
from memex.recall.learn import Matrix
from memex.recall.rank import DEPTH

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder as Model

CROSS: Final = "cross-encoder"
"""The feature: what a passage's score lacks to that of the best; 0 or less."""
COLUMNS: Final = (*FEATURES, CROSS)
"""Of a set that was read again."""

TOKENS: Final = 192
"""That are read of question and passage together; the end of the longer one is cut."""


class Scorer(Protocol):
    """Something that says how well passages answer a question."""

    def score(self, question: str, texts: Sequence[str]) -> Matrix:
        """The higher, the better; shape (texts,)."""


@dataclass(frozen=True, slots=True)
class CrossEncoder:
    """A `Scorer` of sentence-transformers."""

    model: Model

    @staticmethod
    def load(folder: Path) -> CrossEncoder:
        """What `python -m evals cross` wrote. Raises `InvalidRequest`."""
        if not (folder / "model.safetensors").is_file():
            raise InvalidRequest(
                f"{folder} holds no cross-encoder.", "Make one: python -m evals cross --out FOLDER."
            )
        return CrossEncoder(made_of(folder))

    def score(self, question: str, texts: Sequence[str]) -> Matrix:
        """Its logits."""
        found = self.model.predict([(question, text) for text in texts], show_progress_bar=False)
        return np.asarray(found, np.float64)


def made_of(folder: Path) -> Model:
    """A cross-encoder of the BERT-like model in a folder. Its last module is this project's, and
    no code is run that the folder may bring.
    """
    from sentence_transformers import CrossEncoder as Made  # noqa: PLC0415 (torch)
    from sentence_transformers.base.modules import Module, Transformer  # noqa: PLC0415
    from torch.nn import Identity  # noqa: PLC0415

    from evals.late_head import LateHead  # noqa: PLC0415

    encoder = Transformer(str(folder), max_seq_length=TOKENS, config_kwargs={"num_labels": 1})
    head: Callable[[], Module] = LateHead
    model: Model = Made(modules=[encoder, head()], activation_fn=Identity())
    return model


@dataclass(frozen=True, slots=True)
class Reread:
    """A set whose first candidates were read again, and the others left out."""

    ranking: Ranking
    """With `COLUMNS`."""
    seconds: float
    """Of all cores together, for one question."""


def reread(ranking: Ranking, scorer: Scorer, progress: Callable[[Step], None]) -> Reread:
    """The first candidates of each question, as many as Memex ranks again, with a scorer's word."""
    questions = []
    start = process_time()
    for done, each in enumerate(ranking.questions, start=1):
        questions.append(_reread(each, scorer))
        progress(Step("reading again", done, len(ranking.questions), "questions"))
    seconds = (process_time() - start) / max(1, len(questions))
    return Reread(Ranking(ranking.name, tuple(questions)), seconds)


def _reread(candidates: Candidates, scorer: Scorer) -> Candidates:
    texts = candidates.texts[:DEPTH]
    scores = scorer.score(candidates.query.text, texts) if texts else np.empty(0)
    lacks = scores - scores.max(initial=-np.inf)
    return replace(
        candidates,
        rows=np.column_stack([candidates.rows[:DEPTH], lacks]),
        units=candidates.units[:DEPTH],
        texts=texts,
    )
