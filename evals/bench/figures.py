"""What a benchmark reports, and what it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number."""

    name: str
    value: float
    unit: str = ""
    """"s", "ms", "MB", "×" for a ratio, …"""
    aim: str = ""
    """What is wanted of it, in words; never asserted."""
    note: str = ""
    """What it was measured on."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every benchmark is told."""

    audio: Path
    """Folder of recordings with their manifests."""
    recall: Path
    """Folder of recall sets."""
    work: Path
    """An empty folder for the files of the run."""
    home: Path
    """The data directory with the crowded memory; made when it is not there."""
    vectors: Path
    """Folder in which the vectors of real passages are kept between runs."""
    say: Callable[[str], None]
    """Tells the user how far it is."""
    minutes: int = 20
    """Length of the recording that is transcribed."""
    passages: int = 100_000
    """Size of the index that is searched."""
    rounds: int = 3
    """Interleaved repetitions of what is compared."""


def table(figures: Sequence[Figure]) -> Table:
    """The figures as a person reads them."""
    notes = dict.fromkeys(f"{one.name.split(',')[0]}: {one.note}" for one in figures if one.note)
    shown = Table(caption="\n".join(notes), caption_justify="left")
    shown.add_column("figure")
    shown.add_column("value", justify="right", no_wrap=True)
    shown.add_column("aim", no_wrap=True)
    for figure in figures:
        shown.add_row(figure.name, _value(figure), figure.aim)
    return shown


def _value(figure: Figure) -> str:
    digits = 3 if figure.unit == "×" else 1 if abs(figure.value) >= 1 else 3
    return f"{figure.value:.{digits}f} {figure.unit}".rstrip()
