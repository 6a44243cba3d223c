"""Paths that do not come back to the same spot: each further use of a memory segment has a price.

That is no longer a shortest path, since what a use costs depends on all the others. Two uses of one segment cost
`novelty` together, and up to `1 + RECENT` times as much the nearer they are in time. A first path is found from left to
right, each block knowing what was played before it. Then blocks are searched anew, exactly, with everything outside
them fixed and priced, as long as the whole gets cheaper (iterated conditional modes; Besag, 1986). A small memory, of
which all is played again and again, is searched from other first paths too, and the cheapest is kept. A response
that is longer than its memory has to come back: there the price is divided by how often.

With re-use off the price is so high that a segment is only played again where none is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from antiphon.action.selection.constraints import FREE
from antiphon.action.selection.search_problem import SearchProblem, used_before
from antiphon.action.selection.semirings import Choice, MinPlus, Semiring, cheapest
from antiphon.action.selection.trellis import Step, Steps
from antiphon.types import SILENCE, Ids

Costs = NDArray[np.float64]

RECENT = 2.0
"""What was just heard costs so much more."""

RECENT_SECONDS = 4.0
"""After so long it costs 1 / e of that more."""

ROUNDS = 6
"""Times that a block is searched with a price on what it plays more than once."""

SWEEPS = 4
"""Times that all blocks are searched anew at most."""

SMALL_MEMORY, SMALL_RESPONSE = 48, 160
"""Segments and steps up to which other first paths are tried: there a search is short, and stops early too often."""

SHORT_BLOCK = 4
"""Steps of the shortest blocks that are tried there; the longest are the whole response."""

NEVER_AGAIN = 1e4
"""The price of a second use where re-use is off: far above what any path costs without."""

_FAR = 6.0
"""Beyond so many times `RECENT_SECONDS` nothing was just heard."""


class Uses:
    """Which segments (n,) a path plays when (n,) in seconds, counted at those of its steps that are `outside` (n,).

    `earlier` (m,) counts those of earlier blocks. What a step costs takes as long as there are candidates and steps
    near in time, however long the memory is.
    """

    def __init__(
        self,
        segments: Ids,
        times: NDArray[np.float64],
        earlier: NDArray[np.float64],
        price: float,
        outside: NDArray[np.bool_],
    ) -> None:
        self._segments, self._times, self._price = segments, times, price
        self._counted = outside & (segments != SILENCE)
        self._counts = earlier + np.bincount(segments[self._counted], minlength=len(earlier))
        self._recent = np.zeros(len(earlier))

    def count(self, index: int, counts: bool) -> None:
        """Whether the use at a step counts from now on."""
        if self._segments[index] != SILENCE and bool(self._counted[index]) != counts:
            self._counted[index] = counts
            self._counts[self._segments[index]] += 1 if counts else -1

    def prices(self, index: int, candidates: Ids) -> Costs:
        """What playing each of the candidates (m,) at a step costs."""
        far = _FAR * RECENT_SECONDS
        start, stop = np.searchsorted(self._times, [self._times[index] - far, self._times[index] + far])
        near = start + np.flatnonzero(self._counted[start:stop])
        apart = np.abs(self._times[near] - self._times[index])
        near, apart = near[apart < far], apart[apart < far]
        np.add.at(self._recent, self._segments[near], np.exp(-apart / RECENT_SECONDS))
        found = self._price * (self._counts[candidates] + RECENT * self._recent[candidates])
        self._recent[self._segments[near]] = 0.0
        return np.asarray(found)


def novel_path(problem: SearchProblem, semiring: Semiring, choice: Choice) -> Ids:
    """The segments (n,) of a path for which each further use of a segment was priced; see the module."""
    search = _Search.of(problem)
    segments = search.from_left_to_right(semiring, choice)
    if isinstance(semiring, MinPlus):
        segments = search.improved(segments)
        if search.is_small:
            segments = search.cheapest_start(segments)
    elif not problem.settings.reuse:
        # A draw may meet a segment twice that another draw would not have met.
        segments = search.spot_by_spot(segments)
    return segments


def novelty_priced(problem: SearchProblem, segments: Ids) -> Sequence[Step]:
    """The steps (n,) of a question, each candidate dearer by what the uses of a path (n,) at all other steps cost."""
    uses = _Search.of(problem).uses(segments, np.ones(len(segments), dtype=np.bool_))

    def priced(index: int) -> Step:
        step = problem.steps[index]
        if step.candidates is None:
            return step
        uses.count(index, False)
        found = _dearer(step, uses.prices(index, step.candidates.segments))
        uses.count(index, True)
        return found

    return Steps(priced, len(problem.steps))


@dataclass(frozen=True, eq=False)
class _Search:
    problem: SearchProblem
    times: NDArray[np.float64]
    earlier: NDArray[np.float64]
    price: float
    block: int

    @classmethod
    def of(cls, problem: SearchProblem) -> _Search:
        settings, count = problem.settings, len(problem.memory.tokens)
        intervals, durations = problem.specification.tokens.intervals, problem.specification.tokens.durations
        seconds = float(np.median(durations)) if len(durations) else 0.0
        earlier = uses_before(used_before(problem.state), count, seconds)
        often = max(1.0, len(intervals) / max(1, int(problem.usable.sum())))
        price = settings.novelty / often if settings.reuse else NEVER_AGAIN
        return cls(problem, intervals.mean(axis=1), earlier, price, max(8, 2 * problem.phrase))

    def uses(self, segments: Ids, outside: NDArray[np.bool_]) -> Uses:
        return Uses(segments, self.times, self.earlier, self.price, outside)

    def from_left_to_right(self, semiring: Semiring, choice: Choice) -> Ids:
        """A first path: each block is decided together with the next one, and only itself is kept."""
        count = len(self.times)
        segments = np.full(count, SILENCE, dtype=np.int64)
        for first in range(0, count, self.block):
            inside = slice(first, min(first + 2 * self.block, count))
            found = self._searched(segments, inside, semiring, choice, future=False)
            segments[first : first + self.block] = found[: self.block]
        return segments

    def improved(self, segments: Ids) -> Ids:
        """The same path with blocks searched anew while that makes the whole cheaper, and then each spot that is still
        heard more than once."""
        for sweep in range(SWEEPS):
            before = segments
            for first in range(-(sweep % 2) * (self.block // 2), len(segments), self.block):
                segments = self._cheaper(segments, slice(max(0, first), min(first + self.block, len(segments))))
            if np.array_equal(before, segments):
                break
        return self.spot_by_spot(segments)

    def spot_by_spot(self, segments: Ids) -> Ids:
        """The same path with each spot searched anew that is still heard more than once."""
        for index in range(len(segments)):
            if segments[index] != SILENCE and np.count_nonzero(segments == segments[index]) > 1:
                segments = self._cheaper(segments, slice(index, index + 1))
        return segments

    @property
    def is_small(self) -> bool:
        """Whether there is time for other first paths."""
        return int(self.problem.usable.sum()) <= SMALL_MEMORY and 0 < len(self.times) <= SMALL_RESPONSE

    def cheapest_start(self, segments: Ids) -> Ids:
        """The cheapest of this path and those that come of first paths by short blocks and by one as long as all, each
        improved by blocks of the other length as well."""
        short, whole = (replace(self, block=block) for block in (SHORT_BLOCK, len(self.times)))
        everything = slice(0, len(self.times))
        found = [segments, whole.improved(short.improved(segments))]
        for first in (short, whole):
            found.append(short.improved(whole.improved(first.from_left_to_right(MinPlus(), cheapest))))
        costs = [self._cost(each, everything) for each in found]
        return found[int(np.argmin(np.round(costs, 9)))]

    def _cheaper(self, segments: Ids, inside: slice) -> Ids:
        """The path with a block searched anew, where that is cheaper."""
        changed = segments.copy()
        changed[inside] = self._searched(segments, inside, MinPlus(), cheapest, future=True)
        return changed if self._cost(changed, inside) < self._cost(segments, inside) - 1e-9 else segments

    def _searched(self, segments: Ids, inside: slice, semiring: Semiring, choice: Choice, *, future: bool) -> Ids:
        """The steps `inside` of a path, all others fixed; those after it are searched past where the `future` is known,
        and silent where it is not.

        The search itself does not see uses inside the block. Where there are several of one segment, the longest copy
        keeps it, its use at the other steps is priced, and the block is searched again.
        """
        first = self._run_start(segments, inside.start)
        steps = self._priced_steps(segments, first, inside, future=future)
        path, best, least = segments.copy(), segments[inside], np.inf
        for _ in range(ROUNDS):
            path[inside] = self.problem.path(semiring, choice, steps, first)[inside.start - first :][: len(best)]
            cost = self._cost(path, inside)
            if cost < least:
                best, least = path[inside].copy(), cost
            claims = _claims(path[inside])
            if not claims:
                break
            steps = self._claimed(steps, inside, first, claims)
        return best

    def _priced_steps(self, segments: Ids, first: int, inside: slice, *, future: bool) -> list[Step]:
        """The steps from `first` on: free inside the block, with what uses outside cost there, and fixed around it."""
        stop = min(len(segments), inside.stop + self.reach) if future else inside.stop
        outside = np.ones(len(segments), dtype=np.bool_)
        outside[inside] = False
        uses, steps = self.uses(segments, outside), []
        for index in range(first, stop):
            step = self.problem.steps[index]
            if step.candidates is not None and not inside.start <= index < inside.stop:
                step = self.problem.fixed_step(index, int(segments[index]))
            elif step.candidates is not None and self.problem.pins[index] == FREE:
                step = _dearer(step, uses.prices(index, step.candidates.segments))
            steps.append(step)
        return steps

    def _claimed(self, steps: list[Step], inside: slice, first: int, claims: dict[int, int]) -> list[Step]:
        """The steps with a price on each claimed segment everywhere in the block but at the step that has it."""
        priced = list(steps)
        for index in range(inside.start, inside.stop):
            step = priced[index - first]
            if step.candidates is None or self.problem.pins[index] != FREE:
                continue
            added = np.zeros(len(step.candidates.segments))
            for segment, owner in claims.items():
                owner_index = inside.start + owner
                place = int(np.searchsorted(step.candidates.segments, segment))
                if index != owner_index and place < len(added) and step.candidates.segments[place] == segment:
                    apart = abs(self.times[index] - self.times[owner_index])
                    added[place] = self.price * (1 + RECENT * np.exp(-apart / RECENT_SECONDS))
            priced[index - first] = _dearer(step, added)
        return priced

    @property
    def reach(self) -> int:
        """How many steps around a block its change is felt: as far as lengths of copies are told apart."""
        return self.problem.caps.columns + 1

    def _run_start(self, segments: Ids, start: int) -> int:
        """From where on a block that begins at `start` is searched: a copy before it is known from its beginning."""
        first = max(0, start - self.reach)
        while first > 0 and segments[first] == segments[first - 1] + 1 and segments[first - 1] != SILENCE:
            first -= 1
        return first

    def _cost(self, segments: Ids, inside: slice) -> float:
        """What the steps around a block cost: everything that a change inside it changes."""
        first, stop = self._run_start(segments, inside.start), min(len(segments), inside.stop + self.reach)
        outside = np.ones(len(segments), dtype=np.bool_)
        outside[inside] = False
        uses, total = self.uses(segments, outside), float(self.problem.costs(segments, first, stop).sum())
        for index in range(inside.start, inside.stop):
            if segments[index] != SILENCE:
                total += float(uses.prices(index, segments[index : index + 1])[0])
                uses.count(index, True)
        return total


def uses_before(used: Ids, count: int, seconds: float) -> NDArray[np.float64]:
    """How often each of `count` segments was played in earlier blocks, those just heard more: `used` (m,) in order of
    time, each so many seconds long. Times `action.novelty` it is what another use costs."""
    ago = seconds * np.arange(len(used), 0, -1)
    weights = 1 + RECENT * np.exp(-ago / RECENT_SECONDS)
    return np.asarray(np.bincount(used, weights, minlength=count), dtype=np.float64)


def _dearer(step: Step, added: Costs) -> Step:
    return replace(step, costs=added if step.costs is None else step.costs + added)


def _claims(segments: Ids) -> dict[int, int]:
    """For each segment that a path (n,) plays more than once the step that keeps it: that in the longest copy."""
    sounding = segments != SILENCE
    breaks = np.flatnonzero((np.diff(segments) != 1) | ~sounding[:-1]) + 1
    lengths = np.diff([0, *breaks.tolist(), len(segments)])
    lasts = np.repeat(lengths, lengths)
    found: dict[int, int] = {}
    for segment in np.unique(segments[sounding]).tolist():
        at = np.flatnonzero(segments == segment)
        if len(at) > 1:
            found[segment] = int(at[lasts[at].argmax()])
    return found


def is_priced(problem: SearchProblem) -> bool:
    """Whether coming back to a segment costs anything, or is to be avoided."""
    return problem.settings.novelty > 0 or not problem.settings.reuse
