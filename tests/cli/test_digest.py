"""`memex digest`, by the real command and daemon."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from memex.types import Segment
from tests.cli.test_about import CITATION, remember
from tests.documents import document, spoken
from tests.home import Home, home

GROUPS = ("decided", "promised", "said", "read")


@pytest.fixture(scope="module")
def memex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with home(tmp_path_factory.mktemp("home")) as made:
        made.run("up")
        yield made


def test_nothing_is_said_where_there_is_nothing(memex: Home) -> None:
    assert memex.run("digest", "yesterday").stdout == "Nothing was heard or read then.\n"
    digest = memex.json("digest", "yesterday")
    assert digest["found"] is False
    assert [digest[group] for group in GROUPS] == [[], [], [], []]
    assert memex.run("digest", "Zyxwvu").stdout == "I know nothing about Zyxwvu.\n"
    memex.run("digest", "?", code=1)


def test_each_line_has_its_source(memex: Home) -> None:
    talk = spoken(
        Segment("The hall is rather dark in winter.", 0.0, 4.0, "Ada"),
        Segment("We decided to paint it\x1b[2J blue.", 5.0, 8.0, "Ada"),
        Segment("I'll buy the paint on Friday.", 9.0, 12.0, "Ben"),
        title="\x1b[8mThe hall",
        created_at=datetime.now(UTC) - timedelta(days=2),
    )
    note = document("The loaf needs forty minutes in the oven.", uri="file:///bread.md")
    remember(memex, talk, note)
    digest = memex.json("digest", "week")
    assert set(digest) == {"name", "since", "until", "found", *GROUPS, "more", "near"}
    assert [len(digest[group]) for group in GROUPS] == [1, 1, 1, 1]
    lines = [line for group in GROUPS for line in digest[group]]
    assert [line["n"] for line in lines] == [1, 2, 3, 4]
    assert all(set(line) == {"n", "text", "spelled", *CITATION} for line in lines)
    assert digest["promised"][0]["speaker"] == "Ben"
    assert digest["read"][0]["document"] == note.id

    told = memex.run("digest", "week").stdout
    assert all(char.isprintable() or char == "\n" for char in told)
    printed = told.splitlines()
    bullets = [at for at, line in enumerate(printed) if "•" in line]
    assert len(bullets) == len(lines)
    for at, line in zip(bullets, lines, strict=True):
        assert printed[at + 1].strip().startswith(f"[{line['n']}] ")
        assert printed[at + 1].endswith(f"({line['document'][:8]})")

    of_ben = memex.json("digest", "ben")
    assert of_ben["name"] == "Ben"
    assert [line["text"] for line in of_ben["promised"]] == ["I'll buy the paint on Friday."]
    assert of_ben["said"] == []
