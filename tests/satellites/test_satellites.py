"""Satellites over real sockets."""

from __future__ import annotations

import json
import socket
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.ears.satellites import MOST, Satellites
from tests.listener import Listener
from tests.satellites.device import WAIT, Device, connected
from tests.sounds import likeness, recording, samples


@dataclass
class Server:
    """The server, and what it heard."""

    satellites: Satellites
    token_file: Path
    ears: list[Listener] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.satellites.port

    @property
    def token(self) -> str:
        return self.token_file.read_text(encoding="ascii").strip()

    def device(self, name: str = "kitchen") -> Device:
        device = Device(self.port)
        answer = device.introduce(self.token, name)
        assert answer is not None
        assert answer.type == "authenticated"
        return device


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.01)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    ears: list[Listener] = []

    def ear_for(source: str, device: str, clock: Callable[[], datetime] | None = None) -> Listener:
        ears.append(Listener(source, device, clock))
        return ears[-1]

    token_file = tmp_path / "satellites.token"
    satellites = Satellites("127.0.0.1:0", token_file, ear_for, pause=60.0)
    satellites.start()
    try:
        yield Server(satellites, token_file, ears)
    finally:
        satellites.stop()


def test_stereo_at_44100_hertz_is_heard_as_it_was_said(server: Server, shared: Path) -> None:
    said, row = recording(shared, "read")
    stereo = samples(shared / "audio" / row["audio"], 44_100, "stereo")
    device = server.device()
    device.stream(stereo, 44_100, channels=2)
    device.sync()
    (ear,) = server.ears
    assert (ear.source, ear.device) == ("satellite", "kitchen")
    assert ear.lost == 0
    assert abs(len(ear.sound) - 16_000 - len(said)) < 160  # and a second of silence behind it
    assert likeness(said, ear.sound) > 0.97
    device.close()


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_samples_of_any_width(server: Server, width: int) -> None:
    said = (np.sin(np.arange(8000) / 8) * 20_000).astype(np.int16)
    wide = said.astype(np.int64) << 16 >> (32 - 8 * width)
    cells = (wide + (128 if width == 1 else 0)).astype("<i8").view(np.uint8).reshape(-1, 8)
    device = server.device()
    device.send("audio-chunk", cells[:, :width].tobytes(), rate=16_000, width=width, channels=1)
    device.sync()
    heard = server.ears[0].sound
    assert np.abs(heard.astype(int) - said).max() <= (256 if width == 1 else 0)
    device.close()


@pytest.mark.parametrize(
    "first",
    [
        ("authenticate", {"token": "x" * 43, "device": "kitchen"}),
        ("authenticate", {"token": "ü" * 43, "device": "kitchen"}),
        ("authenticate", {"device": "kitchen"}),
        ("authenticate", {"token": ["x"], "device": "kitchen"}),
        ("audio-start", {"rate": 16_000, "width": 2, "channels": 1}),
        ("run-pipeline", {}),
    ],
)
def test_without_the_token_nothing_is_heard(
    server: Server, first: tuple[str, dict[str, object]]
) -> None:
    with connected(server.port) as device:
        device.send(first[0], **first[1])
        answer = device.read()
        assert answer is not None
        assert answer.type == "error"
        assert answer.data["code"] == "unauthenticated"
        assert device.read() is None
    assert server.ears == []
    assert server.satellites.status() == []


def test_the_token_is_its_owners_alone_and_stays(server: Server, tmp_path: Path) -> None:
    assert stat.S_IMODE(server.token_file.stat().st_mode) == 0o600
    assert len(server.token) >= 43
    again = Satellites("127.0.0.1:0", server.token_file, Listener, pause=60.0)
    before = server.token
    again.start()
    again.stop()
    assert server.token == before


def test_a_token_that_is_too_short_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("1234")
    satellites = Satellites("127.0.0.1:0", tmp_path / "token", Listener, pause=60.0)
    satellites.start()
    (told,) = satellites.status()
    assert told["state"] == "off"
    assert "too short" in told["reason"]
    satellites.stop()


def test_a_port_that_is_taken_is_told(server: Server, tmp_path: Path) -> None:
    other = Satellites(f"127.0.0.1:{server.port}", tmp_path / "t", Listener, pause=60.0)
    other.start()
    (told,) = other.status()
    assert (told["source"], told["state"]) == ("satellite", "off")
    assert told["reason"]
    other.quiet("private")
    other.stop()


def test_describe_and_ping_are_answered(server: Server) -> None:
    with connected(server.port) as device:
        device.send("describe")
        told = device.read()
        assert told is not None
        assert told.type == "info"
        assert told.data["asr"] == []
        device.send("ping", text="there?")
        told = device.read()
        assert told is not None
        assert (told.type, told.data["text"]) == ("pong", "there?")


def test_private_is_told_and_what_comes_nevertheless_is_dropped(server: Server) -> None:
    device = server.device()
    tone = (np.sin(np.arange(16_000) / 8) * 20_000).astype(np.int16)
    device.stream(tone, 16_000)
    assert [event.type for event in device.sync()] == ["run-satellite"]
    (ear,) = server.ears
    heard = len(ear.blocks)
    assert heard
    server.satellites.quiet("private")
    assert ear.stops == ["private"]
    told = device.read()
    assert told is not None
    assert told.type == "pause-satellite"
    device.stream(tone, 16_000)
    device.sync()
    assert len(ear.blocks) == heard
    (status,) = server.satellites.status()
    assert status["state"] == "private"
    server.satellites.quiet(None)
    told = device.read()
    assert told is not None
    assert told.type == "run-satellite"
    device.stream(tone, 16_000)
    device.sync()
    assert len(ear.blocks) > heard
    device.close()


def test_who_connects_while_it_is_private_is_told_so(server: Server) -> None:
    server.satellites.quiet("private")
    device = server.device()
    told = device.read()
    assert told is not None
    assert told.type == "pause-satellite"
    device.stream(np.ones(16_000, np.int16), 16_000)
    device.sync()
    assert server.ears[0].blocks == []
    device.close()


def test_sound_that_a_device_did_not_get_through_is_counted(server: Server) -> None:
    device = server.device()
    how: dict[str, object] = {"rate": 16_000, "width": 2, "channels": 1}
    second = bytes(32_000)
    device.send("audio-start", **how)
    for timestamp in (0, 1000, 5000, 6080):  # three seconds are missing; 80 ms are jitter
        device.send("audio-chunk", second, **how, timestamp=timestamp)
    device.sync()
    assert server.ears[0].lost == 3 * 16_000
    device.close()


def test_what_is_sent_again_soon_belongs_to_the_same_recording(server: Server) -> None:
    device = server.device()
    device.stream(np.ones(16_000, np.int16), 16_000)
    device.stream(np.ones(16_000, np.int16), 16_000)
    device.sync()
    (ear,) = server.ears
    assert ear.stops == []
    until(lambda: server.satellites.status()[0]["state"] == "silent")
    device.close()
    until(lambda: ear.stops != [])
    assert ear.stops == [""]
    (status,) = server.satellites.status()
    assert (status["state"], status["reason"]) == ("off", "it left")


def test_a_recording_ends_when_nothing_is_sent_for_the_pause(tmp_path: Path) -> None:
    ears: list[Listener] = []

    def ear_for(source: str, device: str, clock: Callable[[], datetime] | None = None) -> Listener:
        ears.append(Listener(source, device, clock))
        return ears[-1]

    satellites = Satellites("127.0.0.1:0", tmp_path / "token", ear_for, pause=0.2)
    satellites.start()
    with connected(satellites.port) as device:
        device.introduce((tmp_path / "token").read_text().strip())
        device.stream(np.ones(16_000, np.int16), 16_000)
        device.sync()
        until(lambda: ears[0].stops == [""])
        assert ears[0].stops == [""]
    satellites.stop()


def test_a_device_that_breaks_off_is_lost_and_may_come_back(server: Server) -> None:
    device = server.device()
    device.send("audio-start", rate=16_000, width=2, channels=1)
    device.send("audio-chunk", bytes(3200), rate=16_000, width=2, channels=1)
    device.raw(b'{"type": "audio-chunk", "payload_length": 3200}\n' + bytes(100))
    device.close()
    until(lambda: [s["state"] for s in server.satellites.status()] == ["lost"])
    (ear,) = server.ears
    assert len(ear.sound) == 1600
    assert ear.stops == ["the satellite is gone"]
    again = server.device()
    again.sync()
    assert [s["state"] for s in server.satellites.status()] == ["silent"]
    again.close()


def test_a_device_that_connects_twice_is_heard_once(server: Server) -> None:
    first, second = server.device(), server.device()
    second.sync()
    while first.read() is not None:
        pass
    assert len(server.satellites.status()) == 1
    second.stream(np.ones(1600, np.int16), 16_000)
    second.sync()
    assert len(server.ears[1].sound) >= 1600
    first.close()
    second.close()


def test_no_more_connections_than_can_be_served(server: Server) -> None:
    crowd = [Device(server.port) for _ in range(MOST)]
    for device in crowd:
        device.sync()
    with connected(server.port) as late:
        told = late.read()
        assert told is not None
        assert (told.type, told.data["code"]) == ("error", "busy")
        assert late.read() is None
    for device in crowd:
        device.close()


HEAD = json.dumps({"type": "audio-chunk", "data": {"rate": 16000, "width": 2, "channels": 1}})
HOSTILE = [
    b"\n",
    b"\xff\xfe\n",
    b"GET / HTTP/1.1\r\nHost: memex\r\n\r\n",
    b"[]\n",
    b"{}\n",
    b'{"type": 1}\n',
    b'{"type": "ping", "data": 7}\n',
    b'{"type": "ping", "data_length": -1}\n',
    b'{"type": "ping", "data_length": 1e9}\n',
    b'{"type": "ping", "data_length": 99999999999}\n',
    b'{"type": "ping", "payload_length": 99999999999}\n',
    b'{"type": "ping", "payload_length": true}\n',
    b'{"type": "ping", "data_length": 2}\n[]',
    b"[" * 16_000 + b"\n",
    b'{"type": "ping", "data_length": 60000}\n' + b"[" * 60_000,
    b"x" * 100_000,
    b"9" * 10_000 + b"\n",
    b'{"type": "audio-chunk"}\n',
    b'{"type": "audio-chunk", "data": {"rate": 0, "width": 2, "channels": 1}}\n',
    b'{"type": "audio-chunk", "data": {"rate": 16000, "width": 9, "channels": 1}}\n',
    b'{"type": "audio-chunk", "data": {"rate": 16000, "width": 2, "channels": "1"}}\n',
    b'{"type": "audio-start", "data": {"rate": 1e400, "width": 2, "channels": 1}}\n',
    HEAD[:-1].encode() + b', "payload_length": 3}\nabc',
]


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_garbage_ends_its_connection_and_no_other(server: Server, data: bytes) -> None:
    good, bad = server.device("good"), server.device("bad")
    bad.sync()
    try:
        bad.raw(data)
        while (told := bad.read()) is not None:
            assert told.type == "error"
            assert told.data["code"] == "protocol"
    except ConnectionError:
        pass
    good.stream(np.ones(1600, np.int16), 16_000)
    good.sync()
    assert len(server.ears[0].sound) >= 1600
    good.close()
    bad.close()


frames = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda head, data, payload: json.dumps(head).encode() + b"\n" + data + payload,
        st.dictionaries(
            st.sampled_from(["type", "data", "data_length", "payload_length"]),
            st.one_of(
                st.integers(-2, 40),
                st.floats(),
                st.sampled_from(["audio-start", "audio-chunk", "audio-stop", "authenticate"]),
                st.dictionaries(
                    st.sampled_from(["rate", "width", "channels", "timestamp"]),
                    st.one_of(st.integers(-1, 48_000), st.floats(), st.none()),
                ),
            ),
        ),
        st.binary(max_size=40),
        st.binary(max_size=40),
    ),
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(frames, max_size=5), st.booleans())
def test_whatever_comes_the_server_goes_on(
    server: Server, sent: list[bytes], introduced: bool
) -> None:
    device = server.device("odd") if introduced else Device(server.port)
    try:
        for frame in sent:
            device.raw(frame)
        device.socket.shutdown(socket.SHUT_WR)
        while device.read() is not None:
            pass
    except (OSError, ValueError):
        pass
    device.close()
    with connected(server.port) as other:
        other.send("ping")
        told = other.read()
        assert told is not None
        assert told.type == "pong"
