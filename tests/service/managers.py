"""Service managers that write down what they are asked, and do the least of it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.home import Home

SYSTEMCTL = """#!{python}
import json, os, pathlib, shlex, subprocess, sys
arguments = sys.argv[1:]
here = pathlib.Path(__file__).parent
with (here / "calls").open("a") as calls:
    print(pathlib.Path(sys.argv[0]).name, *arguments, file=calls)
if (here / "refuses").exists():
    sys.exit("Failed to connect to bus: No medium found")
if "--property=Version" in arguments:
    print("Version=252.38-1~deb12u1")
verb = next(argument for argument in arguments if not argument.startswith("-"))
names = [argument for argument in arguments if argument.endswith(".service")]
if verb in ("stop", "disable"):  # (who asked ends them)
    for name in names:
        (here / f"{{name}}.pid").unlink(missing_ok=True)
if verb == "start" or "--now" in arguments and verb == "enable":
    units = pathlib.Path(os.environ["HOME"], ".config/systemd/user")
    for name in names:
        lines = (units / name).read_text().splitlines()
        values = [line.split("=", 1) for line in lines if "=" in line]
        command = shlex.split(dict(values)["ExecStart"].removeprefix(":"))
        texts = [shlex.split(value)[0] for key, value in values if key == "Environment"]
        set_ = dict(text.split("=", 1) for text in texts)
        started = here / f"{{name}}.pid"
        if started.exists():
            continue
        process = subprocess.Popen(command, cwd="/", env={{**os.environ, **set_}},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        started.write_text(str(process.pid))
"""
OTHER = """#!/bin/sh
echo "${0##*/} $*" >> "${0%/*}/calls"
"""


@dataclass(frozen=True)
class Managed(Home):
    """A Memex whose user has a service manager, of a kind."""

    programs: Path

    @property
    def user(self) -> Path:
        """The user's home directory."""
        return self.programs.parent / "ada"

    @property
    def units(self) -> Path:
        return self.user / ".config" / "systemd" / "user"

    @property
    def environment(self) -> dict[str, str]:
        path = f"{self.programs}{os.pathsep}{os.environ['PATH']}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        return {
            **kept,
            "MEMEX_HOME": str(self.path),
            "MEMEX_MODELS": os.environ.get("MEMEX_MODELS", ""),
            "HOME": str(self.user),
            "PATH": path,
            "NO_COLOR": "1",
        }

    def calls(self) -> list[str]:
        """What the manager was asked since the last look, without mere questions."""
        file = self.programs / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return [line for line in lines if " show" not in line]

    def refuse(self) -> None:
        """From here on nobody answers."""
        (self.programs / "refuses").touch()


def managed(folder: Path) -> Managed:
    """Make the programs."""
    programs = folder / "programs"
    programs.mkdir()
    (folder / "ada").mkdir()
    for name, text in {
        "systemctl": SYSTEMCTL.format(python=sys.executable),
        "systemd-run": OTHER,
        "loginctl": OTHER,
    }.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return Managed(folder / "home of ada", programs)
