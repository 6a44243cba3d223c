"""Nearest-neighbour retrieval: the training guide that is most like this one up to now, and what its partner played.

Two places of guides are the more alike, the longer the succession of equal tokens that ends there. Of equally near
places the token that most partners played counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from antiphon.decision.baselines import Remembered
from antiphon.decision.counts import LARGEST, Pairs, tallied
from antiphon.decision.sampling import Mask
from antiphon.types import Floats, Ids, Seconds

MULTIPLIER = np.int64(0x5851F42D4C957F2D)
"""Of a polynomial hash modulo 2**64 (Knuth, MMIX): successions are compared by it."""


@dataclass(frozen=True, eq=False)
class Retrieval:
    """For successions of 1, 2, ... guide tokens: the sorted hashes that occurred (m,), and the partner's token (m,).

    Where the guide's token itself never occurred the answer is `otherwise`.
    """

    successions: tuple[tuple[Ids, Ids], ...]
    classes: int
    otherwise: int

    def up_to(self, longest: int) -> Retrieval:
        """The same, comparing no more than so many tokens."""
        return Retrieval(self.successions[:longest], self.classes, self.otherwise)

    def answers(self, guides: Ids) -> Ids:
        """The partner's tokens (guides, n)."""
        answers = np.full(guides.shape, self.otherwise, dtype=np.int64)
        for length, (hashes, tokens) in enumerate(self.successions, 1):
            wanted = _hashes(guides, length, self.classes)
            found = np.minimum(np.searchsorted(hashes, wanted), len(hashes) - 1)
            place = answers[:, length - 1 :]
            place[...] = np.where(hashes[found] == wanted, tokens[found], place)
        return answers

    def start(self, guides: int) -> Remembered:
        """Nothing was heard or played."""
        return Remembered.start(guides, self.classes)

    def step(
        self, state: Remembered, heard: Ids, previous: Ids | None, durations: Seconds | None = None
    ) -> tuple[Remembered, Floats]:
        """See `interfaces.DecisionModel`."""
        state = state.after(heard, previous)
        end = state.position + 1
        answer = self.answers(state.guide[:, max(0, end - len(self.successions)) : end])[:, -1]
        return state, _certain(answer[:, None] == np.arange(self.classes))

    def log_probabilities(self, guides: Ids, targets: Ids, durations: Seconds | None = None) -> Floats:
        """See `scoring.OnePass`."""
        return _certain(self.answers(guides) == targets)


def retrieval(train: Pairs, classes: int, longest: int) -> Retrieval:
    """All successions of up to `longest` guide tokens in the training pairs."""
    successions = []
    for length in range(1, longest + 1):
        long_enough = [(guides, targets) for guides, targets in train if guides.shape[1] >= length]
        if not long_enough:
            break
        hashes = np.concatenate([_hashes(guides, length, classes).ravel() for guides, _ in long_enough])
        tokens = np.concatenate([targets[:, length - 1 :].ravel() for _, targets in long_enough])
        successions.append(_most_frequent(hashes, tokens, classes))
    frequencies = np.bincount(np.concatenate([targets.ravel() for _, targets in train]), minlength=classes)
    return Retrieval(tuple(successions), classes, int(frequencies.argmax()))


def _hashes(guides: Ids, length: int, classes: int) -> Ids:
    """Of the `length` tokens that end at each position from length - 1 on: (guides, n - length + 1)."""
    n = max(0, guides.shape[1] - length + 1)
    hashes = np.zeros((len(guides), n), dtype=np.int64)
    for offset in range(length):
        hashes = hashes * MULTIPLIER + guides[:, offset : offset + n] + 1
    return np.asarray(hashes % (LARGEST // classes))


def _most_frequent(hashes: Ids, tokens: Ids, classes: int) -> tuple[Ids, Ids]:
    """The hashes, sorted, each once, and the token that occurs most with it, of equal ones the lowest."""
    cells, times = tallied(hashes * classes + tokens)
    kinds = cells // classes
    starts = np.flatnonzero(np.diff(kinds, prepend=-1))
    most = np.repeat(np.maximum.reduceat(times, starts), np.diff(starts, append=len(kinds)))
    winners = np.flatnonzero(times == most)
    first = winners[np.diff(kinds[winners], prepend=-1) > 0]
    return kinds[starts], cells[first] % classes


def _certain(chosen: Mask) -> Floats:
    return np.where(chosen, 0.0, -np.inf).astype(np.float32)
