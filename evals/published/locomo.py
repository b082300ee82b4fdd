"""LoCoMo: `locomo10.json`, long conversations of two people over months.

Maharana et al., Evaluating very long-term conversational memory of LLM agents, ACL 2024
(CC BY-NC 4.0). Category 5 has no answer: its evidence is the turn that it was twisted from.
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

CATEGORIES: Final = {
    1: "multi-hop",
    2: "temporal",
    3: "open-domain",
    4: "single-hop",
    5: "unanswerable",
}
UNANSWERABLE: Final = 5
TIME: Final = "%I:%M %p on %d %B, %Y"
"""1:56 pm on 8 May, 2023."""


def read(files: Sequence[Path]) -> Published:
    """The conversations with their questions."""
    samples = [sample for path in files for sample in read_json(path)]
    units = {sample["sample_id"]: _units(sample) for sample in samples}
    return Published(
        units=tuple(unit for each in units.values() for unit in each),
        queries=tuple(
            query for sample in samples for query in _queries(sample, units[sample["sample_id"]])
        ),
    )


def _units(sample: Mapping[str, Any]) -> list[UnitRow]:
    group = sample["sample_id"]
    conversation = sample["conversation"]
    found: list[UnitRow] = []
    for number, turns in sessions(conversation):
        time = datetime.strptime(conversation[f"session_{number}_date_time"], TIME)  # noqa: DTZ007
        for at, turn in enumerate(turns):
            (name,) = turn_ids([turn["dia_id"]])
            found.append(
                UnitRow(
                    id=f"{group}/{name}",
                    group=group,
                    kind="conversation",
                    session=f"{group}/S{number}",
                    pos=at,
                    text=with_image(turn["text"], turn.get("blip_caption")),
                    speaker=turn["speaker"],
                    time=time,
                )
            )
    return found


def _queries(sample: Mapping[str, Any], units: Sequence[UnitRow]) -> list[QueryRow]:
    group = sample["sample_id"]
    known = {unit.id for unit in units}
    last = max((unit.time for unit in units if unit.time), default=None)
    found: list[QueryRow] = []
    for at, question in enumerate(sample["qa"]):
        named = [f"{group}/{turn}" for turn in turn_ids(question.get("evidence", []))]
        answerable = question["category"] != UNANSWERABLE
        found.append(
            QueryRow(
                id=f"{group}/q{at}",
                group=group,
                query=question["question"],
                evidence=tuple(one for one in named if one in known),
                category=CATEGORIES[question["category"]],
                answers=(str(question["answer"]),) if answerable else (),
                answerable=answerable,
                asked_at=last,
                note={
                    "lost_evidence": [one for one in named if one not in known],
                    "adversarial_answer": question.get("adversarial_answer"),
                },
            )
        )
    return found
