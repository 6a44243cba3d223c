"""What a mean over pieces can be trusted for. Pieces are the unit: windows and pairs of one piece are not
independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000


@dataclass(frozen=True)
class Estimate:
    """A mean over pieces and its 95 % percentile bootstrap interval; `low` and `high` equal it for a single piece."""

    mean: float
    low: float
    high: float
    pieces: int


def estimate(values: Sequence[float], seed: int = 0) -> Estimate:
    """Mean of one value per piece, with its bootstrap interval (Efron and Tibshirani, 1993)."""
    sample = np.asarray(values, dtype=np.float64)
    if sample.size == 0:
        raise ValueError("no pieces, no mean")
    draws = np.random.default_rng(seed).integers(sample.size, size=(RESAMPLES, sample.size))
    low, high = np.percentile(sample[draws].mean(axis=1), [2.5, 97.5])
    return Estimate(float(sample.mean()), float(low), float(high), int(sample.size))
