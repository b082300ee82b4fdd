from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from itertools import chain

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """The files in the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("memex_local-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(archive.namelist())


@pytest.mark.parametrize("package", ["memex", "ingest", "tui", "evals", "hardware"])
def test_the_wheel_holds_every_module(package: str, shipped: frozenset[str]) -> None:
    modules = {
        path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / package).rglob("*.py")
    }
    assert modules
    assert modules <= shipped


def test_the_wheel_holds_what_is_no_code(shipped: frozenset[str]) -> None:
    assert "memex/py.typed" in shipped
    for folder in ("memex/samples", "memex/migrations", "tui/page"):
        files = {
            path.relative_to(REPOSITORY).as_posix()
            for path in (REPOSITORY / folder).iterdir()
            if path.is_file()
        }
        assert len(files) > 1
        assert files <= shipped


def test_the_wheel_holds_nothing_else(shipped: frozenset[str]) -> None:
    tops = {name.split("/")[0] for name in shipped}
    (metadata,) = (name for name in tops if name.endswith(".dist-info"))
    assert tops == {"memex", "ingest", "tui", "evals", "hardware", metadata}


def test_every_dependency_has_one_version() -> None:
    """Two installs a month apart agree: whatever is asked for is pinned, and the
    pin is a version that is asked for.
    """
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    lines = (REPOSITORY / ".ci" / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", pin) for pin in pins)
    pinned = dict(pin.split("==") for pin in pins)
    assert pinned["torch"] == "2.13.0"
    for requirement in map(Requirement, chain.from_iterable(groups)):
        name = canonicalize_name(requirement.name)
        if name != canonicalize_name(project["name"]):
            assert requirement.specifier.contains(pinned[name])
