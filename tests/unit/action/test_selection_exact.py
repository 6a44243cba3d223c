"""The search against all paths there are, written down straight from the definition of their cost."""

import itertools

import numpy as np
import pytest
from action_making import ALPHABET, distances, memory, plain, specification
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.action.selection.concatenation_cost import Boundaries
from antiphon.action.selection.constraints import FREE, Constraints
from antiphon.action.selection.optimal import OptimalSelection
from antiphon.errors import BadData
from antiphon.types import SILENCE, Audio, Memory, MemoryPart, Selection, Specification, Tokens

RATE = 100
LABELS = 4
"""The last is the rest."""


class Case:
    """A small memory, a short specification and every option, all from one random generator."""

    def __init__(self, rng, options):
        self.rng, self.options = rng, options
        self.ids = rng.integers(0, rng.integers(1, LABELS), rng.integers(2, 9))
        if rng.random() < 0.3:
            self.ids[0] = LABELS - 1
        count, steps = len(self.ids), int(rng.integers(1, 6))
        lengths = rng.choice([0.2, 0.3, 0.5], count) if "lengths" in options else np.full(count, 0.5)
        edges = np.concatenate([[0], np.cumsum(lengths)])
        borders = [0]
        if "parts" in options and count > 2:
            borders.append(int(rng.integers(1, count)))
        bounds = [round(edges[border] * RATE) for border in borders] + [round(edges[-1] * RATE)]
        parts = [MemoryPart(f"{index}.wav", *span) for index, span in enumerate(itertools.pairwise(bounds))]
        self.starts_part = {*borders}
        sound = Audio(np.zeros((bounds[-1], 1), np.float32), RATE)
        self.memory = Memory(sound, Tokens(self.ids, np.stack([edges[:-1], edges[1:]], axis=1), ALPHABET), tuple(parts))
        self.asked = rng.integers(0, LABELS, steps)
        self.seconds = rng.choice([0.2, 0.5], steps) if "lengths" in options else np.full(steps, 0.5)
        at = np.concatenate([[0], np.cumsum(self.seconds)])
        asked = Tokens(self.asked, np.stack([at[:-1], at[1:]], axis=1), ALPHABET)
        self.specification = Specification(asked, np.zeros(steps))
        self._draw_settings()

    def _draw_settings(self):
        rng, options, count, steps = self.rng, self.options, len(self.ids), len(self.asked)
        longest = int(rng.integers(1, 4)) if "longest" in options else 0
        minimum = int(rng.integers(2, 4)) if "minimum" in options else 1
        self.boundaries = None
        if "cuts" in options:
            left, right = rng.integers(0, 3, (2, count))
            self.boundaries = Boundaries(left, right, rng.choice([0.0, 0.25, 1.0, 2.0], (3, 3)))
        pinned = np.full(steps, FREE)
        silent = rng.random(steps) < (0.25 if "silent" in options else 0)
        if "pinned" in options:
            pinned[rng.integers(steps)] = rng.integers(count)
            silent &= pinned == FREE
        phases = (rng.integers(-1, 2, steps), rng.integers(-1, 2, count)) if "phases" in options else (None, None)
        self.constraints = Constraints(pinned, silent, *phases)
        jump, shared = [(1.0, 0.125), (1.0, 1.0), (0.25, 1.0), (0.0, 0.0)][rng.integers(4)]
        taboo = ("0-0.5",) if "taboo" in options else ()
        self.settings = plain(
            jump_cost=jump,
            shared_context_cost=shared,
            boundary_cost=0.5,
            longest_copy=longest if not longest or longest >= minimum else minimum,
            minimum_run=minimum,
            taboo_regions=taboo,
            phrase_cost=1.5 if "phrase" in options else 0.0,
            phrase_seconds=1.6,
        )
        self.state = None
        if "state" in options:
            last = int(rng.integers(count))
            run = int(rng.integers(1, 4))
            self.state = Selection(np.array([last]), self.ids[[last]], np.zeros(1), last_run=run)

    def usable(self):
        intervals = self.memory.tokens.intervals
        taboo = [0.0] + [part.start / RATE for part in self.memory.parts[1:]]
        if not self.settings.taboo_regions:
            return list(range(len(self.ids)))
        return [q for q, (a, b) in enumerate(intervals) if all(b <= t + 1e-6 or a >= t + 0.5 - 1e-6 for t in taboo)]

    def choices(self, played):
        usable = self.usable()
        for step, label in enumerate(played):
            pin = int(self.constraints.pinned[step])
            if self.constraints.silent[step]:
                yield [SILENCE]
            elif pin != FREE:
                yield [pin]
            else:
                yield [q for q in usable if self.ids[q] == label] or [SILENCE]

    def paths(self, played):
        """Every path that keeps the caps, with its cost."""
        for path in itertools.product(*self.choices(played)):
            cost = self.cost(path, played)
            if cost is not None:
                yield path, cost

    def cost(self, path, played):
        wanted, total = self.settings, 0.0
        before, label, run = SILENCE, None, 0
        if self.state is not None:
            before, label, run = int(self.state.segments[0]), int(self.state.played[0]), self.state.last_run
        for step, here in enumerate(path):
            if here == SILENCE:
                before, label, run = SILENCE, None, 0
                continue
            follows = before != SILENCE and here == before + 1 and here not in self.starts_part
            if before == SILENCE:
                run = 1
            elif follows:
                run += 1
            else:
                if run < wanted.minimum_run:
                    return None
                if wanted.phrase_cost:
                    phrase = max(1, round(wanted.phrase_seconds / float(np.median(self.seconds))))
                    total += wanted.phrase_cost * max(0.0, 1 - run / phrase)
                run = 1
                shared = here not in self.starts_part and self.ids[here - 1] == label
                total += wanted.shared_context_cost if shared else wanted.jump_cost
                if self.boundaries is not None:
                    classes = self.boundaries.right[before], self.boundaries.left[here]
                    total += wanted.boundary_cost * self.boundaries.prices[classes]
            if 0 < wanted.longest_copy < run:
                return None
            length = self.memory.tokens.durations[here]
            if length < self.seconds[step] - 1e-3:
                total += wanted.short_cost * (1 - length / self.seconds[step])
            if self.constraints.phases is not None:
                phases = {int(self.constraints.phases[step]), int(self.constraints.memory_phases[here])}
                total += wanted.phase_cost if len(phases) == 2 and -1 not in phases else 0.0
            before, label = here, int(played[step])
        return total

    def selector(self, **changes):
        return OptimalSelection(self.settings.model_copy(update=changes), distances(LABELS, rest=True), self.boundaries)

    @property
    def arguments(self):
        return self.specification, self.memory

    @property
    def given(self):
        return {"state": self.state, "constraints": self.constraints}


OPTIONS = ["parts", "lengths", "longest", "minimum", "cuts", "silent", "pinned", "phases", "taboo", "state", "phrase"]


@st.composite
def cases(draw, options=OPTIONS):
    chosen = draw(st.sets(st.sampled_from(options)))
    return Case(np.random.default_rng(draw(st.integers(0, 2**32))), chosen)


def answered(case):
    """The selection and all paths for what it played; None where nothing sounds, or no path keeps the caps."""
    try:
        found = case.selector().select(*case.arguments, **case.given)
    except BadData:
        return None
    if found.relaxed:
        played = case.selector(longest_copy=0, minimum_run=1).select(*case.arguments, **case.given).played
        assert not list(case.paths(played.tolist()))
        return None
    return found, list(case.paths(found.played.tolist()))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(cases())
def test_no_path_that_keeps_the_caps_is_cheaper(case):
    answer = answered(case)
    if answer is None:
        return
    found, paths = answer
    costs = dict(paths)
    assert tuple(found.segments.tolist()) in costs
    assert found.costs.sum() == pytest.approx(min(costs.values()), abs=1e-9)
    assert found.costs.sum() == pytest.approx(costs[tuple(found.segments.tolist())], abs=1e-9)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(cases())
def test_the_runner_up_is_the_cheapest_path_through_another_segment(case):
    answer = answered(case)
    if answer is None:
        return
    found, paths = answer
    told = case.selector().candidate_costs(*case.arguments, found, **case.given)
    best = min(cost for _, cost in paths)
    for step, choices in enumerate(case.choices(found.played.tolist())):
        others = [cost for path, cost in paths if path[step] != found.segments[step]]
        if choices == [SILENCE]:
            assert told.candidates[step] == 0
            continue
        assert told.candidates[step] == len(choices)
        assert told.chosen[step] == pytest.approx(0, abs=1e-9)
        if others:
            assert told.runner_up[step] == pytest.approx(min(others) - best, abs=1e-9)
            assert told.rivals[step] in choices
        else:
            assert told.runner_up[step] == np.inf
            assert told.rivals[step] == SILENCE


@pytest.mark.parametrize(("temperature", "longest"), [(0.4, 0), (2.0, 0), (2.0, 2)])
def test_paths_are_drawn_as_often_as_their_costs_say(temperature, longest):
    case = Case(np.random.default_rng(2), {"cuts"})
    case.ids = np.array([0, 1, 0, 0, 1, 1, 0])
    case.memory = memory(case.ids.tolist())
    left, right = case.rng.integers(0, 3, (2, 7))
    case.boundaries = Boundaries(left, right, case.boundaries.prices)
    case.specification, case.asked, case.seconds = specification([0, 1, 1]), np.array([0, 1, 1]), np.full(3, 0.5)
    case.constraints = Constraints(np.full(3, FREE), np.zeros(3, dtype=np.bool_))
    case.settings = plain(boundary_cost=0.5, longest_copy=longest, variation=temperature)
    paths = dict(case.paths([0, 1, 1]))
    draws, counts = 600, dict.fromkeys(paths, 0)
    for seed in range(draws):
        selector = OptimalSelection(case.settings, distances(LABELS, rest=True), case.boundaries, seed)
        counts[tuple(selector.select(*case.arguments).segments.tolist())] += 1
    weights = np.exp(-np.array(list(paths.values())) / temperature)
    expected = draws * weights / weights.sum()
    assert (np.abs(np.array(list(counts.values())) - expected) <= 4 * np.sqrt(expected) + 1).all()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(cases(["parts", "cuts", "longest", "lengths", "phases", "taboo", "state"]))
def test_takes_are_distinct_and_ranked_and_begin_with_the_cheapest(case):
    answer = answered(case)
    if answer is None:
        return
    found, paths = answer
    takes = case.selector().takes(*case.arguments, 4, **case.given)
    segments = [tuple(take.segments.tolist()) for take in takes]
    assert segments[0] == tuple(found.segments.tolist())
    assert len(set(segments)) == len(segments) <= len(paths)
    costs = [dict(paths)[path] for path in segments]
    assert costs == pytest.approx(sorted(costs))
    assert [take.gap for take in takes] == pytest.approx([cost - costs[0] for cost in costs], abs=1e-9)
