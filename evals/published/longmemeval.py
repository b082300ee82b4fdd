"""LongMemEval: `longmemeval_*.json`, questions to an assistant, each over chats of its own.

Wu et al., LongMemEval: Benchmarking chat assistants on long-term interactive memory, ICLR
2025 (MIT). Evidence is the turns that are marked, or the whole of the marked sessions where
no turn is. The chats of one question are its group: ask with `--scope group`, since many
questions share chats under other dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from evals.published.form import Published, QueryRow, UnitRow, read_json

ABSTENTION: Final = "_abs"
"""How the id of a question ends that has no answer."""

_TIME: Final = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?:\s*\(\w+\))?(?:\s+(\d{1,2}):(\d{2}))?")
"""2023/05/20 (Sat) 02:21."""


def read(files: Sequence[Path]) -> Published:
    """The chats with their questions."""
    instances = [instance for path in files for instance in read_json(path)]
    return Published(
        units=tuple(unit for instance in instances for unit in _units(instance)),
        queries=tuple(_query(instance) for instance in instances),
    )


def _units(instance: Mapping[str, Any]) -> Iterator[UnitRow]:
    group = instance["question_id"]
    chats = zip(instance["haystack_sessions"], instance["haystack_dates"], strict=True)
    for number, (turns, date) in enumerate(chats):
        for at, turn in enumerate(turns):
            yield UnitRow(
                id=f"{group}/{number}/{at}",
                group=group,
                kind="conversation",
                session=f"{group}/{number}",
                pos=at,
                text=turn["content"],
                speaker=turn["role"],
                time=_time(date),
            )


def _query(instance: Mapping[str, Any]) -> QueryRow:
    group = instance["question_id"]
    answerable = not group.endswith(ABSTENTION)
    return QueryRow(
        id=group,
        group=group,
        query=instance["question"],
        evidence=tuple(_evidence(instance)),
        category=instance["question_type"],
        answers=(str(instance["answer"]),) if answerable else (),
        answerable=answerable,
        asked_at=_time(instance["question_date"]),
    )


def _evidence(instance: Mapping[str, Any]) -> list[str]:
    marked: list[str] = []
    whole: list[str] = []
    answering = set(instance["answer_session_ids"])
    chats = zip(instance["haystack_sessions"], instance["haystack_session_ids"], strict=True)
    for number, (turns, name) in enumerate(chats):
        for at, turn in enumerate(turns):
            place = f"{instance['question_id']}/{number}/{at}"
            if turn.get("has_answer"):
                marked.append(place)
            if name in answering:
                whole.append(place)
    return marked or whole


def _time(said: str) -> datetime:
    """Local. Raises `ValueError`."""
    match = _TIME.fullmatch(said.strip())
    if match is None:
        raise ValueError(f"{said!r} is no time")
    year, month, day, hour, minute = (int(part or 0) for part in match.groups())
    return datetime(year, month, day, hour, minute)  # noqa: DTZ001
