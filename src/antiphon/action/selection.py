"""Which memory segments realise a specification (paper 3.3): the cheapest path, found exactly.

Going on in the memory costs nothing; a jump costs `shared_context_cost` where the label before the new place is the one
just played, and `jump_cost` elsewhere. Since the played labels are fixed before the search, the cost of a jump into a
place does not depend on where it comes from, and dynamic programming over label occurrences is exact: only the cheapest
path so far can be left, and only its predecessor can go on. O(sum of label occurrences).

The first sound of all, and a sound after SILENCE, cost nothing: no two sounds meet there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.action.places import LENGTH_TOLERANCE, Candidates, Places, labels_before, longest_of_each_class
from antiphon.config import ActionSettings
from antiphon.errors import BadData, WrongAlphabet
from antiphon.types import SILENCE, Ids, Memory, Seconds, Selection, Specification, Tokens


def playable(memory: Memory, intervals: Seconds, classes: int) -> NDArray[np.bool_]:
    """Which classes the memory can play over each interval (n, 2): bool (n, classes). A segment is never stretched.

    Raises BadData if the memory holds no segment as long as the longest interval.
    """
    longest = longest_of_each_class(memory, classes)
    wanted = intervals[:, 1] - intervals[:, 0]
    if wanted.max(initial=0.0) - LENGTH_TOLERANCE > longest.max():
        names = ", ".join(part.source or "the memory" for part in memory.parts)
        raise BadData(f"{names}: shorter than one segment ({wanted.max():g} s)")
    return np.asarray(longest[None, :] >= wanted[:, None] - LENGTH_TOLERANCE)


@dataclass(frozen=True, eq=False)
class _Step:
    """What the way back needs: which candidates are best reached by going on (as bits), and the cheapest of all."""

    candidates: Candidates | None
    going_on: NDArray[np.uint8]
    cheapest: int

    def goes_on(self, segment: int) -> bool:
        if self.candidates is None:
            return False
        byte, bit = divmod(int(np.searchsorted(self.candidates.segments, segment)), 8)
        return bool(self.going_on[byte] >> (7 - bit) & 1)


@dataclass(frozen=True, eq=False)
class _Ends:
    """Where the paths so far end: `segments` (m,), their `costs` (m,) above the cheapest path's, the label just played.

    No segments: at the beginning, or in silence.
    """

    segments: Ids
    costs: NDArray[np.float64]
    label: int


_NOWHERE = _Ends(np.empty(0, dtype=np.int64), np.empty(0), SILENCE)
_NO_BITS = np.empty(0, dtype=np.uint8)

_JOINT = 1e-9
"""Added to every jump during the search: of equally cheap paths the one with the fewest joints is taken."""


class OptimalSelection:
    """Finds the selection of least total cost; of equal ones that of fewest joints, then that earlier in the memory.

    `class_distances` (classes, classes) says which class replaces one that the memory lacks. Where the last class is
    infinitely far from all others it is the rest: a rest that the memory lacks is SILENCE, and replaces no sound.
    """

    def __init__(self, settings: ActionSettings, class_distances: NDArray[np.floating]) -> None:
        if class_distances.ndim != 2 or class_distances.shape[0] != class_distances.shape[1]:
            raise ValueError(f"class_distances must be (classes, classes), got {class_distances.shape}")
        self._settings = settings
        self._distances = class_distances
        self._sounding = np.ones(len(class_distances), dtype=np.bool_)
        if len(class_distances) > 1 and np.isinf(class_distances[-1, :-1]).all():
            self._sounding[-1] = False

    def select(self, specification: Specification, memory: Memory, state: Selection | None = None) -> Selection:
        """The cheapest path through `memory` that plays `specification` (n,), going on from `state` if there is one.

        Raises WrongAlphabet, and BadData where the memory is too short or has no sound to play.
        """
        tokens = specification.tokens
        if tokens.alphabet_id != memory.tokens.alphabet_id:
            raise WrongAlphabet(
                f"the specification is in alphabet {tokens.alphabet_id}, the memory in {memory.tokens.alphabet_id}"
            )
        available = playable(memory, tokens.intervals, len(self._distances))
        played = self._played(tokens.ids, available)
        silent = ~available[np.arange(len(played)), played]
        before, label = (int(state.segments[-1]), int(state.played[-1])) if state and len(state.segments) else (-1, -1)
        steps = self._forward(Tokens(played, tokens.intervals, tokens.alphabet_id), silent, memory, (before, label))
        segments = _way_back(steps)
        costs = self._costs(np.append(before, segments), np.append(label, played), memory)
        return Selection(segments, played, costs)

    def _played(self, ids: Ids, available: NDArray[np.bool_]) -> Ids:
        """The ids (n,) with those that are not `available` (n, classes) replaced by the nearest that is."""
        lacking = np.flatnonzero(~available[np.arange(len(ids)), ids] & self._sounding[ids])
        distances = np.where(available[lacking] & self._sounding, self._distances[ids[lacking]], np.inf)
        if np.isinf(distances.min(axis=1, initial=np.inf)).any():
            raise BadData("the memory holds no sound, only rests, and the response asks for sound")
        played = ids.copy()
        played[lacking] = distances.argmin(axis=1)
        return played

    def _forward(self, played: Tokens, silent: NDArray[np.bool_], memory: Memory, last: tuple[int, int]) -> list[_Step]:
        places = Places(memory)
        reached = np.full(len(memory.tokens) + 1, np.inf)
        ends = _NOWHERE if last[0] == SILENCE else _Ends(np.array(last[:1]), np.zeros(1), last[1])
        steps = []
        for label, seconds, rests in zip(played.ids.tolist(), played.durations.tolist(), silent.tolist(), strict=True):
            if rests:
                ends = _NOWHERE
                steps.append(_Step(None, _NO_BITS, SILENCE))
                continue
            candidates = places.of(label, seconds)
            costs, going_on = self._entered(candidates, ends, reached)
            cheapest = int(costs.argmin())
            steps.append(_Step(candidates, np.packbits(going_on), int(candidates.segments[cheapest])))
            ends = _Ends(candidates.segments, costs - costs[cheapest], label)
        return steps

    def _entered(
        self, candidates: Candidates, ends: _Ends, reached: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Cost (m,) of reaching each candidate, and whether by going on. `reached` is scratch: all inf in and out."""
        if len(ends.segments) == 0:
            return np.zeros(len(candidates.segments)), np.zeros(len(candidates.segments), dtype=np.bool_)
        shared, hard = self._settings.shared_context_cost, self._settings.jump_cost
        jump = np.where(candidates.labels_before == ends.label, shared, hard) + _JOINT
        reached[ends.segments] = ends.costs
        onward = reached[candidates.predecessors]
        reached[ends.segments] = np.inf
        return np.minimum(onward, jump), onward <= jump

    def _costs(self, segments: Ids, played: Ids, memory: Memory) -> Seconds:
        """Cost (n,) of each step of a path (n + 1,) after its first."""
        here, previous = segments[1:], segments[:-1]
        context = labels_before(memory)[here]
        shared = context == played[:-1]
        costs = np.where(shared, self._settings.shared_context_cost, self._settings.jump_cost)
        # The context of a place that follows the previous one is always shared, unless a part begins there.
        free = (here == SILENCE) | (previous == SILENCE) | (shared & (here == previous + 1))
        return np.where(free, 0.0, costs)


def _way_back(steps: list[_Step]) -> Ids:
    segments = np.full(len(steps), SILENCE, dtype=np.int64)
    goes_on = False
    for index in range(len(steps) - 1, -1, -1):
        step = steps[index]
        segments[index] = segments[index + 1] - 1 if goes_on else step.cheapest
        goes_on = step.goes_on(int(segments[index]))
    return segments
