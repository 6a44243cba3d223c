import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.metrics import bits_per_token, entropy, longest_common_prefix, true_positive_percentage

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


@pytest.mark.parametrize("durations", [[1.0], [1.0, 0.0], [1.0, -1.0], [1.0, float("nan")]])
def test_durations_that_are_none_are_refused(durations):
    with pytest.raises(ValueError, match="durations"):
        true_positive_percentage([1, 2], [1, 2], durations)


@pytest.mark.parametrize("metric", [entropy, bits_per_token])
def test_nothing_has_no_value(metric):
    with pytest.raises(ValueError, match=r"empty|no tokens"):
        metric([])


def test_different_numbers_are_never_rounded_into_a_hit():
    assert true_positive_percentage([1.4, 2.0], [1, 2]) == 50
