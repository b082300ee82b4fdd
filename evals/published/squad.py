"""Spoken-SQuAD: `spoken_test-v1.1*.json`, paragraphs read aloud and recognised by machine.

Li et al., Spoken SQuAD: A study of mitigating the impact of speech recognition errors on
listening comprehension, Interspeech 2018 (CC BY-SA 4.0). Its form is that of SQuAD
(Rajpurkar et al., EMNLP 2016).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.published.form import Published, QueryRow, UnitRow, read_json

Paragraph = tuple[str, int, Mapping[str, Any]]


def read(files: Sequence[Path]) -> Published:
    """The paragraphs with their questions."""
    found = [one for path in files for one in _paragraphs(read_json(path)["data"])]
    return Published(
        units=tuple(
            UnitRow(
                id=f"{title}/{at}",
                group=title,
                kind="asr-reading",
                session=title,
                pos=at,
                text=paragraph["context"],
                title=title,
            )
            for title, at, paragraph in found
        ),
        queries=tuple(query for one in found for query in _queries(*one)),
    )


def _paragraphs(data: Sequence[Mapping[str, Any]]) -> Iterator[Paragraph]:
    for article in data:
        for at, paragraph in enumerate(article["paragraphs"]):
            yield article["title"], at, paragraph


def _queries(title: str, at: int, paragraph: Mapping[str, Any]) -> Iterator[QueryRow]:
    for question in paragraph["qas"]:
        yield QueryRow(
            id=f"{title}/{question['id']}",
            group=title,
            query=question["question"],
            evidence=(f"{title}/{at}",),
            category="factoid",
            answers=tuple(dict.fromkeys(answer["text"] for answer in question["answers"])),
        )
