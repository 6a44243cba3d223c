import numpy as np
import pytest

from antiphon.evaluation.significance_tests import holm, mann_whitney, paired


def test_mann_whitney_counts_the_pairs_of_windows():
    # 3 and 4 against 1, 2 and 3: of six pairs 3>1, 3>2, 4>1, 4>2, 4>3 and a tie: U = 5.5, superiority 5.5/6.
    found = mann_whitney([3, 4], [1, 2, 3])
    assert (found.u, found.first, found.second) == (5.5, 2, 3)
    assert found.superiority == pytest.approx(5.5 / 6)


def test_mann_whitney_without_ties_is_exact():
    # Both larger than both: one of the six orders at either end.
    assert mann_whitney([3, 4], [1, 2]).p == pytest.approx(2 / 6)


def test_the_paired_test_by_hand():
    # Differences 1, 2, -3, 4, 5 have ranks 1 to 5: 12 for, 3 against, effect (12 - 3) / 15. Of the 32 ways to set
    # signs, five leave 3 or less against ({}, 1, 2, 3, 1+2), as many for: p = 10/32.
    found = paired([2, 2, 0, 4, 6], [1, 0, 3, 0, 1])
    assert found.difference.mean == pytest.approx(1.8)
    assert found.effect == pytest.approx(0.6)
    assert found.p == found.p_holm == pytest.approx(10 / 32)


def test_pieces_that_do_not_differ_say_nothing():
    found = paired([1, 2, 3], [1, 2, 3])
    assert (found.p, found.effect, found.difference.mean) == (1, 0, 0)


def test_swapping_the_models_turns_the_effect_round():
    random = np.random.default_rng(0)
    first, second = random.normal(size=(2, 12))
    one, other = paired(first, second), paired(second, first)
    assert one.effect == pytest.approx(-other.effect)
    assert one.p == pytest.approx(other.p)


def test_holm_by_hand():
    # 0.01 x 3 = 0.03; 0.03 x 2 = 0.06; 0.04 x 1 = 0.04, which must not fall below the one before: 0.06.
    values = {0.01: 0.03, 0.04: 0.06, 0.03: 0.06}
    family = [paired([0], [0]) for _ in values]
    family = [type(each)(each.difference, p, p, each.effect) for each, p in zip(family, values, strict=True)]
    assert [each.p_holm for each in holm(family)] == pytest.approx(list(values.values()))
