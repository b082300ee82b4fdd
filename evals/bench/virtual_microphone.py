"""Microphones that are none: whatever is played to them is what they hear.

A PulseAudio server of its own, in a directory of its own: for each microphone a sink without
a loudspeaker, and a source that hears it. Programs reach them through ALSA, so PortAudio
does too, by the names given here; they need `environment`. The clock is real.

    with VirtualMicrophone("desk") as microphone:
        recorder = subprocess.Popen([...], env=microphone.environment)
        microphone.play(Path("speech.wav"))
        microphone.unplug("desk")
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from memex.errors import MemexError

PROGRAMS: Final = ("pulseaudio", "pactl", "paplay", "parec", "sox")
"""What has to be installed; besides these ALSA's plugin for PulseAudio."""
PLUGIN: Final = "alsa-lib/libasound_module_pcm_pulse.so"
START_SECONDS: Final = 20.0
"""How long the server may take to answer."""
STOP_SECONDS: Final = 5.0
LATENCY: Final = 50
"""Milliseconds that recorders buffer."""
AHEAD: Final = 500
"""Milliseconds that the server has of what is played, so that a player which gets no time
leaves no hole in it."""
TROUBLES: Final = 3
"""Lines of the server's log that an error shows."""


class NoVirtualMicrophone(MemexError):
    """Something is missing here, or the server failed."""


def missing() -> tuple[str, ...]:
    """What is not installed here; empty when there can be virtual microphones."""
    programs = tuple(name for name in PROGRAMS if shutil.which(name) is None)
    return programs if _plugin() else (*programs, Path(PLUGIN).name)


class VirtualMicrophone:
    """A server with microphones; the first is the system's default."""

    def __init__(self, *names: str, rate: int = 16_000) -> None:
        """`names` as PortAudio will know them (one called "desk" if none is given); `rate` is
        that of the devices, in samples a second.
        """
        self.names = names or ("desk",)
        self.rate = rate
        self._folder = Path()
        self._server: subprocess.Popen[bytes] | None = None
        self._modules: dict[str, list[str]] = {}
        self._players: list[subprocess.Popen[bytes]] = []
        self._wakers: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def environment(self) -> dict[str, str]:
        """For programs that are to hear these microphones: this process's, changed."""
        folder = str(self._folder)
        return os.environ | {
            "HOME": folder,
            "XDG_RUNTIME_DIR": folder,
            "XDG_CONFIG_HOME": f"{folder}/config",
            "PULSE_RUNTIME_PATH": f"{folder}/pulse",
            "PULSE_SERVER": f"unix:{folder}/pulse/native",
            "PULSE_LATENCY_MSEC": str(LATENCY),
        }

    def play(self, sound: Path, to: str | None = None) -> None:
        """Play a file to the end, to the first microphone or another. Raises
        `NoVirtualMicrophone`.
        """
        if self.start(sound, to).wait():
            raise NoVirtualMicrophone(f"{sound} could not be played.")

    def start(self, sound: Path, to: str | None = None) -> subprocess.Popen[bytes]:
        """Begin to play a file (whatever sox reads); ends with `close` at the latest."""
        command = (
            "paplay",
            f"--latency-msec={AHEAD}",
            f"--device={to or self.names[0]}_speaker",
            str(self._as_played(sound)),
        )
        environment = self.environment | {"PULSE_LATENCY_MSEC": str(AHEAD)}
        player = subprocess.Popen(command, env=environment)
        self._players.append(player)
        return player

    def unplug(self, name: str | None = None) -> None:
        """Take a microphone away, the first or another: whoever records it is cut off."""
        name = name or self.names[0]
        for module in reversed(self._modules.pop(name)):
            self._control("unload-module", module)
        _end(self._wakers.pop(name))

    def plug(self, name: str | None = None) -> None:
        """Put it back."""
        name = name or self.names[0]
        form = f"format=s16le rate={self.rate} channels=1"
        sink = self._control("load-module", "module-null-sink", f"sink_name={name}_speaker", form)
        self._keep_awake(name)
        source = self._control(
            "load-module",
            "module-remap-source",
            f"source_name={name}",
            f"master={name}_speaker.monitor",
            form,
        )
        self._modules[name] = [sink, source]
        if name == self.names[0] or len(self._modules) == 1:
            self.default(name)

    def default(self, name: str) -> None:
        """Make it the one that is used where nobody names one."""
        self._control("set-default-source", name)
        self._control("set-default-sink", f"{name}_speaker")

    def plugged(self) -> tuple[str, ...]:
        """Those that are there."""
        return tuple(self._modules)

    def close(self) -> None:
        """End the server and whatever plays."""
        server = [self._server] if self._server else []
        for process in (*self._players, *self._wakers.values(), *server):
            _end(process)
        self._players, self._server = [], None
        self._modules, self._wakers = {}, {}
        if self._folder != Path():
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = Path()

    def open(self) -> None:
        """Start the server and plug every microphone in. Raises `NoVirtualMicrophone`."""
        absent = missing()
        if absent:
            raise NoVirtualMicrophone(
                f"There are no virtual microphones without {', '.join(absent)}.",
                "apt install pulseaudio pulseaudio-utils libasound2-plugins sox",
            )
        self._folder = Path(tempfile.mkdtemp(prefix="microphone-"))
        (self._folder / "pulse").mkdir(mode=0o700)
        (self._folder / ".asoundrc").write_text(self._alsa(), encoding="utf-8")
        self._server = self._serve()
        self._await()
        for name in self.names:
            self.plug(name)

    def __enter__(self) -> Self:
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _keep_awake(self, name: str) -> None:
        """Have somebody listen all the time: a sink that nobody hears sleeps up to two seconds
        before its first sound, which no real microphone does.
        """
        hear = ("parec", f"--latency-msec={LATENCY}", f"--device={name}_speaker.monitor")
        self._wakers[name] = subprocess.Popen(
            hear, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        with subprocess.Popen(hear, env=self.environment, stdout=subprocess.PIPE) as first:
            assert first.stdout is not None
            first.stdout.read(1)
            first.terminate()

    def _serve(self) -> subprocess.Popen[bytes]:
        socket = f"socket={self._folder}/pulse/native auth-anonymous=1"
        command = (
            *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1"),
            *("--use-pid-file=no", "--disable-shm=yes", "--realtime=no", "--high-priority=no"),
            *("-L", f"module-native-protocol-unix {socket}"),
        )
        with self._log.open("wb") as log:
            return subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def _await(self) -> None:
        """Wait until the server answers."""
        assert self._server is not None
        deadline = time.monotonic() + START_SECONDS
        ask = ("pactl", "info")
        while subprocess.run(
            ask, env=self.environment, capture_output=True, check=False
        ).returncode:
            if self._server.poll() is not None or time.monotonic() > deadline:
                last = self._log.read_text(errors="replace").splitlines()[-TROUBLES:]
                raise NoVirtualMicrophone(f"PulseAudio does not start: {' '.join(last)}")
            time.sleep(0.05)

    def _control(self, *command: str) -> str:
        """What pactl prints."""
        done = subprocess.run(
            ("pactl", *command),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NoVirtualMicrophone(f"pactl {' '.join(command)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def _as_played(self, sound: Path) -> Path:
        """The file in the form of the devices: paplay misreads some others."""
        ready = self._folder / f"{len(self._players)}.wav"
        form = ("-D", str(sound), "-r", str(self.rate), "-c", "1", "-b", "16", str(ready))
        done = subprocess.run(("sox", *form), capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoVirtualMicrophone(f"sox cannot read {sound}: {done.stderr.strip()}")
        return ready

    def _alsa(self) -> str:
        """The devices by their names, for programs that speak to ALSA."""
        default = "pcm.!default { type pulse }\nctl.!default { type pulse }\n"
        named = (
            f"pcm.{name} {{ type pulse device {name} }}\nctl.{name} {{ type pulse }}\n"
            for name in self.names
        )
        return default + "".join(named)

    @property
    def _log(self) -> Path:
        return self._folder / "pulseaudio.log"


def _plugin() -> Path | None:
    found = Path("/usr/lib").glob(f"**/{PLUGIN}") if Path("/usr/lib").is_dir() else iter(())
    return next(iter(found), None)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
