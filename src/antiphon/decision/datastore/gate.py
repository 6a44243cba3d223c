"""How far what is remembered of a pair is believed: by the neighbours' distance at each token, as blocks of the pair
that were held out and pieces that are none of it have taught; and by how it has done so far (fixed share)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.decision.counts import weighed
from antiphon.types import Floats, Ids

Weights = NDArray[np.float64]

BINS = 5
"""Of the distance to the nearest neighbour, from the usual between two places of the pair to farther than ever."""

FIRST_BELIEF = 0.5
"""Of all memories together at the start of a piece: 1 bit in all is lost where they are of no use."""

SURE = 0.98
"""The same where a response is made up, and the held-out blocks of the pairs leave no doubt that a memory is of use."""

SHARE = 0.006
"""Of the belief that changes sides at each token, so that what was of no use can be of use again (Herbster and Warmuth,
1998): 0.004 bits a token are lost where it never is."""

PRIOR = 5.0
"""Tokens that draw a bin's weights to those of all bins."""


@dataclass(frozen=True, eq=False)
class Gate:
    """Weights (bins, experts) of the experts, the network first; the bin is chosen by the distance to the nearest
    neighbour between `edges` (bins - 1,)."""

    edges: Floats
    weights: Weights

    def bins(self, nearest: Floats) -> Ids:
        """The bin (rows,) of each distance to the nearest neighbour (rows,)."""
        return np.asarray(np.searchsorted(self.edges, nearest))

    def mixed(self, nearest: Floats, experts: Sequence[Weights | None]) -> Weights:
        """The distribution (rows, classes) that the experts' (rows, classes) are together. One that has nothing to say
        (None) leaves its share to the network, which always has."""
        network = experts[0]
        said = np.stack([network if expert is None else expert for expert in experts])  # type: ignore[misc]
        return np.asarray(np.einsum("re,erc->rc", self.weights[self.bins(nearest)], said))


def fitted_gate(nearest: Floats, shares: Weights) -> Gate:
    """The gate under which tokens are likeliest that have the nearest neighbour at `nearest` (tokens,), and to which
    each expert gives `shares` (experts, tokens)."""
    edges = np.quantile(nearest, np.arange(1, BINS) / BINS).astype(np.float32)
    bins = np.searchsorted(edges, nearest)
    start = np.full((1, len(shares)), 1 / len(shares))
    general = weighed(shares, np.zeros_like(bins), start, PRIOR)
    return Gate(edges, weighed(shares, bins, np.repeat(general, BINS, axis=0), PRIOR))


def first_beliefs(memories: int) -> Weights:
    """Of the network (1 - FIRST_BELIEF), and of each memory alike (1 + memories,)."""
    return np.array([1 - FIRST_BELIEF, *[FIRST_BELIEF / max(memories, 1)] * memories])


def believed(beliefs: Weights, given: Weights) -> Weights:
    """The beliefs (rows, voices) after a token to which each voice gave so much (rows, voices)."""
    right = beliefs * given
    total = right.sum(axis=1, keepdims=True)
    after = np.divide(right, total, out=beliefs.copy(), where=total > 0)
    return np.asarray(SHARE * first_beliefs(beliefs.shape[1] - 1) + (1 - SHARE) * after)
