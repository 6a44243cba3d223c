"""Whether two tracks swell and thicken together, or one after the other: envelopes, and how they depend at each lag."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.audio import dbfs
from antiphon.coupling.features import CELLS_PER_STEP, STEPS_PER_SECOND, CouplingFeatures
from antiphon.coupling.onsets import onset_seconds
from antiphon.types import Seconds

MOST_LAG_SECONDS = 1.0
QUIETEST_DBFS = -60.0
"""Level below which it is quiet: how quiet is not heard beside another track."""

DENSITY_SECONDS = 1.0
"""Over how long notes are counted, by a raised cosine."""

LEVELS = 4
"""Each envelope is divided into so many levels of equal share before their mutual information is taken."""

Dependence = Callable[[Seconds, Seconds], float]


@dataclass(frozen=True, eq=False)
class Lagged:
    """How two envelopes depend on each other at `lags` (n,) in seconds: `values` (n,). At a positive lag the response
    comes after the guide. NaN where one of them does not change."""

    lags: Seconds
    values: Seconds

    @property
    def together(self) -> float:
        """The value at lag 0."""
        return float(self.values[len(self.values) // 2])

    @property
    def best(self) -> float:
        """The largest value at any lag."""
        return float("nan") if np.isnan(self.values).all() else float(np.nanmax(self.values))

    @property
    def best_lag(self) -> float:
        """The lag in seconds at which it is largest, the nearest to 0 of equals."""
        if np.isnan(self.values).all():
            return float("nan")
        order = np.argsort(np.abs(self.lags), kind="stable")
        return float(self.lags[order][np.nanargmax(self.values[order])])


def loudness(heard: CouplingFeatures) -> Seconds:
    """Level (steps,) in dBFS, -60 at least."""
    power = heard.power.reshape(-1, CELLS_PER_STEP).mean(axis=1)
    return np.maximum(dbfs(power).astype(np.float64), QUIETEST_DBFS)


def density(heard: CouplingFeatures) -> Seconds:
    """Onsets per second (steps,), over about a second around each step."""
    steps = np.minimum((onset_seconds(heard) * STEPS_PER_SECOND).astype(np.int64), len(heard) - 1)
    width = round(DENSITY_SECONDS * STEPS_PER_SECOND)
    window = np.hanning(2 * width + 1)
    counts = np.bincount(steps, minlength=len(heard)).astype(np.float64)
    padded = np.convolve(counts, window * (STEPS_PER_SECOND / window.sum()))
    return np.asarray(padded[width : width + len(heard)])


def over_lags(guide: Seconds, response: Seconds, dependence: Dependence) -> Lagged:
    """`dependence` of two envelopes (steps,) at every lag up to a second, of what overlaps."""
    most = min(round(MOST_LAG_SECONDS * STEPS_PER_SECOND), len(guide) // 2)
    lags = np.arange(-most, most + 1)
    steps = len(guide)
    values = [
        dependence(guide[max(0, -lag) : steps - max(0, lag)], response[max(0, lag) : steps - max(0, -lag)])
        for lag in lags.tolist()
    ]
    return Lagged(lags / STEPS_PER_SECOND, np.array(values))


def mean_over(excerpts: Sequence[Lagged]) -> Lagged:
    """The mean over excerpts of one length, at each lag over those in which both envelopes change."""
    values = np.array([each.values for each in excerpts])
    defined = ~np.isnan(values)
    counts = defined.sum(axis=0)
    sums = np.where(defined, values, 0).sum(axis=0)
    return Lagged(excerpts[0].lags, np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))


def correlation(one: Seconds, other: Seconds) -> float:
    """Pearson's, -1..1; NaN where one of them does not change."""
    one, other = one - one.mean(), other - other.mean()
    scale = np.sqrt((one @ one) * (other @ other))
    return float(one @ other / scale) if scale > 1e-9 else float("nan")


def mutual_information(one: Seconds, other: Seconds) -> float:
    """Bits that the level of one tells of the other's, less what chance alone would give (Miller and Madow, 1955).

    NaN where one of them does not change.
    """
    counts = np.zeros((LEVELS, LEVELS))
    np.add.at(counts, (_levels(one), _levels(other)), 1)
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    if (rows > 0).sum() < 2 or (columns > 0).sum() < 2:
        return float("nan")
    share, expected = counts / counts.sum(), np.outer(rows, columns) / counts.sum() ** 2
    there = share > 0
    bits = float((share[there] * np.log2(share[there] / expected[there])).sum())
    chance = ((rows > 0).sum() - 1) * ((columns > 0).sum() - 1) / (2 * np.log(2) * counts.sum())
    return bits - float(chance)


def _levels(envelope: Seconds) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The level 0..3 (steps,) of each step, by quartile."""
    borders = np.quantile(envelope, np.arange(1, LEVELS) / LEVELS)
    return np.searchsorted(borders, envelope, side="left")
