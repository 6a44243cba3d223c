"""The two ways to sum up alternatives: take the cheapest, or weigh all of them by a temperature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from antiphon.types import Ids

Costs = NDArray[np.float64]


class Semiring(Protocol):
    """What several alternatives cost together; inf stands for one that does not exist."""

    def both(self, some: Costs, others: Costs) -> Costs:
        """Of two alternatives, element by element."""
        ...

    def over(self, costs: Costs) -> Costs:
        """Of each row (m,) of costs (m, k)."""
        ...

    def grouped(self, costs: Costs, starts: Ids) -> Costs:
        """Of groups (k,) that lie side by side in costs (m,) and begin at `starts` (k,)."""
        ...

    def without(self, total: Costs, one: Costs) -> Costs:
        """What is left of a total without one alternative that is not its cheapest."""
        ...


class Choice(Protocol):
    """Picks one of several alternatives."""

    def __call__(self, costs: Costs) -> int:
        """The index of one of costs (m,), some of which are finite."""
        ...


@dataclass(frozen=True)
class MinPlus:
    """Of several alternatives the cheapest counts."""

    def both(self, some: Costs, others: Costs) -> Costs:
        """The smaller."""
        return np.minimum(some, others)

    def over(self, costs: Costs) -> Costs:
        """The smallest of each row."""
        # A column by itself is copied several times as fast as it is searched.
        return costs[:, 0].copy() if costs.shape[1] == 1 else np.asarray(costs.min(axis=1))

    def grouped(self, costs: Costs, starts: Ids) -> Costs:
        """The smallest of each group."""
        return np.minimum.reduceat(costs, starts)

    def without(self, total: Costs, one: Costs) -> Costs:
        """Unchanged: whatever is not the cheapest does not count."""
        return total


@dataclass(frozen=True)
class LogSumExp:
    """-temperature log sum exp(-cost / temperature): every alternative counts by its weight. Above 0."""

    temperature: float

    def both(self, some: Costs, others: Costs) -> Costs:
        """Of two alternatives, element by element."""
        return np.asarray(-self.temperature * np.logaddexp(-some / self.temperature, -others / self.temperature))

    def over(self, costs: Costs) -> Costs:
        """Of each row."""
        lowest = _finite(costs.min(axis=1))
        weights = np.exp((lowest[:, None] - costs) / self.temperature).sum(axis=1)
        return lowest - self._log(weights)

    def grouped(self, costs: Costs, starts: Ids) -> Costs:
        """Of each group, precisely however much the groups differ."""
        lowest = _finite(np.minimum.reduceat(costs, starts))
        spread = np.repeat(lowest, np.diff(starts, append=len(costs)))
        return lowest - self._log(np.add.reduceat(np.exp((spread - costs) / self.temperature), starts))

    def without(self, total: Costs, one: Costs) -> Costs:
        """The total without one that is at most half of it: no digits are lost."""
        share = np.exp((_finite(total) - one) / self.temperature)
        return total - self._log(1 - np.minimum(share, 0.5))

    def _log(self, weights: Costs) -> Costs:
        with np.errstate(divide="ignore"):
            return np.asarray(self.temperature * np.log(weights))


def _finite(costs: Costs) -> Costs:
    return np.where(np.isfinite(costs), costs, 0.0)


def cheapest(costs: Costs) -> int:
    """The first of the cheapest."""
    return int(costs.argmin())


class Drawn:
    """Draws with probability in proportion to exp(-cost / temperature)."""

    def __init__(self, temperature: float, rng: np.random.Generator) -> None:
        self._temperature = temperature
        self._rng = rng

    def __call__(self, costs: Costs) -> int:
        """One of costs (m,), never one of no weight."""
        weights = np.exp((costs.min() - costs) / self._temperature).cumsum()
        return int(np.searchsorted(weights, self._rng.random() * weights[-1], side="right"))
