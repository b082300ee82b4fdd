"""How far a long command is, shown stage by stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from memex.protocols import Step


@contextmanager
def progress() -> Iterator[Callable[[Step], None]]:
    """A bar for each stage of something long, where a terminal shows it."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("")

        def tell(step: Step) -> None:
            bar.update(task, description=step.stage, completed=step.done, total=step.total)

        yield tell
