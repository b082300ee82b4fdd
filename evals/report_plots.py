"""The plots of the report, as SVG that takes its colours from the page's style sheet.

Series differ in shape as well as in colour; each mark tells its figures when pointed at.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evals.report_html import Html, join, tag
from memex.significance import Interval

WIDTH: Final = 520
"""Pixels, of every plot."""
LABELS: Final = 150
"""Pixels on the left, for names."""
RIGHT: Final = 20
TOP: Final = 8
TICKS: Final = 22
"""Pixels below, for the numbers of the axis."""
AXIS: Final = 18
"""Pixels below these, for its name."""
LINE: Final = 15
"""Pixels between two marks of a group."""
GAP: Final = 12
"""Pixels between two groups."""
BAR: Final = 18
NAME: Final = 23
"""Characters of a name that fit."""
COLOURS: Final = 8
"""Series that the style sheet has colours for; those beyond begin again."""


@dataclass(frozen=True, slots=True)
class Group:
    """Marks under one name."""

    name: str
    marks: Mapping[str, Interval]
    """By series."""


@dataclass(frozen=True, slots=True)
class Point:
    """A mark of a scatter plot."""

    series: str
    x: float
    y: float
    """A share."""
    note: str
    large: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a plot of shares, with marks on it."""

    series: str
    points: Sequence[tuple[float, float]]
    marks: Sequence[Point] = ()


@dataclass(frozen=True, slots=True)
class Scale:
    """Values to pixels, linear or by logarithm."""

    low: float
    high: float
    first: float
    last: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """Pixels."""
        low, high, at = self.low, self.high, value
        if self.logarithmic:
            low, high, at = math.log(low), math.log(high), math.log(value)
        return self.first + (at - low) / (high - low) * (self.last - self.first)


def legend(series: Sequence[str]) -> Html:
    """Names of the series with their marks."""
    entries = [
        tag(
            "span",
            tag("svg", _mark(at, 7, 7), width=14, height=14, aria_hidden="true"),
            name,
            class_="key",
        )
        for at, name in enumerate(series)
    ]
    return tag("p", *entries, class_="legend")


def interval_plot(title: str, groups: Sequence[Group], series: Sequence[str]) -> Html:
    """A mark with its whisker for each series of each group; the axis in per cent."""
    found = [one for group in groups for one in group.marks.values()]
    x = _shares(found)
    parts: list[Html] = []
    y = float(TOP)
    for group in groups:
        height = LINE * len(group.marks)
        parts.append(_name(group.name, y + height / 2 + 4))
        for at, name in enumerate(series):
            if name in group.marks:
                y += LINE
                parts.append(_whisker(at, name, group, x, y - LINE / 2))
        y += GAP
    return _figure(title, y - GAP + TOP, [*_grid(x, y - GAP + TOP), *parts])


def stacked_bars(title: str, rows: Mapping[str, Sequence[float]], series: Sequence[str]) -> Html:
    """A bar of shares for each row, which are to add up to 1."""
    x = Scale(0, 1, LABELS, WIDTH - RIGHT)
    parts: list[Html] = []
    y = float(TOP)
    for name, shares in rows.items():
        parts.append(_name(name, y + BAR / 2 + 4))
        at = 0.0
        for place, share in enumerate(shares):
            parts.append(
                _piece(place, f"{name}, {series[place]}", (x(at), x(at + share)), share, y)
            )
            at += share
        y += BAR + GAP / 2
    return _figure(title, y + TOP, [*_grid(x, y + TOP), *parts])


def bar_legend(series: Sequence[str]) -> Html:
    """Names of the parts of a bar."""
    entries = [
        tag(
            "span",
            tag("svg", tag("rect", width=12, height=12, class_=f"part{at}"), width=12, height=12),
            name,
            class_="key",
        )
        for at, name in enumerate(series)
    ]
    return tag("p", *entries, class_="legend")


def scatter(title: str, points: Sequence[Point], series: Sequence[str], axis: str) -> Html:
    """Shares against something that is above 0, by its logarithm."""
    height = 300.0
    lowest, highest = min(one.x for one in points), max(one.x for one in points)
    x = Scale(lowest / 1.5, highest * 1.5, LABELS / 2, WIDTH - RIGHT, logarithmic=True)
    shares = _shares(Interval(1, one.y, one.y, one.y) for one in points)
    y = Scale(shares.low, shares.high, height, TOP)
    parts = [
        *_ticks_below(x, height),
        *(_level(y, share) for share in _steps(shares.low, shares.high)),
        tag("text", axis, x=WIDTH / 2, y=height + 32, text_anchor="middle"),
    ]
    for one in sorted(points, key=lambda point: point.large):
        size = 7 if one.large else 4
        mark = _mark(series.index(one.series), x(one.x), y(one.y), size, faint=not one.large)
        parts.append(tag("g", tag("title", one.note), mark))
    return _figure(title, height + AXIS, parts)


def lines(
    title: str,
    found: Sequence[Line],
    series: Sequence[str],
    axes: tuple[str, str],
    *,
    diagonal: bool = False,
) -> Html:
    """Shares against shares, both from 0; the names of the axes are of x, then of y."""
    height = 300.0
    x = Scale(0, 1, LABELS / 2, WIDTH - RIGHT)
    tops = [share for one in found for _, share in one.points]
    tops += [mark.y for one in found for mark in one.marks]
    y = Scale(0, 1 if diagonal else max(0.1, math.ceil(max(tops) * 10 - 1e-9) / 10), height, TOP)
    parts = [
        *_grid(x, height),
        *(_level(y, share) for share in _steps(y.low, y.high)),
        tag("text", axes[0], x=WIDTH / 2, y=height + 32, text_anchor="middle"),
        tag(
            "text",
            axes[1],
            x=14,
            y=height / 2,
            text_anchor="middle",
            transform=f"rotate(-90 14 {height / 2:.0f})",
        ),
    ]
    if diagonal:
        parts.append(tag("line", x1=x(0), x2=x(1), y1=y(0), y2=y(1), class_="diagonal"))
    for one in found:
        at = series.index(one.series)
        if len(one.points) > 1:
            corners = " ".join(f"{x(left):.1f},{y(up):.1f}" for left, up in one.points)
            parts.append(tag("polyline", points=corners, class_=f"line s{_hue(at)}"))
    for one in found:
        at = series.index(one.series)
        for mark in one.marks:
            drawn = _mark(at, x(mark.x), y(mark.y), 6.5 if mark.large else 4.5)
            parts.append(tag("g", tag("title", mark.note), drawn))
    return _figure(title, height + AXIS, parts)


def _figure(title: str, height: float, parts: Iterable[Html]) -> Html:
    drawn = tag(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH} {height + TICKS:.0f}",
        role="img",
        aria_label=title,
    )
    return tag("figure", tag("figcaption", title), drawn)


def _shares(found: Iterable[Interval]) -> Scale:
    """Whole tens of per cent around everything that is to be seen."""
    seen = list(found)
    low = math.floor(min(one.low for one in seen) * 10 + 1e-9) / 10
    high = math.ceil(max(one.high for one in seen) * 10 - 1e-9) / 10
    return Scale(low, max(high, low + 0.1), LABELS, WIDTH - RIGHT)


def _steps(low: float, high: float) -> list[float]:
    """Shares at which lines are drawn, six or so."""
    step = 0.1 if high - low <= 0.65 else 0.2
    first = math.ceil(low / step - 1e-9)
    return [at * step for at in range(first, math.floor(high / step + 1e-9) + 1)]


def _grid(x: Scale, height: float) -> list[Html]:
    """Upright lines with per cents below."""
    return [
        join(
            (
                tag("line", x1=x(share), x2=x(share), y1=TOP / 2, y2=height, class_="grid"),
                _tick(f"{100 * share:.0f} %", x(share), height),
            )
        )
        for share in _steps(x.low, x.high)
    ]


def _ticks_below(x: Scale, height: float) -> list[Html]:
    """1, 2 and 5 of each power of ten."""
    powers = range(math.floor(math.log10(x.low)), math.ceil(math.log10(x.high)) + 1)
    values = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
    return [
        join(
            (
                tag("line", x1=x(value), x2=x(value), y1=TOP, y2=height, class_="grid"),
                _tick(f"{value:g}", x(value), height),
            )
        )
        for value in values
        if x.low <= value <= x.high
    ]


def _level(y: Scale, share: float) -> Html:
    return join(
        (
            tag("line", x1=LABELS / 2, x2=WIDTH - RIGHT, y1=y(share), y2=y(share), class_="grid"),
            tag(
                "text", f"{100 * share:.0f} %", x=LABELS / 2 - 8, y=y(share) + 4, text_anchor="end"
            ),
        )
    )


def _tick(text: str, x: float, height: float) -> Html:
    return tag("text", text, x=x, y=height + 15, text_anchor="middle", class_="tick")


def _name(name: str, y: float) -> Html:
    """A name on the left, cut where it is too long."""
    short = name if len(name) <= NAME else f"{name[: NAME - 1]}…"
    return tag("text", tag("title", name), short, x=LABELS - 10, y=y, text_anchor="end")


def _whisker(at: int, series: str, group: Group, x: Scale, y: float) -> Html:
    one = group.marks[series]
    said = (
        f"{group.name}, {series}: {100 * one.mean:.1f} % "
        f"[{100 * one.low:.1f}, {100 * one.high:.1f}], n = {one.n}"
    )
    whisker = tag("line", x1=x(one.low), x2=x(one.high), y1=y, y2=y, class_=f"whisker s{_hue(at)}")
    return tag("g", tag("title", said), whisker, _mark(at, x(one.mean), y))


def _piece(at: int, name: str, ends: tuple[float, float], share: float, y: float) -> Html:
    first, last = ends
    drawn = [
        tag("title", f"{name}: {100 * share:.1f} %"),
        tag("rect", x=first, y=y, width=max(0.0, last - first), height=BAR, class_=f"part{at}"),
    ]
    if last - first > 26:
        middle = (first + last) / 2
        drawn.append(
            tag(
                "text",
                f"{100 * share:.0f}",
                x=middle,
                y=y + BAR / 2 + 4,
                text_anchor="middle",
                class_=f"on{at}",
            )
        )
    return tag("g", *drawn)


def _mark(at: int, x: float, y: float, size: float = 4.5, *, faint: bool = False) -> Html:
    """Square, diamond, triangle, disc, and again."""
    name = f"mark s{_hue(at)}{' faint' if faint else ''}"
    corners: tuple[tuple[float, float], ...]
    match at % 4:
        case 0:
            return tag(
                "rect",
                x=x - size * 0.8,
                y=y - size * 0.8,
                width=size * 1.6,
                height=size * 1.6,
                class_=name,
            )
        case 1:
            corners = ((x, y - size), (x + size, y), (x, y + size), (x - size, y))
        case 2:
            corners = ((x, y - size), (x + size, y + size * 0.8), (x - size, y + size * 0.8))
        case _:
            return tag("circle", cx=x, cy=y, r=size, class_=name)
    drawn = " ".join(f"{left:.1f},{down:.1f}" for left, down in corners)
    return tag("polygon", points=drawn, class_=name)


def _hue(at: int) -> int:
    return at % COLOURS
