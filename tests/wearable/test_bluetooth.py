"""The real radio's library against a BlueZ on a bus of its own: from the command to the spool."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from memex.items import Item
from memex.spool import Spool
from tests.conftest import REPOSITORY
from tests.home import Home, home
from tests.sounds import likeness, recording, samples

WAIT = 90.0
"""Seconds that a test waits at the most."""
ADDRESS = "C0:FF:EE:00:00:01"

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("dbus-daemon") is None,
    reason="no bus of one's own without dbus-daemon: see .ci/system-packages",
)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.05)


@pytest.fixture
def sound(shared: Path) -> Path:
    _, row = recording(shared)
    return shared / "audio" / str(row["audio"])


@pytest.fixture
def memex(tmp_path: Path, sound: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    bus = f"unix:path={tmp_path}/bus"
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus)
    started = [
        subprocess.Popen(["dbus-daemon", "--session", "--nofork", f"--address={bus}"]),
    ]
    until((tmp_path / "bus").exists)
    bluez = subprocess.Popen(
        [sys.executable, "-m", "tests.wearable.bluez", str(sound)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
    )
    started.append(bluez)
    assert bluez.stdout
    assert bluez.stdout.readline() == b"ready\n"
    try:
        with home(tmp_path / "home") as made:
            made.path.mkdir()
            (made.path / "config.toml").write_text(
                "[listen]\nalways = true\nchime = false\n", encoding="utf-8"
            )
            yield made
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()
        bluez.stdout.close()


def began(item: Item) -> datetime:
    assert item.provenance is not None
    assert (item.provenance.source, item.provenance.device) == ("wearable", "necklace")
    assert item.provenance.started_at is not None
    return item.provenance.started_at


def test_a_scan_shows_wearables_and_on_demand_everything(memex: Home) -> None:
    found = memex.json("wearable", "scan", "--seconds", "2")["devices"]
    assert found == [{"address": ADDRESS, "name": "Omi", "strength": -50, "kind": "omi"}]
    told = memex.run("wearable", "scan", "--seconds", "2", "--all").stdout
    assert "LED" in told


def test_what_a_paired_wearable_hears_and_stored_is_in_the_spool(memex: Home, sound: Path) -> None:
    memex.run("wearable", "pair", ADDRESS, "--name", "necklace")
    ears = subprocess.Popen(
        [sys.executable, "-m", "ingest.ears.daemon", "--quiet"], env=memex.environment
    )
    spool = Spool(memex.paths.spool)
    try:
        until(lambda: len(spool.waiting()) == 1)  # what it stored is over
        until(lambda: memex.json("wearable", "status")["devices"][0]["state"] == "silent")
        rows = memex.json("wearable", "status")["devices"]
        assert [(row["source"], row["device"]) for row in rows] == [("wearable", "necklace")]
    finally:
        ears.send_signal(signal.SIGTERM)
        ears.wait(WAIT)
    origins = {began(item): item for item in spool.waiting()}
    assert len(origins) == 2
    first = min(origins)
    assert abs((first - datetime(2026, 3, 5, 9, 30, tzinfo=UTC)).total_seconds()) < 5
    said = samples(sound)
    for item in origins.values():
        kept = samples(Path(item.path))
        assert len(kept) > len(said) - 3 * 16_000
        middle = kept[16_000:-32_000]
        assert likeness(middle, said, len(said) - len(middle)) > 0.9
