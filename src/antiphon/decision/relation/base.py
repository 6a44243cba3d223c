"""What B says of itself: p(b | b'), counted, and how blocks of time are held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.types import Ids

Table = NDArray[np.float64]

BLOCKS = 10
"""Parts of equal length into which the music is divided; each is predicted from the others."""

SHORTEST_BLOCK = 6
"""Segments; of less music there are fewer blocks."""

UNSEEN, ONLY_HEARD = 0.1, 0.005
"""Tokens that each class has beyond those that were counted: one that nobody has played, and one that A has played and
B has not, which is A's way to sound."""

PRIORS = (2.0, 10.0, 1e9)
"""Tokens of p(b) that are added to what followed each token; the last leaves p(b) alone. Held-out blocks choose."""


@dataclass(frozen=True, eq=False)
class Past:
    """p(b | b') as a table (classes + 1, classes); the last row is for where nothing was before."""

    table: Table

    @classmethod
    def counted(cls, before: Ids, tokens: Ids, unseen: Table, prior: float) -> Past:
        """From tokens (n,) and the ones before them (n,), `len(unseen)` where there was none; `unseen` (classes,) are
        the tokens that each class has at least."""
        classes = len(unseen)
        counts = np.bincount(before * classes + tokens, minlength=(classes + 1) * classes).reshape(classes + 1, classes)
        share = counts.sum(axis=0) + unseen
        share = share / share.sum()
        return cls((counts + prior * share) / (counts.sum(axis=1, keepdims=True) + prior))


def unseen_tokens(guide: Ids, tokens: Ids, classes: int) -> Table:
    """See UNSEEN: (classes,) of a guide (n,) and its target (n,)."""
    only_heard = np.isin(np.arange(classes), guide) & ~np.isin(np.arange(classes), tokens)
    return np.where(only_heard, ONLY_HEARD, UNSEEN)


def blocks_of(count: int) -> Ids:
    """The block (count,) of each token: contiguous, equally long."""
    blocks = max(2, min(BLOCKS, count // SHORTEST_BLOCK))
    return np.arange(count) * blocks // max(count, 1)


def best_past(before: Ids, tokens: Ids, blocks: Ids, unseen: Table) -> tuple[float, Table, Table]:
    """The prior that predicts held-out blocks best, and by it p(b | b') (n, classes) of every token, from the other
    blocks; and p(b) likewise (n, classes)."""
    held_out = []
    for prior in PRIORS:
        rows = np.zeros((len(tokens), len(unseen)))
        for block in np.unique(blocks):
            inside = blocks == block
            rows[inside] = Past.counted(before[~inside], tokens[~inside], unseen, prior).table[before[inside]]
        held_out.append(rows)
    nats = [-np.log(rows[np.arange(len(tokens)), tokens]).mean() for rows in held_out]
    best = int(np.argmin(nats))
    return PRIORS[best], held_out[best], held_out[-1]
