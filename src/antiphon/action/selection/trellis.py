"""The search itself: costs of all paths through the candidates of each step, forward, and one path back.

Going on to the next memory segment costs nothing. A jump costs `jump`, or `shared` where the label before the new place
is the one just played, and the price of the cut between two boundary classes. The played labels are fixed before the
search, so a jump's price depends on where it comes from only through the boundary class there: each step first finds
the cheapest way out of every class, then into every class, then adds what each candidate costs by itself. Hence
O(candidates + classes squared) a step, and no look at pairs of segments.

How long the present copy has lasted is part of the state, in columns 1..`columns`, so that caps on it, and the price of
leaving it early, are exact. A cap
makes one pair of places special: a jump must not lead to the segment that follows in the memory, because that would be
going on. So the best way out is known together with the best that starts elsewhere.

The same passes with a soft minimum in place of the minimum sum exp(-cost / temperature) over all paths; drawing the way
back step by step then draws a whole path with exactly its share of that sum (forward filtering, backward sampling).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import overload

import numpy as np
from numpy.typing import NDArray

from antiphon.action.selection.candidates import LENGTH_TOLERANCE, NO_LABEL, Candidates, Groups
from antiphon.action.selection.semirings import Choice, Semiring
from antiphon.types import SILENCE, Ids, Seconds

Costs = NDArray[np.float64]

KEPT_COSTS = 1 << 23
"""Costs in memory at once (64 MB) before the forward pass is done twice, in blocks."""

KEPT_STEPS = 256
"""Steps in memory at once."""

UNKNOWN_PHASE = -1
"""A beat phase that nobody knows: it differs from no other."""


@dataclass(frozen=True, eq=False)
class Prices:
    """What paths cost: `jump`, `shared` and `cuts` (classes, classes) for joins, `short` and `phase` for what is heard.

    `short` is paid in full where nothing of an interval can be filled, `phase` where beat phases differ. `joint` is
    added to every jump: just enough that of equally cheap paths the one with the fewest joints is taken. A jump that
    leaves a copy of fewer than `phrase` segments costs `leaving` times the share that is missing.
    """

    jump: float
    shared: float
    cuts: Seconds
    short: float = 0.0
    phase: float = 0.0
    joint: float = 0.0
    leaving: float = 0.0
    phrase: int = 1

    @cached_property
    def cuts_into(self) -> Costs:
        """The price of cuts with the classes that are summed up side by side in memory: thirty times as fast."""
        return np.ascontiguousarray(self.cuts.T)

    def leaving_after(self, runs: Ids) -> Costs:
        """What it costs to leave copies that have lasted `runs` (n,) segments, on top of the jump."""
        return np.asarray(self.leaving * np.maximum(0.0, 1 - runs / self.phrase))


@dataclass(frozen=True)
class Caps:
    """No copy lasts longer than `longest` segments (0: no cap), none is left by a jump before `minimum`. Lengths up to
    `told` are told apart, for prices that depend on them."""

    longest: int = 0
    minimum: int = 1
    told: int = 1

    @property
    def columns(self) -> int:
        """How many lengths of the present copy must be told apart; the last stands for all longer ones if uncapped."""
        return self.longest or max(self.minimum, self.told)

    def column(self, run: int) -> int:
        """The column of a copy that has lasted `run` segments."""
        return min(run, self.columns) - 1


@dataclass(frozen=True, eq=False)
class Step:
    """What can be played at one step under which label, for how long, at which beat phase. No candidates: silence.

    `costs` (candidates,) are what each candidate costs by what it sounds like; None: nothing.
    """

    candidates: Candidates | None
    label: int
    seconds: float
    phase: int = UNKNOWN_PHASE
    costs: Costs | None = None


class Steps(Sequence[Step]):
    """Steps (n,) that are made when they are asked for, by number; the last so many are kept.

    A step with a thousand candidates takes 80 kB: those of an hour do not fit side by side.
    """

    def __init__(self, make: Callable[[int], Step], count: int) -> None:
        self._make, self._count = lru_cache(maxsize=KEPT_STEPS)(make), count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Step: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Step]: ...

    def __getitem__(self, index: int | slice) -> Step | Sequence[Step]:
        if isinstance(index, slice):
            return [self._make(each) for each in range(*index.indices(self._count))]
        if not -self._count <= index < self._count:
            raise IndexError(index)
        return self._make(index % self._count)


@dataclass(frozen=True, eq=False)
class Front:
    """Where paths end after a step: `costs` (candidates, columns) of the cheapest, above the cheapest of all."""

    step: Step
    costs: Costs


@dataclass(frozen=True, eq=False)
class Way:
    """One step of the way back: the front there, the one before it, and the number of the step."""

    index: int
    before: Front
    here: Front


class DeadEnd(Exception):
    """No path keeps the caps as far as the step `index`."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


NOWHERE = Front(Step(None, NO_LABEL, 0.0), np.empty((0, 1)))
"""Before the first sound."""


@dataclass(frozen=True, eq=False)
class Trellis:
    """The steps (n,) of a specification through a memory of `count` segments, going on from `start`.

    `phases` (count,) are the beat phases of the memory.
    """

    steps: Sequence[Step]
    count: int
    prices: Prices
    caps: Caps = Caps()
    start: Front = NOWHERE
    phases: Ids | None = None
    _positions: Ids = field(init=False, repr=False)
    _leaving: Costs = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_leaving", self.prices.leaving_after(np.arange(1, self.caps.columns + 1)))
        object.__setattr__(self, "_positions", np.full(self.count + 1, -1, dtype=np.int64))

    def path(self, semiring: Semiring, choice: Choice) -> Ids:
        """The segments (n,) of one path, SILENCE where a step is silent. Raises DeadEnd where the caps allow none."""
        segments = np.full(len(self.steps), SILENCE, dtype=np.int64)
        place: tuple[int, int] | None = None
        for way in self.ways_back(semiring):
            candidates = way.here.step.candidates
            if candidates is None:
                place = None
                continue
            if place is None:
                place = _divided(choice(way.here.costs.ravel()), self.caps.columns)
            segments[way.index] = candidates.segments[place[0]]
            place = self._came_from(way, place, choice) if way.before.step.candidates else None
        return segments

    def ways_back(self, semiring: Semiring) -> Iterator[Way]:
        """All steps from the last to the first, each with the costs that the forward pass found for it."""
        total = self.caps.columns * sum(len(step.candidates.segments) for step in self.steps if step.candidates)
        size = len(self.steps) if total <= KEPT_COSTS else math.isqrt(len(self.steps)) + 1
        firsts = range(0, len(self.steps), max(1, size))
        starts, block = [self.start], []
        for first in firsts:
            block = self._forward(first, size, starts[-1], semiring)
            starts.append(block[-1])
        for first, start in reversed(list(zip(firsts, starts, strict=False))):
            if first != firsts[-1]:
                block = self._forward(first, size, start, semiring)
            for offset in range(len(block) - 1, -1, -1):
                yield Way(first + offset, block[offset - 1] if offset else start, block[offset])

    def totals(self, semiring: Semiring) -> Iterator[tuple[Way, Costs]]:
        """From the last step to the first: the least cost (m,) of any path through each candidate of the step.

        Relative to a constant of the step. Nothing for silent steps.
        """
        after: Front = NOWHERE
        for way in self.ways_back(semiring):
            step = way.here.step
            if step.candidates is None:
                after = NOWHERE
                continue
            to_go = self._to_go(step, after, semiring)
            yield way, semiring.over(way.here.costs + to_go)
            after = Front(step, to_go + self.fit(step)[:, None])

    def fit(self, step: Step) -> Costs:
        """What each candidate (m,) costs by itself: the missing share of its length, a beat phase that differs."""
        assert step.candidates is not None
        costs = np.zeros(len(step.candidates.segments)) if step.costs is None else step.costs.astype(np.float64)
        if step.candidates.shortest + LENGTH_TOLERANCE < step.seconds:
            missing = 1 - step.candidates.durations / step.seconds
            costs += self.prices.short * missing * (missing * step.seconds > LENGTH_TOLERANCE)
        if self.phases is not None and step.phase != UNKNOWN_PHASE:
            phases = self.phases[step.candidates.segments]
            costs += self.prices.phase * ((phases != step.phase) & (phases != UNKNOWN_PHASE))
        return costs

    def _forward(self, first: int, size: int, start: Front, semiring: Semiring) -> list[Front]:
        fronts, front = [], start
        for index in range(first, min(first + size, len(self.steps))):
            front = self._next(front, self.steps[index], semiring)
            if not np.isfinite(front.costs).any() and front.step.candidates:
                raise DeadEnd(index)
            fronts.append(front)
        return fronts

    def _next(self, front: Front, step: Step, semiring: Semiring) -> Front:
        candidates = step.candidates
        if candidates is None:
            return Front(step, np.empty((0, self.caps.columns)))
        costs = np.full((len(candidates.segments), self.caps.columns), np.inf)
        if front.step.candidates is None:
            costs[:, 0] = 0.0
        else:
            before = front.step.candidates
            own = self._found(before.segments, candidates.predecessors)
            leaving = semiring.over(self._left(front.costs))
            crossing = _crossed(leaving, before.right, self.prices.cuts_into, semiring)
            own_prices = self.prices.cuts[before.right.classes[own], candidates.left.classes]
            costs[:, 0] = crossing.from_elsewhere(
                candidates.left.classes, own, _at(leaving, own) + own_prices, semiring
            )
            costs[:, 0] += self._entry(step, front.step.label)
            onward = _at(front.costs, own)
            costs[:, 1:] = onward[:, :-1]
            if not self.caps.longest:
                costs[:, -1] = semiring.both(costs[:, -1], onward[:, -1])
        costs += self.fit(step)[:, None]
        lowest = costs.min()
        return Front(step, costs - lowest if np.isfinite(lowest) else costs)

    def _to_go(self, step: Step, after: Front, semiring: Semiring) -> Costs:
        """What the rest of the path costs (m, columns) from each candidate of a step, `after` being the next one."""
        candidates, following = step.candidates, after.step.candidates
        assert candidates is not None
        shape = len(candidates.segments), self.caps.columns
        if following is None:
            return np.zeros(shape)
        own = self._found(following.predecessors, candidates.segments)
        entering = after.costs[:, 0] + self._entry(after.step, step.label)
        crossing = _crossed(entering, following.left, self.prices.cuts, semiring)
        own_prices = self.prices.cuts[candidates.right.classes, following.left.classes[own]]
        leaving = crossing.from_elsewhere(candidates.right.classes, own, _at(entering, own) + own_prices, semiring)
        onward = _at(after.costs, own)
        costs = np.full(shape, np.inf)
        costs[:, :-1] = onward[:, 1:]
        if not self.caps.longest:
            costs[:, -1] = onward[:, -1]
        leavable = slice(self.caps.minimum - 1, None)
        costs[:, leavable] = semiring.both(costs[:, leavable], leaving[:, None] + self._leaving[leavable])
        return costs

    def _left(self, costs: Costs) -> Costs:
        """Costs (m, columns) with what it costs to leave a copy there, of those columns that a jump may leave."""
        leavable = slice(self.caps.minimum - 1, None)
        return np.asarray(costs[:, leavable] + self._leaving[leavable])

    def _entry(self, step: Step, label_before: int) -> Costs:
        """What jumping into each candidate (m,) costs before the price of the cut."""
        assert step.candidates is not None
        shared = step.candidates.labels_before == label_before
        return np.where(shared, self.prices.shared, self.prices.jump) + self.prices.joint

    def _found(self, segments: Ids, wanted: Ids) -> Ids:
        """The position (m,) in `segments` of each wanted one, -1 where it is not there."""
        self._positions[segments] = np.arange(len(segments))
        self._positions[self.count] = -1
        found = self._positions[wanted]
        self._positions[segments] = -1
        return found

    def _came_from(self, way: Way, place: tuple[int, int], choice: Choice) -> tuple[int, int]:
        """The candidate and column of the step before from which a path comes to `place`."""
        before, here = way.before.step.candidates, way.here.step.candidates
        assert before is not None
        assert here is not None
        member, column = place
        predecessor = int(before.segments.searchsorted(here.predecessors[member]))
        follows = predecessor < len(before.segments) and before.segments[predecessor] == here.predecessors[member]
        columns = self.caps.columns
        grown = [column - 1] if column else []
        if column == columns - 1 and not self.caps.longest:
            grown.append(columns - 1)
        going_on = way.before.costs[predecessor, grown] if follows else np.empty(0)
        grown = grown if follows else []
        if column:
            return predecessor, grown[choice(going_on)]
        shared = here.labels_before[member] == way.before.step.label
        price = (self.prices.shared if shared else self.prices.jump) + self.prices.joint
        leaving = self._left(way.before.costs) + price
        leaving += self.prices.cuts[before.right.classes, here.left.classes[member]][:, None]
        if follows:
            leaving[predecessor] = np.inf
        chosen = choice(np.concatenate([going_on, leaving.ravel()]))
        if chosen < len(going_on):
            return predecessor, grown[chosen]
        source, left = _divided(chosen - len(going_on), leaving.shape[1])
        return source, left + self.caps.minimum - 1


def _divided(flat: int, columns: int) -> tuple[int, int]:
    row, column = divmod(flat, columns)
    return row, column


def _at(costs: Costs, positions: Ids) -> Costs:
    """The costs at these positions, inf at -1."""
    found = costs[positions]
    found[positions < 0] = np.inf
    return found


@dataclass(frozen=True, eq=False)
class _Crossing:
    """The least cost `best` (classes,) of a cut into each boundary class from any member of the step before.

    `rest` leaves out the member `top`, from which it is cheapest.
    """

    best: Costs
    rest: Costs
    top: Ids

    def from_elsewhere(self, classes: Ids, own: Ids, own_costs: Costs, semiring: Semiring) -> Costs:
        """Costs (m,) of a cut into these classes from any member but `own` (m,), -1 for none, which costs this much."""
        return np.where(own == self.top[classes], self.rest[classes], semiring.without(self.best[classes], own_costs))


def _crossed(values: Costs, groups: Groups, cuts: Costs, semiring: Semiring) -> _Crossing:
    """From costs of leaving each member (m,) to costs of arriving in each class; `cuts` (arriving, leaving)."""
    grouped = values[groups.order]
    lowest = np.minimum.reduceat(grouped, groups.starts)
    hits = np.flatnonzero(grouped == np.repeat(lowest, groups.sizes))
    tops = hits[hits.searchsorted(groups.starts)]
    total = semiring.grouped(grouped, groups.starts)
    grouped[tops] = np.inf
    others = semiring.grouped(grouped, groups.starts)
    # Classes without members cost inf: a full table is added faster than a part of it is picked out.
    by_class = np.full((3, cuts.shape[1]), np.inf)
    by_class[:, groups.present] = lowest, total, others
    members = np.zeros(cuts.shape[1], dtype=np.int64)
    members[groups.present] = groups.order[tops]
    every = np.arange(len(cuts))
    cheapest = (cuts + by_class[0]).argmin(axis=1)
    arriving = cuts + by_class[1]
    best = semiring.over(arriving)
    arriving[every, cheapest] = by_class[2, cheapest] + cuts[every, cheapest]
    return _Crossing(best, semiring.over(arriving), members[cheapest])
