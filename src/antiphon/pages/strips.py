"""Where two agents differ, over time: one strip for each thing that is compared, one bar for each span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from antiphon.analysis.differences import AGREEMENTS, Differences, Numbers

WIDTH, ROW, GAP, LEFT = 1200, 46, 12, 120
"""Sizes of the strips in pixels."""

COLOURS = ("var(--accent)", "#d98f4e", "#5a86b8", "#c9bddb", "#9a97a3")
"""Of AGREEMENTS, in their order."""

LABELS = ("same place", "harmony alike", "louder, softer", "guide to first", "guide to second")
"""What the strips show, from above."""

LEVEL_RANGE_DB, WORTH_RANGE_BITS = 24.0, 4.0
"""What fills half a strip."""


@dataclass(frozen=True)
class Bar:
    """One span of a strip: its place and size, and what it says when it is pointed at."""

    x: float
    width: float
    y: float
    height: float
    told: str


@dataclass(frozen=True)
class Agreed:
    """One span of the first strip, which is full everywhere."""

    x: float
    width: float
    colour: str
    told: str


@dataclass(frozen=True)
class Strip:
    """Bars that stand on a line, or up and down from it."""

    ground: float
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Strips:
    """All strips; `labels` are their names with the height at which each is written."""

    agreed: Sequence[Agreed]
    strips: Sequence[Strip]
    seconds: float
    labels: Sequence[tuple[str, float]] = tuple(
        (label, number * (ROW + GAP) + ROW / 2 + 4) for number, label in enumerate(LABELS)
    )
    width: int = WIDTH
    height: int = len(LABELS) * (ROW + GAP)
    left: int = LEFT
    row: int = ROW


def strips(found: Differences, worth: tuple[Numbers, Numbers]) -> Strips:
    """The strips of a comparison; `worth` is what the guide was worth to each agent, in bits."""
    intervals = found.spans.intervals
    seconds = max(float(intervals[-1, 1]), 1e-9) if len(intervals) else 1.0
    scale = (WIDTH - LEFT) / seconds
    edges = [(LEFT + start * scale, max((stop - start) * scale - 0.5, 0.4)) for start, stop in intervals.tolist()]
    agreed = [
        Agreed(x, width, COLOURS[which], f"{AGREEMENTS[which]}, {start:.2f} s")
        for (x, width), which, start in zip(edges, found.agreement.tolist(), intervals[:, 0].tolist(), strict=True)
    ]
    rows = (
        _strip(edges, found.harmony, 1.0, 1, from_below=True),
        _strip(edges, found.louder, LEVEL_RANGE_DB, 2),
        _strip(edges, worth[0], WORTH_RANGE_BITS, 3),
        _strip(edges, worth[1], WORTH_RANGE_BITS, 4),
    )
    return Strips(agreed, rows, seconds)


def _strip(
    edges: Sequence[tuple[float, float]], values: Numbers, full: float, row: int, *, from_below: bool = False
) -> Strip:
    """One bar a span: up from below, or up and down from the middle of its row."""
    top = row * (ROW + GAP)
    ground, reach = (top + ROW, ROW) if from_below else (top + ROW / 2, ROW / 2)
    bars = []
    for (x, width), value in zip(edges, values.tolist(), strict=True):
        if isfinite(value):
            height = min(abs(value) / full, 1.0) * reach
            bars.append(Bar(x, width, ground - height if value > 0 else ground, height, f"{value:.2f}"))
    return Strip(ground, bars)
