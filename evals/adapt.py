"""Teaches an embedding model where answers are: the adapter that Memex ships was made by this.

Question and passage are encoded by the same model; a question is to be nearer to a passage with
its answer than to all others of its batch, one of which looks like an answer and is none
(InfoNCE with hard negatives: Karpukhin et al., Dense passage retrieval, EMNLP 2020). Only
low-rank differences of the encoder's matrices are learnt (`memex.models.adapter`).
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch
from rich.console import Console
from rich.progress import Progress
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

from evals.lessons import Course, Lesson, read
from evals.vectors import CachedEmbedder
from memex.config import load_config
from memex.errors import InvalidRequest
from memex.models.adapter import PREFIX
from memex.models.loading import load_embedder
from memex.models.pooling import read_pooling
from memex.models.registry import Prompts, check_role, find
from memex.models.store import locate

if TYPE_CHECKING:
    from memex.protocols import Step

RANK: Final = 16
MATRICES: Final = ("query", "key", "value", "dense")
"""Modules of the encoder that are adapted, by the last part of their names."""
BATCH: Final = 32
"""Questions of a step, all of one set, each with a right and a wrong passage."""
AT_ONCE: Final = 16
"""Passages that are encoded together."""
EPOCHS: Final = 3
RATE: Final = 7e-4
"""The learning rate at its highest, after a tenth of the steps."""
TEMPERATURE: Final = 0.05
KEPT: Final = 0.65
"""The share of what was learnt that is added: less of it costs little where it was learnt for, and
more is kept of what the model could before (Wortsman et al., Robust fine-tuning of zero-shot
models, CVPR 2022)."""
QUESTION: Final = 80
"""Tokens that are read of a question."""
PASSAGE: Final = 224
"""Tokens that are read of a passage."""
OUT_OF_QUESTION: Final = -1e4
"""Added to what is another right answer: it is not to be told from the one that was drawn."""


class LowRank(nn.Module):
    """A linear layer, and what is learnt to be added to it; nothing in the beginning."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer
        self.down = nn.Parameter(torch.randn(RANK, layer.in_features) * layer.in_features**-0.5)
        self.up = nn.Parameter(torch.zeros(layer.out_features, RANK))

    def forward(self, rows: Tensor) -> Tensor:
        """Shape (…, in) to shape (…, out)."""
        added: Tensor = self.layer(rows) + (rows @ self.down.T) @ self.up.T
        return added


@dataclass(frozen=True, slots=True)
class Encoder:
    """A BERT-like sentence encoder with what is learnt of it."""

    tokenizer: Any
    model: Any

    @staticmethod
    def of(folder: Path) -> Encoder:
        """The model in a folder, nothing learnt yet."""
        model: Any = AutoModel.from_pretrained(str(folder), attn_implementation="eager")
        model.requires_grad_(requires_grad=False)
        for module in list(model.encoder.modules()):
            for name, layer in list(module.named_children()):
                if name in MATRICES and isinstance(layer, nn.Linear):
                    setattr(module, name, LowRank(layer))
        return Encoder(AutoTokenizer.from_pretrained(str(folder)), model)

    def learnt(self) -> list[nn.Parameter]:
        """What is learnt."""
        return [each for each in self.model.parameters() if each.requires_grad]

    def adapter(self) -> dict[str, Tensor]:
        """The same by name, in half precision, as `memex.models.adapter` reads it."""
        found = {}
        for name, module in self.model.named_modules():
            if isinstance(module, LowRank):
                down = module.down.detach()
                found[f"{PREFIX}{name}.lora_A.weight"] = down.half().contiguous()
                up = KEPT * module.up.detach()
                found[f"{PREFIX}{name}.lora_B.weight"] = up.half().contiguous()
        return found

    def encode(self, texts: Sequence[str], tokens: int) -> Tensor:
        """Unit vectors, shape (texts, dimension)."""
        batch = self.tokenizer(
            list(texts), padding=True, truncation=True, max_length=tokens, return_tensors="pt"
        )
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = self.model(**batch).last_hidden_state
        mask = batch["attention_mask"][..., None].float()
        return functional.normalize((hidden.float() * mask).sum(1) / mask.sum(1), dim=-1)

    def encode_passages(self, texts: Sequence[str]) -> Tensor:
        """The same, those of about the same length together."""
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        rows = torch.cat(
            [
                self.encode([texts[at] for at in order[start : start + AT_ONCE]], PASSAGE)
                for start in range(0, len(order), AT_ONCE)
            ]
        )
        return rows[torch.tensor(order).argsort()]


def run(base: str, learn: Sequence[Path], cache: Path, steps: int | None, out: Path) -> None:
    """Learn from sets of questions, and write the adapter. Raises `MemexError`."""
    console, config = Console(), load_config()
    entry = find(base)
    check_role(entry, "embedding")
    folder = locate(entry, config)
    if entry.prompts != Prompts() or entry.adapter or read_pooling(folder) != "mean":
        raise InvalidRequest(
            f"{base} cannot be taught: it has prompts or an adapter, or does not take the mean.",
            "Name another one with --base.",
        )
    as_it_comes = replace(config, models=replace(config.models, embedding=base))
    embedder = CachedEmbedder(load_embedder(as_it_comes), cache)
    with Progress(console=console, transient=True) as bars:
        bar = bars.add_task("")

        def show(step: Step) -> None:
            bars.update(bar, description=step.stage, completed=step.done, total=step.total)

        courses = [read(folder, embedder, show) for folder in learn]
        encoder = Encoder.of(folder)
        for number, loss in enumerate(train(encoder, courses, steps), start=1):
            bars.update(bar, description=f"learning, loss {loss:.2f}", completed=number, total=None)
    save_file(encoder.adapter(), out, {"base": base, "rank": str(RANK)})
    console.print(
        f"{out}: {sum(len(each.lessons) for each in courses)} questions were learnt from."
    )


def train(encoder: Encoder, courses: Sequence[Course], steps: int | None = None) -> Iterator[float]:
    """Learn; yields the loss of each step. Without `steps`, `EPOCHS` times all there is."""
    torch.manual_seed(0)
    torch.set_num_threads(os.cpu_count() or 1)
    dice = random.Random(0)  # noqa: S311 (reproducible, no secret)
    planned = [step for _ in range(EPOCHS) for step in _epoch(courses, dice)][:steps]
    optimizer = torch.optim.AdamW(encoder.learnt(), lr=RATE, weight_decay=0.01)
    rates = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=len(planned) + 1, pct_start=0.1
    )
    encoder.model.train()
    for course, lessons in planned:
        loss = _loss(encoder, course, lessons, dice)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(encoder.learnt(), 1.0)
        optimizer.step()
        rates.step()
        yield float(loss.detach())


def _epoch(courses: Sequence[Course], dice: random.Random) -> list[tuple[Course, Sequence[Lesson]]]:
    """The steps of one time through all sets, in any order."""
    steps: list[tuple[Course, Sequence[Lesson]]] = []
    for course in courses:
        lessons = list(course.lessons)
        dice.shuffle(lessons)
        whole = range(0, len(lessons) - BATCH + 1, BATCH)
        steps += [(course, lessons[at : at + BATCH]) for at in whole]
    dice.shuffle(steps)
    return steps


def _loss(
    encoder: Encoder, course: Course, lessons: Sequence[Lesson], dice: random.Random
) -> Tensor:
    shown = [each.show(dice) for each in lessons]
    shown += [dice.choice(each.wrong) for each in lessons]
    questions = encoder.encode([each.ask(dice) for each in lessons], QUESTION)
    passages = encoder.encode_passages([course.read(at, dice) for at in shown])
    likeness = questions @ passages.T / TEMPERATURE + _also_right(lessons, shown)
    return functional.cross_entropy(likeness, torch.arange(len(lessons)))


def _also_right(lessons: Sequence[Lesson], shown: Sequence[int]) -> Tensor:
    """What takes out of a question's choice the other passages that answer it, shape (lessons,
    shown).
    """
    return torch.tensor(
        [
            [OUT_OF_QUESTION * (at != own and passage in lesson.right) for at, passage in numbered]
            for numbered in [list(enumerate(shown))]
            for own, lesson in enumerate(lessons)
        ]
    )
