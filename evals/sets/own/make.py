"""The two files of the set, made of its text, of what was heard and of the samples.

    python -m evals.sets.own.make

Nothing is written where the text is malformed: a `ValueError` says where.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from rapidfuzz import fuzz

from evals.sets.own.samples import samples_topic
from evals.sets.own.source import FORMS, Piece, Question, Topic, read_topic

HERE: Final = Path(__file__).resolve().parent
TEXT: Final = HERE / "text"
HEARD: Final = HERE / "heard.jsonl"
SET: Final = "own"
MARKED: Final = re.compile(r"\{([^=}]+)(?:=([^}]+))?\}")
"""A name in a question: as it is typed, and as it is spelt."""

Row = dict[str, Any]


def topics() -> list[Topic]:
    """All files of the set, and the project's samples, which come last."""
    return [*(read_topic(path) for path in sorted(TEXT.glob("*.txt"))), samples_topic()]


def read_heard() -> dict[str, tuple[str, str]]:
    """What was said and what the recogniser made of it, by unit id."""
    rows = (json.loads(line) for line in HEARD.read_text(encoding="utf-8").splitlines())
    return {row["id"]: (row["said"], row["heard"]) for row in rows}


def unit_id(topic: Topic, piece: Piece, pos: int) -> str:
    """Of the unit at `pos` in a document."""
    return f"{SET}/{topic.name}/{piece.name}:{pos}"


def spoken(everything: Iterable[Topic]) -> Iterator[tuple[str, str, str]]:
    """Unit id, speaker and words of all that is said aloud."""
    for topic in everything:
        for piece in topic.pieces:
            if piece.spoken:
                for pos, line in enumerate(piece.lines):
                    yield unit_id(topic, piece, pos), line.speaker or "", line.text


def corpus(everything: Iterable[Topic], heard: Mapping[str, tuple[str, str]]) -> list[Row]:
    """The rows of `corpus.jsonl`. Raises `ValueError` where something was not heard yet."""
    rows = []
    for topic in everything:
        for piece in topic.pieces:
            for pos, line in enumerate(piece.lines):
                name = unit_id(topic, piece, pos)
                text = line.text
                if piece.spoken:
                    said, text = heard.get(name, ("", ""))
                    if said != line.text:
                        raise ValueError(f"{name} has changed since it was spoken: speak it again.")
                rows.append(
                    {
                        "id": name,
                        "set": SET,
                        "group": f"{SET}/{topic.name}",
                        "kind": FORMS[piece.form],
                        "title": piece.title,
                        "session": f"{SET}/{topic.name}/{piece.name}",
                        "pos": pos,
                        "time": piece.time,
                        "speaker": line.speaker,
                        "text": text,
                        "form": piece.form,
                        "source": "recognised" if piece.spoken else "written",
                        "said": line.text if piece.spoken else None,
                    }
                )
    return rows


def queries(everything: Iterable[Topic], texts: Mapping[str, str]) -> list[Row]:
    """The rows of `queries.jsonl`; `texts` are the corpus's, by unit id.

    Raises `ValueError` for evidence that is not there.
    """
    written = list(everything)
    tags, units = _tags(written), _units(written)
    rows = []
    for topic in written:
        for number, question in enumerate(topic.questions, 1):
            evidence = [_found(one, topic.name, tags, units) for one in question.evidence]
            if len(set(evidence)) != len(evidence) or not evidence:
                raise ValueError(f"“{question.text}” names a unit twice, or none.")
            row = _row(topic, number, question, evidence)
            if row["category"] == "misheard-name":
                row["note"]["likeness"] = likeness(row["note"]["names"], texts, evidence)
            rows.append(row)
    return rows


def likeness(names: Iterable[str], texts: Mapping[str, str], evidence: Iterable[str]) -> int:
    """How much of a name is left where it was misheard: `partial_ratio` of the letters,
    0 to 100, of the name that is left least.
    """
    heard = _letters(" ".join(texts[name] for name in evidence))
    return round(min(fuzz.partial_ratio(_letters(name), heard) for name in names))


def _letters(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalpha())


def _row(topic: Topic, number: int, question: Question, evidence: list[str]) -> Row:
    names = {typed: right or typed for typed, right in MARKED.findall(question.text)}
    note: Row = {"names": names} if names else {}
    if not question.answerable:
        note |= {"kind": question.category, "adversarial_answer": question.answers[0]}
    return {
        "id": f"{SET}/{topic.name}/q{number}",
        "set": SET,
        "group": f"{SET}/{topic.name}",
        "query": MARKED.sub(r"\1", question.text),
        "answer": question.answers[0] if question.answerable else None,
        "answers": list(question.answers) if question.answerable else None,
        "evidence": evidence,
        "category": question.category if question.answerable else "unanswerable",
        "answerable": question.answerable,
        "asked_at": question.asked_at,
        "note": note or None,
        "split": topic.split,
    }


def _tags(everything: Iterable[Topic]) -> dict[str, str]:
    found: dict[str, str] = {}
    for topic in everything:
        for piece in topic.pieces:
            for pos, line in enumerate(piece.lines):
                if line.tag:
                    name = f"{topic.name}.{line.tag}"
                    if name in found:
                        raise ValueError(f"Two units are called {name}.")
                    found[name] = unit_id(topic, piece, pos)
    return found


def _units(everything: Iterable[Topic]) -> dict[str, str]:
    """Texts as they were written, by unit id."""
    return {
        unit_id(topic, piece, pos): line.text
        for topic in everything
        for piece in topic.pieces
        for pos, line in enumerate(piece.lines)
    }


def _found(one: str, topic: str, tags: Mapping[str, str], units: Mapping[str, str]) -> str:
    """The unit that a tag, or words after `~`, point at."""
    if not one.startswith("~"):
        name = one if "." in one else f"{topic}.{one}"
        if name not in tags:
            raise ValueError(f"No unit is called {name}.")
        return tags[name]
    words = one[1:].strip()
    found = [name for name, text in units.items() if words in text]
    if len(found) != 1:
        raise ValueError(f"{topic}: “{words}” stands in {len(found)} units: {found}")
    return found[0]


def lines(rows: Iterable[Row]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def main() -> None:
    """Write both files and say what is in them."""
    everything = topics()
    units = corpus(everything, read_heard())
    asked = queries(everything, {row["id"]: row["text"] for row in units})
    (HERE / "corpus.jsonl").write_text(lines(units), encoding="utf-8")
    (HERE / "queries.jsonl").write_text(lines(asked), encoding="utf-8")
    print(f"{len(units)} units, {len(asked)} questions")
    for counted in ("form", "source"):
        print(dict(Counter(row[counted] for row in units)))
    for counted in ("category", "split"):
        print(dict(Counter(row[counted] for row in asked)))


if __name__ == "__main__":
    main()
