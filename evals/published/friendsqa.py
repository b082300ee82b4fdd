"""FriendsQA: `friendsqa_*.json`, scenes with several speakers and questions about them.

Yang and Choi, FriendsQA: Open-domain question answering on TV show transcripts, SIGDIAL
2019 (Apache-2.0). Evidence is the utterances that hold an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from evals.published.form import Published, QueryRow, UnitRow, read_json

UTTERANCES: Final = "utterances:"
"""As it is published, with the colon."""

Scene = tuple[str, Mapping[str, Any]]


def read(files: Sequence[Path]) -> Published:
    """The scenes with their questions."""
    scenes = [scene for path in files for scene in _scenes(read_json(path)["data"])]
    return Published(
        units=tuple(unit for scene in scenes for unit in _units(*scene)),
        queries=tuple(query for scene in scenes for query in _queries(*scene)),
    )


def _scenes(data: Sequence[Mapping[str, Any]]) -> Iterator[Scene]:
    for entry in data:
        paragraphs = entry["paragraphs"]
        for at, paragraph in enumerate(paragraphs):
            yield entry["title"] if len(paragraphs) == 1 else f"{entry['title']}-{at}", paragraph


def _units(name: str, scene: Mapping[str, Any]) -> Iterator[UnitRow]:
    for at, said in enumerate(scene[UTTERANCES]):
        yield UnitRow(
            id=f"{name}/{said['uid']}",
            group=name,
            kind="conversation",
            session=name,
            pos=at,
            text=said["utterance"],
            title=name,
            speaker=", ".join(said["speakers"]),
        )


def _queries(name: str, scene: Mapping[str, Any]) -> Iterator[QueryRow]:
    for question in scene["qas"]:
        answers = question["answers"]
        places = dict.fromkeys(f"{name}/{answer['utterance_id']}" for answer in answers)
        yield QueryRow(
            id=f"{name}/{question['id']}",
            group=name,
            query=question["question"],
            evidence=tuple(places),
            category=question["question"].split()[0].lower(),
            answers=tuple(dict.fromkeys(answer["answer_text"] for answer in answers)),
        )
