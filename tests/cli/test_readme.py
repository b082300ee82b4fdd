"""What the README tells people to type is what there is."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from memex.cli import COMMANDS, cli
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
TYPED = re.findall(r"^(?:\$ )?memex (.+)$", README, re.MULTILINE)
LINES = sorted({line.split("#")[0].strip() for line in TYPED})
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("line", LINES)
def test_the_command_line_is_understood(line: str) -> None:
    """Each is parsed down to its last option, and not run."""
    name, *arguments = shlex.split(line)
    context = cli.make_context("memex", [], resilient_parsing=True)
    command = cli.get_command(context, name)
    assert command is not None
    while hasattr(command, "get_command") and arguments:
        command = command.get_command(context, arguments.pop(0))
        assert command is not None
    command.make_context(name, arguments, parent=context)


def test_the_readme_has_the_commands() -> None:
    named = {line.split()[0] for line in LINES}
    assert set(COMMANDS) - named <= {"completion"}


def test_the_readme_has_what_a_group_can_do() -> None:
    context = cli.make_context("memex", [], resilient_parsing=True)
    commands = {name: cli.get_command(context, name) for name in COMMANDS}
    groups = {name: group for name, group in commands.items() if isinstance(group, click.Group)}
    assert {"people", "private", "wearable", "models"} <= groups.keys()
    can = {f"{name} {each}" for name, group in groups.items() for each in group.commands}
    assert can <= {" ".join(line.split()[:2]) for line in LINES}


def test_the_readme_has_how_it_listens() -> None:
    context = cli.make_context("memex", [], resilient_parsing=True)
    command = cli.get_command(context, "listen")
    assert command
    said = "\n".join(line for line in README.splitlines() if line.startswith("memex listen"))
    for option in command.params:
        assert all(name in said for name in (*option.opts, *option.secondary_opts))


@pytest.mark.parametrize("target", re.findall(r"^make (\w+)", README, re.MULTILINE))
def test_the_make_target_is_there(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
