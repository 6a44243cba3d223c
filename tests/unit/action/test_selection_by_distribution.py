"""Selection under the decision's whole distribution: every segment that sounds can be played, at what it costs."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from action_making import distances, memory, plain, specification

from antiphon.action.selection import target_cost
from antiphon.action.selection.constraints import FREE, Constraints
from antiphon.action.selection.optimal import OptimalSelection
from antiphon.types import SILENCE, SegmentSound

REST = 3
LABELS, ASKED = [0, 1, 2, REST, 1, 0], [0, 2, 1, 2]
FREE_JUMPS = {"jump_cost": 0.0, "shared_context_cost": 0.0}


def question(seed=0, labels=LABELS, asked=ASKED):
    """A specification and a memory with the probabilities of all classes, and what each segment costs at each step."""
    rng = np.random.default_rng(seed)
    wanted, known = rng.dirichlet(np.ones(4), len(asked)), rng.dirichlet(np.ones(4), len(labels)).astype(np.float32)
    logits = np.log(wanted).astype(np.float32)
    found = replace(specification(asked), distributions=logits)
    sounding = np.array(labels) != REST
    fit = np.exp(logits.astype(np.float64)) @ known.T.astype(np.float64)
    costs = np.log(fit[:, sounding].max(axis=1, keepdims=True)) - np.log(fit)
    costs = np.where(sounding, np.minimum(costs, target_cost.LARGEST_DECISION_COST), np.inf)
    return found, replace(memory(labels), class_probabilities=known), costs


def select(asked, source, constraints=None, guide=None, **settings):
    chosen = OptimalSelection(plain(match="distribution", **settings), distances(4, rest=True), guide=guide)
    return chosen.select(asked, source, constraints=constraints)


@pytest.mark.parametrize("seed", range(5))
def test_where_jumps_are_free_each_step_plays_the_segment_that_fits_best(seed):
    asked, source, costs = question(seed)
    found = select(asked, source, **FREE_JUMPS)
    assert found.segments.tolist() == costs.argmin(axis=1).tolist()
    assert found.played.tolist() == [LABELS[segment] for segment in found.segments]
    assert found.costs == pytest.approx(np.zeros(4), abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_of_all_paths_the_cheapest_by_fit_and_jumps_is_played(seed):
    asked, source, costs = question(seed)
    found = select(asked, source, jump_cost=0.4, shared_context_cost=0.4)

    def total(way):
        return sum(costs[step, segment] for step, segment in enumerate(way)) + 0.4 * np.count_nonzero(np.diff(way) != 1)

    assert found.costs.sum() == pytest.approx(min(map(total, itertools.product(range(6), repeat=4))), abs=1e-9)
    assert found.costs.sum() == pytest.approx(total(found.segments), abs=1e-9)


def test_a_rest_is_silent_and_no_rest_is_played():
    asked, source, costs = question(1, asked=[0, REST, 1, REST])
    found = select(asked, source, **FREE_JUMPS)
    assert found.segments.tolist() == [costs[0].argmin(), SILENCE, costs[2].argmin(), SILENCE]
    assert found.played[[1, 3]].tolist() == [REST, REST]


def test_a_pin_is_played_though_it_is_a_rest_or_lies_outside_the_region():
    asked, source, _ = question()
    for segment in (0, 3):
        pins = Constraints(pinned=np.array([FREE, segment, FREE, FREE]))
        found = select(asked, source, pins, allowed_regions=("2-3",), **FREE_JUMPS)
        assert found.segments[1] == segment
        assert set(found.segments[[0, 2, 3]].tolist()) <= {4, 5}
        by_class = OptimalSelection(plain(allowed_regions=("2-3",)), distances(4, rest=True))
        assert by_class.select(asked, source, constraints=pins).segments[1] == segment


def test_a_class_that_is_asked_for_is_played_where_the_memory_has_it():
    asked, source, costs = question(2)
    wanted = Constraints(asked=np.array([FREE, 1, 0, 2]))
    found = select(asked, source, wanted, **FREE_JUMPS)
    assert found.played[1:].tolist() == [1, 0, 2]
    assert found.segments.tolist() == [
        costs[0].argmin(),
        min((1, 4), key=lambda segment: costs[1, segment]),
        min((0, 5), key=lambda segment: costs[2, segment]),
        2,
    ]
    assert found.costs == pytest.approx([costs[step, segment] for step, segment in enumerate(found.segments)])
    without, lacking, free = question(2, [0, 1, 1, REST, 1, 0])
    found = select(without, lacking, Constraints(asked=np.array([FREE, FREE, FREE, 2])), **FREE_JUMPS)
    assert found.segments.tolist() == free.argmin(axis=1).tolist(), "which the memory lacks is asked of nobody"


def test_a_segment_that_was_refused_is_not_played_at_that_step_alone():
    asked, source, costs = question(3)
    best = costs.argmin(axis=1)
    found = select(asked, source, Constraints(refused=np.array([FREE, best[1], FREE, FREE])), **FREE_JUMPS)
    second = np.argsort(costs[1])[1]
    assert found.segments.tolist() == [best[0], second, best[2], best[3]]
    assert found.costs[1] == pytest.approx(costs[1, second])
    only = Constraints(np.array([FREE, 2, FREE, FREE]), refused=np.array([FREE, 2, FREE, FREE]))
    assert select(asked, source, only, **FREE_JUMPS).segments[1] == 2, "a pin is wanted after all"


def test_what_is_dearer_costs_more_wherever_it_is_played():
    asked, source, costs = question(4)
    dearer = np.array([0.0, 3.0, 0.5, 0.0, 0.0, 9.0])
    found = select(asked, source, Constraints(dearer=dearer), **FREE_JUMPS)
    assert found.segments.tolist() == (costs + dearer).argmin(axis=1).tolist()
    assert found.costs == pytest.approx((costs + dearer).min(axis=1))
    by_class = OptimalSelection(plain(**FREE_JUMPS), distances(4, rest=True))
    chosen = by_class.select(specification([0, 1, 2]), source, constraints=Constraints(dearer=dearer))
    assert chosen.segments.tolist() == [0, 4, 2]
    assert chosen.costs.tolist() == [0, 0, 0.5]


def test_a_large_memory_is_searched_by_its_shortlist_and_asked_classes_beyond_it(monkeypatch):
    rng = np.random.default_rng(5)
    labels, wanted = rng.integers(0, 3, 40).tolist(), rng.integers(0, 3, 6).tolist()
    asked, source, costs = question(5, labels, wanted)
    whole = select(asked, source, **FREE_JUMPS).segments.tolist()
    monkeypatch.setattr(target_cost, "SHORTLIST", 4)
    assert select(asked, source, **FREE_JUMPS).segments.tolist() == whole == costs.argmin(axis=1).tolist()
    for label in range(3):
        there = np.flatnonzero(np.array(labels) == label)
        found = select(asked, source, Constraints(asked=np.full(6, label)), **FREE_JUMPS)
        assert found.segments.tolist() == there[costs[:, there].argmin(axis=1)].tolist()


def test_a_guide_is_followed_where_it_is_known_how_it_and_the_memory_sound():
    asked, source, costs = question(6)
    rng = np.random.default_rng(6)
    rows = rng.normal(size=(10, 24))
    chroma = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    loud = np.full(10, -20, np.float32)
    guide, own = SegmentSound(chroma[:4], loud[:4]), SegmentSound(chroma[4:], loud[4:])
    weights = {"harmony": 2.0, "dynamics": 0.0, "activity": 0.0, **FREE_JUMPS}
    following = costs + 2.0 * (1 - guide.chroma.astype(float) @ own.chroma.T.astype(float))
    assert (
        select(asked, replace(source, sound=own), guide=guide, **weights).segments.tolist()
        == following.argmin(1).tolist()
    )
    for unknown in (
        select(asked, source, guide=guide, **weights),
        select(asked, replace(source, sound=own), **weights),
    ):
        assert unknown.segments.tolist() == costs.argmin(axis=1).tolist()
    deaf = select(asked, replace(source, sound=own), guide=guide, **{**weights, "harmony": 0.0})
    assert deaf.segments.tolist() == costs.argmin(axis=1).tolist()
