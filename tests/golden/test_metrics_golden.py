"""Values of the metrics, worked by hand from the formulas of the paper (5.3)."""

import numpy as np
import pytest

from antiphon.metrics import bits_per_token, entropy, longest_common_prefix, true_positive_percentage

# position    0  1  2  3  4  5  6  7
PREDICTED = [3, 1, 4, 1, 5, 9, 2, 6]
REFERENCE = [3, 1, 4, 2, 5, 3, 2, 6]


def test_tpp_of_equation_5():
    # Equal at 0, 1, 2, 4, 6, 7: 6 of N = 8 positions, 6 / 8 * 100 = 75.
    assert true_positive_percentage(PREDICTED, REFERENCE) == 75.0


def test_tpp_by_duration():
    # Equal positions last 0.5 + 0.25 + 1 + 2 + 0.25 + 0.5 = 4.5 s of 0.5 + 0.25 + 1 + 1.5 + 2 + 3 + 0.25 + 0.5 = 9 s.
    durations = [0.5, 0.25, 1.0, 1.5, 2.0, 3.0, 0.25, 0.5]
    assert true_positive_percentage(PREDICTED, REFERENCE, durations) == 50.0


def test_lcp_of_each_position():
    # From 0: 3 1 4 agree, then 1 is not 2, so 3; from 1: 2; from 2: 1; 3 differs: 0; from 4: 5 agrees, then 9 is not 3,
    # so 1; 5 differs: 0; from 6: 2 6 agree and the sequence ends, so 2; from 7: 1.
    assert longest_common_prefix(PREDICTED, REFERENCE).tolist() == [3, 2, 1, 0, 1, 0, 2, 1]


def test_lcp_of_equal_sequences_is_what_is_left_of_them():
    assert longest_common_prefix([7, 7, 7, 7], [7, 7, 7, 7]).tolist() == [4, 3, 2, 1]


def test_lcp_keeps_time():
    # The same melody one segment late agrees nowhere, though as strings the two share a factor of length 3.
    assert longest_common_prefix([0, 1, 2, 3], [1, 2, 3, 0]).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("ids", "bits"),
    [
        ([5, 5, 5, 5], 0.0),
        ([0, 1, 0, 1], 1.0),
        # Shares 1/2, 1/4, 1/8, 1/8: 1/2 * 1 + 1/4 * 2 + 1/8 * 3 + 1/8 * 3 = 1.75.
        ([2, 2, 2, 2, 7, 7, 0, 9], 1.75),
        # Shares 1/4, 3/4: 1/4 * 2 + 3/4 * (2 - log2 3) = 2 - 3/4 * 1.5849625007 = 0.8112781245.
        ([1, 0, 0, 0], 0.8112781244591328),
        (list(range(16)), 4.0),
    ],
)
def test_entropy_in_bits(ids, bits):
    assert entropy(ids) == pytest.approx(bits, abs=1e-12)


def test_entropy_of_one_class_is_not_minus_zero():
    assert not np.signbit(entropy([4, 4, 4]))


def test_bits_per_token():
    # Probabilities 1/2, 1/8, 1 and 1/4 surprise by 1, 3, 0 and 2 bits: 6 bits for 4 tokens.
    assert bits_per_token(np.log([1 / 2, 1 / 8, 1, 1 / 4])) == pytest.approx(1.5)


def test_bits_of_an_impossible_token_are_infinite():
    assert bits_per_token([0.0, -np.inf]) == np.inf
