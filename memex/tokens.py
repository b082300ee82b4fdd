"""What the words of a passage mean where they stand, in few bytes.

Of each word that carries content the mean of its tokens' vectors is kept, and of that the sign
of each component: 48 bytes a word where vectors have 384. What is asked stays as it is, so that
an error of the signs is one of the passage alone (`docs/decisions/late-interaction.md`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from memex.protocols import Embedder, TokenEmbedder, Tokens
from memex.words import WORD, is_function_word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from memex.protocols import Vectors


@dataclass(frozen=True, slots=True)
class Embedded:
    """Texts, as an embedder reads them."""

    vectors: Vectors
    """Shape (texts, dimension), each row of L2 norm 1."""
    signs: Sequence[bytes]
    """`signs_of` each; empty where the embedder does not tell tokens apart."""


def embed(embedder: Embedder, texts: Sequence[str]) -> Embedded:
    """Read texts, word by word where the embedder can."""
    if isinstance(embedder, TokenEmbedder):
        return Embedded(*embedder.read_documents(texts, signs_of))
    return Embedded(embedder.encode_documents(texts), [b""] * len(texts))


def signs_of(text: str, tokens: Tokens) -> bytes:
    """The signs of each word that carries content, one bit for each component, words in their
    order; those behind the embedder's limit are left out.
    """
    words = [word for word in WORD.finditer(text) if not is_function_word(word.group())]
    sums = np.zeros((len(words), tokens.vectors.shape[1]), np.float32)
    at = 0
    for (start, end), vector in zip(tokens.places, tokens.vectors, strict=True):
        while at < len(words) and words[at].end() <= start:
            at += 1
        if at < len(words) and words[at].start() < end:
            sums[at] += vector
    return np.packbits(sums[sums.any(axis=1)] > 0, axis=1).tobytes()


def likenesses(asked: Vectors, signs: Sequence[bytes]) -> NDArray[np.float32]:
    """How like the most like word of each text is to each token that was asked, about -1 to 1;
    shape (texts, tokens). `asked` has shape (tokens, dimension); each text must have a word.
    """
    dimension = asked.shape[1]
    found = np.empty((len(signs), len(asked)), np.float32)
    for row, each in zip(found, signs, strict=True):  # all at once, BLAS would share it out
        packed = np.frombuffer(each, np.uint8).reshape(-1, -(-dimension // 8))
        bits = np.unpackbits(packed, axis=1, count=dimension).astype(np.float32)
        row[:] = (bits @ asked.T).max(axis=0)
    cosines: NDArray[np.float32] = (2 * found - asked.sum(axis=1)) / np.sqrt(np.float32(dimension))
    return cosines
