"""Takes: other ways to play the same specification. And a path without re-use where copies compete for segments."""

import numpy as np
import pytest
from action_making import distances, memory, plain, specification

from antiphon.action.selection.constraints import FREE, Constraints
from antiphon.action.selection.optimal import OptimalSelection
from antiphon.types import SILENCE

ASKED = [0, 1, 2, 0, 1, 2]
MANY_WAYS = memory([0, 1, 2, 5, 0, 1, 5, 2, 0, 5, 1, 2])


def selection(seed: int = 0, **settings) -> OptimalSelection:
    return OptimalSelection(plain(**settings), distances(6), seed=seed)


def takes(count: int, source=MANY_WAYS, asked=ASKED, seed: int = 0, **settings):
    return selection(seed, **settings).takes(specification(asked), source, count)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_as_many_takes_as_are_asked_for_no_two_alike_and_each_plays_what_was_asked(count):
    found = takes(count)
    assert len(found) == count
    assert len({each.segments.tobytes() for each in found}) == count
    for each in found:
        assert MANY_WAYS.tokens.ids[each.segments].tolist() == ASKED


def test_no_take_is_no_selection():
    assert takes(0) == ()


def test_the_first_take_is_the_cheapest_and_the_gap_is_what_each_costs_above_it():
    found = takes(5)
    cheapest = selection().select(specification(ASKED), MANY_WAYS)
    assert found[0].segments.tolist() == cheapest.segments.tolist()
    gaps = [each.gap for each in found]
    assert gaps[0] == 0
    assert gaps == sorted(gaps)
    assert gaps == pytest.approx([each.costs.sum() - cheapest.costs.sum() for each in found])
    assert gaps[-1] > 0


def test_a_memory_that_leaves_no_choice_has_one_take():
    assert len(takes(4, memory([0, 1, 2]), [0, 1, 2])) == 1


def test_the_seed_draws_the_other_takes():
    one, again, other = (takes(4, seed=seed) for seed in (1, 1, 2))
    assert [each.segments.tolist() for each in one] == [each.segments.tolist() for each in again]
    assert [each.segments.tolist() for each in one] != [each.segments.tolist() for each in other]


def test_where_coming_back_costs_a_gap_is_told_above_the_path_that_may_come_back():
    source, asked = memory([0, 1, 5, 0, 5, 1, 5, 0, 1]), [0, 1] * 5
    prices = {"novelty": 4.0, "jump_cost": 1.0, "shared_context_cost": 1.0}
    free = selection(jump_cost=1.0, shared_context_cost=1.0).select(specification(asked), source)
    found = takes(4, source, asked, **prices)
    assert len(found) == 4
    assert found[0].gap == pytest.approx(found[0].costs.sum() - free.costs.sum())
    assert found[0].gap > 0
    above = [max(0, each.costs.sum() - found[0].costs.sum()) for each in found]
    assert [each.gap for each in found] == pytest.approx([found[0].gap + each for each in above])


def test_a_selection_is_drawn_by_seed_0_unless_told_otherwise():
    drawn = [
        chosen.select(specification(ASKED * 4), MANY_WAYS).segments.tolist()
        for chosen in (
            OptimalSelection(plain(variation=2.0), distances(6)),
            *(selection(seed, variation=2.0) for seed in (0, 1)),
        )
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_what_there_was_to_choose_from_is_told_of_the_steps_that_sound():
    """A response that leaves room is explained with the silence that it has, and with what was pinned."""
    asked, pins = [0, 1, 2, 0, 1, 2, 0, 1], Constraints(pinned=np.array([FREE] * 7 + [5]))
    search = OptimalSelection(plain(density=0.5), distances(7, rest=True))
    found = search.select(specification(asked), MANY_WAYS, constraints=pins)
    told = search.candidate_costs(specification(asked), MANY_WAYS, found, constraints=pins)
    silent = found.segments == SILENCE
    assert 0 < silent.sum() < 8
    assert not told.candidates[silent].any()
    assert (told.candidates[~silent][:-1] >= 3).all()
    assert (found.segments[-1], told.candidates[-1], told.rivals[-1]) == (5, 1, SILENCE)
    assert told.chosen[~silent] == pytest.approx(0)


def test_of_a_class_that_was_asked_for_a_response_that_leaves_room_keeps_the_phrase():
    asked = [0, 1, 2, 0, 1, 2, 0, 1]
    search = OptimalSelection(plain(density=0.2), distances(7, rest=True))
    wanted = Constraints(asked=np.array([FREE] * 6 + [0, FREE]))
    assert search.select(specification(asked), MANY_WAYS, constraints=wanted).segments[6] != SILENCE


@pytest.mark.parametrize("places", [8, 16])
def test_a_path_that_is_drawn_without_reuse_plays_no_segment_twice_either(places):
    """Eight steps, and as many places to play them or twice as many: drawn freely, some are met again."""

    def spots(**settings):
        source = memory([0, 5] * places)
        drawn = (selection(seed, variation=5.0, **settings).select(specification([0] * 8), source) for seed in range(4))
        return [len(set(found.segments.tolist())) for found in drawn]

    assert max(spots()) < 8
    assert spots(reuse=False) == [8] * 4


def test_without_reuse_the_longest_copy_keeps_its_segments():
    """Both halves could copy 0 1 2 3; only one may, and it is not cut for the sake of the other's first step."""
    source = memory([0, 1, 2, 3, 5, 0])
    found = selection(reuse=False).select(specification([0, 0, 1, 2, 3]), source)
    assert found.segments.tolist() == [5, 0, 1, 2, 3]


def test_without_reuse_a_label_that_stands_alone_in_the_memory_is_played_where_it_is_asked_for():
    source = memory([3, 0, 1, 0, 2, 0])
    found = selection(reuse=False).select(specification([0, 1, 0, 2, 0]), source)
    assert found.segments.tolist() == [1, 2, 3, 4, 5]
    assert found.costs.sum() == pytest.approx(0)
