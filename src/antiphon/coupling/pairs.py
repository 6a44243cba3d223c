"""Two recordings, or a folder of them, measured and held against a calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.coupling.apa import embedding
from antiphon.coupling.conditions import EXCERPT_STEPS, Condition
from antiphon.coupling.energy import (
    correlation,
    density,
    loudness,
    mean_over,
    mutual_information,
    over_lags,
)
from antiphon.coupling.features import STEPS_PER_SECOND, CouplingFeatures
from antiphon.coupling.measures import Measure
from antiphon.coupling.reference import Standard
from antiphon.errors import BadData
from antiphon.types import Seconds

SHORTEST_STEPS = 2 * STEPS_PER_SECOND
"""Of less than two seconds nothing is measured."""


@dataclass(frozen=True)
class Measured:
    """A measure of a pair: the mean over excerpts of 10 s, and where that lies among calibrated excerpts.

    `value` is NaN where the measure says nothing. `below` is the share of each condition's excerpts below it, empty
    where the measure was not calibrated; `failures` are the claims that the calibration found not to hold.
    """

    name: str
    about: str
    value: float
    below: Mapping[Condition, float]
    failures: tuple[str, ...]


@dataclass(frozen=True)
class AtLag:
    """How two envelopes depend on each other at lag 0 and where most, within a second, on the mean over excerpts; lag
    in seconds, positive where the response comes after the guide."""

    name: str
    together: float
    best: float
    lag: float


@dataclass(frozen=True)
class Coupling:
    """All measures of two tracks over the `seconds` that both have, in `excerpts` excerpts."""

    seconds: float
    excerpts: int
    measures: tuple[Measured, ...]
    lags: tuple[AtLag, ...]


def couple(guide: CouplingFeatures, response: CouplingFeatures, standard: Standard) -> Coupling:
    """Measure a pair. Raises BadData where the two have less than 2 s in common."""
    pairs = excerpts_of(guide, response)
    measures = tuple(_measured(measure, pairs, standard) for measure in standard.measures)
    return Coupling(min(len(guide), len(response)) / STEPS_PER_SECOND, len(pairs), measures, _lags(pairs))


def excerpts_of(guide: CouplingFeatures, response: CouplingFeatures) -> list[tuple[CouplingFeatures, CouplingFeatures]]:
    """The pair in excerpts of 10 s end to end; a shorter pair is one excerpt. Raises BadData below 2 s."""
    steps = min(len(guide), len(response))
    if steps < SHORTEST_STEPS:
        raise BadData(f"guide and response have {steps / STEPS_PER_SECOND:g} s in common; 2 s are needed")
    length = min(EXCERPT_STEPS, steps)
    starts = range(0, steps - length + 1, length)
    return [(guide.excerpt(start, length), response.excerpt(start, length)) for start in starts]


def embeddings_of(guide: CouplingFeatures, response: CouplingFeatures) -> Seconds:
    """The embeddings (excerpts, 38) of the mix of a pair, for APA."""
    return np.array([embedding(ours.frames, theirs.frames) for ours, theirs in excerpts_of(guide, response)])


def _measured(
    measure: Measure, pairs: Sequence[tuple[CouplingFeatures, CouplingFeatures]], standard: Standard
) -> Measured:
    values = np.array([measure.value(guide, response) for guide, response in pairs])
    value = float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")
    known = standard.calibration.of(measure.name)
    if known is None:
        return Measured(measure.name, measure.about, value, {}, ())
    below = {condition: each.share_below(value) for condition, each in known.distributions.items()}
    return Measured(measure.name, measure.about, value, below, known.failures)


def _lags(pairs: Sequence[tuple[CouplingFeatures, CouplingFeatures]]) -> tuple[AtLag, ...]:
    """Excerpt by excerpt: over the whole, silence that both share at the end would tell more than all the music."""
    found = []
    for name, envelope in (("energy", loudness), ("density", density)):
        envelopes = [(envelope(guide), envelope(response)) for guide, response in pairs]
        for word, dependence in (("correlation", correlation), ("information", mutual_information)):
            mean = mean_over([over_lags(ours, theirs, dependence) for ours, theirs in envelopes])
            found.append(AtLag(f"{name} {word}", mean.together, mean.best, mean.best_lag))
    return tuple(found)
