"""Which memory segments realise a specification (paper 3.3): the cheapest path, found exactly.

Going on in the memory costs nothing; a jump costs `shared_context_cost` where the label before the new place is the one
just played, and `jump_cost` elsewhere, and on top of it the price of the cut between two edges (`action.boundaries`),
where boundaries are given. A segment that is shorter than its interval costs `short_cost` times the share that is
missing, one of another beat phase `phase_cost`. The first sound of all, and a sound after SILENCE, join nothing and
cost nothing. A class that the memory lacks is replaced before the search, which therefore stays exact
(`action.trellis`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from antiphon.action.selection.concatenation_cost import Boundaries
from antiphon.action.selection.constraints import FREE, Constraints
from antiphon.action.selection.density import sparse
from antiphon.action.selection.novelty import is_priced, novel_path, novelty_priced
from antiphon.action.selection.search_problem import SearchProblem, search_problem
from antiphon.action.selection.semirings import Drawn, LogSumExp, MinPlus, cheapest
from antiphon.action.selection.substitutes import Classes, playable
from antiphon.config import ActionSettings
from antiphon.types import SILENCE, Ids, Memory, Seconds, SegmentSound, Selection, Specification

__all__ = ["CandidateCosts", "OptimalSelection", "playable"]

TAKE_VARIATION = 0.1
"""Temperature at which takes differ where `variation` is 0: a path with one more hard jump is exp(-10) as likely."""

DRAWS_PER_TAKE = 8
"""So often a take is drawn anew before there are held to be no others."""


@dataclass(frozen=True, eq=False)
class CandidateCosts:
    """Why each segment: `candidates` (n,) that could have been played, and the best `rivals` (n,) of the chosen ones.

    `chosen` and `runner_up` (n,) are the least costs of a whole path through the chosen segment and through its rival,
    above the cheapest path of all. Without a rival: SILENCE, and inf.
    """

    candidates: Ids
    chosen: Seconds
    rivals: Ids
    runner_up: Seconds


class OptimalSelection:
    """Finds the selection of least total cost; of equal ones that of fewest joints, then that earlier in the memory.

    `class_distances` (classes, classes) says which class replaces one that the memory lacks. Where the last class is
    infinitely far from all others it is the rest: a rest that the memory lacks is SILENCE, and replaces no sound.
    `boundaries` belong to the memory to play; without them only joins count. Where `settings.variation` is above 0 the
    path is drawn by `seed`, with a probability in proportion to exp(-cost / variation).
    """

    def __init__(
        self,
        settings: ActionSettings,
        class_distances: NDArray[np.floating],
        boundaries: Boundaries | None = None,
        seed: int = 0,
        guide: SegmentSound | None = None,
    ) -> None:
        self._settings = settings
        self._classes = Classes(class_distances)
        self._boundaries = boundaries
        self._seed = seed
        self._guide = guide

    def select(
        self,
        specification: Specification,
        memory: Memory,
        state: Selection | None = None,
        constraints: Constraints | None = None,
    ) -> Selection:
        """A path through `memory` that plays `specification` (n,), going on from `state` if there is one.

        Raises WrongAlphabet; SettingsError for a region that is nowhere; and BadData where the memory is too short, has
        no sound to play, or where a cap cannot be kept, naming it.
        """
        problem = self._posed(specification, memory, state, self._thinned(specification, memory, state, constraints))
        if not self._settings.variation:
            return self._cheapest(problem)
        drawn = self._drawn(problem, self._settings.variation, self._seed)
        return replace(drawn, gap=_above(drawn, problem.selection(problem.optimum())))

    def takes(
        self,
        specification: Specification,
        memory: Memory,
        count: int,
        state: Selection | None = None,
        constraints: Constraints | None = None,
    ) -> tuple[Selection, ...]:
        """Up to `count` different selections in order of cost; the first is the cheapest there is.

        The others are drawn; there are fewer of them where the memory leaves no choice. `gap` says how much each costs
        above the first.
        """
        problem = self._posed(specification, memory, state, self._thinned(specification, memory, state, constraints))
        found = [self._cheapest(problem)] if count > 0 else []
        known = {selection.segments.tobytes() for selection in found}
        for draw in range(DRAWS_PER_TAKE * count):
            if len(found) >= count:
                break
            drawn = self._drawn(problem, self._settings.variation or TAKE_VARIATION, self._seed + 1 + draw)
            if drawn.segments.tobytes() not in known:
                known.add(drawn.segments.tobytes())
                found.append(replace(drawn, gap=_above(drawn, found[0]) + found[0].gap))
        return tuple(sorted(found, key=lambda selection: selection.gap))

    def candidate_costs(
        self,
        specification: Specification,
        memory: Memory,
        selection: Selection,
        state: Selection | None = None,
        constraints: Constraints | None = None,
    ) -> CandidateCosts:
        """What each step of a selection, made of the same arguments, had to choose from. Exact, caps included."""
        if self._settings.density < 1:
            constraints = replace(constraints or Constraints(), silent=selection.segments == SILENCE)
        problem = self._posed(specification, memory, state, constraints)
        count = len(selection.segments)
        told = CandidateCosts(
            np.zeros(count, dtype=np.int64), np.zeros(count), np.full(count, SILENCE), np.full(count, np.inf)
        )
        steps = novelty_priced(problem, selection.segments) if is_priced(problem) else problem.steps
        for way, totals in problem.trellis(steps).totals(MinPlus()):
            assert way.here.step.candidates is not None
            segments = way.here.step.candidates.segments
            above = totals - totals.min()
            chosen = segments == selection.segments[way.index]
            told.candidates[way.index] = len(segments)
            told.chosen[way.index] = above[chosen].min(initial=np.inf)
            others = np.where(chosen, np.inf, above)
            if np.isfinite(others).any():
                told.rivals[way.index] = segments[others.argmin()]
                told.runner_up[way.index] = others.min()
        return told

    def _posed(
        self,
        specification: Specification,
        memory: Memory,
        state: Selection | None,
        constraints: Constraints | None,
    ) -> SearchProblem:
        return search_problem(
            self._settings,
            self._classes,
            specification,
            memory,
            boundaries=self._boundaries,
            state=state,
            constraints=constraints,
            guide=self._guide,
        )

    def _thinned(
        self,
        specification: Specification,
        memory: Memory,
        state: Selection | None,
        constraints: Constraints | None,
    ) -> Constraints | None:
        """The constraints, with silence where the phrases that fit worst would be, as far as `density` wants it."""
        if self._settings.density == 1:
            return constraints
        problem = self._posed(specification, memory, state, constraints)
        found = self._cheapest(problem)
        wanted = problem.constraints.classes(len(found.segments))
        fixed = np.where(problem.pins == FREE, wanted, problem.pins)
        silent = sparse(found, fixed, specification.tokens.durations, self._settings.density)
        return replace(constraints or Constraints(), silent=silent)

    def _cheapest(self, problem: SearchProblem) -> Selection:
        optimum = problem.selection(problem.optimum())
        if not is_priced(problem):
            return optimum
        found = problem.selection(novel_path(problem, MinPlus(), cheapest))
        return replace(found, gap=_above(found, optimum))

    def _drawn(self, problem: SearchProblem, variation: float, seed: int) -> Selection:
        semiring, choice = LogSumExp(variation), Drawn(variation, np.random.default_rng(seed))
        if is_priced(problem):
            return problem.selection(novel_path(problem, semiring, choice))
        return problem.selection(problem.path(semiring, choice))


def _above(selection: Selection, optimum: Selection) -> float:
    """What a selection costs above the cheapest, float noise aside."""
    return max(0.0, float(selection.costs.sum() - optimum.costs.sum()))
