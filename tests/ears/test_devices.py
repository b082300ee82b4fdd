"""Which microphone is used, and `memex devices`."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from evals.bench.virtual_microphone import VirtualMicrophone
from memex.cli import main
from memex.microphones import Device, candidates, choose

BUILT_IN = Device(0, "HDA Intel PCH: ALC257 (hw:0,0)", "ALSA", 2, 2, 44_100)
YETI = Device(1, "Yeti Stereo Microphone: USB Audio (hw:1,0)", "ALSA", 2, 0, 48_000)
HDMI = Device(2, "HDMI 0 (hw:0,3)", "ALSA", 0, 8, 44_100)
DEFAULT = Device(3, "default", "ALSA", 32, 32, 44_100, default_input=True, default_output=True)
ALL = (BUILT_IN, YETI, HDMI, DEFAULT)


@pytest.mark.parametrize(
    ("wanted", "device", "why"),
    [
        ("", DEFAULT, "the system's default"),
        ("  ", DEFAULT, "the system's default"),
        ("yeti", YETI, "its name has “yeti” in it"),
        ("Default", DEFAULT, "its name has “Default” in it"),
        ("hw:", BUILT_IN, "its name has “hw:” in it"),
        ("HDMI", DEFAULT, "there is no “HDMI”: the system's default instead"),
        ("Rode", DEFAULT, "there is no “Rode”: the system's default instead"),
    ],
)
def test_choice(wanted: str, device: Device, why: str) -> None:
    assert choose(ALL, wanted) == (device, why)


def test_choice_without_a_default() -> None:
    assert choose((HDMI, YETI), "") == (
        YETI,
        "the first that there is, for the system names no default",
    )
    assert choose((HDMI,), "Yeti") == (None, "there is no microphone")


def test_a_whole_name_goes_before_a_part() -> None:
    twin = replace(DEFAULT, index=4, name="Yeti", default_input=False)
    assert choose((YETI, twin), "yeti")[0] == twin


def test_what_is_tried_when_the_wanted_one_refuses() -> None:
    tried = list(candidates(ALL, "Yeti"))
    assert [device for device, _ in tried] == [YETI, DEFAULT]
    assert tried[1][1] == "“Yeti” cannot be opened: the system's default instead"
    assert len(list(candidates(ALL, ""))) == 1
    assert not list(candidates((), "Yeti"))


def test_rates() -> None:
    """ALSA does not know the rate of a device, Core Audio does."""
    assert BUILT_IN.rates == (48_000, 44_100, 16_000)
    assert replace(YETI, host="Core Audio", rate=44_100).rates == (44_100, 48_000, 16_000)


def memex(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "memex.cli", "devices", *arguments)
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_devices_are_listed(mics: VirtualMicrophone, tmp_path: Path) -> None:
    environment = mics.environment | {"MEMEX_HOME": str(tmp_path)}
    (tmp_path / "config.toml").write_text('[listen]\ndevice = "HeadS"\n')
    hiss = tmp_path / "hiss.wav"
    made = ("sox", "-n", "-r", "48000", "-b", "16", hiss, "synth", "15", "whitenoise", "vol", "0.1")
    subprocess.run(made, check=True)
    mics.start(hiss, to="headset")
    done = memex("--json", environment=environment)
    assert done.returncode == 0
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert found["wanted"] == "HeadS"
    assert found["used"] == "headset"
    by_name = {row["name"]: row for row in found["microphones"]}
    assert -35 < by_name["headset"]["level"] < -15
    assert by_name["desk"]["level"] == -120
    assert by_name["headset"]["used"]
    assert [name for name, row in by_name.items() if row["default"]] == ["default"]
    assert "headset" in {row["name"] for row in found["loudspeakers"]}

    shown = memex(environment=environment)
    assert shown.returncode == 0
    assert "→ headset  ALSA" in shown.stdout
    assert "nothing at all: is it muted?" in shown.stdout
    assert shown.stdout.endswith("Memex listens to headset: its name has “HeadS” in it.\n")


def test_a_device_that_refuses_is_said(mics: VirtualMicrophone, tmp_path: Path) -> None:
    environment = mics.environment | {"MEMEX_HOME": str(tmp_path)}
    (tmp_path / "config.toml").write_text('[listen]\ndevice = "desk"\n')
    mics.unplug("desk")
    shown = memex(environment=environment)
    assert shown.returncode == 0
    assert shown.stderr == ""
    assert "desk cannot be opened: " in shown.stdout
    assert shown.stdout.endswith("It cannot be opened just now.\n")
    quick = memex("--no-levels", environment=environment)
    assert "dBFS" not in quick.stdout


def test_a_machine_without_microphones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEMEX_HOME", str(tmp_path))
    monkeypatch.setattr("memex.commands.devices.devices", lambda: (HDMI,))
    with pytest.raises(SystemExit) as ended:
        main(["devices"])
    assert ended.value.code == 1
    shown = capsys.readouterr()
    assert "Microphones\n  none\nLoudspeakers\n  HDMI 0 (hw:0,3)" in shown.out
    assert shown.err.startswith("memex: There is no microphone. ")
    with pytest.raises(SystemExit) as ended:
        main(["devices", "--json"])
    assert ended.value.code == 0
    assert json.loads(capsys.readouterr().out)["used"] is None


def test_a_machine_without_portaudio(tmp_path: Path) -> None:
    without = (
        "import ctypes.util, sys\n"
        "ctypes.util.find_library = lambda name: None\n"
        "from memex.cli import main\n"
        "main(['devices'])\n"
    )
    done = subprocess.run(
        (sys.executable, "-c", without),
        env={"PATH": "/usr/bin:/bin", "MEMEX_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "PortAudio is not installed" in done.stderr
    assert "libportaudio2" in done.stderr


def test_another_process_says_what_is_usable(mics: VirtualMicrophone) -> None:
    def said(wanted: str) -> str:
        command = (sys.executable, "-m", "memex.microphones", wanted)
        found = subprocess.run(command, env=mics.environment, capture_output=True, text=True)
        assert found.returncode == 0
        return found.stdout.strip()

    assert said("headset") == "headset"
    mics.unplug("headset")
    assert said("headset") == "default"
