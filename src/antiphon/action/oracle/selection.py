"""The paper's way to select (paper 3.3, 4.3), for comparison: navigating a memory by a scenario.

Written from the literature: where nothing is being copied, a place is taken at which the longest prefix of what remains
of the scenario occurs (Nika, Chemillier and Assayag, 2016); copying goes on as long as the memory fits; where it no
longer does, a suffix link of the factor oracle leads to a place with the same past, if one goes on as the scenario
wants (Assayag and Dubnov, 2004); if none does, the next longest prefix is looked for. Each choice is the best at its
moment, and nothing says that the path as a whole is.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from antiphon.action.oracle.string_matching import FactorOracle, SuffixAutomaton
from antiphon.action.selection.candidates import NO_LABEL, labels_before
from antiphon.action.selection.search_problem import SearchProblem, run_so_far, search_problem
from antiphon.action.selection.substitutes import Classes
from antiphon.config import ActionSettings
from antiphon.errors import BadData
from antiphon.types import SILENCE, Ids, Memory, Selection, Specification

_NOWHERE = -1
_SILENT = -2
_FENCE = -3
"""The first of the labels that stand for nothing; the others lie below."""


class OracleSelection:
    """Selects as the paper does; where several places are as good, one is drawn by `seed`.

    It keeps regions and `longest_copy`, and knows nothing of other costs and caps; `class_distances` as in
    `action.selection`. A class that the memory lacks is replaced in the same way.
    """

    def __init__(self, settings: ActionSettings, class_distances: NDArray[np.floating], seed: int = 0) -> None:
        self._settings = settings
        self._classes = Classes(class_distances)
        self._seed = seed

    def select(self, specification: Specification, memory: Memory, state: Selection | None = None) -> Selection:
        """A path through `memory` that plays `specification` (n,), going on from `state` if there is one.

        Raises what `OptimalSelection.select` raises.
        """
        problem = search_problem(self._settings, self._classes, specification, memory, state=state)
        return problem.selection(_Walk(problem, np.random.default_rng(self._seed)).path())


class _Text:
    """The labels of a memory as one sequence, with a fence, met nowhere else, wherever copying must not pass."""

    def __init__(self, problem: SearchProblem) -> None:
        ids, begins = problem.memory.tokens.ids, labels_before(problem.memory) == NO_LABEL
        # One more place before each segment that begins a part: there stands a fence.
        self.candidate_index = np.arange(len(ids)) + np.cumsum(begins)
        fences = _FENCE - np.arange(len(ids) + int(begins.sum()))
        fences[self.candidate_index[problem.usable]] = ids[problem.usable]
        self.labels = fences.tolist()
        self.segments = np.zeros(len(self.labels), dtype=np.int64)
        self.segments[self.candidate_index] = np.arange(len(ids))


class _Walk:
    """A walk through the memory of a problem: `place` in the text was just played, its copy has lasted `run` labels."""

    def __init__(self, problem: SearchProblem, rng: np.random.Generator) -> None:
        self._text, self._rng = _Text(problem), rng
        self._oracle, self._words = FactorOracle(self._text.labels), SuffixAutomaton(self._text.labels)
        self._wanted = np.where(problem.silent, _SILENT, problem.played).tolist()
        self._longest = problem.settings.longest_copy or len(self._text.labels)
        state = problem.state
        self._place, self._run = _NOWHERE, 0
        if state is not None and len(state.segments) and state.segments[-1] != SILENCE:
            self._place, self._run = int(self._text.candidate_index[state.segments[-1]]), run_so_far(state)

    def path(self) -> Ids:
        """The segments (n,) of the walk, SILENCE where the scenario is silent."""
        path = np.full(len(self._wanted), SILENCE, dtype=np.int64)
        for step, label in enumerate(self._wanted):
            if label == _SILENT:
                self._place, self._run = _NOWHERE, 0
                continue
            if self._place != _NOWHERE and self._run < self._longest and self._is(self._place + 1, label):
                self._place, self._run = self._place + 1, self._run + 1
            else:
                self._place, self._run = self._jump(step), 1
            path[step] = self._text.segments[self._place]
        return path

    def _is(self, place: int, label: int) -> bool:
        return place < len(self._text.labels) and bool(self._text.labels[place] == label)

    def _jump(self, step: int) -> int:
        """A place for the label at `step` that is not just the next one."""
        taboo = self._place + 1 if self._place != _NOWHERE else _NOWHERE
        if self._place != _NOWHERE:
            # State i of the oracle stands after label i - 1, so it is also the place of what comes next.
            pasts = self._oracle.same_past(self._place + 1)
            alike = [place for place in pasts if self._is(place, self._wanted[step]) and place != taboo]
            if alike:
                return int(self._rng.choice(alike))
        found = self._words.longest_prefix(self._remaining(step), taboo)
        if not found:
            raise BadData("longest_copy cannot be kept: the memory has no other segment of a class that is asked for")
        return int(self._rng.choice(found))

    def _remaining(self, step: int) -> Iterator[int]:
        return itertools.islice(self._wanted, step, step + self._longest)
