"""Which lag is taken, when it is believed, and what a guide is shifted by to be none."""

import numpy as np
import pytest

from antiphon.action.selection.lagged_relation import (
    better_than_chance,
    lag_segments,
    later,
    shifted_guide,
    simplest,
)


def test_of_lags_that_agree_nearly_as_well_the_shortest_is_taken():
    tried = [(agreement, np.array(lag)) for lag, agreement in enumerate((0.3, 0.58, 0.6, 0.2, 0.61))]
    assert simplest(tried) == (2, 0.6, 2), "0.01 less is as good, and 0.03 is not"
    assert simplest(tried[:2]) == (1, 0.58, 1)
    assert simplest([(0.0, np.array(7))] * 3) == (0, 0.0, 7)


def test_what_agrees_better_than_with_each_of_19_shifted_guides_is_believed():
    asked = []

    def chance(best, at):
        def shifted(shift):
            asked.append(shift)
            return best if shift == at else -1.0

        return shifted

    assert better_than_chance(0.5, chance(0.49, 7))
    assert asked == list(range(1, 20))
    for at in (1, 7, 19):
        assert not better_than_chance(0.5, chance(0.5, at))
    assert not better_than_chance(0.0, chance(-1.0, 1))


@pytest.mark.parametrize("count", [40, 100, 101])
def test_shifts_are_even_and_no_lag_of_eight_segments_undoes_one(count):
    guide = np.stack([np.arange(count), -np.arange(count)], axis=1).astype(float)
    assert shifted_guide(guide, 0).tolist() == guide.tolist()
    shifts = []
    for shift in range(1, 20):
        found = shifted_guide(guide, shift)
        shifts.append(int(np.flatnonzero(found[:, 0] == 0)[0]))
        assert found.tolist() == np.roll(guide, shifts[-1], axis=0).tolist()
    assert (shifts[0], shifts[-1]) == (9, count - 9)
    assert np.diff(shifts) == pytest.approx((count - 18) / 18, abs=1)


def test_what_is_later_begins_with_what_was_before():
    values = np.array([1.0, 2.0, 3.0])
    assert [later(values, lag, 9.0).tolist() for lag in range(5)] == [
        [1, 2, 3],
        [9, 1, 2],
        [9, 9, 1],
        [9, 9, 9],
        [9, 9, 9],
    ]
    assert later(np.array([[1.0, 2.0], [3.0, 4.0]]), 1, 0.0).tolist() == [[0, 0], [1, 2]]


def test_a_lag_is_as_many_segments_of_middle_length():
    assert lag_segments(1.0, np.array([0.5, 0.5, 9.0])) == 2
    assert lag_segments(0.7, np.array([0.5])) == 1
    assert lag_segments(1.0, np.empty(0)) == 0
