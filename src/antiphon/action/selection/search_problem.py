"""From settings, memory and specification to the steps of a search, and from a path back to a Selection."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from antiphon.action.selection.candidates import NO_LABEL, CandidateIndex, labels_before
from antiphon.action.selection.concatenation_cost import Boundaries, no_boundaries
from antiphon.action.selection.constraints import FREE, Constraints
from antiphon.action.selection.regions import usable_segments
from antiphon.action.selection.semirings import Choice, MinPlus, Semiring, cheapest
from antiphon.action.selection.substitutes import Classes, playable
from antiphon.action.selection.trellis import NOWHERE, UNKNOWN_PHASE, Caps, DeadEnd, Front, Prices, Step, Trellis
from antiphon.config import ActionSettings
from antiphon.errors import BadData, WrongAlphabet
from antiphon.types import SILENCE, Ids, Memory, Seconds, Selection, Specification

JOINT = 1e-9
"""Added to every jump while the cheapest path is searched."""


@dataclass(frozen=True, eq=False)
class SearchProblem:
    """One question to the search: `played` labels (n,) after substitution, which steps are silent, which fixed."""

    settings: ActionSettings
    specification: Specification
    memory: Memory
    boundaries: Boundaries
    state: Selection | None
    constraints: Constraints
    played: Ids
    silent: NDArray[np.bool_]
    usable: NDArray[np.bool_]

    @property
    def pins(self) -> Ids:
        """The memory segment (n,) to which each step is fixed, FREE where it is not."""
        return self.constraints.pins(len(self.played))

    def optimum(self) -> Ids:
        """The segments (n,) of the cheapest path. Raises as `path` does."""
        return self.path(MinPlus(), cheapest)

    def path(self, semiring: Semiring, choice: Choice) -> Ids:
        """The segments (n,) of a path. Raises BadData, naming the setting, where the caps allow none."""
        try:
            return self.trellis(JOINT if isinstance(semiring, MinPlus) else 0.0).path(semiring, choice)
        except DeadEnd as end:
            raise BadData(self._unmet(end)) from None

    @cached_property
    def candidate_index(self) -> CandidateIndex:
        """Where each label can be played."""
        return CandidateIndex(self.memory, self.boundaries, self.usable)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """What can be played at each step (n,)."""
        durations, phases = self.specification.tokens.durations.tolist(), self.constraints.phases
        steps, refused = [], self.constraints.refusals(len(self.played))
        for index, (label, pin) in enumerate(zip(self.played.tolist(), self.pins.tolist(), strict=True)):
            candidates = None
            if not self.silent[index]:
                candidates = self.candidate_index.of(label) if pin == FREE else self.candidate_index.among([pin])
                if pin == FREE and refused[index] != FREE:
                    candidates = self.candidate_index.among(candidates.segments[candidates.segments != refused[index]])
            phase = UNKNOWN_PHASE if phases is None else int(phases[index])
            steps.append(Step(candidates, label, durations[index], phase))
        return tuple(steps)

    def trellis(self, joint: float = 0.0, caps: Caps | None = None) -> Trellis:
        """The search over this question's steps; `joint` is added to every jump."""
        settings = self.settings
        prices = Prices(
            settings.jump_cost,
            settings.shared_context_cost,
            self.boundaries.prices * settings.boundary_cost,
            settings.short_cost,
            settings.phase_cost,
            joint,
        )
        caps = caps or Caps(settings.longest_copy, settings.minimum_run)
        phases = self.constraints.memory_phases
        return Trellis(self.steps, self.candidate_index.count, prices, caps, self._start(caps), phases)

    def selection(self, segments: Ids) -> Selection:
        """A path (n,) with what each of its steps costs, ready to be gone on from."""
        state = self.state
        before = state.segments[-1] if state and len(state.segments) else SILENCE
        label = state.played[-1] if state and len(state.segments) else NO_LABEL
        costs = self._joins(np.append(before, segments), np.append(label, self.played))
        trellis = self.trellis()
        for index, step in enumerate(trellis.steps):
            if step.candidates is not None:
                costs[index] += trellis.fit(step)[np.searchsorted(step.candidates.segments, segments[index])]
        sounding = segments[segments != SILENCE]
        used = np.empty(0, dtype=np.int64) if self.settings.reuse else np.union1d(used_before(state), sounding)
        return Selection(segments, self.played, costs, last_run=self._last_run(segments), used=used)

    def with_pins(self, pins: Ids, usable: NDArray[np.bool_]) -> SearchProblem:
        """The same question with other steps fixed, and other segments left for those that are free."""
        return replace(self, constraints=replace(self.constraints, pinned=pins), usable=usable)

    def _start(self, caps: Caps) -> Front:
        state = self.state
        if state is None or len(state.segments) == 0 or state.segments[-1] == SILENCE:
            return NOWHERE
        costs = np.full((1, caps.columns), np.inf)
        costs[0, caps.column(max(1, run_so_far(state)))] = 0.0
        label = int(state.played[-1])
        return Front(Step(self.candidate_index.among(state.segments[-1:]), label, 0.0), costs)

    def _joins(self, segments: Ids, played: Ids) -> Seconds:
        """Cost (n,) of reaching each step of a path (n + 1,) after its first."""
        here, previous = segments[1:], segments[:-1]
        before = labels_before(self.memory)[here]
        costs = np.where(before == played[:-1], self.settings.shared_context_cost, self.settings.jump_cost)
        cuts = self.boundaries.prices[self.boundaries.right[previous], self.boundaries.left[here]]
        costs = costs + cuts * self.settings.boundary_cost
        free = (here == SILENCE) | (previous == SILENCE) | ((before != NO_LABEL) & (here == previous + 1))
        return np.where(free, 0.0, costs)

    def _last_run(self, segments: Ids) -> int:
        if len(segments) == 0:
            return run_so_far(self.state) if self.state else 0
        if segments[-1] == SILENCE:
            return 0
        goes_on = (np.diff(segments) == 1) & (segments[:-1] != SILENCE)
        goes_on &= labels_before(self.memory)[segments[1:]] != NO_LABEL
        breaks = np.flatnonzero(~goes_on)
        if len(breaks):
            return len(segments) - 1 - int(breaks[-1])
        state = self.state
        first = int(segments[0])
        follows = state is not None and len(state.segments) > 0 and state.segments[-1] == first - 1 != SILENCE
        follows = follows and bool(labels_before(self.memory)[first] != NO_LABEL)
        return len(segments) + (run_so_far(state) if state is not None and follows else 0)

    def _unmet(self, end: DeadEnd) -> str:
        """Which cap cannot be met: the one without which there is a path."""
        settings = self.settings
        caps = {"longest_copy": Caps(0, settings.minimum_run), "minimum_run": Caps(settings.longest_copy, 1)}
        culprits = [name for name, others in caps.items() if self._exists(others)]
        named = culprits[0] if len(culprits) == 1 else "longest_copy and minimum_run together"
        values = f"longest_copy {settings.longest_copy}, minimum_run {settings.minimum_run}"
        start = float(self.specification.tokens.intervals[end.index, 0])
        return f"{named} cannot be kept beyond {start:g} s: no path through the memory does ({values})"

    def _exists(self, caps: Caps) -> bool:
        try:
            self.trellis(caps=caps).path(MinPlus(), cheapest)
        except DeadEnd:
            return False
        return True


def search_problem(
    settings: ActionSettings,
    classes: Classes,
    specification: Specification,
    memory: Memory,
    *,
    boundaries: Boundaries | None = None,
    state: Selection | None = None,
    constraints: Constraints | None = None,
) -> SearchProblem:
    """The question, with substitutes found. Raises WrongAlphabet, BadData and SettingsError for what has no answer."""
    tokens = specification.tokens
    if tokens.alphabet_id != memory.tokens.alphabet_id:
        raise WrongAlphabet(
            f"the specification is in alphabet {tokens.alphabet_id}, the memory in {memory.tokens.alphabet_id}"
        )
    count = len(memory.tokens)
    if boundaries is None:
        boundaries = no_boundaries(memory)
    elif len(boundaries.left) != count:
        raise ValueError(f"boundaries of {len(boundaries.left)} segments for a memory of {count}")
    constraints = (constraints or Constraints()).checked(len(tokens), count)
    usable = usable_segments(memory, settings)
    if not settings.reuse:
        usable[used_before(state)] = False
    there = playable(memory, tokens.intervals, len(classes), usable)
    available = there[0] if len(there) else np.zeros(len(classes), dtype=np.bool_)
    silent, pins = constraints.is_silent(len(tokens)), constraints.pins(len(tokens))
    played = tokens.ids.copy()
    free = ~silent & (pins == FREE)
    played[free] = classes.played(tokens.ids[free], available)
    played[pins != FREE] = memory.tokens.ids[pins[pins != FREE]]
    silent = silent | (free & _refused_alone(constraints.refusals(len(tokens)), played, memory, usable))
    free = free & ~silent
    if classes.rest is not None:
        played[silent] = classes.rest
    silent = silent | (free & ~available[played])
    return SearchProblem(settings, specification, memory, boundaries, state, constraints, played, silent, usable)


def _refused_alone(refused: Ids, played: Ids, memory: Memory, usable: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The steps (n,) whose label has a single segment, and that one is refused."""
    ids = memory.tokens.ids
    counts = np.bincount(ids[usable], minlength=int(max(ids.max(initial=0), played.max(initial=0))) + 1)
    here = np.maximum(refused, 0)
    return np.asarray((refused != FREE) & usable[here] & (ids[here] == played) & (counts[played] == 1))


def run_so_far(state: Selection) -> int:
    """How many segments the copy has lasted with which a selection ends; counted, where the selection does not say."""
    if state.last_run or len(state.segments) == 0 or state.segments[-1] == SILENCE:
        return state.last_run
    breaks = np.flatnonzero((np.diff(state.segments) != 1) | (state.segments[:-1] == SILENCE))
    return len(state.segments) - 1 - int(breaks[-1]) if len(breaks) else len(state.segments)


def used_before(state: Selection | None) -> Ids:
    """The memory segments that earlier blocks have played."""
    if state is None:
        return np.empty(0, dtype=np.int64)
    return np.union1d(state.used, state.segments[state.segments != SILENCE])
