"""Whether a measure can be believed: what it gives under each condition, and whether the order it claims holds.

A measure is judged on pieces that nothing has learned from. It fails a claim where the share of trials that respect it
is not surely above one half.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from antiphon.confidence import estimate
from antiphon.coupling.apa import SMALLEST_SET, Reference, adherence, embedding, nearness
from antiphon.coupling.conditions import Condition, Trial
from antiphon.coupling.measures import EVERYTHING, Measure, Order
from antiphon.errors import BadData
from antiphon.interfaces import Progress, no_progress
from antiphon.types import Seconds

QUANTILES = 21
"""A distribution is kept as its 0th, 5th, ... 100th percentile."""

SET_RESAMPLES = 100
"""A measure of sets has its distribution over sets of pieces drawn anew, as many as there are, with replacement."""

SURE = 0.975
"""Share of these sets from which on a claim about sets holds: the lower end of a 95 % interval of the difference."""


@dataclass(frozen=True)
class SetMeasure:
    """A number for the embeddings (n, 38) of a set of pairs, larger the more they are like true pairs."""

    name: str
    about: str
    value: Callable[[Seconds, Reference], float]


SET_MEASURES = (
    SetMeasure("APA", "of a set, by its formula on our embeddings", adherence),
    SetMeasure("nearness", "of a set to true pairs, by Frechet distance", nearness),
)


@dataclass(frozen=True)
class Distribution:
    """What a measure gives under a condition: percentiles 0, 5, ... 100 of its defined values (none: no value is
    defined), and the share of trials in which it says nothing."""

    percentiles: tuple[float, ...]
    undefined: float

    def __post_init__(self) -> None:
        if len(self.percentiles) not in (0, QUANTILES):
            raise ValueError(f"a distribution has {QUANTILES} percentiles or none, got {len(self.percentiles)}")
        if any(later < earlier for earlier, later in pairwise(self.percentiles)):
            raise ValueError("percentiles must not fall")

    @property
    def median(self) -> float:
        """NaN where no value is defined."""
        return self.percentiles[QUANTILES // 2] if self.percentiles else float("nan")

    def share_below(self, value: float) -> float:
        """The share (0..1) of values below this one, between percentiles by interpolation; NaN for what is NaN."""
        if not self.percentiles or np.isnan(value):
            return float("nan")
        return float(np.interp(value, self.percentiles, np.linspace(0, 1, QUANTILES), left=0, right=1))


@dataclass(frozen=True)
class Claim:
    """A measure should be larger under `higher` than under `lower`.

    `share` (0..1) of the trials in which it is, ties counting half, with its 95 % interval `low` to `high` over pieces.
    It holds where the whole interval is above one half. For a measure of sets the share is of sets drawn anew, `low`
    and `high` are that share, and the claim holds from 97.5 % on.
    """

    higher: Condition
    lower: Condition
    share: float
    low: float
    high: float
    holds: bool


@dataclass(frozen=True)
class Calibrated:
    """A measure's distributions by condition, and its claims.

    `first` is the share of trials in which the true partner is above all that it is claimed to be above, at once.
    """

    name: str
    about: str
    first: float
    distributions: Mapping[Condition, Distribution]
    claims: tuple[Claim, ...]

    @property
    def failures(self) -> tuple[str, ...]:
        """The claims that do not hold, each with the share of trials that respect it."""
        return tuple(
            f"{claim.higher} above {claim.lower} ({100 * claim.share:.0f} %)"
            for claim in self.claims
            if not claim.holds
        )


@dataclass(frozen=True)
class Calibration:
    """All measures on the same trials: `trials` excerpts of 10 s of `pieces` pieces."""

    trials: int
    pieces: int
    seed: int
    measures: tuple[Calibrated, ...]

    def of(self, name: str) -> Calibrated | None:
        """The row of a measure, None where it was not calibrated."""
        return next((each for each in self.measures if each.name == name), None)


def calibrate(
    measures: Sequence[Measure], trials: Sequence[Trial], progress: Progress = no_progress
) -> tuple[Calibrated, ...]:
    """Every measure of pairs on every trial under every condition."""
    rows = []
    for done, measure in enumerate(measures, 1):
        values = {
            condition: np.array([measure.value(trial.guide, trial.responses[condition]) for trial in trials])
            for condition in Condition
        }
        claims = tuple(_claim(higher, lower, values, trials) for higher, lower in measure.order)
        found = {condition: distribution_of(each) for condition, each in values.items()}
        rows.append(Calibrated(measure.name, measure.about, _first(values, measure.order), found, claims))
        progress("calibrate", done, len(measures))
    return tuple(rows)


def _first(values: Mapping[Condition, Seconds], order: Order) -> float:
    """The share of trials in which the true partner is above each condition that is claimed to be below it."""
    lower = [below for higher, below in order if higher == Condition.TRUE]
    return float(np.mean(np.all([values[Condition.TRUE] > values[below] for below in lower], axis=0)))


def distribution_of(values: Seconds) -> Distribution:
    """The distribution of values (n,), some of which may be NaN."""
    defined = values[~np.isnan(values)]
    undefined = 1 - len(defined) / len(values)
    if not len(defined):
        return Distribution((), undefined)
    return Distribution(tuple(np.percentile(defined, np.linspace(0, 100, QUANTILES)).tolist()), undefined)


def _claim(higher: Condition, lower: Condition, values: Mapping[Condition, Seconds], trials: Sequence[Trial]) -> Claim:
    difference = values[higher] - values[lower]
    # Where a measure says nothing of one of the two, it cannot tell them apart.
    respected = np.where(np.isnan(difference), 0.5, (np.sign(np.nan_to_num(difference)) + 1) / 2)
    by_piece: defaultdict[str, list[float]] = defaultdict(list)
    for trial, value in zip(trials, respected, strict=True):
        by_piece[trial.piece].append(float(value))
    share = estimate([float(np.mean(each)) for each in by_piece.values()])
    return Claim(higher, lower, share.mean, share.low, share.high, holds=share.low > 0.5)


def calibrate_sets(reference: Reference, trials: Sequence[Trial], seed: int) -> tuple[Calibrated, ...]:
    """`SET_MEASURES` under every condition, of sets of pieces drawn anew.

    Raises BadData for fewer trials than make a set.
    """
    if len(trials) < SMALLEST_SET:
        raise BadData(f"APA is of a set of pairs: {len(trials)} trials, {SMALLEST_SET} are needed")
    rng = np.random.default_rng(seed)
    embedded = {
        condition: np.array([embedding(trial.guide.frames, trial.responses[condition].frames) for trial in trials])
        for condition in Condition
    }
    pieces = sorted({trial.piece for trial in trials})
    rows_of = {piece: [index for index, trial in enumerate(trials) if trial.piece == piece] for piece in pieces}
    draws = [[row for piece in rng.choice(pieces, len(pieces)) for row in rows_of[piece]] for _ in range(SET_RESAMPLES)]
    draws = [draw for draw in draws if len(draw) >= SMALLEST_SET]
    rows = []
    for measure in SET_MEASURES:
        values = {
            condition: np.array([measure.value(each[draw], reference) for draw in draws])
            for condition, each in embedded.items()
        }
        claims = tuple(_set_claim(higher, lower, values) for higher, lower in EVERYTHING)
        found = {condition: distribution_of(each) for condition, each in values.items()}
        rows.append(Calibrated(measure.name, measure.about, _first(values, EVERYTHING), found, claims))
    return tuple(rows)


def _set_claim(higher: Condition, lower: Condition, values: Mapping[Condition, Seconds]) -> Claim:
    share = float(((np.sign(values[higher] - values[lower]) + 1) / 2).mean())
    return Claim(higher, lower, share, share, share, holds=share >= SURE)
