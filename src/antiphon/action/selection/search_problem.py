"""From settings, memory and specification to the steps of a search, and from a path back to a Selection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from antiphon.action.selection.candidates import NO_LABEL, CandidateIndex, Candidates, labels_before
from antiphon.action.selection.concatenation_cost import Boundaries, no_boundaries
from antiphon.action.selection.constraints import FREE, Constraints
from antiphon.action.selection.regions import usable_segments
from antiphon.action.selection.semirings import Choice, MinPlus, Semiring, cheapest
from antiphon.action.selection.substitutes import Classes, playable
from antiphon.action.selection.target_cost import ClassCosts, Following, TargetCosts
from antiphon.action.selection.trellis import NOWHERE, UNKNOWN_PHASE, Caps, DeadEnd, Front, Prices, Step, Steps, Trellis
from antiphon.config import ActionSettings
from antiphon.errors import BadData, WrongAlphabet
from antiphon.types import SILENCE, Ids, Memory, Seconds, SegmentSound, Selection, Specification

RELAXED = ("minimum_run", "longest_copy")
"""Caps that give way where no path keeps them, in this order."""

JOINT = 1e-9
"""Added to every jump while the cheapest path is searched."""


@dataclass(frozen=True, eq=False)
class SearchProblem:
    """One question to the search: `played` labels (n,) after substitution, which steps are silent, which fixed.

    With `targets` every segment that sounds can be played at a cost; without, those that have the label. `relaxed` says
    which settings could not be kept, and what holds instead.
    """

    settings: ActionSettings
    specification: Specification
    memory: Memory
    boundaries: Boundaries
    state: Selection | None
    constraints: Constraints
    played: Ids
    silent: NDArray[np.bool_]
    usable: NDArray[np.bool_]
    targets: TargetCosts | ClassCosts | None = None
    relaxed: tuple[str, ...] = ()

    @property
    def pins(self) -> Ids:
        """The memory segment (n,) to which each step is fixed, FREE where it is not."""
        return self.constraints.pins(len(self.played))

    @cached_property
    def phrase(self) -> int:
        """How many segments a copy has to last so that it costs no more to leave it than to jump; at least 1."""
        durations = self.specification.tokens.durations
        if not self.settings.phrase_cost or not len(durations):
            return 1
        return max(1, round(self.settings.phrase_seconds / float(np.median(durations))))

    @property
    def caps(self) -> Caps:
        """The caps that the settings ask for."""
        return Caps(self.settings.longest_copy, self.settings.minimum_run, self.phrase)

    @cached_property
    def prices(self) -> Prices:
        """What paths cost, by the settings."""
        settings = self.settings
        return Prices(
            settings.jump_cost,
            settings.shared_context_cost,
            self.boundaries.prices * settings.boundary_cost,
            settings.short_cost,
            settings.phase_cost,
            leaving=settings.phrase_cost,
            phrase=self.phrase,
        )

    @cached_property
    def _prices_with_joint(self) -> Prices:
        return replace(self.prices, joint=JOINT)

    def optimum(self) -> Ids:
        """The segments (n,) of the cheapest path, uses of a segment aside. Raises BadData as `path` does."""
        return self.path(MinPlus(), cheapest)

    def path(self, semiring: Semiring, choice: Choice, steps: Sequence[Step] | None = None, first: int = 0) -> Ids:
        """The segments of a path through all steps, or through `steps` that begin at number `first` of this question.

        Raises BadData where there is none.
        """
        joint = JOINT if isinstance(semiring, MinPlus) else 0.0
        try:
            return self.trellis(steps, joint=joint, first=first).path(semiring, choice)
        except DeadEnd as end:
            start = float(self.specification.tokens.intervals[first + end.index, 0])
            raise BadData(f"no path through the memory reaches {start:g} s") from None

    @cached_property
    def candidate_index(self) -> CandidateIndex:
        """Where each label can be played."""
        return CandidateIndex(self.memory, self.boundaries, self.usable)

    @cached_property
    def steps(self) -> Sequence[Step]:
        """What can be played at each step (n,)."""
        listed = None if self.targets is None else self.targets.shortlists(self.phrase)
        pins, refused = self.pins, self.constraints.refusals(len(self.played))
        asked = self.constraints.classes(len(self.played))

        def made(index: int) -> Step:
            if self.silent[index]:
                return self._step(index, None)
            if pins[index] != FREE:
                return self.fixed_step(index, int(pins[index]))
            of_class = None if listed is None else self._of_class(index, int(asked[index]))
            if of_class is not None:
                step = of_class
            elif listed is None:
                step = self._dearer(self._step(index, self.candidate_index.of(int(self.played[index]))))
            else:
                segments, costs = listed[index]
                step = replace(self._step(index, self._listed(segments)), costs=costs)
            return self._without(step, int(refused[index]))

        return Steps(made, len(self.played))

    def _of_class(self, index: int, label: int) -> Step | None:
        """A step at which one class alone is played; None where none is asked for, or the memory has none of it."""
        if label == FREE or self.targets is None:
            return None
        there = np.flatnonzero(self.memory.tokens.ids[self.targets.usable] == label)
        if not len(there):
            return None
        costs = np.zeros(len(there))
        if isinstance(self.targets, TargetCosts):
            costs = self.targets.rows(index, index + 1)[0, there]
        candidates = self.candidate_index.among(self.targets.usable[there])
        return replace(self._step(index, candidates), costs=costs)

    def _listed(self, segments: Ids) -> Candidates:
        """These segments as the candidates of a step; where they are all that can be played, once for all steps."""
        is_all = self.targets is not None and segments is self.targets.usable
        return self._all_candidates if is_all else self.candidate_index.among(segments)

    @cached_property
    def _all_candidates(self) -> Candidates:
        assert self.targets is not None
        return self.candidate_index.among(self.targets.usable)

    @cached_property
    def before(self) -> Ids:
        """The label before each memory segment, see `labels_before`."""
        return labels_before(self.memory)

    def fixed_step(self, index: int, segment: int) -> Step:
        """A step at which nothing but this segment can be played."""
        return self._step(index, self.candidate_index.among([segment]))

    def trellis(
        self, steps: Sequence[Step] | None = None, *, joint: float = 0.0, caps: Caps | None = None, first: int = 0
    ) -> Trellis:
        """The search over all steps, or over `steps` that begin at number `first`; `joint` is added to every jump."""
        caps = caps or self.caps
        steps = self.steps if steps is None else steps
        start = self._start(caps) if first == 0 else NOWHERE
        prices = self._prices_with_joint if joint == JOINT else replace(self.prices, joint=joint)
        return Trellis(steps, self.candidate_index.count, prices, caps, start, self.constraints.memory_phases)

    def costs(self, segments: Ids, first: int = 0, stop: int | None = None) -> Seconds:
        """What each of the steps from `first` to `stop` of a path (n,) costs, uses of a segment aside."""
        stop = len(segments) if stop is None else stop
        costs = self._joins(segments, first, stop)
        trellis = self.trellis()
        for index in range(first, stop):
            step = self.steps[index]
            if step.candidates is not None:
                place = np.searchsorted(step.candidates.segments, segments[index])
                costs[index - first] += trellis.fit(step)[place]
        return costs

    def selection(self, segments: Ids) -> Selection:
        """A path (n,) with what each of its steps costs, ready to be gone on from."""
        sounding = segments != SILENCE
        played = self.played.copy()
        played[sounding] = self.memory.tokens.ids[segments[sounding]]
        counted = self.settings.novelty > 0 or not self.settings.reuse
        used = np.concatenate([used_before(self.state), segments[sounding]]) if counted else np.empty(0, dtype=np.int64)
        lasted = run_lengths(segments, self.before, self.state)
        last = int(lasted[-1]) if len(lasted) else run_so_far(self.state)
        return Selection(segments, played, self.costs(segments), last_run=last, used=used, relaxed=self.relaxed)

    def has_path(self) -> bool:
        """Whether the caps leave one."""
        try:
            self.trellis().path(MinPlus(), cheapest)
        except DeadEnd:
            return False
        return True

    def _dearer(self, step: Step) -> Step:
        """A step without costs of its own, with what its candidates cost wherever they are played."""
        added = self.constraints.dearer
        if added is None or step.candidates is None:
            return step
        return replace(step, costs=added[step.candidates.segments])

    def _without(self, step: Step, refused: int) -> Step:
        """A step at which a segment that the musician deleted there is not played again."""
        if refused == FREE or step.candidates is None or len(step.candidates.segments) == 1:
            return step
        left = step.candidates.segments != refused
        costs = None if step.costs is None else step.costs[left]
        return replace(step, candidates=self.candidate_index.among(step.candidates.segments[left]), costs=costs)

    def _step(self, index: int, candidates: Candidates | None) -> Step:
        phases = self.constraints.phases
        phase = UNKNOWN_PHASE if phases is None else int(phases[index])
        return Step(candidates, int(self.played[index]), float(self.specification.tokens.durations[index]), phase)

    def _start(self, caps: Caps) -> Front:
        state = self.state
        if state is None or len(state.segments) == 0 or state.segments[-1] == SILENCE:
            return NOWHERE
        costs = np.full((1, caps.columns), np.inf)
        costs[0, caps.column(max(1, run_so_far(state)))] = 0.0
        label = int(state.played[-1])
        return Front(Step(self.candidate_index.among(state.segments[-1:]), label, 0.0), costs)

    def _joins(self, segments: Ids, first: int, stop: int) -> Seconds:
        """What reaching each of the steps from `first` to `stop` costs after the step before it."""
        state = self.state if first == 0 else _cut(segments, self.played, first, self.phrase)
        known = state is not None and len(state.segments) > 0
        here = segments[first:stop]
        previous = np.append(state.segments[-1] if state and known else SILENCE, here)[:-1]
        label = np.append(state.played[-1] if state and known else NO_LABEL, self.played[first:stop])[:-1]
        before = self.before
        lasted = np.append(run_so_far(state), run_lengths(here, before, state))[:-1]
        costs = np.where(before[here] == label, self.settings.shared_context_cost, self.settings.jump_cost)
        costs = costs + self.prices.leaving_after(lasted)
        costs += self.prices.cuts[self.boundaries.right[previous], self.boundaries.left[here]]
        free = (here == SILENCE) | (previous == SILENCE) | ((before[here] != NO_LABEL) & (here == previous + 1))
        return np.where(free, 0.0, costs)


def search_problem(
    settings: ActionSettings,
    classes: Classes,
    specification: Specification,
    memory: Memory,
    *,
    boundaries: Boundaries | None = None,
    state: Selection | None = None,
    constraints: Constraints | None = None,
    guide: SegmentSound | None = None,
) -> SearchProblem:
    """The question, with substitutes found, and with what cannot be kept relaxed.

    Raises WrongAlphabet, BadData and SettingsError for what has no answer.
    """
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
    there = playable(memory, tokens.intervals, len(classes), usable)
    available = there[0] if len(there) else np.zeros(len(classes), dtype=np.bool_)
    silent, pins = constraints.is_silent(len(tokens)), constraints.pins(len(tokens))
    played = tokens.ids.copy()
    free = ~silent & (pins == FREE)
    replaced = classes.played(tokens.ids[free], available)
    sounding = usable & (memory.tokens.ids != classes.rest)
    targets = _targets(settings, specification, memory, sounding, guide=guide, dearer=constraints.dearer)
    if targets is None:
        played[free] = replaced
    played[pins != FREE] = memory.tokens.ids[pins[pins != FREE]]
    if targets is None:
        silent = silent | (free & _refused_alone(constraints.refusals(len(tokens)), played, memory, usable))
        free = free & ~silent
    if classes.rest is not None:
        played[silent] = classes.rest
    rests = played == classes.rest if targets is not None else ~available[played]
    silent = silent | (free & rests)
    problem = SearchProblem(
        settings, specification, memory, boundaries, state, constraints, played, silent, usable, targets
    )
    return _kept(problem, classes)


def _targets(
    settings: ActionSettings,
    specification: Specification,
    memory: Memory,
    usable: NDArray[np.bool_],
    *,
    guide: SegmentSound | None,
    dearer: Seconds | None,
) -> TargetCosts | None:
    """What every segment costs, where the decision's distribution is known and asked for."""
    asked, known = specification.distributions, memory.class_probabilities
    if settings.match == "class" or asked is None or known is None:
        return None
    following = None
    if guide is not None and memory.sound is not None and settings.follows_guide:
        following = Following(guide, memory.sound, settings.harmony, settings.dynamics, settings.activity)
    return TargetCosts(asked, known, np.flatnonzero(usable), following, dearer)


def _kept(problem: SearchProblem, classes: Classes) -> SearchProblem:
    """The question, with near classes where a label has too few segments, and with caps that can be kept."""
    settings = problem.settings
    if problem.targets is None and not settings.reuse and _lacks(problem):
        problem = _with_near_classes(problem, classes)
    if settings.minimum_run == 1 and not settings.longest_copy:
        return problem
    if problem.targets is None and not problem.has_path():
        problem = _with_near_classes(problem, classes)
    while (values := problem.settings).minimum_run > 1 or values.longest_copy:
        if problem.has_path():
            break
        change = {"minimum_run": values.minimum_run - 1} if values.minimum_run > 1 else {"longest_copy": 0}
        problem = replace(problem, settings=values.model_copy(update=change))
    changes = [(name, getattr(settings, name), getattr(problem.settings, name)) for name in RELAXED]
    told = tuple(f"{name} {asked} became {kept}" for name, asked, kept in changes if asked != kept)
    return replace(problem, relaxed=(*problem.relaxed, *told)) if told else problem


def _lacks(problem: SearchProblem) -> bool:
    """Whether a label is asked for more often than the memory has it."""
    free = ~problem.silent & (problem.pins == FREE)
    size = int(max(problem.played.max(initial=0), problem.memory.tokens.ids.max(initial=0))) + 1
    wanted = np.bincount(problem.played[free], minlength=size)
    there = np.bincount(problem.memory.tokens.ids[problem.usable], minlength=size)
    return bool((wanted > there).any())


def _with_near_classes(problem: SearchProblem, classes: Classes) -> SearchProblem:
    ids = problem.memory.tokens.ids
    usable = np.flatnonzero(problem.usable & (ids != classes.rest))
    targets = ClassCosts(problem.played, ids, usable, classes.distances)
    return replace(problem, targets=targets, relaxed=(*problem.relaxed, "near classes were played too"))


def _cut(segments: Ids, played: Ids, first: int, reach: int) -> Selection:
    """The end of a path before a step, as the state from which the step goes on."""
    since = slice(max(0, first - reach), first)
    return Selection(segments[since], played[since], np.zeros(first - since.start))


def _refused_alone(refused: Ids, played: Ids, memory: Memory, usable: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The steps (n,) whose label has a single segment, and that one is refused."""
    ids = memory.tokens.ids
    counts = np.bincount(ids[usable], minlength=int(max(ids.max(initial=0), played.max(initial=0))) + 1)
    here = np.maximum(refused, 0)
    return np.asarray((refused != FREE) & usable[here] & (ids[here] == played) & (counts[played] == 1))


def run_so_far(state: Selection | None) -> int:
    """How many segments the copy has lasted with which a selection ends; counted, where the selection does not say."""
    if state is None or len(state.segments) == 0 or state.segments[-1] == SILENCE:
        return 0
    if state.last_run:
        return state.last_run
    breaks = np.flatnonzero((np.diff(state.segments) != 1) | (state.segments[:-1] == SILENCE))
    return len(state.segments) - 1 - int(breaks[-1]) if len(breaks) else len(state.segments)


def run_lengths(segments: Ids, before: Ids, state: Selection | None = None) -> Ids:
    """How many segments the present copy has lasted at each step of a path (n,), 0 where it is silent.

    `before` (m,) are the labels before each memory segment. A copy that `state` ends with may go on.
    """
    previous = np.append(state.segments[-1] if state and len(state.segments) else SILENCE, segments)[:-1]
    goes_on = (segments == previous + 1) & (previous != SILENCE) & (before[segments] != NO_LABEL)
    index = np.arange(len(segments))
    starts = np.maximum.accumulate(np.where(goes_on, -1, index)) if len(index) else index
    lasted = index - starts + 1
    lasted[starts < 0] = index[starts < 0] + 1 + run_so_far(state)
    return np.where(segments == SILENCE, 0, lasted)


def used_before(state: Selection | None) -> Ids:
    """The memory segments that earlier blocks have played, each as often as they have."""
    if state is None:
        return np.empty(0, dtype=np.int64)
    return state.used if len(state.used) else state.segments[state.segments != SILENCE]
