"""REALTALK: `Chat_N_A_B.json`, what two people wrote to each other over 21 days.

Lee et al., REALTALK: A 21-day real-world dataset for long-term conversation, 2025. No
licence is stated: measure with it, do not pass it on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from evals.published.form import (
    Published,
    QueryRow,
    UnitRow,
    read_json,
    sessions,
    turn_ids,
    with_image,
)

CATEGORIES: Final = {1: "multi-hop", 2: "temporal", 3: "commonsense"}
TIME: Final = "%d.%m.%Y, %H:%M:%S"
"""29.12.2023, 22:42:04."""


def read(files: Sequence[Path]) -> Published:
    """The chats with their questions; a file is a chat."""
    units: list[UnitRow] = []
    queries: list[QueryRow] = []
    for path in files:
        chat = read_json(path)
        found = _units(path.stem, chat)
        units += found
        queries += _queries(path.stem, chat, found)
    return Published(tuple(units), tuple(queries))


def _units(group: str, chat: Mapping[str, Any]) -> list[UnitRow]:
    found: list[UnitRow] = []
    for number, messages in sessions(chat):
        for at, message in enumerate(messages):
            (name,) = turn_ids([message["dia_id"]])
            found.append(
                UnitRow(
                    id=f"{group}/{name}",
                    group=group,
                    kind="conversation",
                    session=f"{group}/S{number}",
                    pos=at,
                    text=with_image(message["clean_text"], message.get("blip_caption")),
                    speaker=message["speaker"],
                    time=datetime.strptime(message["date_time"], TIME),  # noqa: DTZ007
                )
            )
    return found


def _queries(group: str, chat: Mapping[str, Any], units: Sequence[UnitRow]) -> list[QueryRow]:
    known = {unit.id for unit in units}
    last = max((unit.time for unit in units if unit.time), default=None)
    found: list[QueryRow] = []
    for at, question in enumerate(chat["qa"]):
        named = [f"{group}/{turn}" for turn in turn_ids(question.get("evidence", []))]
        found.append(
            QueryRow(
                id=f"{group}/q{at}",
                group=group,
                query=question["question"],
                evidence=tuple(one for one in named if one in known),
                category=CATEGORIES[int(question["category"])],
                answers=(str(question["answer"]),),
                asked_at=last,
                note={"lost_evidence": [one for one in named if one not in known]},
            )
        )
    return found
