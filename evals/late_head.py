"""What makes one figure of a question and a passage that were read together."""

from __future__ import annotations

from typing import Final

from sentence_transformers.base.modules import Module
from torch import Tensor
from torch.nn import functional

SCALE: Final = 20.0
"""What a likeness of 1 is worth, as in the losses that MiniLM was trained with."""
SPECIAL: Final = 103
"""The last of the tokens that are no words ([CLS], [SEP], [MASK]) in BERT's vocabulary."""


class LateHead(Module):
    """The last module of a cross-encoder: of each token of the question the likeness of that token
    of the passage which is most like it, in the mean (MaxSim: Khattab and Zaharia, ColBERT, SIGIR
    2020). A new layer over [CLS] starts from nothing, this from what the model knows of texts; it
    has no weights of its own.
    """

    def forward(self, features: dict[str, Tensor], **_: object) -> dict[str, Tensor]:
        """Adds "scores", shape (pairs, 1)."""
        rows = functional.normalize(features["token_embeddings"].float(), dim=-1)
        words = features["attention_mask"].bool() & (features["input_ids"] > SPECIAL)
        asked = words & (features["token_type_ids"] == 0)
        said = words & (features["token_type_ids"] == 1)
        likeness = (rows @ rows.transpose(1, 2)).masked_fill(~said[:, None, :], -1.0)
        best = likeness.max(dim=-1).values
        mean = (best * asked).sum(dim=-1) / asked.sum(dim=-1).clamp(min=1)
        features["scores"] = SCALE * mean[:, None]
        return features

    def save(self, output_path: str, *_: object, **__: object) -> None:
        """There is nothing to keep but that it is there."""
        self.save_config(output_path)
