"""How well each memory segment fits what is asked for at each step (target cost; Hunt and Black, 1996).

These parts are added up, each 0 at best:

- decision, in nats: how much less probable a segment is, under the decision's whole distribution, than the segment
  that is most probable at this step. p(segment) = sum over classes of p(class) p(class | sound of the segment), so a
  near class costs little where the decision is undecided, and much where it is certain;
- harmony: 1 minus the correlation of the chroma of guide and segment, times `action.harmony`;
- dynamics: how far the level of the segment among the memory's differs from that of the guide's segment among the
  guide's, in standard deviations, times `action.dynamics`;
- activity: the same of how busy they are, times `action.activity`;
- register: the same of how high they lie, where a pair has shown that it matters;
- a pair's own classes, in nats as the decision, where the agent remembers one whose relation was found in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from antiphon.types import Floats, SegmentSound

Costs = NDArray[np.float64]
Scale = tuple[float, float]
"""Mean and spread, by which levels or activities are judged."""

LARGEST_DECISION_COST = 8.0
"""Nats: what the decision excludes costs no more, so that every control can still be met."""

NEAR_CLASS_COST = 4.0
"""What a class at a middle distance from the one asked for costs, where the decision's distribution is not known."""

LEVEL_SPREAD_DB = 3.0
"""Added to the spread of levels: a recording of one level has no dynamics to follow."""

ACTIVITY_SPREAD = 0.3
"""Octaves of onset strength added to the spread of activities, likewise."""

REGISTER_SPREAD = 0.1
"""Octaves added to the spread of registers, likewise."""

SHORTLIST = 512
"""At one step no more candidates are searched than the best so many by themselves, and the best so many with what
follows them; in a memory of no more than twice as many, all are."""

ROWS = 256
"""Steps whose costs are held at once."""

CELLS = 1 << 22
"""Costs held at once: of a memory of hours fewer steps are (32 MB)."""


@dataclass(frozen=True, eq=False)
class Following:
    """How guide (n) and memory (m) segments sound, and the weights of `harmony`, `dynamics` and `activity`."""

    guide: SegmentSound
    memory: SegmentSound
    harmony: float
    dynamics: float
    activity: float = 0.0

    def rows(self, first: int, stop: int) -> Costs:
        """Costs (stop - first, m) of these steps."""
        harmony = self.guide.chroma[first:stop].astype(np.float64) @ self._memory_chroma
        np.multiply(self.harmony, np.subtract(1, harmony, out=harmony), out=harmony)
        away = self._guide_level[first:stop, np.newaxis] - self._memory_level
        np.multiply(self.dynamics, np.abs(away, out=away), out=away)
        costs = np.asarray(np.add(harmony, away, out=harmony))
        for weight, guide, memory in self._scalars:
            costs += weight * np.abs(guide[first:stop, np.newaxis] - memory)
        if self.guide.classes is not None and self.memory.classes is not None:
            costs += unfitness(self.guide.classes[first:stop].astype(np.float64), self._memory_classes)
        return costs

    @cached_property
    def _scalars(self) -> list[tuple[float, Costs, Costs]]:
        """What is told of guide (n,) and memory (m,) by one number a segment, each with its weight."""
        guide, memory = self.guide, self.memory
        busy = (guide.activity, guide.activity_scale), (memory.activity, memory.activity_scale)
        high = (guide.register, guide.register_scale), (memory.register, memory.register_scale)
        told = (self.activity, busy, activity_scale), (guide.register_weight, high, register_scale)
        found = []
        for weight, ((heard, heard_scale), (kept, kept_scale)), scale_of in told:
            if weight and heard is not None and kept is not None:
                by_guide = relative(heard, heard_scale or scale_of(heard))
                found.append((weight, by_guide, relative(kept, kept_scale or scale_of(kept))))
        return found

    @cached_property
    def _memory_chroma(self) -> Costs:
        return np.asarray(self.memory.chroma.T.astype(np.float64))

    @cached_property
    def _memory_classes(self) -> Costs:
        assert self.memory.classes is not None
        return np.asarray(self.memory.classes.T.astype(np.float64))

    @cached_property
    def _guide_level(self) -> Costs:
        known = np.concatenate([self.guide.before, self.guide.level])
        return relative(self.guide.level, self.guide.level_scale or level_scale(known))

    @cached_property
    def _memory_level(self) -> Costs:
        return relative(self.memory.level, self.memory.level_scale or level_scale(self.memory.level))


def unfitness(asked: Costs, classes: Costs) -> Costs:
    """How much less probable each of m segments is than the most probable one, in nats (n, m), by the distributions
    that are `asked` for (n, classes) and the segments' own (classes, m); LARGEST_DECISION_COST at most."""
    fit = asked @ classes
    np.log(np.maximum(fit, 1e-12, out=fit), out=fit)
    costs = np.subtract(fit.max(axis=1, keepdims=True, initial=-np.inf), fit, out=fit)
    return np.asarray(np.minimum(costs, LARGEST_DECISION_COST, out=costs))


def relative(values: Floats, scale: Scale) -> Costs:
    """Values (n,) as spreads from the mean of a scale; 2 below it at least, so that a rest is not far below."""
    mean, spread = scale
    return np.maximum((values.astype(np.float64) - mean) / spread, -2.0)


def level_scale(level: Floats) -> Scale:
    """Of levels (n,) in dBFS: mean and standard deviation of those that sound, the latter with LEVEL_SPREAD_DB."""
    return _scale(level, LEVEL_SPREAD_DB)


def activity_scale(activity: Floats) -> Scale:
    """Of activities (n,): mean and standard deviation of those above the least, the latter with ACTIVITY_SPREAD."""
    return _scale(activity, ACTIVITY_SPREAD)


def register_scale(register: Floats) -> Scale:
    """Of registers (n,): mean and standard deviation of those above the lowest, the latter with REGISTER_SPREAD."""
    return _scale(register, REGISTER_SPREAD)


def sounding(values: Floats) -> Floats:
    """Of levels or activities (n,) those above the least."""
    return values[values > values.min()] if len(values) else values


def _scale(values: Floats, added: float) -> Scale:
    known = sounding(values)
    return (float(known.mean()), float(known.std()) + added) if len(known) else (float(values[:1].sum()), added)


@dataclass(frozen=True, eq=False)
class TargetCosts:
    """Costs of playing each of `usable` (k,) memory segments at each of n steps.

    `distributions` (n, classes) are log-probabilities, `class_probabilities` (m, classes) those of memory segments;
    `following` is None where only the decision is asked; `dearer` (m,) is what each costs more, at every step.
    """

    distributions: Floats
    class_probabilities: Floats
    usable: NDArray[np.int64]
    following: Following | None = None
    dearer: Costs | None = None

    def rows(self, first: int, stop: int) -> Costs:
        """Costs (stop - first, k) of these steps."""
        costs = unfitness(np.exp(self.distributions[first:stop].astype(np.float64)), self._probabilities)
        if self.following is not None:
            rows = self.following.rows(first, stop)
            costs += rows if len(self.usable) == rows.shape[1] else rows[:, self.usable]
        if self.dearer is not None:
            costs += self.dearer[self.usable]
        return np.asarray(costs)

    @cached_property
    def _probabilities(self) -> Costs:
        """Those of the usable segments (classes, k)."""
        return np.asarray(self.class_probabilities[self.usable].T.astype(np.float64))

    def shortlists(self, phrase: int) -> list[tuple[NDArray[np.int64], Costs]]:
        """For each step the segments (c,) that are searched, in ascending order, and their costs (c,).

        In a large memory those that fit best by themselves, and those that fit best together with the `phrase` segments
        that follow them, or that they follow.
        """
        found: list[tuple[NDArray[np.int64], Costs]] = []
        count = len(self.distributions)
        rows = max(1, min(ROWS, CELLS // max(1, len(self.usable))))
        for first in range(0, count, rows):
            stop = min(first + rows, count)
            before = max(0, first - phrase)
            costs = self.rows(before, min(stop + phrase, count))
            if len(self.usable) <= 2 * SHORTLIST:
                found += [(self.usable, row) for row in costs[first - before : stop - before]]
                continue
            together = _along(costs, self.usable, phrase)
            for row in range(first - before, stop - before):
                best = np.argpartition(costs[row], SHORTLIST)[:SHORTLIST]
                best = np.union1d(best, np.argpartition(together[row], SHORTLIST)[:SHORTLIST])
                found.append((self.usable[best], costs[row, best]))
        return found


def _along(costs: Costs, usable: NDArray[np.int64], phrase: int) -> Costs:
    """The mean cost (n, k) of the best copy of `phrase` segments that goes through each place, ends included."""
    window = min(phrase, len(costs))
    follows = np.concatenate([np.diff(usable) == 1, [False]])
    sums, going = costs.copy(), np.ones(len(usable), dtype=np.bool_)
    for ahead in range(1, window):
        going = follows & np.concatenate([going[1:], [False]])
        later = np.full_like(costs, LARGEST_DECISION_COST)
        later[:-ahead, :-ahead] = costs[ahead:, ahead:]
        sums += np.where(going, later, LARGEST_DECISION_COST)
    best = sums.copy()
    for back in range(1, window):
        best[back:, back:] = np.minimum(best[back:, back:], sums[:-back, :-back])
    return np.asarray(best / window)


@dataclass(frozen=True, eq=False)
class ClassCosts:
    """The same where only classes are asked for: `distances` (classes, classes) from `asked` ids (n,) to those (m,) of
    the memory, in units of the middle distance, times `NEAR_CLASS_COST`."""

    asked: NDArray[np.int64]
    memory: NDArray[np.int64]
    usable: NDArray[np.int64]
    distances: NDArray[np.floating]

    def shortlists(self, phrase: int) -> list[tuple[NDArray[np.int64], Costs]]:
        """All usable segments (c,) at every step, and their costs (c,)."""
        finite = self.distances[np.isfinite(self.distances) & (self.distances > 0)]
        unit = float(np.median(finite)) if len(finite) else 1.0
        table = np.minimum(NEAR_CLASS_COST * self.distances / unit, LARGEST_DECISION_COST)
        there = self.memory[self.usable]
        return [(self.usable, table[label, there].astype(np.float64)) for label in self.asked.tolist()]
