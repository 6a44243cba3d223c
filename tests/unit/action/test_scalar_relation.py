"""How B has more, or less, of something where A had more: numbers whose answers can be worked out by hand."""

import numpy as np
import pytest

from antiphon.action.selection.scalar_relation import (
    KnownValues,
    ScalarRelation,
    _correlation,
    _middle,
    _missed,
    fitted_scalar_relation,
)

ODD = np.array([-3.0, -1.0, 1.0, 3.0])
"""Their standard deviation is the square root of 5."""

HALF_SECONDS = np.full(4, 0.5)


def relation(sign=1, lag_seconds=0.0, agreement=0.6, spread=4.0, miss=0.25) -> ScalarRelation:
    return ScalarRelation(sign, lag_seconds, agreement, KnownValues(ODD), KnownValues(10 * ODD), spread, miss)


def test_the_share_below_a_value_is_a_mean_of_logistic_kernels():
    known = KnownValues(ODD)
    assert known.width == pytest.approx(0.15 * 5**0.5)
    for value in (-3.0, -2.7, 0.0, 0.9):
        kernels = [1 / (1 + np.exp(-1.702 * (value - each) / (0.15 * 5**0.5))) for each in ODD]
        assert known.share_below(np.array([value]))[0] == pytest.approx(np.mean(kernels))
    assert known.share_below(np.array([-1e6, 0.0, 1e6])) == pytest.approx([0, 0.5, 1])
    assert KnownValues(np.array([2.0, 2.0])).share_below(np.array([1.0, 2.0, 3.0])) == pytest.approx([0, 0.5, 1])


def test_how_likely_a_value_is_is_a_kernel_density_with_something_for_what_was_never_had():
    cells, found = KnownValues(ODD).likelihood
    assert (cells[0], cells[-1], len(cells)) == (pytest.approx(-3 - 4 * 5**0.5), pytest.approx(3 + 4 * 5**0.5), 400)
    for place in (0, 100, 151, 399):
        bells = [np.exp(-0.5 * ((cells[place] - each) / (0.15 * 5**0.5)) ** 2) for each in ODD]
        density = np.mean(bells)
        assert found[place] == pytest.approx(np.log((density + 0.002) / (density + 0.02)))


def test_values_are_moved_to_where_they_are_most_probably_drawn_as_the_known_ones():
    known = KnownValues(np.array([-5.0] * 10 + [5.0] * 10))
    assert known.offset(known.values + 7) == pytest.approx(-7)
    # One of ten is loud, and not one of two: the mean is 4 too low, and is not believed.
    assert known.offset(np.array([-3.0] * 900 + [7.0] * 100)) == pytest.approx(-2)
    assert known.offset(np.array([-7.0] * 100 + [3.0] * 900)) == pytest.approx(2)


@pytest.mark.parametrize("count", [3, 10, 40])
def test_the_fewer_values_there_are_the_more_it_is_the_means_that_are_made_alike(count):
    """The probability of each of 121 offsets, up to one and a half deviations either way, by the definition."""
    known = KnownValues(np.array([-5.0] * 10 + [5.0] * 10))
    values = np.where(np.arange(count) % 5 == 0, 7.0, -3.0)
    middle = -values.mean()

    def likely(value):
        density = np.mean([np.exp(-0.5 * ((value - each) / 0.75) ** 2) for each in (-5.0, 5.0)])
        return np.log((density + 0.002) / (density + 0.02))

    moves = [5 * (number - 60) / 40 for number in range(121)]
    told = [sum(likely(value + middle + move) for value in values) - 0.5 * (move / 2.5) ** 2 for move in moves]
    assert known.offset(values) == pytest.approx(middle + moves[int(np.argmax(told))], abs=1e-9)


def test_of_nothing_nothing_is_moved_and_of_one_value_the_means_are_made_alike():
    nothing = np.empty(0)
    assert KnownValues(ODD).offset(nothing) == 0
    assert KnownValues(nothing).offset(ODD) == 0
    assert KnownValues(np.array([2.0, 2.0])).offset(np.array([5.0, 7.0])) == -4


@pytest.mark.parametrize("sign", [1, -1])
def test_quantiles_answer_quantiles(sign):
    """Of four values the least has an eighth below it: three eighths of the way from the least answer to the next."""
    found = relation(sign).mapped(ODD.astype(np.float32), HALF_SECONDS)
    assert found == pytest.approx(sign * np.array([-22.5, -7.5, 7.5, 22.5]), abs=0.02)
    assert found.dtype == np.float32


def test_an_answer_comes_its_lag_later_and_before_it_there_is_the_middle_one():
    found = relation(lag_seconds=1.0).mapped(np.array([1, -3, 3, 1], np.float32), HALF_SECONDS)
    assert found == pytest.approx([7.5, 7.5, 7.5, -22.5], abs=0.02)


def test_another_recording_is_moved_to_where_a_was_with_what_was_heard_of_it_before():
    louder = (ODD + 40).astype(np.float32)
    found = relation().expected(louder, np.array([-60, *louder], np.float32), HALF_SECONDS)
    assert found == pytest.approx([-22.5, -7.5, 7.5, 22.5], abs=0.02)
    now = relation().expected(louder[:1], np.array([-60, *louder], np.float32), HALF_SECONDS[:1])
    assert now == pytest.approx([-22.5], abs=2)
    assert relation().expected(louder[:0], louder, HALF_SECONDS[:0]).shape == (0,)


def test_a_memory_is_judged_in_spreads_around_where_it_is_b_s():
    mean, spread = relation().scale_of(np.array([-60, *(10 * ODD + 100)], np.float32))
    assert (mean, spread) == (pytest.approx(100, abs=1e-3), 4)
    assert relation().scale == (0, 4)


def test_a_spread_is_worth_the_less_the_more_is_missed_and_the_less_they_agree():
    assert relation(agreement=0.6, miss=0.25).weight == pytest.approx(2.4)
    assert relation(agreement=0.3, miss=0.25).weight == pytest.approx(1.2)
    assert relation(miss=0.0).weight == relation(miss=0.02).weight == 24
    assert relation(-1, 1.5).account == {"sign": -1, "lag_seconds": 1.5, "agreement": 0.6}


def test_what_is_missed_is_the_mean_distance_where_b_sounds_or_that_from_a_line():
    guide = np.array([-60, *ODD], np.float32)
    answered = relation(spread=2.0)
    exact = np.array([-90, -22.5, -7.5, 7.5, 22.5], np.float32)
    assert _missed(answered, [guide], [exact + 5], 0.5) == pytest.approx(0, abs=0.02)
    off = exact + np.array([0, 4, -4, 4, -4], np.float32)
    assert _missed(answered, [guide, guide], [exact, off], 0.5) == pytest.approx(2 / 2.0, abs=0.02)
    # The line: the deviation of B's, 10 times the square root of 5, times the square root of (1 - 0.36) / 2.
    line = 10 * 5**0.5 * 0.32**0.5 / 2.0
    assert _missed(answered, [guide], [exact[::-1].copy()], 0.5) == pytest.approx(line)
    assert _missed(answered, [guide], [np.full(5, -9, np.float32)], 0.5) == pytest.approx(line)


def test_the_middle_is_of_what_sounds_and_a_correlation_of_what_varies():
    assert _middle(np.array([-60, 1, 3, -60], np.float32)) == 2
    assert _middle(np.array([4, 4], np.float32)) == 4
    one = np.array([1.0, 2.0, 6.0])
    assert _correlation(one, 5 - 2 * one) == pytest.approx(-1)
    assert _correlation(one, np.array([2.0, 4.0, 0.0])) == pytest.approx(np.corrcoef(one, [2, 4, 0])[0, 1])
    assert _correlation(one, np.full(3, 7.0)) == 0


@pytest.mark.parametrize(("sign", "lag"), [(1, 0), (-1, 3), (1, 8)])
def test_a_relation_over_two_recordings_is_found_with_its_sign_and_its_lag(sign, lag):
    rng = np.random.default_rng(lag)
    guides = [rng.normal(-20 - 9 * number, 5, 120).astype(np.float32) for number in range(2)]
    targets = [-30 + 2 * sign * np.roll(guide, lag) for guide in guides]

    def scale_of(values):
        return float(values.mean()), float(values.std())

    found = fitted_scalar_relation(guides, targets, scale_of, 0.25)
    assert found is not None
    assert (found.sign, found.lag_seconds) == (sign, lag * 0.25)
    assert found.agreement > 0.9
    assert found.spread == pytest.approx(np.concatenate(targets).std(), rel=1e-5)
    for known, sides in ((found.guide, guides), (found.target, targets)):
        wanted = np.concatenate([np.delete(side, side.argmin()) for side in sides])
        assert known.values.std() == pytest.approx(wanted.reshape(2, -1).std(axis=1).mean(), rel=0.05)
        assert known.values.reshape(2, -1).mean(axis=1) == pytest.approx([0, 0], abs=1e-4)
    assert (
        fitted_scalar_relation(guides, [rng.normal(size=120).astype(np.float32) for _ in guides], scale_of, 1) is None
    )
