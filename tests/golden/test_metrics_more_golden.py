"""Values of the further metrics, worked by hand."""

import numpy as np
import pytest

from antiphon.metrics import (
    agreement_beyond_chance,
    anticipation,
    context_distances,
    copied,
    expected_calibration_error,
    functional_true_positive_percentage,
    interchangeable,
    longest_common_prefix,
    multi_reference_true_positive_percentage,
    repetition,
    tolerant_true_positive_percentage,
)

# position    0  1  2  3  4  5  6  7
PREDICTED = [0, 0, 1, 1, 2, 0, 1, 2]
REFERENCE = [0, 1, 1, 1, 2, 2, 0, 2]


def test_kappa():
    # Equal at 0, 2, 3, 4, 7: 5/8. Shares 3/8, 3/8, 2/8 and 2/8, 3/8, 3/8: by chance 6/64 + 9/64 + 6/64 = 21/64.
    # (40/64 - 21/64) / (1 - 21/64) = 19/43.
    assert agreement_beyond_chance(PREDICTED, REFERENCE) == pytest.approx(19 / 43)


def test_kappa_of_one_class_is_all_chance():
    assert agreement_beyond_chance([3, 3, 3], [3, 3, 3]) == 0


def test_a_segment_of_tolerance():
    # 0: 0 at 0. 1: 0 at 0. 2, 3: 1 there. 4: 2 there. 5: 0 at 6. 6: 1 at none of 5, 6, 7. 7: 2 there. 7 of 8.
    assert tolerant_true_positive_percentage(PREDICTED, REFERENCE, 1) == 87.5
    assert tolerant_true_positive_percentage(PREDICTED, REFERENCE, 0) == 62.5


def test_classes_no_further_apart_than_neighbours_typically_are_stand_for_each_other():
    # On a line at 0, 1, 3, 10: nearest others 1, 1, 2, 7, whose median is 1.5. Only 0 and 1 are as near.
    places = np.array([0.0, 1.0, 3.0, 10.0])
    alike = interchangeable(np.abs(places[:, None] - places))
    assert np.argwhere(alike & ~np.eye(4, dtype=bool)).tolist() == [[0, 1], [1, 0]]
    # 0 for 1 and 1 for 0 are right then; equal are 5 of 8, and 1 (0 for 1) and 6 (1 for 0) come in: 7 of 8.
    assert functional_true_positive_percentage(PREDICTED, REFERENCE, alike) == 87.5


def test_a_class_that_nothing_is_near_stands_for_itself():
    distances = [[0, np.inf, 1], [np.inf, 0, np.inf], [1, np.inf, 0]]
    assert interchangeable(distances).tolist() == [[True, False, True], [False, True, False], [True, False, True]]


def test_distance_of_contexts():
    # Equal contexts: 0. None in common: divergence 1 bit, root 1. Half in common, (1/2, 1/2, 0) and (0, 1/2, 1/2):
    # middle (1/4, 1/2, 1/4) with 1.5 bits, each 1 bit: 0.5, root 0.7071. What never occurs is infinitely far.
    rows = [[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0.5, 0.5], [0, 0, 0]]
    found = context_distances(rows)
    assert found[0].tolist() == pytest.approx([0, 0, np.sqrt(0.5), np.inf])
    assert context_distances([[1, 0], [0, 1]])[0, 1] == 1
    # (1, 0) and (1/2, 1/2): middle (3/4, 1/4) with 0.8113 bits, less (0 + 1) / 2: 0.3113, root 0.5579.
    assert context_distances([[1, 0], [0.5, 0.5]])[1, 0] == pytest.approx(0.5579, abs=1e-4)
    assert found[3, 3] == 0


def test_the_harmonisation_that_is_met_best_counts():
    # 5 of 8 against the first, 8 of 8 against itself: any of them is right, not a patchwork.
    assert multi_reference_true_positive_percentage(PREDICTED, [REFERENCE, PREDICTED]) == 100
    assert multi_reference_true_positive_percentage([1, 2], [[1, 1], [2, 2]]) == 50


def test_how_often_a_start_lasts():
    # Agree from 0 for 1, from 2 for 3 (2, 3, 4), from 7 for 1: prefixes 1 0 3 2 1 0 0 1. Of 7 starts with 2 positions
    # left, 2 and 3 last 2: 2/7; of 6 with 3 left, one.
    prefixes = longest_common_prefix(PREDICTED, REFERENCE)
    assert prefixes.tolist() == [1, 0, 3, 2, 1, 0, 0, 1]
    assert anticipation(prefixes, 2) == pytest.approx(200 / 7)
    assert anticipation(prefixes, 3) == pytest.approx(100 / 6)
    assert np.isnan(anticipation(prefixes, 9))


def test_repeats():
    # 1 of 0 and 3 of 2 repeat: 2 of 7.
    assert repetition(PREDICTED) == pytest.approx(200 / 7)
    assert repetition([5]) == 0


def test_copies_of_the_memory():
    # Of stretches of 3, the memory has 1 1 2 and 1 2 0, which cover positions 2 to 5: 4 of 8; 0 0 1, 0 1 1, 2 0 1 and
    # 0 1 2 it has not.
    assert copied(PREDICTED, [[9, 1, 1, 2, 0], [7]], 3) == 50
    assert np.isnan(copied([1, 2], [[1, 2]], 3))
    assert copied(PREDICTED, [], 3) == 0


def test_calibration():
    # In the bin from 0.5: 0.55 and 0.59, one of two right: gap |1.14 - 1| = 0.14. From 0.9: 0.9 and 1.0, both right:
    # |1.9 - 2| = 0.1. (0.14 + 0.1) / 4 = 0.06.
    assert expected_calibration_error([0.55, 0.59, 0.9, 1.0], [1, 0, 1, 1]) == pytest.approx(0.06)
