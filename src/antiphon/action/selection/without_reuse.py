"""A path on which no memory segment is played twice.

That is no longer a shortest path: whether a segment is free depends on all of the path before it. So this is a
heuristic, whose cost above the cheapest path that may repeat itself is stated in `Selection.gap`. The cheapest path is
found, longest copies first each segment is given to one step, and the rest is searched again without what is taken;
what is left after some rounds is given away in order of time.
"""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from antiphon.action.selection.candidates import labels_before
from antiphon.action.selection.constraints import FREE
from antiphon.action.selection.search_problem import SearchProblem
from antiphon.action.selection.semirings import Choice, Semiring
from antiphon.errors import BadData
from antiphon.types import SILENCE, Ids

ROUNDS = 12
"""Searches before the remaining steps are given away one by one; most paths need three or four."""


def path_without_reuse(problem: SearchProblem, semiring: Semiring, choice: Choice) -> Ids:
    """The segments (n,) of a path with no segment twice.

    Raises BadData where the memory has too few, or where no path was found that keeps the caps as well.
    """
    _require_enough(problem)
    try:
        return _searched(problem, semiring, choice)
    except BadData as error:
        raise BadData(f"with reuse off no path was found: {error}") from error


def _searched(problem: SearchProblem, semiring: Semiring, choice: Choice) -> Ids:
    pins = problem.pins.copy()
    for _ in range(ROUNDS):
        segments = problem.with_pins(pins, _left(problem, pins)).path(semiring, choice)
        claimed = _claimed(segments, pins)
        if np.count_nonzero(claimed != FREE) == np.count_nonzero(segments != SILENCE):
            return segments
        pins = claimed
    return _given_away(problem, pins)


def _left(problem: SearchProblem, pins: Ids) -> NDArray[np.bool_]:
    usable = problem.usable.copy()
    usable[pins[pins != FREE]] = False
    return usable


def _claimed(segments: Ids, pins: Ids) -> Ids:
    """Pins (n,) that give each segment of a path to one step: to that which is pinned, or is in the longest copy."""
    claimed = pins.copy()
    taken = set(pins[pins != FREE].tolist())
    breaks = np.flatnonzero((np.diff(segments) != 1) | (segments[:-1] == SILENCE)) + 1
    copies = sorted(itertools.pairwise([0, *breaks.tolist(), len(segments)]), key=lambda copy: copy[0] - copy[1])
    for first, stop in copies:
        for index in range(first, stop):
            segment = int(segments[index])
            if claimed[index] == FREE and segment != SILENCE and segment not in taken:
                claimed[index] = segment
                taken.add(segment)
    return claimed


def _given_away(problem: SearchProblem, pins: Ids) -> Ids:
    """The remaining free steps in order of time, each by what it costs after the step before it."""
    segments = np.where(problem.silent, SILENCE, pins)
    free = _left(problem, pins)
    before, ids = labels_before(problem.memory), problem.memory.tokens.ids
    settings, boundaries = problem.settings, problem.boundaries
    for index in np.flatnonzero(~problem.silent & (pins == FREE)).tolist():
        candidates = np.flatnonzero(free & (ids == problem.played[index]))
        costs = np.zeros(len(candidates))
        previous = int(segments[index - 1]) if index else SILENCE
        if previous != SILENCE:
            shared = before[candidates] == problem.played[index - 1]
            costs = np.where(shared, settings.shared_context_cost, settings.jump_cost)
            costs += boundaries.prices[boundaries.right[previous], boundaries.left[candidates]] * settings.boundary_cost
            costs[shared & (candidates == previous + 1)] = 0.0
        segments[index] = candidates[costs.argmin()]
        free[segments[index]] = False
    # Fixed to this path the search finds nothing better, but it refuses what breaks a cap.
    return problem.with_pins(np.where(problem.silent, FREE, segments), problem.usable).optimum()


def _require_enough(problem: SearchProblem) -> None:
    pins = problem.pins
    pinned = pins[pins != FREE]
    twice = [segment for segment, times in Counter(pinned.tolist()).items() if times > 1]
    if twice:
        raise BadData(f"reuse is off, and segment {twice[0]} is pinned to more than one step")
    left = Counter(problem.memory.tokens.ids[_left(problem, pins)].tolist())
    wanted = Counter(problem.played[~problem.silent & (pins == FREE)].tolist())
    for label, times in sorted(wanted.items()):
        if times > left[label]:
            raise BadData(f"reuse is off, and class {label} is asked for {times} times: the memory has {left[label]}")
