"""Alternatives summed up: the cheapest, or all of them by exp(-cost / temperature), straight from the definition."""

import numpy as np
import pytest

from antiphon.action.selection.semirings import Drawn, LogSumExp, MinPlus, cheapest

TEMPERATURE = 0.7
ROWS = np.array([[1.0, 0.5, 3.0], [2.0, np.inf, 2.0], [np.inf, np.inf, np.inf], [0.0, 9.0, 0.25]])
COLUMN = np.array([[3.0], [1.0], [np.inf]])


def soft(*costs: float) -> float:
    with np.errstate(divide="ignore"):
        return float(-TEMPERATURE * np.log(sum(np.exp(-cost / TEMPERATURE) for cost in costs)))


@pytest.mark.parametrize(("semiring", "summed"), [(MinPlus(), min), (LogSumExp(TEMPERATURE), soft)])
def test_alternatives_are_summed_up_by_rows_by_groups_and_by_twos(semiring, summed):
    wanted = [summed(*row) for row in ROWS.tolist()]
    assert semiring.over(ROWS).tolist() == pytest.approx(wanted)
    assert semiring.grouped(ROWS.ravel(), np.array([0, 3, 6, 9])).tolist() == pytest.approx(wanted)
    assert semiring.grouped(ROWS.ravel(), np.array([0, 2, 5])).tolist() == pytest.approx(
        [summed(1.0, 0.5), summed(3.0, 2.0, np.inf), summed(2.0, np.inf, np.inf, np.inf, 0.0, 9.0, 0.25)]
    )
    assert semiring.over(COLUMN).tolist() == [3, 1, np.inf]
    assert semiring.over(ROWS[:1]).tolist() == pytest.approx(wanted[:1])
    pairs = semiring.both(ROWS[:, 0], ROWS[:, 2]).tolist()
    assert pairs == pytest.approx([summed(row[0], row[2]) for row in ROWS.tolist()])


def test_a_sum_of_one_column_is_a_copy():
    costs = COLUMN.copy()
    MinPlus().over(costs)[0] = 7.0
    assert costs[0, 0] == 3


def test_a_total_without_an_alternative_is_that_of_the_others():
    """One that is not the cheapest: it is at most half of the total."""
    ones = np.array([1.0, 1.5, 2.0, np.inf])
    totals = np.array([soft(0.5, one) for one in ones])
    assert LogSumExp(TEMPERATURE).without(totals, ones).tolist() == pytest.approx([0.5] * 4)
    assert LogSumExp(TEMPERATURE).without(np.array([soft(0.5, 0.5)]), np.array([0.5])) == pytest.approx(0.5)
    assert LogSumExp(TEMPERATURE).without(np.array([np.inf]), np.array([np.inf])).tolist() == [np.inf]
    assert MinPlus().without(np.array([0.5]), np.array([0.75])).tolist() == [0.5]


def test_of_groups_that_differ_much_none_loses_its_digits():
    found = LogSumExp(TEMPERATURE).grouped(np.array([1e4, 1e4 + 1, 0.0, 1.0]), np.array([0, 2]))
    assert found.tolist() == pytest.approx([1e4 + soft(0, 1), soft(0, 1)], rel=1e-12)


def test_of_the_cheapest_the_first_is_chosen():
    assert cheapest(np.array([2.0, 1.0, np.inf, 1.0])) == 1


def test_a_draw_divides_the_numbers_from_0_to_1_by_the_weights():
    """Weights of 1/2, 1/4, none and 1/4: cost 0, one halving, inf and one halving."""

    class Told:
        def __init__(self, number: float) -> None:
            self.number = number

        def random(self) -> float:
            return self.number

    costs = 5 + TEMPERATURE * np.log(2) * np.array([0.0, 1.0, np.inf, 1.0])
    found = [Drawn(TEMPERATURE, Told(number))(costs) for number in (0.0, 0.49, 0.51, 0.74, 0.76, 1 - 2**-53)]
    assert found == [0, 0, 1, 1, 3, 3]
