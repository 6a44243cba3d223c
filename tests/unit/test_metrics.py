import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.metrics import (
    bits_per_token,
    copied,
    copied_of,
    entropy,
    expected_calibration_error,
    fingerprints,
    interchangeable,
    longest_common_prefix,
    tolerant_true_positive_percentage,
    true_positive_percentage,
)

IDS = st.integers(0, 4)
PAIRS = st.lists(st.tuples(IDS, IDS), min_size=1, max_size=40).map(lambda pairs: np.array(pairs).T)


def prefix_by_definition(a, b, position):
    """max l such that position + l <= n and a[position + k] = b[position + k] for all k < l (paper 5.3)."""
    n = len(a)
    fits = [
        length for length in range(n - position + 1) if all(a[position + k] == b[position + k] for k in range(length))
    ]
    return max(fits)


@given(PAIRS)
def test_lcp_is_the_definition(pair):
    a, b = pair
    assert longest_common_prefix(a, b).tolist() == [prefix_by_definition(a, b, i) for i in range(len(a))]


@given(PAIRS)
def test_lcp_never_reaches_past_the_end(pair):
    lengths = longest_common_prefix(*pair)
    assert (lengths >= 0).all()
    assert (lengths <= np.arange(len(lengths), 0, -1)).all()


@given(PAIRS)
def test_lcp_above_zero_is_a_true_positive(pair):
    share = 100 * np.mean(longest_common_prefix(*pair) > 0)
    assert true_positive_percentage(*pair) == pytest.approx(share)


@given(PAIRS)
def test_tpp_is_a_percentage_and_symmetric(pair):
    a, b = pair
    assert 0 <= true_positive_percentage(a, b) <= 100
    assert true_positive_percentage(a, b) == true_positive_percentage(b, a)
    assert true_positive_percentage(a, a) == 100


@given(PAIRS, st.floats(0.01, 100))
def test_equal_durations_change_nothing(pair, seconds):
    durations = np.full(pair.shape[1], seconds)
    assert true_positive_percentage(*pair, durations) == pytest.approx(true_positive_percentage(*pair))


@given(PAIRS, st.data())
def test_a_segment_twice_as_long_counts_as_two(pair, data):
    a, b = pair
    counts = np.array(data.draw(st.lists(st.integers(1, 4), min_size=len(a), max_size=len(a))))
    twice = true_positive_percentage(np.repeat(a, counts), np.repeat(b, counts))
    assert true_positive_percentage(a, b, 0.25 * counts) == pytest.approx(twice)


@given(st.lists(IDS, min_size=1, max_size=60))
def test_entropy_lies_between_zero_and_that_of_equal_shares(ids):
    assert 0 <= entropy(ids) <= np.log2(len(set(ids))) + 1e-12


@given(st.lists(IDS, min_size=1, max_size=60), st.permutations(range(5)))
def test_entropy_knows_neither_order_nor_names(ids, names):
    renamed = [names[each] for each in reversed(ids)]
    assert entropy(renamed) == pytest.approx(entropy(ids))


@pytest.mark.parametrize("classes", [2, 16, 64, 256])
def test_an_even_guess_costs_log2_k_bits(classes):
    assert bits_per_token(np.full(7, -np.log(classes))) == pytest.approx(np.log2(classes))


@pytest.mark.parametrize("metric", [true_positive_percentage, longest_common_prefix])
@pytest.mark.parametrize(("a", "b"), [([], []), ([1], [1, 2]), ([[1]], [[1]])])
def test_what_cannot_be_compared_is_refused(metric, a, b):
    with pytest.raises(ValueError, match=r"sequence|one length"):
        metric(a, b)


@pytest.mark.parametrize("durations", [[1.0], [1.0] * 3, [1.0, 0.0], [1.0, -1.0], [1.0, float("nan")]])
def test_durations_that_are_none_are_refused(durations):
    with pytest.raises(ValueError, match="durations must be"):
        true_positive_percentage([1, 2], [1, 2], durations)


@pytest.mark.parametrize("metric", [entropy, bits_per_token])
def test_nothing_has_no_value(metric):
    with pytest.raises(ValueError, match=r"empty|no tokens"):
        metric([])


def test_different_numbers_are_never_rounded_into_a_hit():
    assert true_positive_percentage([1.4, 2.0], [1, 2]) == 50


@given(PAIRS, st.integers(0, 6))
def test_a_tolerant_hit_is_the_token_no_further_away_than_the_tolerance(pair, tolerance):
    a, b = pair
    hits = [token in b[max(0, place - tolerance) : place + tolerance + 1] for place, token in enumerate(a)]
    assert tolerant_true_positive_percentage(a, b, tolerance) == pytest.approx(100 * np.mean(hits))


def test_the_tolerance_is_one_segment_unless_told_otherwise():
    assert tolerant_true_positive_percentage([1, 2, 3], [0, 1, 0]) == pytest.approx(100 / 3)
    assert tolerant_true_positive_percentage([1, 2, 3], [0, 0, 1]) == 0


@pytest.mark.parametrize("table", [np.zeros(3), np.zeros((2, 3)), np.zeros((3, 2)), np.zeros((2, 2, 2))])
def test_distances_are_a_square_table(table):
    with pytest.raises(ValueError, match="distances must be"):
        interchangeable(table)


@pytest.mark.parametrize("length", [1, 3, 8])
def test_a_track_has_as_many_stretches_as_begin_in_it(length):
    track = np.random.default_rng(0).permutation(40)
    assert len(fingerprints([track], length)) == 40 - length + 1
    assert len(fingerprints([track, track], length)) == 40 - length + 1
    assert len(fingerprints([track[: length - 1]], length)) == 0
    assert np.isnan(copied(track[: max(0, length - 3)], [track], length))


def test_stretches_have_eight_tokens_unless_told_otherwise():
    track = np.arange(20)
    assert len(fingerprints([track])) == 13
    assert copied(track, [track[:7]]) == 0
    assert copied(track[:8], [track]) == copied_of(track[:8], fingerprints([track])) == 100
    assert copied_of(track[:8], fingerprints([track], 7)) == 0


def test_a_copy_covers_all_of_its_stretch_and_nothing_else():
    random = np.random.default_rng(0)
    for _ in range(50):
        memory, ids = random.integers(0, 3, 30), random.integers(0, 3, 40)
        known = {tuple(memory[start : start + 4]) for start in range(27)}
        inside = np.zeros(40, dtype=bool)
        for start in range(37):
            inside[start : start + 4] |= tuple(ids[start : start + 4]) in known
        assert copied(ids, [memory], 4) == pytest.approx(100 * inside.mean())


def test_calibration_has_ten_bins_and_certainty_is_in_the_last():
    # 0.95 and 1.0 share a bin, |1.95 - 1| / 2; 0.85 is in the one before, where it does not make up for 0.95.
    assert expected_calibration_error([0.95, 1.0], [1, 0]) == pytest.approx(0.475)
    assert expected_calibration_error([0.95, 0.85], [1, 0]) == pytest.approx((0.05 + 0.85) / 2)
    # Nine bins would put 0.42 and 0.34 together, eleven 0.45 and 0.39.
    for confidences in ([0.42, 0.34], [0.45, 0.39]):
        apart = (1 - confidences[0] + confidences[1]) / 2
        assert expected_calibration_error(confidences, [1, 0]) == pytest.approx(apart)


@pytest.mark.parametrize(("confidences", "hits"), [([], []), ([0.5], [1, 0]), ([0.5, 0.5], [1]), ([[0.5]], [[1]])])
def test_what_cannot_be_calibrated_is_refused(confidences, hits):
    with pytest.raises(ValueError, match="confidences and hits must be"):
        expected_calibration_error(confidences, hits)
