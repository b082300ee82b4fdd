"""Any other sentence-transformers model, by that library itself.

Imports torch: seconds and hundreds of megabytes. Imported only by
`memex.models.loading`, when the configuration names such a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sentence_transformers import SentenceTransformer

from memex.errors import ModelError

if TYPE_CHECKING:
    from memex.protocols import Vectors


class SentenceTransformerEmbedder:
    """A sentence-transformers model in a folder of the user's own.

    Uses the model's prompts for queries and documents where it has some, and
    CUDA where torch finds it.
    """

    def __init__(self, folder: Path, model: str) -> None:
        """Load the model in `folder`; `model` is its name and revision.

        Raises `ModelError`. Nothing is fetched.
        """
        self._model = model
        try:
            self._encoder = SentenceTransformer(
                str(folder), local_files_only=True, trust_remote_code=False
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelError(
                f"{folder} cannot be loaded as a sentence-transformers model: {error}",
                "Point [models.paths] to a folder saved by SentenceTransformer.save().",
            ) from error
        self._dimension = len(self.encode_query("dimension"))

    @property
    def model(self) -> str:
        """Name and revision."""
        return self._model

    @property
    def dimension(self) -> int:
        """Components of a vector."""
        return self._dimension

    def encode_query(self, text: str) -> Vectors:
        """Shape (dimension,), L2 norm 1."""
        vector: Vectors = np.asarray(
            self._encoder.encode_query(text, normalize_embeddings=True, show_progress_bar=False),
            dtype=np.float32,
        )
        return vector

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimension), each row of L2 norm 1."""
        if not texts:
            return np.empty((0, self._dimension), dtype=np.float32)
        vectors: Vectors = np.asarray(
            self._encoder.encode_document(
                list(texts), normalize_embeddings=True, show_progress_bar=False
            ),
            dtype=np.float32,
        )
        return vectors
