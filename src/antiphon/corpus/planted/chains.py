"""Markov chains whose every probability is known: what melodies, densities and energies are drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.types import Ids

Probabilities = NDArray[np.float64]

STEPS = np.array([-4, -2, -1, 0, 1, 2, 4])
"""Moves of a melody along the scale: by step, by third, a note again, at times a leap."""

STEP_PROBABILITIES = np.array([0.05, 0.1, 0.25, 0.2, 0.25, 0.1, 0.05])
"""How often each of `STEPS` is taken."""


@dataclass(frozen=True, eq=False)
class Chain:
    """`initial` (n,) probabilities of the first state; `transition` (n, n) from row to column."""

    initial: Probabilities
    transition: Probabilities

    @property
    def size(self) -> int:
        """How many states there are."""
        return len(self.initial)


def melody(classes: int) -> Chain:
    """A walk along the scale by `STEPS`, which turns round at its ends and is heard from its middle on (stationary)."""
    transition = np.zeros((classes, classes))
    for here in range(classes):
        for step, probability in zip(STEPS.tolist(), STEP_PROBABILITIES, strict=True):
            there = here + step
            if not 0 <= there < classes:
                there = min(max(here - step, 0), classes - 1)
            transition[here, there] += probability
    return Chain(stationary(transition), transition)


def steady(classes: int, stay: float) -> Chain:
    """Stays where it is with probability `stay`, else goes to any other class alike; starts anywhere alike."""
    if classes == 1:
        return constant()
    transition = np.full((classes, classes), (1 - stay) / (classes - 1))
    np.fill_diagonal(transition, stay)
    return Chain(np.full(classes, 1 / classes), transition)


def dice(classes: int) -> Chain:
    """Every class alike, each time anew."""
    return steady(classes, 1 / classes)


def constant() -> Chain:
    """One class, always."""
    return Chain(np.ones(1), np.ones((1, 1)))


def stationary(transition: Probabilities) -> Probabilities:
    """The distribution (n,) that an ergodic `transition` (n, n) leaves as it is."""
    classes = len(transition)
    equations = np.concatenate([transition.T - np.eye(classes), np.ones((1, classes))])
    solution = np.linalg.lstsq(equations, np.append(np.zeros(classes), 1.0), rcond=None)[0]
    positive = np.maximum(solution, 0)
    return np.asarray(positive / positive.sum())


def draw(distribution: Probabilities, generator: np.random.Generator) -> int:
    """One class from `distribution` (n,)."""
    return min(int(np.searchsorted(np.cumsum(distribution), generator.random(), side="right")), len(distribution) - 1)


def path(chain: Chain, length: int, generator: np.random.Generator) -> Ids:
    """States (length,) drawn from the chain."""
    states = [draw(chain.initial, generator)]
    while len(states) < length:
        states.append(draw(chain.transition[states[-1]], generator))
    return np.array(states, dtype=np.int64)
