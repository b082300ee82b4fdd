"""Teaches a cross-encoder which of the candidates answer a question: the reranker that the
linear one is compared with (`python -m evals ablate --cross`).

It reads question and passage together and says one figure (`evals.late_head`). Of each question
it is shown a passage with the answer among some that the search puts first and that have none
(hard negatives: Gao, Dai and Callan, Rethink training of BERT rerankers in multi-stage retrieval
pipeline, ECIR 2021), and learns to put that one first (LambdaLoss: Wang et al., The LambdaLoss
framework for ranking metric optimization, CIKM 2018).

The model and the loss are sentence-transformers'. Its trainer is not used: it wants two
libraries more (accelerate, datasets), for what is a loop here.
"""

from __future__ import annotations

import hashlib
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import torch
from rich.console import Console
from rich.progress import Progress
from sentence_transformers import CrossEncoder as Model
from sentence_transformers.cross_encoder.losses import LambdaLoss
from torch import nn

from evals.cross_card import METRICS, Card, Figures, card
from evals.ranking import Ranking, alone, fused, read
from evals.rereading import COLUMNS, CROSS, CrossEncoder, made_of, reread
from evals.vectors import CachedEmbedder
from memex.config import Config, load_config
from memex.errors import InvalidRequest
from memex.models.adapter import adapter_path, merge
from memex.models.loading import load_embedder
from memex.models.registry import ModelEntry, check_role, find
from memex.models.store import locate
from memex.protocols import Step
from memex.recall.rank import DEPTH

QUESTIONS: Final = 4
"""Of a step."""
WRONG: Final = 5
"""Passages without an answer that are shown of a question, beside one that has it."""
RIGHT: Final = 6
"""Passages with evidence, the first of the candidates, that the one is drawn from."""
EPOCHS: Final = 1
RATE: Final = 5e-5
"""The learning rate at its highest, after a tenth of the steps."""
OFTEN: Final = 25
"""Steps between two checkpoints."""
CHECKPOINT: Final = "unfinished.pt"
WEIGHTS: Final = "model.safetensors"
MEASURED: Final = 50
"""Held-out questions of each set that the card tells of, at most."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A question, with passages of which some answer it."""

    set: str
    question: str
    right: Sequence[str]
    wrong: Sequence[str]

    def draw(self, dice: random.Random) -> list[str]:
        """One that does, and then some that do not."""
        wrong = dice.sample(self.wrong, min(WRONG, len(self.wrong)))
        return [dice.choice(self.right), *wrong]


class Training:
    """A cross-encoder that is being taught. What chance there is hangs on the number of the step
    alone: whether it was broken off makes no difference.
    """

    def __init__(
        self, base: str, model: Model, choices: Sequence[Choice], steps: int | None = None
    ) -> None:
        """Without `steps`, `EPOCHS` times all there is. The model was made of `base`."""
        self._base = base
        self.model = model
        self.plan = _plan(choices, steps)
        self.done = 0
        self._loss = LambdaLoss(model, mini_batch_size=-1)
        self._learnt = {name: each for name, each in model.named_parameters() if each.requires_grad}
        self._optimizer = torch.optim.AdamW(self._learnt.values(), lr=RATE, weight_decay=0.01)
        self._rates = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer, RATE, total_steps=len(self.plan) + 1, pct_start=0.1
        )

    def step(self) -> float:
        """Learn from the next questions; the loss."""
        torch.manual_seed(self.done)
        dice = random.Random(self.done)  # noqa: S311 (reproducible, no secret)
        choices = self.plan[self.done]
        shown = [each.draw(dice) for each in choices]
        labels = [torch.tensor([1.0] + [0.0] * (len(each) - 1)) for each in shown]
        self.model.train()
        loss = self._loss([[each.question for each in choices], shown], labels)
        self._optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._learnt.values(), 1.0)
        self._optimizer.step()
        self._rates.step()
        self.done += 1
        return float(loss.detach())

    def save(self, file: Path) -> None:
        """Everything that it takes to go on."""
        there = {
            "plan": self._digest(),
            "done": self.done,
            "learnt": {name: each.detach() for name, each in self._learnt.items()},
            "optimizer": self._optimizer.state_dict(),
            "rates": self._rates.state_dict(),
        }
        written = file.with_suffix(".new")
        torch.save(there, written)
        written.replace(file)

    def resume(self, file: Path) -> None:
        """Go on where it was saved. Raises `InvalidRequest` where something else was taught."""
        there: Mapping[str, Any] = torch.load(file, weights_only=True)
        if there["plan"] != self._digest():
            raise InvalidRequest(
                f"{file} was left by a run with another base, other sets or steps.",
                "Remove it, or name another folder with --out.",
            )
        self.model.load_state_dict(there["learnt"], strict=False)
        self._optimizer.load_state_dict(there["optimizer"])
        self._rates.load_state_dict(there["rates"])
        self.done = there["done"]

    def _digest(self) -> str:
        """Changes with what is taught."""
        digest = hashlib.sha256(self._base.encode())
        for choices in self.plan:
            for each in choices:
                digest.update("\0".join((each.question, *each.right, *each.wrong)).encode())
        return digest.hexdigest()


def run(base: str, learn: Sequence[Path], cache: Path, steps: int | None, out: Path) -> None:
    """Teach, measure, and write the model with its card. Raises `MemexError`."""
    console, config, entry = Console(), load_config(), find(base)
    check_role(entry, "embedding")
    if (out / WEIGHTS).exists():
        raise InvalidRequest(f"{out} holds a model.", "Name another folder with --out.")
    model = start(entry, config)
    embedder = CachedEmbedder(load_embedder(config), cache)
    with Progress(console=console, transient=True) as bars:
        bar = bars.add_task("")

        def show(step: Step) -> None:
            bars.update(bar, description=step.stage, completed=step.done, total=step.total)

        sets = {folder: read(folder, embedder, show) for folder in dict.fromkeys(learn)}
        choices = [each for of in learn for each in choices_of(sets[of])]
        training = Training(base, model, choices, steps)
        out.mkdir(parents=True, exist_ok=True)
        for loss in teach(training, out / CHECKPOINT):
            said = f"learning, loss {loss:.2f}"
            bars.update(bar, description=said, completed=training.done, total=len(training.plan))
        figures = [measure(each, CrossEncoder(model), show) for each in sets.values()]
    taught = Counter(each.set for of in training.plan for each in of)
    write(model, Card(entry, taught, len(training.plan), figures), out)
    (out / CHECKPOINT).unlink(missing_ok=True)
    console.print(f"{out}: {taught.total()} questions were learnt from.")


def start(entry: ModelEntry, config: Config) -> Model:
    """A model that has learnt nothing yet but what it knows of texts. Raises `MemexError`."""
    folder = locate(entry, config)
    with tempfile.TemporaryDirectory() as merged:
        if entry.adapter:
            merge(folder, adapter_path(entry.adapter), Path(merged))
            folder = Path(merged)
        model = made_of(folder)
    # half of all weights: what words mean by themselves stays as it is
    encoder: Any = model[0]
    encoder.model.get_input_embeddings().requires_grad_(requires_grad=False)
    return model


def choices_of(ranking: Ranking) -> list[Choice]:
    """What may be learnt from a set: of each question the passages with evidence among its
    candidates, and of the first ones, which would be ranked again, those without.
    """
    untaught = {each.query.id for each in ranking.kept_back().questions}
    found = []
    for each in ranking.questions:
        if each.query.id in untaught or not each.lesson.teaches:
            continue
        said = list(zip(each.texts, each.lesson.right, strict=True))
        right = [text for text, holds in said if holds][:RIGHT]
        wrong = [text for text, holds in said[:DEPTH] if not holds]
        if wrong:
            found.append(Choice(ranking.name, each.query.text, right, wrong))
    return found


def teach(training: Training, checkpoint: Path) -> Iterator[float]:
    """Learn, from the checkpoint on where there is one; yields the loss of each step."""
    if checkpoint.exists():
        training.resume(checkpoint)
    while training.done < len(training.plan):
        yield training.step()
        if training.done % OFTEN == 0 or training.done == len(training.plan):
            training.save(checkpoint)


def measure(ranking: Ranking, scorer: CrossEncoder, progress: Callable[[Step], None]) -> Figures:
    """What a cross-encoder makes of some questions that it was not taught by."""
    some = Ranking(ranking.name, ranking.kept_back().some(MEASURED).tests)
    again = reread(some, scorer, progress).ranking
    rows = {"as they were found": fused(COLUMNS), "read again": alone(CROSS, COLUMNS)}
    return Figures(
        ranking.name,
        len(again.questions),
        {
            row: {metric: fmean(again.scores(weights, metric)) for metric in METRICS}
            for row, weights in rows.items()
        },
    )


def write(model: Model, said: Card, folder: Path) -> None:
    """The model with its card; the weights come last."""
    (folder / "README.md").write_text(card(said), encoding="utf-8")
    model.save_pretrained(str(folder), create_model_card=False)


def _plan(choices: Sequence[Choice], steps: int | None) -> Sequence[Sequence[Choice]]:
    """The questions of each step, of all sets in any order."""
    dice = random.Random(0)  # noqa: S311 (reproducible, no secret)
    plan: list[Sequence[Choice]] = []
    for _ in range(EPOCHS):
        order = dice.sample(choices, len(choices))
        whole = range(0, len(order) - QUESTIONS + 1, QUESTIONS)
        plan += [order[at : at + QUESTIONS] for at in whole]
    return plan[:steps]
