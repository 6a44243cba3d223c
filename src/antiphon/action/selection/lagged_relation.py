"""Whether B of a pair depends on A, and how much later: what is common to all that a pair may teach about following.

Every lag is tried, and the shortest that agrees nearly as well as the best is taken. It is believed where it agrees
better than with every one of the pair's circularly shifted guides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from antiphon.types import Seconds

Numbers = NDArray[np.float64]

LAGS = 8
"""Segments by which B may be later than A."""

SHIFTS = 19
"""Circularly shifted guides: what agrees better than with all of them has p = 0.05."""

EARLIER = 0.02
"""A shorter lag is preferred where it agrees as well but for so much."""


def simplest(tried: Sequence[tuple[float, Numbers]]) -> tuple[int, float, Numbers]:
    """The shortest lag that agrees nearly as well as the best, its agreement and what belongs to it."""
    best = max(agreement for agreement, _ in tried)
    lag = next(lag for lag, (agreement, _) in enumerate(tried) if agreement >= best - EARLIER)
    return lag, *tried[lag]


def better_than_chance(agreement: float, shifted: Callable[[int], float]) -> bool:
    """Whether it agrees better than with all the shifted guides, of whose number `shifted` says how each agrees."""
    return agreement > 0 and all(agreement > shifted(shift) for shift in range(1, SHIFTS + 1))


def shifted_guide(guide: Numbers, shift: int) -> Numbers:
    """A guide (n, ...) circularly shifted, evenly from 1 to SHIFTS, and never so that a lag would undo it; 0 leaves
    it."""
    nearest = LAGS + 1
    between = (shift - 1) * (len(guide) - 2 * nearest) / (SHIFTS - 1)
    return np.roll(guide, nearest + round(between) if shift else 0, axis=0)


def later(values: Numbers, lag: int, before: float) -> Numbers:
    """Rows (n, ...) `lag` rows later, `before` the first."""
    found = np.full_like(values, before)
    if lag < len(values):
        found[lag:] = values[: len(values) - lag]
    return found


def lag_segments(seconds: float, durations: Seconds) -> int:
    """How many segments that last so long (n,) a lag is."""
    return round(seconds / max(float(np.median(durations)), 1e-6)) if len(durations) else 0
