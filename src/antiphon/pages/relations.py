"""What was learned, as one self-contained page: relations in words, information by lag, the table at the best lag, what
the classes stand for, and everyone's scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from antiphon.analysis.circular_shifts import Counts
from antiphon.analysis.class_words import heading, sentence, when
from antiphon.analysis.probe import Measure
from antiphon.analysis.relations import Relations
from antiphon.evaluation.regeneration import Summary
from antiphon.pages import render

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 230, 46, 34, 12
"""Sizes of the chart in pixels."""

LEAST_EXPECTED = 3.0
"""Where chance would bring two classes together less often than this, and they met less often too, a cell is empty."""


@dataclass(frozen=True)
class Bar:
    """One lag of the chart."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    best: bool
    told: str
    label: str


@dataclass(frozen=True)
class Chart:
    """What every lag says; `bound` is the height of what chance does not exceed."""

    bars: Sequence[Bar]
    bound: float
    highest: float
    unit: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    top: int = TOP
    ground: int = HEIGHT - BOTTOM


def relations_page(
    relations: Relations | None,
    words: Mapping[int, str],
    pitches: Mapping[int, float],
    probe: Mapping[str, Measure],
    summary: Sequence[Summary],
) -> str:
    """The page. `words` and `pitches` are those of the classes; without relations it says why there are none."""
    return render(
        "relations.html",
        relations=None if relations is None else _relations(relations, words, pitches),
        probe=[(name, f"{each.value:.3f} ({each.low:.3f} to {each.high:.3f})") for name, each in probe.items()],
        summary=[(row.model, f"{row.tpp.mean:.1f}", f"{row.bits.mean:.3f}") for row in summary],
    )


def lifts(counts: Counts) -> list[list[float | None]]:
    """p(b|a) / p(b) of a table of counts (a, b); None where too little was seen to say."""
    total = max(counts.sum(), 1.0)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / total
    told = np.maximum(expected, counts) >= LEAST_EXPECTED
    ratio = np.divide(counts, expected, out=np.zeros_like(counts), where=expected > 0)
    return [
        [round(float(value), 3) if said else None for value, said in zip(*row, strict=True)]
        for row in zip(ratio, told, strict=True)
    ]


def _relations(relations: Relations, words: Mapping[int, str], pitches: Mapping[int, float]) -> dict[str, Any]:
    return {
        "heading": heading(relations),
        "said": [sentence(each, words, relations.seconds) for each in relations.found],
        "chart": _chart(relations),
        "when": when(relations.best, relations.seconds),
        "matrix": _matrix(relations, words, pitches),
    }


def _chart(relations: Relations) -> Chart:
    rows = relations.information
    highest = max(*(each.local for each in rows), rows[0].bound, 1e-9)
    ground, step = HEIGHT - BOTTOM, (WIDTH - LEFT) / len(rows)
    scale = (ground - TOP) / highest
    bars = []
    for index, each in enumerate(rows):
        x, height = LEFT + index * step, max(each.local, 0.0) * scale
        bars.append(
            Bar(
                x + 3,
                ground - height,
                step - 6,
                height,
                x + step / 2,
                best=each.lag == relations.best and relations.stands,
                told=f"{when(each.lag, relations.seconds)}: {each.local:.3f} bits",
                label=f"{each.lag * relations.seconds:g}" if relations.seconds is not None else f"{each.lag}",
            )
        )
    unit = "seconds" if relations.seconds is not None else "segments"
    return Chart(bars, ground - rows[0].bound * scale, highest, unit)


def _matrix(relations: Relations, words: Mapping[int, str], pitches: Mapping[int, float]) -> dict[str, Any]:
    seen = relations.counts.sum(axis=0) + relations.counts.sum(axis=1) > 0
    order = sorted(np.flatnonzero(seen).tolist(), key=lambda token: (pitches.get(token, np.inf), token))
    names = [f"{token} ({words[token]})" if words.get(token) else str(token) for token in order]
    return {"names": names, "lift": lifts(relations.counts[np.ix_(order, order)])}
