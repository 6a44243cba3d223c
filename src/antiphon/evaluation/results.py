"""From scores to a table: means over pieces with their intervals, boxes of windows, comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from antiphon.confidence import Estimate, estimate
from antiphon.evaluation.protocol import Form, Numbers, Score
from antiphon.evaluation.scores import Calibration, Prefixes, Scores
from antiphon.evaluation.significance_tests import Paired, holm, mann_whitney, paired

DIGITS = 4
"""Decimals of a number in scores.jsonl: far below what a token is worth."""

OURS, BASELINE = "antiphon", "uniform"
"""The model that others are compared with, and the paper's one opponent."""

Cell = Mapping[str, Any]
"""A cell of table.json."""


@dataclass(frozen=True)
class Box:
    """A boxplot of windows (Tukey, 1977): quartiles, and the last values within 1.5 times their distance from them."""

    low: float
    first: float
    median: float
    third: float
    high: float
    mean: float
    windows: int


@dataclass(frozen=True)
class Column:
    """One model in one form: every number as its estimate over pieces, what the constraint leaves (mean and standard
    deviation over passages, 0..1), and a box each of TPP and entropy over passages."""

    model: str
    form: Form
    numbers: Mapping[str, Estimate]
    allowed: tuple[float, float]
    tpp: Box
    entropy: Box | None


def box(values: Sequence[float]) -> Box:
    """Of at least one value."""
    sample = np.sort(np.asarray(values, dtype=np.float64))
    first, median, third = (float(each) for each in np.percentile(sample, [25, 50, 75]))
    reach = 1.5 * (third - first)
    inside = sample[(sample >= first - reach) & (sample <= third + reach)]
    return Box(float(inside[0]), first, median, third, float(inside[-1]), float(sample.mean()), len(sample))


def by_piece(scores: Sequence[Score], number: str) -> dict[str, float]:
    """Each piece's mean of a number, by the tokens of its passages; pieces in which it has no meaning are left out."""
    values: dict[str, list[tuple[float, int]]] = {}
    for score in scores:
        value = getattr(score.numbers, number)
        if not np.isnan(value):
            values.setdefault(score.passage.piece, []).append((value, len(score.passage.target)))
    return {piece: _mean(rows) for piece, rows in sorted(values.items())}


def _mean(rows: Sequence[tuple[float, int]]) -> float:
    return float(np.average([value for value, _ in rows], weights=[tokens for _, tokens in rows]))


def column(score_free_running: Scores) -> Column:
    """The table's entry for one model in one form."""
    scores = score_free_running.scores
    numbers = {}
    for name in Numbers._fields:
        pieces = by_piece(scores, name)
        if pieces:
            numbers[name] = estimate(list(pieces.values()))
    allowed = np.array([score.allowed for score in scores])
    entropies = [score.numbers.entropy for score in scores if not np.isnan(score.numbers.entropy)]
    return Column(
        model=scores[0].model,
        form=scores[0].form,
        numbers=numbers,
        allowed=(float(allowed.mean()), float(allowed.std())),
        tpp=box([score.numbers.tpp for score in scores]),
        entropy=box(entropies) if entropies else None,
    )


def compared(all_judged: Sequence[Scores], number: str) -> dict[str, Paired]:
    """Our model with each opponent in one form, piece by piece, by opponent; Holm among these. Positive is more."""
    pieces = {
        score_free_running.scores[0].model: by_piece(score_free_running.scores, number)
        for score_free_running in all_judged
    }
    ours = pieces.get(OURS, {})
    others = {model: found for model, found in pieces.items() if model != OURS and found.keys() == ours.keys() and ours}
    family = [paired(list(ours.values()), list(found.values())) for found in others.values()]
    return dict(zip(others, holm(family), strict=True))


def papers_test(all_judged: Sequence[Scores]) -> dict[str, Any] | None:
    """The paper's Mann-Whitney test of the TPP of windows, our model against the uniform one; None without them."""
    found = {
        score_free_running.scores[0].model: [score.numbers.tpp for score in score_free_running.scores]
        for score_free_running in all_judged
    }
    if OURS not in found or BASELINE not in found:
        return None
    return asdict(mann_whitney(found[OURS], found[BASELINE]))


def line_of(score: Score, segment_seconds: float, size: int) -> dict[str, Any]:
    """A row of scores.jsonl as plain values; what has no meaning is null."""
    passage = score.passage
    numbers = {
        name: None if np.isnan(value) else round(value, DIGITS) for name, value in score.numbers._asdict().items()
    }
    return {
        "model": score.model,
        "scope": score.form.scope,
        "draw": score.form.draw,
        "constraint": score.form.constraint,
        "allowed": round(score.allowed, DIGITS),
        "segment_seconds": segment_seconds,
        "K": size,
        "piece": passage.piece,
        "multitrack": passage.multitrack,
        "guide": passage.guide_name,
        "target": passage.target_name,
        "start": round(passage.start, DIGITS),
        "seconds": round(float(passage.durations.sum()), DIGITS),
        "tokens": len(passage.target),
        **numbers,
    }


def prefixes_of(prefixes: Prefixes) -> dict[str, Any]:
    """Mean and standard deviation of the LCP at each position, for figure 6."""
    count = max(prefixes.windows, 1)
    mean = prefixes.total / count
    spread = np.sqrt(np.maximum(prefixes.squares / count - mean**2, 0))
    return {
        "windows": prefixes.windows,
        "mean": np.round(mean, DIGITS).tolist(),
        "spread": np.round(spread, DIGITS).tolist(),
    }


def calibration_of(calibration: Calibration) -> dict[str, Any]:
    """By probability of the first choice: tokens, mean probability, share that is right; and the expected error."""
    tokens = np.maximum(calibration.tokens, 1)
    return {
        "error": round(calibration.error, DIGITS),
        "tokens": calibration.tokens.astype(int).tolist(),
        "confidence": np.round(calibration.confidence / tokens, DIGITS).tolist(),
        "right": np.round(calibration.hits / tokens, DIGITS).tolist(),
    }


def column_of(column: Column) -> dict[str, Any]:
    """A column as plain values."""
    return {
        "model": column.model,
        "form": column.form.name,
        "allowed": {"mean": column.allowed[0], "spread": column.allowed[1]},
        "tpp_box": asdict(column.tpp),
        "entropy_box": None if column.entropy is None else asdict(column.entropy),
        **{name: asdict(value) for name, value in column.numbers.items()},
    }


def find(cell: Cell, model: str, form: Form) -> Mapping[str, Any] | None:
    """A model's column in one form, None where it was not judged so."""
    return next((each for each in cell["columns"] if each["model"] == model and each["form"] == form.name), None)
