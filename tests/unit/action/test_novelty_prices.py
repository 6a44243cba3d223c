"""What coming back to a segment costs: counted as it goes, and the same as counted anew."""

import numpy as np
import pytest

from antiphon.action.selection.novelty import RECENT, RECENT_SECONDS, Uses, uses_before
from antiphon.action.selection.trellis import KEPT_STEPS, Step, Steps
from antiphon.types import SILENCE


@pytest.mark.parametrize("seed", range(5))
def test_prices_are_the_sum_over_all_other_uses(seed):
    draws = np.random.default_rng(seed)
    steps, memory, price = 90, 25, 0.7
    segments = draws.integers(-1, memory, steps)
    times = np.cumsum(draws.uniform(0.1, 1.0, steps))
    earlier = draws.integers(0, 3, memory).astype(np.float64)
    counted = draws.random(steps) < 0.6
    uses = Uses(segments, times, earlier, price, counted.copy())
    for index in draws.integers(0, steps, 60):
        counted[index] = not counted[index]
        uses.count(int(index), bool(counted[index]))
        asked = draws.integers(0, memory, 7)
        wanted = earlier[asked]
        for step in np.flatnonzero(counted & (segments != SILENCE)):
            apart = abs(times[step] - times[index])
            near = RECENT * np.exp(-apart / RECENT_SECONDS) * (apart < 6 * RECENT_SECONDS)
            wanted = wanted + (segments[step] == asked) * (1 + near)
        np.testing.assert_allclose(uses.prices(int(index), asked), price * wanted, rtol=1e-12)


def test_steps_are_made_when_asked_for_and_the_last_ones_kept():
    made = []

    def make(index):
        made.append(index)
        return Step(None, index, 0.5)

    steps = Steps(make, 1000)
    assert len(steps) == 1000
    assert made == []
    assert steps[-1].label == 999
    assert steps[999] is steps[-1]
    assert [step.label for step in steps[3:6]] == [3, 4, 5]
    assert [step.label for step in steps] == list(range(1000))
    before = len(made)
    assert all(steps[index].label == index for index in range(1000 - KEPT_STEPS, 1000))
    assert len(made) == before
    assert steps[5].label == 5
    assert len(made) == before + 1
    with pytest.raises(IndexError):
        steps[1000]


def test_a_use_a_moment_ago_costs_three_times_and_a_third_of_that_more_fades_in_4_seconds():
    uses = Uses(np.array([3, 3, 3]), np.array([0.0, 4.0, 100.0]), np.zeros(8), 0.5, np.array([True, False, False]))
    assert [uses.prices(index, np.array([3]))[0] for index in (0, 1, 2)] == pytest.approx(
        [0.5 * 3, 0.5 * (1 + 2 * np.exp(-1)), 0.5]
    )


def test_earlier_blocks_count_and_what_they_ended_with_more():
    """Three segments of 4 s: the last was heard 4 s ago, the first 12 s."""
    found = uses_before(np.array([2, 2, 0]), 4, 4.0)
    assert found.tolist() == pytest.approx([1 + 2 * np.exp(-1), 0, 2 + 2 * np.exp(-2) + 2 * np.exp(-3), 0])
    assert uses_before(np.empty(0, np.int64), 2, 4.0).tolist() == [0, 0]
