"""The page on what a listening study has shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from antiphon.listening.analysis import CHANCE, Finding
from antiphon.listening.study import Study
from antiphon.pages import render

WIDTH, ROW, LEFT, RIGHT = 640, 44, 170, 20
"""Sizes of the drawing in its own units."""

FULL = 100.0
"""What the scale of both kinds of study ends at: percent of choices, or points."""


@dataclass(frozen=True)
class Whisker:
    """An estimate with its interval, as it is drawn."""

    name: str
    y: float
    low: float
    middle: float
    high: float
    told: str


def listening_page(study: Study, finding: Finding) -> str:
    """The page, as HTML."""
    drawn = _choices(finding) if finding.kind == "2afc" else _ratings(finding)
    return render(
        "listening.html",
        study=study,
        finding=finding,
        whiskers=drawn,
        width=WIDTH,
        left=LEFT,
        right=WIDTH - RIGHT,
        height=len(drawn) * ROW + 30,
        marks=[(_x(value), value) for value in (0, 25, 50, 75, 100)],
        chance=_x(100 * CHANCE) if finding.kind == "2afc" else None,
        head=_HEADS[finding.kind],
        rows=_rows(finding),
    )


_HEADS = {
    "2afc": ("held against", "chosen", "share", "95 % interval", "p", "p (Holm)"),
    "rating": ("condition", "mean", "95 % interval", "tested minus it", "95 % interval", "p", "p (Holm)"),
}


def _x(value: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * value / FULL


def _choices(finding: Finding) -> Sequence[Whisker]:
    return [
        _whisker(number, each.other, (100 * each.low, 100 * each.share, 100 * each.high), "%")
        for number, each in enumerate(finding.choices)
    ]


def _ratings(finding: Finding) -> Sequence[Whisker]:
    return [
        _whisker(number, each.condition, (each.mean.low, each.mean.mean, each.mean.high), "points")
        for number, each in enumerate(finding.ratings)
    ]


def _whisker(number: int, name: str, values: tuple[float, float, float], unit: str) -> Whisker:
    low, middle, high = values
    told = f"{name}: {middle:.0f} {unit}, 95 % interval {low:.0f} to {high:.0f}"
    return Whisker(name, number * ROW + ROW / 2, _x(low), _x(middle), _x(high), told)


def _rows(finding: Finding) -> list[tuple[str, ...]]:
    if finding.kind == "2afc":
        return [
            (
                each.other,
                f"{each.chosen} of {each.count}",
                f"{100 * each.share:.0f} %",
                f"{100 * each.low:.0f} to {100 * each.high:.0f} %",
                f"{each.p:.3g}",
                f"{each.p_holm:.3g}",
            )
            for each in finding.choices
        ]
    rows: list[tuple[str, ...]] = []
    for each in finding.ratings:
        name = each.condition if each.role == "system" else f"{each.condition} ({each.role})"
        row = (name, f"{each.mean.mean:.1f}", f"{each.mean.low:.1f} to {each.mean.high:.1f}")
        if each.above is None:
            rows.append((*row, "", "", "", ""))
            continue
        apart = each.above.difference
        compared = (f"{apart.mean:+.1f}", f"{apart.low:+.1f} to {apart.high:+.1f}")
        rows.append((*row, *compared, f"{each.above.p:.3g}", f"{each.above.p_holm:.3g}"))
    return rows
