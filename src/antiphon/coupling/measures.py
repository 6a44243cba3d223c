"""The measures of a pair, each with the order that it claims to respect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from antiphon.coupling.conditions import Condition
from antiphon.coupling.energy import correlation, density, loudness, mutual_information
from antiphon.coupling.features import CouplingFeatures
from antiphon.coupling.harmony import chroma_agreement, consonance
from antiphon.coupling.onsets import onset_synchrony
from antiphon.types import Seconds

Order = tuple[tuple[Condition, Condition], ...]
"""Pairs of conditions: under the first a measure must be larger than under the second."""


@dataclass(frozen=True)
class Measure:
    """A number for a guide and a response, larger where they go together more, and the order it claims.

    `value` gives NaN where the measure says nothing, of silence for instance.
    """

    name: str
    about: str
    order: Order
    value: Callable[[CouplingFeatures, CouplingFeatures], float]


def true_above(*lower: Condition) -> Order:
    """The order in which the true partner is above each of these."""
    return tuple((Condition.TRUE, condition) for condition in lower)


_UNRELATED = (Condition.SAME_KEY, Condition.OTHER, Condition.RANDOM, Condition.NOISE)

TIMING: Order = (
    (Condition.ITSELF, Condition.TRUE),
    *true_above(Condition.NEAR, Condition.FAR, *_UNRELATED),
)
"""Of what hears when things happen and not which pitch: nothing is claimed of a transposed partner."""

HARMONY: Order = true_above(Condition.NEAR, Condition.FAR, Condition.TRANSPOSED, *_UNRELATED)
"""Of what hears pitch. Nothing is claimed of the guide itself: a unison agrees, and is no second voice."""

EVERYTHING: Order = true_above(Condition.NEAR, Condition.FAR, Condition.TRANSPOSED, Condition.ITSELF, *_UNRELATED)
"""Of what tells true partners from everything else."""


def _together(
    envelope: Callable[[CouplingFeatures], Seconds], dependence: Callable[[Seconds, Seconds], float]
) -> Callable[[CouplingFeatures, CouplingFeatures], float]:
    def value(guide: CouplingFeatures, response: CouplingFeatures) -> float:
        return dependence(envelope(guide), envelope(response))

    return value


PAIR_MEASURES: tuple[Measure, ...] = (
    Measure("onset synchrony", "F-measure of onsets within 50 ms", TIMING, onset_synchrony),
    Measure("chroma agreement", "cosine of chroma, 0.25 s", HARMONY, chroma_agreement),
    Measure("consonance", "1 - dissonance of partials (Sethares)", HARMONY, consonance),
    Measure("energy correlation", "of levels, at lag 0", TIMING, _together(loudness, correlation)),
    Measure("energy information", "bits between levels, at lag 0", TIMING, _together(loudness, mutual_information)),
    Measure("density correlation", "of onsets per second, at lag 0", TIMING, _together(density, correlation)),
    Measure("density information", "bits between densities, at lag 0", TIMING, _together(density, mutual_information)),
)
"""What needs no training."""
