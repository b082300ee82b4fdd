"""Pausing: whoever wants nobody to listen is not listened to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest

from memex.commands.pause import Length
from memex.pause import Pause


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "paused.json"


def test_until_it_is_ended(file: Path) -> None:
    assert not Pause(file).active()
    Pause(file).begin()
    assert Pause(file).active()
    assert Pause(file).until() is None
    assert file.stat().st_mode & 0o777 == 0o600
    assert Pause(file).end()
    assert not Pause(file).end()


def test_for_a_while(file: Path) -> None:
    Pause(file).begin(timedelta(hours=2))
    until = Pause(file).until()
    assert until is not None
    assert abs(until - datetime.now(UTC) - timedelta(hours=2)) < timedelta(seconds=5)
    Pause(file).begin(timedelta(0))  # over before it began, not for ever
    assert not Pause(file).active()


@pytest.mark.parametrize(
    "text", ["", "\n", "{}", "[]", '{"until": "soon"}', '{"until": 3}', "\xff"]
)
def test_a_file_that_says_nothing_is_a_pause_that_can_be_ended(file: Path, text: str) -> None:
    """A power cut may leave it so."""
    file.write_bytes(text.encode("latin-1"))
    assert Pause(file).active()
    assert Pause(file).until() is None
    assert Pause(file).end()
    assert not Pause(file).active()


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("1h30m", timedelta(minutes=90)),
        ("0.5d", timedelta(hours=12)),
    ],
)
def test_lengths(text: str, length: timedelta) -> None:
    assert Length().convert(text, None, None) == length


@pytest.mark.parametrize("text", ["0m", "0s", "99999999999d", "9" * 400 + "h", "2", "", "h", "-1h"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Length().convert(text, None, None)
