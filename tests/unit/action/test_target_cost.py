"""What a memory segment costs by how it fits what is asked for: the decision, the guide's harmony and its dynamics."""

from dataclasses import replace

import numpy as np
import pytest

from antiphon.action.selection.target_cost import (
    LARGEST_DECISION_COST,
    NEAR_CLASS_COST,
    SHORTLIST,
    ClassCosts,
    Following,
    TargetCosts,
    _along,
    activity_scale,
    level_scale,
    relative,
)
from antiphon.types import SegmentSound


def targets(asked, memory, usable=None, following=None) -> TargetCosts:
    """Probabilities of the decision (n, classes) and of memory segments (m, classes)."""
    with np.errstate(divide="ignore"):
        wanted = np.log(np.array(asked, dtype=np.float32))
    chosen = np.arange(len(memory)) if usable is None else np.array(usable)
    return TargetCosts(wanted, np.array(memory, dtype=np.float32), chosen, following)


def sound(chroma, level) -> SegmentSound:
    rows = np.array(chroma, dtype=np.float64)
    rows -= rows.mean(axis=1, keepdims=True)
    return SegmentSound(
        (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), np.array(level, np.float32)
    )


def test_a_segment_costs_the_nats_by_which_it_is_less_probable_than_the_best():
    costs = targets([[0.7, 0.2, 0.1]], np.eye(3)).rows(0, 1)
    assert costs[0] == pytest.approx([0, np.log(0.7 / 0.2), np.log(0.7 / 0.1)], abs=1e-6)


def test_what_lies_between_two_classes_costs_little_where_the_decision_does_and_much_where_it_is_certain():
    between = [[1, 0, 0], [0.4, 0.6, 0]]
    undecided, certain = targets([[0.5, 0.5, 0], [0.98, 0.01, 0.01]], between).rows(0, 2)[:, 1]
    assert undecided == pytest.approx(0, abs=1e-6)
    assert certain > 0.8


def test_what_the_decision_excludes_costs_no_more_than_a_bound():
    costs = targets([[1.0, 0.0]], [[1, 0], [0, 1]]).rows(0, 1)[0]
    assert costs.tolist() == [0, LARGEST_DECISION_COST]


def test_only_usable_segments_are_priced_and_the_best_of_them_costs_nothing():
    costs = targets([[0.7, 0.2, 0.1]], np.eye(3), usable=[1, 2]).rows(0, 1)
    assert costs[0] == pytest.approx([0, np.log(0.2 / 0.1)], abs=1e-6)


def test_harmony_and_dynamics_are_added_by_their_weights():
    c_major, f_sharp = np.eye(12)[[0, 4, 7]].sum(axis=0), np.eye(12)[[6, 10, 1]].sum(axis=0)
    guide = sound([c_major, c_major, c_major], [-10, -20, -30])
    memory = sound([c_major, f_sharp, c_major], [-30, -40, -50])
    alike = [[1.0]] * 3
    harmony = targets(alike, alike, following=Following(guide, memory, harmony=2.0, dynamics=0.0)).rows(0, 3)
    assert harmony[0, 0] == pytest.approx(0, abs=1e-6)
    assert harmony[0, 1] > 2
    dynamics = targets(alike, alike, following=Following(guide, memory, harmony=0.0, dynamics=1.0)).rows(0, 3)
    assert dynamics.argmin(axis=1).tolist() == [0, 1, 2], "how loud either is as a whole does not matter"
    assert np.diag(dynamics) == pytest.approx(0, abs=0.2)


def test_how_busy_a_segment_is_counts_by_its_weight_and_only_where_it_was_heard():
    alike, chroma = [[1.0]] * 3, np.eye(12)[[0, 0, 0]] * 1.0
    quiet = sound(chroma, [-20, -20, -20])
    guide = replace(quiet, activity=np.array([0, 1, 2], np.float32))
    memory = replace(quiet, activity=np.array([7, 6, 5], np.float32))
    costs = targets(alike, alike, following=Following(guide, memory, 0.0, 0.0, 2.0)).rows(0, 3)
    assert costs.argmin(axis=1).tolist() == [2, 1, 0], "how busy either is as a whole does not matter"
    assert costs[0, 0] == pytest.approx(2 * 2 / (np.std([0, 1, 2][1:]) + 0.3), rel=0.2)
    assert not targets(alike, alike, following=Following(guide, quiet, 0.0, 0.0, 2.0)).rows(0, 3).any()


def test_levels_are_judged_by_another_scale_where_one_is_told():
    alike, chroma = [[1.0]] * 2, np.eye(12)[[0, 0]] * 1.0
    guide = replace(sound(chroma, [0, 1]), level_scale=(0.0, 1.0))
    memory = replace(sound(chroma, [-29, -30]), level_scale=(-30.0, 1.0))
    costs = targets(alike, alike, following=Following(guide, memory, 0.0, 1.0)).rows(0, 2)
    assert costs.tolist() == [[1, 0], [0, 1]]


def test_a_recording_of_one_level_and_a_silent_one_have_no_dynamics():
    same, none, rest = np.full(4, -20, np.float32), np.empty(0, np.float32), np.array([-60, *[-20] * 4], np.float32)
    assert relative(same, level_scale(same)).tolist() == [0, 0, 0, 0]
    assert relative(none, level_scale(none)).tolist() == []
    assert relative(rest, level_scale(rest)).min() == -2, "a rest is not far below"


def test_in_a_small_memory_every_segment_is_searched():
    found = targets([[0.6, 0.4]] * 3, np.tile([[1, 0], [0, 1]], (50, 1)), usable=range(0, 100, 2)).shortlists(4)
    assert [segments.tolist() for segments, _ in found] == [list(range(0, 100, 2))] * 3
    assert all(len(segments) == len(costs) for segments, costs in found)


def test_in_a_large_memory_the_best_by_themselves_are_searched_at_every_step():
    rng = np.random.default_rng(0)
    memory, asked = rng.dirichlet(np.ones(6), 4000), rng.dirichlet(np.ones(6), 300)
    every = targets(asked, memory).rows(0, 300)
    for costs, (segments, kept) in zip(every, targets(asked, memory).shortlists(4), strict=True):
        assert SHORTLIST <= len(segments) <= 2 * SHORTLIST
        assert (np.diff(segments) > 0).all()
        assert set(np.argsort(costs)[: SHORTLIST // 2]) <= set(segments.tolist())
        assert kept == pytest.approx(costs[segments])


def test_in_a_large_memory_a_phrase_that_fits_as_a_whole_is_searched_though_none_of_it_is_the_best():
    sure, never, fair = [1, 0], [0, 1], [0.7, 0.3]
    memory = np.array([sure, never] * 2000, dtype=np.float64)
    memory[1001:1007] = fair
    found = targets([[0.9, 0.1]] * 10, memory).shortlists(6)
    for step, (segments, _) in enumerate(found[:6]):
        assert 1001 + step in segments
    alone = targets([[0.9, 0.1]] * 10, memory).shortlists(1)
    assert not set(range(1001, 1007)) & set(alone[3][0].tolist())


def test_a_class_costs_by_its_distance_from_the_one_asked_for_in_units_of_the_middle_one():
    line = 3 * np.abs(np.arange(4.0)[:, None] - np.arange(4.0))
    line[3, :3] = line[:3, 3] = np.inf
    memory = np.array([2, 0, 3, 1])
    ((segments, costs),) = ClassCosts(np.array([0]), memory, np.arange(4), line).shortlists(2)
    assert segments.tolist() == [0, 1, 2, 3]
    unit = NEAR_CLASS_COST / np.median([1, 1, 2])
    assert costs.tolist() == [min(2 * unit, LARGEST_DECISION_COST), 0, LARGEST_DECISION_COST, unit]
    ((_, fewer),) = ClassCosts(np.array([0]), memory, np.array([1, 3]), line).shortlists(2)
    assert fewer.tolist() == [0, unit]


@pytest.mark.slow
def test_a_memory_is_small_up_to_twice_the_shortlist_however_long_the_guide():
    rng = np.random.default_rng(0)
    memory, asked = rng.dirichlet(np.ones(6), 2 * SHORTLIST), rng.dirichlet(np.ones(6), 600)
    found = targets(asked, memory).shortlists(4)
    assert len(found) == 600
    for costs, (segments, kept) in zip(targets(asked, memory).rows(0, 600), found, strict=True):
        assert len(segments) == 2 * SHORTLIST
        assert kept == pytest.approx(costs, abs=1e-12)


def test_costs_are_the_sum_of_their_parts_at_every_step_whichever_steps_are_asked_for():
    """Each part by its definition, number by number: decision, harmony, dynamics, activity and a pair's classes."""
    rng = np.random.default_rng(4)
    guide, memory = (
        replace(
            sound(rng.normal(size=(count, 24)), rng.uniform(-40, -10, count)),
            activity=rng.uniform(0, 3, count).astype(np.float32),
            classes=rng.dirichlet(np.ones(3), count).astype(np.float32),
        )
        for count in (5, 4)
    )
    guide = replace(guide, before=np.array([-50.0, -12.0], np.float32), activity_scale=(1.0, 0.5))
    following = Following(guide, memory, harmony=2.0, dynamics=0.7, activity=0.3)
    asked, known, usable = rng.dirichlet(np.ones(2), 5), rng.dirichlet(np.ones(2), 4), [0, 2, 3]
    dearer = np.array([0.0, 9.0, 1.0, 2.0])
    found = replace(targets(asked, known, usable, following), dearer=dearer)

    def nats(wanted, own, others):
        fit, best = float(wanted @ own), max(float(wanted @ each) for each in others)
        return min(np.log(best / fit), LARGEST_DECISION_COST)

    def spreads(value, values, added):
        sounding = values[values > values.min()]
        return max((value - sounding.mean()) / (sounding.std() + added), -2)

    levels = np.concatenate([guide.before, guide.level]).astype(np.float64), memory.level.astype(np.float64)
    for step in range(5):
        for place, segment in enumerate(usable):
            cost = nats(asked[step], known[segment], known[usable])
            cost += 2.0 * (1 - guide.chroma[step] @ memory.chroma[segment])
            own, other = spreads(guide.level[step], levels[0], 3.0), spreads(memory.level[segment], levels[1], 3.0)
            cost += 0.7 * abs(own - other)
            busy = max((guide.activity[step] - 1.0) / 0.5, -2)
            cost += 0.3 * abs(busy - spreads(memory.activity[segment], memory.activity, 0.3))
            cost += nats(guide.classes[step], memory.classes[segment], memory.classes)
            assert found.rows(0, 5)[step, place] == pytest.approx(cost + dearer[segment], abs=1e-5)
    for first, stop in ((0, 3), (2, 3), (1, 5), (4, 4)):
        assert found.rows(first, stop) == pytest.approx(found.rows(0, 5)[first:stop], abs=1e-9)


def test_how_busy_they_are_and_what_is_dearer_count_only_where_asked():
    busy = replace(sound(np.eye(12)[[0, 0]], [-20, -20]), activity=np.array([0, 3], np.float32))
    assert not Following(busy, busy, harmony=0.0, dynamics=0.0).rows(0, 2).any()
    assert not targets([[1.0]], [[1.0]] * 3).rows(0, 1).any()


def test_the_mean_and_spread_of_levels_are_of_what_sounds_and_3_db_are_added():
    assert level_scale(np.array([-60, -20, -26, -60], np.float32)) == (-23, 6)
    assert level_scale(np.array([-20, -20], np.float32)) == (-20, 3)
    assert activity_scale(np.array([0, 1, 2], np.float32)) == pytest.approx((1.5, 0.8))


def test_a_class_at_the_middle_distance_costs_4_nats_and_none_more_than_8():
    assert (NEAR_CLASS_COST, LARGEST_DECISION_COST) == (4, 8)


@pytest.mark.parametrize("phrase", [1, 2, 3, 9])
def test_the_best_copy_through_each_place_is_the_best_of_all_that_go_through_it(phrase):
    """Copies begin at any step and candidate so far back; what lies beyond an end or a gap costs the most there is."""
    rng = np.random.default_rng(phrase)
    costs, usable = rng.uniform(0, 5, (6, 7)), np.array([0, 1, 2, 5, 6, 8, 9])
    window = min(phrase, 6)

    def copy(step, place):
        total, goes_on = 0.0, True
        for ahead in range(window):
            inside = step + ahead < 6 and place + ahead < 7
            goes_on = goes_on and (ahead == 0 or (inside and usable[place + ahead] == usable[place] + ahead))
            total += costs[step + ahead, place + ahead] if goes_on else LARGEST_DECISION_COST
        return total

    found = _along(costs, usable, phrase)
    for step in range(6):
        for place in range(7):
            starts = [(step - back, place - back) for back in range(window) if step >= back and place >= back]
            assert found[step, place] == pytest.approx(min(copy(*start) for start in starts) / window)
