"""Takes: other ways to play the same specification. And a path without re-use where copies compete for segments."""

import pytest
from action_making import distances, memory, plain, specification

from antiphon.action.selection.optimal import OptimalSelection

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
