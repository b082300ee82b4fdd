from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from memex.config import Config, Paths, load_config
from memex.errors import InvalidRequest
from memex.retention import FOREVER, NEVER, Holding, Retention, Rule, Sound, due, lifetime, told

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
MONTH = timedelta(days=30)


def holding(days: float, source: str = "microphone", **others: object) -> Holding:
    """A document and its sound that came so many days ago."""
    since = NOW - timedelta(days=days)
    made = Holding("d", "A talk", source, "listening", since, True, (Sound("file:///a", since),))
    return replace(made, **others)  # type: ignore[arg-type] # whatever the test names


def config(tmp_path: Path, text: str) -> Config:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    return load_config(Paths(tmp_path, file))


@pytest.mark.parametrize("text", ["12h", "30d", "8w", "forever", "never"])
def test_a_lifetime_is_told_as_it_is_written(text: str) -> None:
    assert told(lifetime(text)) == {"8w": "56d"}.get(text, text)


@pytest.mark.parametrize("text", ["", "0d", "-1d", "30", "30 days", "1e9d", "d", "999999d"])
def test_what_is_no_lifetime(text: str) -> None:
    with pytest.raises(ValueError, match="no time"):
        lifetime(text)


def test_sound_goes_when_its_time_is_over_and_the_words_stay() -> None:
    rules = Retention(Rule(MONTH, FOREVER))
    assert due(rules, [holding(29.9)], NOW) == []
    old = holding(30)
    (gone,) = due(rules, [old], NOW)
    assert (gone.holding, gone.name, gone.sounds, gone.words) == (old, "others", old.sounds, False)


def test_words_take_their_sound_along() -> None:
    rules = Retention(Rule(FOREVER, MONTH))
    (gone,) = due(rules, [holding(31)], NOW)
    assert gone.words
    assert len(gone.sounds) == 1


def test_what_has_no_sound_any_more_is_not_due_again() -> None:
    assert due(Retention(Rule(MONTH, FOREVER)), [holding(31, sounds=())], NOW) == []


def test_a_source_has_times_of_its_own() -> None:
    rules = Retention(Rule(MONTH, FOREVER), sources={"podcast": Rule(timedelta(7), FOREVER)})
    assert [gone.name for gone in due(rules, [holding(8), holding(8, "podcast")], NOW)] == [
        "podcast"
    ]


def test_private_is_private_whatever_its_source() -> None:
    rules = Retention(sources={"microphone": Rule()})
    (gone,) = due(rules, [holding(0, consent="private")], NOW)
    assert gone.words


def test_what_the_user_has_too_is_not_forgotten() -> None:
    """Only the sound that Memex keeps of it goes."""
    (gone,) = due(Retention(Rule(MONTH, MONTH)), [holding(31, received=False)], NOW)
    assert (len(gone.sounds), gone.words) == (1, False)


def test_a_clock_that_was_set_back_lets_nothing_go() -> None:
    assert due(Retention(Rule(MONTH, MONTH)), [holding(-400)], NOW) == []


def test_the_configuration(tmp_path: Path) -> None:
    assert config(tmp_path, "").retention == Retention()
    read = config(
        tmp_path,
        '[retention]\naudio = "30d"\n[retention.sources.podcast]\ntranscripts = "52w"\n'
        '[intake]\naudio = "original"\n',
    )
    assert read.intake.audio == "original"
    assert read.retention.others == Rule(MONTH, FOREVER)
    assert read.retention.private == Rule(NEVER, NEVER)
    assert read.retention.rule("podcast", "") == Rule(MONTH, timedelta(weeks=52))


@pytest.mark.parametrize(
    "text",
    [
        '[intake]\naudio = "mp3"',
        "[intake]\naudio = 1",
        '[retention]\nsound = "30d"',
        "[retention]\naudio = 30",
        '[retention]\naudio = "soon"',
        '[retention]\nprivate = "a while"',
        "[retention]\nsources = 3",
        '[retention.sources]\npodcast = "7d"',
        '[retention.sources.podcast]\nvideo = "7d"',
        '[retention.sources.private]\naudio = "7d"',
        "retention = 4",
    ],
)
def test_a_faulty_configuration_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidRequest, match=r"config\.toml"):
        config(tmp_path, text)
