"""What followed where the network was in nearly the same state: nearest neighbours among its hidden states (Khandelwal
and others, 2020)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from antiphon.decision.scoring import ROWS, blocks
from antiphon.types import Floats, Ids

NEAREST = 64
"""Neighbours that are asked at most."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Hidden states (m, dimension) and the token (m,) that was played in each; a neighbour at the squared distance d
    counts exp(-d / width)."""

    states: Floats
    tokens: Ids
    classes: int
    width: float

    def __post_init__(self) -> None:
        if len(self.states) != len(self.tokens) or not len(self.tokens):
            raise ValueError("one token for each state, and at least one")
        if not self.width > 0:
            raise ValueError(f"the width of a neighbourhood is above 0, got {self.width}")

    def grown(self, states: Floats, tokens: Ids) -> Neighbours:
        """With more of them."""
        return Neighbours(
            np.concatenate([self.states, states]), np.concatenate([self.tokens, tokens]), self.classes, self.width
        )

    def distances(self, queries: Floats) -> Floats:
        """Squared distances (rows, m) of hidden states (rows, dimension)."""
        return squared_distances(queries, self.states)

    def shares(self, distances: Floats) -> Floats:
        """Distributions (rows, classes) by squared distances (rows, m), infinite where a neighbour is not asked."""
        return neighbour_shares(distances, self.tokens, self.classes, self.width)


def squared_distances(queries: Floats, states: Floats) -> Floats:
    """Between all `queries` (rows, dimension) and all `states` (m, dimension): (rows, m)."""
    # In place: an hour has 7,200 of each, and so 200 MB of distances.
    found = 2 * queries @ states.T
    np.subtract((queries**2).sum(axis=1)[:, None] + (states**2).sum(axis=1), found, out=found)
    return np.asarray(np.maximum(found, 0, out=found), dtype=np.float32)


def neighbour_shares(distances: Floats, tokens: Ids, classes: int, width: float) -> Floats:
    """See `Neighbours.shares`."""
    parts = [_shares(distances[rows], tokens, classes, width) for rows in blocks(len(distances), ROWS)]
    return np.concatenate(parts) if parts else np.zeros((0, classes), dtype=np.float32)


def _shares(distances: Floats, tokens: Ids, classes: int, width: float) -> Floats:
    rows = np.arange(len(distances))[:, None]
    count = min(NEAREST, distances.shape[1])
    nearest = np.argpartition(distances, count - 1, axis=1)[:, :count]
    near = np.take_along_axis(distances, nearest, axis=1)
    least = near.min(axis=1, keepdims=True)
    weights = np.exp(-(near - np.where(np.isfinite(least), least, 0)) / width)
    shares = np.zeros((len(distances), classes))
    np.add.at(shares, (rows, tokens[nearest]), weights)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float32)
