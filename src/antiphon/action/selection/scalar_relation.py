"""What a pair teaches of one number that each segment has, as its level: B has more, or less, where A had more.

As many of B's segments have less as of A's, or as have more: quantiles answer quantiles. Another recording is louder as
a whole, and another instrument is busier: a guide and a memory are moved to where they are most probably drawn as the
pair was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from antiphon.action.selection.lagged_relation import (
    LAGS,
    Numbers,
    better_than_chance,
    lag_segments,
    later,
    shifted_guide,
    simplest,
)
from antiphon.action.selection.target_cost import Scale, relative, sounding
from antiphon.types import Floats, Seconds

MOST_SCALAR = 24.0
"""Nats: a relation that always held is believed no more than this, so that a phrase can still be worth a note."""

KERNEL = 0.15
"""Standard deviations: the width of the kernel by which levels and activities are compared with those of a pair."""

MOVES, CELLS = 121, 400
"""Offsets that are tried, and places at which the density is known."""

UNLIKELY, LIKELY = 0.002, 0.02
"""Added to the density: what no pair had is not impossible, and what it often had hardly better than what it sometimes
had, or a piece that has more of the soft would be taken for a softer one after all."""


@dataclass(frozen=True, eq=False)
class KnownValues:
    """What the recordings of one side of the pairs had where they sounded (n,), less the mean of each."""

    values: Numbers

    @property
    def width(self) -> float:
        """Of the kernel by which others are compared with them."""
        return KERNEL * float(self.values.std())

    @cached_property
    def likelihood(self) -> tuple[Numbers, Numbers]:
        """Places (CELLS,), and the logarithm of how likely a value is there: a kernel density, kept since a session
        asks for it again and again."""
        away = 4 * float(self.values.std())
        cells = np.linspace(self.values.min() - away, self.values.max() + away, CELLS)
        density = np.exp(-0.5 * ((cells[:, np.newaxis] - self.values) / self.width) ** 2).mean(axis=1)
        return cells, np.log((density + UNLIKELY) / (density + LIKELY))

    def offset(self, values: Floats) -> float:
        """What has to be added to `values` (m,) so that they are most probably drawn as these were.

        A piece that has more of the soft is not to be taken for one that is softer, which the mean alone would do; but
        the means are alike but for half a standard deviation.
        """
        if not len(values) or not len(self.values):
            return 0.0
        wide, spread = values.astype(np.float64), float(self.values.std())
        middle = float(self.values.mean() - wide.mean())
        if spread < 1e-6:
            return middle
        moves = np.linspace(-1.5, 1.5, MOVES) * spread
        told = np.interp(wide + (middle + moves)[:, np.newaxis], *self.likelihood).sum(axis=1)
        prior = -0.5 * (moves / (0.5 * spread)) ** 2
        return middle + float(moves[np.argmax(told + prior)])

    def share_below(self, values: Numbers) -> Numbers:
        """The share (m,) of these that is less than each of `values` (m,), smoothed by a logistic kernel: what is near
        a group of them is in its middle."""
        away = np.clip((values[:, np.newaxis] - self.values) / max(self.width, 1e-6), -30, 30)
        return np.asarray((1 / (1 + np.exp(-1.702 * away))).mean(axis=1))


@dataclass(frozen=True, eq=False)
class ScalarRelation:
    """B has more (`sign` 1) or less (-1) of something where A had more `lag_seconds` before: it is louder, or busier;
    `agreement`: their correlation. `guide` and `target` are what A and B of the pairs had; B is judged in units of
    `spread`, and `miss` of them is the mean distance of what B had from what is expected."""

    sign: int
    lag_seconds: float
    agreement: float
    guide: KnownValues
    target: KnownValues
    spread: float
    miss: float = 0.0

    @property
    def account(self) -> dict[str, float]:
        """In plain values."""
        return {"sign": self.sign, "lag_seconds": self.lag_seconds, "agreement": self.agreement}

    @property
    def weight(self) -> float:
        """What a `spread` away from B is worth in nats: that of the Laplace distribution of what is missed, less the
        less they agree, MOST_SCALAR at most."""
        return min(MOST_SCALAR, self.agreement / max(self.miss, 1e-9))

    @property
    def scale(self) -> Scale:
        """By which what is expected is judged."""
        return 0.0, self.spread

    def expected(self, values: Floats, before: Floats, durations: Seconds) -> Floats:
        """What B has (n,) where A has `values` (n,), for segments that last so long (n,): as many of B's have less as
        of A's, or as have more. `before` (m,) is what A had earlier."""
        if not len(values):
            return values
        return self.mapped(values + self.guide.offset(sounding(np.concatenate([before, values]))), durations)

    def mapped(self, alike: Floats, durations: Seconds) -> Floats:
        """The same of values (n,) that are alike A's of the pairs."""
        share = self.guide.share_below(alike.astype(np.float64))
        found = np.quantile(self.target.values, share if self.sign > 0 else 1 - share)
        late = later(np.asarray(found), lag_segments(self.lag_seconds, durations), float(np.median(found)))
        return late.astype(np.float32)

    def scale_of(self, values: Floats) -> Scale:
        """The scale by which a memory's `values` (n,) are judged: B's, moved to where they are B's."""
        return -self.target.offset(sounding(values)), self.spread


def fitted_scalar_relation(
    guides: Sequence[Floats], targets: Sequence[Floats], scale_of: Callable[[Floats], Scale], seconds: float
) -> ScalarRelation | None:
    """How B has what A has, of recordings with so much of it in each segment, which last `seconds`; None where they do
    not agree better than by chance. `scale_of` is what a recording is judged by."""
    heard_guides, heard_targets = ([relative(each, scale_of(each)) for each in side] for side in (guides, targets))
    wanted = np.concatenate(heard_targets)

    def found(shift: int) -> tuple[int, float, Numbers]:
        shifted = [shifted_guide(each, shift) for each in heard_guides]
        tried = []
        for lag in range(LAGS + 1):
            heard = np.concatenate([later(each, lag, float(np.median(each))) for each in shifted])
            correlation = _correlation(heard, wanted)
            tried.append((abs(correlation), np.array(np.sign(correlation))))
        return simplest(tried)

    lag, agreement, sign = found(0)
    if not better_than_chance(agreement, lambda shift: found(shift)[1]):
        return None
    guide, target = (
        KnownValues(np.concatenate([sounding(each) - _middle(each) for each in side]).astype(np.float64))
        for side in (guides, targets)
    )
    spread = scale_of(np.concatenate(targets))[1]
    relation = ScalarRelation(int(sign), lag * seconds, agreement, guide, target, spread)
    return replace(relation, miss=_missed(relation, guides, targets, seconds))


def _missed(relation: ScalarRelation, guides: Sequence[Floats], targets: Sequence[Floats], seconds: float) -> float:
    """The mean distance of B from what A makes expected of it, in spreads, where B sounds; or what a straight line
    would miss, if that is less."""
    away = []
    for guide, target in zip(guides, targets, strict=True):
        expected = relation.mapped(guide - _middle(guide), np.full(len(guide), seconds))
        away.append(np.abs(target - _middle(target) - expected)[target > target.min()])
    found = np.concatenate(away)
    by_line = float(relation.target.values.std()) * np.sqrt(max(1 - relation.agreement**2, 0) / 2)
    return float(min(float(found.mean()) if len(found) else np.inf, by_line)) / relation.spread


def _middle(values: Floats) -> np.float32:
    """The mean of those that sound."""
    return np.float32(sounding(values).mean()) if np.ptp(values) > 0 else np.float32(values[0])


def _correlation(one: Numbers, other: Numbers) -> float:
    spreads = float(one.std() * other.std())
    return 0.0 if spreads < 1e-9 else float(((one - one.mean()) * (other - other.mean())).mean() / spreads)
