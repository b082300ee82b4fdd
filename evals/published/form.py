"""The form that evals read, and what the readers of published sets have in common."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from evals.dataset import CORPUS, QUERIES
from memex.errors import InvalidRequest, StorageError

DIALOGUE_ID: Final = re.compile(r"D:?(\d+):(\d+)")
"""Of a turn in LoCoMo and REALTALK, as evidence has it: D8:6, D:11:26, D30:05."""
SESSION: Final = re.compile(r"session_(\d+)")
"""The key of a session in both."""


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A line of the corpus."""

    id: str
    group: str
    kind: str
    session: str
    pos: int
    """Place in the session."""
    text: str
    title: str | None = None
    speaker: str | None = None
    time: datetime | None = None
    """Local."""


@dataclass(frozen=True, slots=True)
class QueryRow:
    """A line of the questions."""

    id: str
    group: str
    query: str
    evidence: tuple[str, ...]
    category: str
    answers: tuple[str, ...] = ()
    answerable: bool = True
    asked_at: datetime | None = None
    """Local."""
    note: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Published:
    """A set as it was read."""

    units: tuple[UnitRow, ...]
    queries: tuple[QueryRow, ...]


Reader = Callable[[Sequence[Path]], Published]


def write(found: Published, folder: Path) -> None:
    """Write a set into a folder of its own. Raises `StorageError`."""
    corpus = "".join(_line({**asdict(unit), "set": folder.name}) for unit in found.units)
    queries = "".join(
        _line({**asdict(query), "set": folder.name, "answer": next(iter(query.answers), None)})
        for query in found.queries
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CORPUS).write_bytes(gzip.compress(corpus.encode(), mtime=0))
        (folder / QUERIES).write_text(queries, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror}.") from error


def read_json(path: Path) -> Any:  # noqa: ANN401
    """A JSON file. Raises `InvalidRequest`."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidRequest(f"{path} cannot be read: {error}.") from error


def read_lines(path: Path) -> Iterator[Any]:
    """The objects of a JSON Lines file. Raises `InvalidRequest`."""
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield json.loads(line)
    except (OSError, ValueError) as error:
        raise InvalidRequest(f"{path} cannot be read: {error}.") from error


def sessions(conversation: Mapping[str, Any]) -> list[tuple[int, list[Any]]]:
    """The sessions of a LoCoMo or REALTALK conversation by number, those without turns left out."""
    found = [
        (int(match[1]), turns)
        for key, turns in conversation.items()
        if (match := SESSION.fullmatch(key)) and turns
    ]
    return sorted(found, key=lambda session: session[0])


def turn_ids(said: Iterable[str]) -> list[str]:
    """The turns that evidence names, in one form: "D8:6; D:9:17" are D8:6 and D9:17."""
    found = [
        f"D{int(session)}:{int(turn)}"
        for one in said
        for session, turn in DIALOGUE_ID.findall(str(one))
    ]
    return list(dict.fromkeys(found))


def with_image(text: str, caption: object) -> str:
    """A turn with what the picture in it shows."""
    return f"{text} [image: {caption}]".strip() if caption else text


def _line(row: Mapping[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False, default=datetime.isoformat) + "\n"
