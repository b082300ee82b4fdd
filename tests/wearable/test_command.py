"""`memex wearable`, as it is typed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from memex.config import Wearable, load_config
from tests.home import Home, home

CONFIG = """# mine
[listen]
always = true   # day and night
"""


@pytest.fixture
def memex(tmp_path: Path) -> Iterator[Home]:
    with home(tmp_path / "home") as made:
        made.path.mkdir()
        (made.path / "config.toml").write_text(CONFIG, encoding="utf-8")
        yield made


def worn(memex: Home) -> tuple[Wearable, ...]:
    return load_config(memex.paths).listen.wearables


def test_pairing_stands_in_the_configuration_and_what_stood_there_stays(memex: Home) -> None:
    done = memex.run("wearable", "pair", "C0:FF:EE:00:00:01", "--name", "necklace")
    assert "not encrypted" in done.stdout
    memex.run("wearable", "pair", "C0:FF:EE:00:00:02")
    memex.run("wearable", "pair", "c0:ff:ee:00:00:01", "--name", "pendant")
    assert worn(memex) == (
        Wearable("C0:FF:EE:00:00:02"),
        Wearable("c0:ff:ee:00:00:01", "pendant"),
    )
    rows = memex.json("wearable", "status")["devices"]
    assert [(row["device"], row["state"]) for row in rows] == [
        ("C0:FF:EE:00:00:02", "off"),
        ("pendant", "off"),
    ]
    memex.run("wearable", "remove", "pendant")
    memex.run("wearable", "remove", "C0:FF:EE:00:00:02")
    assert worn(memex) == ()
    assert load_config(memex.paths).listen.always
    assert "day and night" in (memex.path / "config.toml").read_text(encoding="utf-8")
    assert "no wearable of yours" in memex.run("wearable", "remove", "pendant", code=1).stderr
    memex.run("wearable", "pair", "C0:FF:EE:00:00:03")
    assert worn(memex) == (Wearable("C0:FF:EE:00:00:03"),)


@pytest.mark.skipif(
    sys.platform != "linux" or Path("/run/dbus/system_bus_socket").exists(),
    reason="only where there is no system bus is it known that there is no Bluetooth",
)
@pytest.mark.skipif(
    "DBUS_SYSTEM_BUS_ADDRESS" in os.environ, reason="the system bus is somewhere else"
)
def test_without_bluetooth_it_is_said_what_is_missing(memex: Home) -> None:
    told = memex.run("wearable", "scan", "--seconds", "1", code=1).stderr
    assert "D-Bus" in told
    assert "bluez" in told


def test_a_wearable_without_an_address_is_refused(memex: Home) -> None:
    (memex.path / "config.toml").write_text('[[listen.wearables]]\nname = "x"\n', encoding="utf-8")
    assert "listen.wearables" in memex.run("wearable", "status", code=1).stderr
