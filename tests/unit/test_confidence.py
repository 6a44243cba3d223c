import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from antiphon.confidence import estimate


@hypothesis_settings(max_examples=25)
@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30))
def test_the_interval_holds_the_mean_and_lies_among_the_values(values):
    found = estimate(values)
    assert found.mean == pytest.approx(np.mean(values))
    assert min(values) - 1e-9 <= found.low <= found.mean + 1e-9
    assert found.mean - 1e-9 <= found.high <= max(values) + 1e-9
    assert found.pieces == len(values)


def test_one_piece_leaves_no_interval():
    found = estimate([12.5])
    assert (found.mean, found.low, found.high, found.pieces) == (12.5, 12.5, 12.5, 1)


def test_two_pieces_give_the_interval_of_all_their_samples():
    # Resampled means are 0, 0.5 and 1 with probability 1/4, 1/2 and 1/4.
    found = estimate([0.0, 1.0])
    assert (found.low, found.mean, found.high) == (0.0, 0.5, 1.0)


def test_the_interval_is_as_wide_as_theory_says():
    values = np.random.default_rng(0).normal(size=400)
    found = estimate(values)
    half = 1.96 * values.std() / np.sqrt(400)
    assert found.low == pytest.approx(found.mean - half, abs=0.1 * half)
    assert found.high == pytest.approx(found.mean + half, abs=0.1 * half)


def test_the_interval_holds_the_truth_19_times_in_20():
    random = np.random.default_rng(0)
    found = [estimate(random.normal(5, 2, size=30)) for _ in range(150)]
    assert np.mean([each.low <= 5 <= each.high for each in found]) == pytest.approx(0.95, abs=0.05)


def test_the_same_seed_gives_the_same_interval():
    values = np.random.default_rng(0).normal(size=20)
    assert estimate(values, seed=3) == estimate(values, seed=3)


def test_no_pieces_have_no_mean():
    with pytest.raises(ValueError, match="no pieces"):
        estimate([])
