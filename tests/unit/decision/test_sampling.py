import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chisquare

from antiphon.config import SamplingSettings
from antiphon.decision.draws import uniform_numbers
from antiphon.decision.sampling import FREE, candidates, consensus, draw, most_probable, nucleus, with_pins

LIKELY = np.array([[0.5, 0.3, 0.15, 0.05]])
DISTRIBUTIONS = arrays(float, (3, 6), elements=st.floats(0.001, 1)).map(lambda x: x / x.sum(axis=1, keepdims=True))
SHARES = st.floats(0.01, 1)


def allowing(*labels: int) -> np.ndarray:
    return np.isin(np.arange(4), labels)[None]


def after(allowed=None, probabilities=LIKELY, **settings):
    with np.errstate(divide="ignore"):
        log_probabilities = np.log(probabilities).astype(np.float32)
    return candidates(log_probabilities, allowed, SamplingSettings(**settings))


def test_the_token_that_crosses_p_is_in_the_nucleus():
    assert nucleus(LIKELY, 0.6).tolist() == [[True, True, False, False]]
    assert nucleus(LIKELY, 0.81).tolist() == [[True, True, True, False]]


def test_a_nucleus_that_reaches_p_exactly_is_full():
    assert nucleus(LIKELY, 0.8).tolist() == [[True, True, False, False]]


def test_a_nucleus_never_is_empty():
    assert nucleus(LIKELY, 1e-9).tolist() == [[True, False, False, False]]


def test_what_is_impossible_is_in_no_nucleus():
    assert nucleus(np.array([[0.5, 0.5, 0.0]]), 1.0).tolist() == [[True, True, False]]


def test_a_nucleus_of_everything_keeps_what_hardly_ever_happens():
    assert nucleus(np.array([[1 - 1e-14, 1e-14, 0.0]]), 1.0).tolist() == [[True, True, False]]


@given(DISTRIBUTIONS, SHARES)
def test_the_nucleus_is_the_smallest_set_that_reaches_p(probabilities, top_p):
    kept = nucleus(probabilities, top_p)
    for row, mask in zip(probabilities, kept, strict=True):
        smallest = next(size for size in range(1, 7) if np.sort(row)[::-1][:size].sum() >= top_p - 1e-9)
        assert row[mask].sum() >= top_p - 1e-9
        assert mask.sum() == smallest
        assert row[mask].min() >= row[~mask].max(initial=0)


def test_candidates_share_what_the_others_had():
    assert after(top_p=0.8) == pytest.approx(np.array([[0.625, 0.375, 0, 0]]))
    assert after(top_p=1.0) == pytest.approx(LIKELY)


def test_temperature_raises_probabilities_to_a_power():
    assert after(top_p=1.0, temperature=0.5) == pytest.approx(LIKELY**2 / (LIKELY**2).sum())
    assert after(top_p=1.0, temperature=2.0) == pytest.approx(LIKELY**0.5 / (LIKELY**0.5).sum())


@pytest.mark.parametrize("top_p", [0.1, 0.8, 1.0])
def test_temperature_zero_takes_the_most_probable(top_p):
    assert after(temperature=0.0, top_p=top_p).tolist() == [[1, 0, 0, 0]]
    assert after(allowing(2, 3), temperature=0.0, top_p=top_p).tolist() == [[0, 0, 1, 0]]


@given(DISTRIBUTIONS, SHARES, st.floats(0, 3), st.integers(1, 63))
def test_the_hard_constraint_is_never_left(probabilities, top_p, temperature, bits):
    allowed = np.broadcast_to((bits >> np.arange(6) & 1).astype(bool), (3, 6))
    kept = after(allowed, probabilities, top_p=top_p, temperature=temperature, constraint="hard")
    assert kept[~allowed].sum() == 0
    assert kept.sum(axis=1) == pytest.approx(1)


def test_the_hard_constraint_comes_before_the_nucleus():
    # Among 2 and 3 the shares are 0.75 and 0.25: a nucleus of 0.8 needs both, one of 0.75 only the first.
    assert after(allowing(2, 3), top_p=0.8) == pytest.approx(np.array([[0, 0, 0.75, 0.25]]))
    assert after(allowing(2, 3), top_p=0.75) == pytest.approx(np.array([[0, 0, 1, 0]]))


def test_the_soft_constraint_takes_an_allowed_label_of_the_nucleus_if_there_is_one():
    assert after(allowing(1, 3), constraint="soft") == pytest.approx(np.array([[0, 1, 0, 0]]))
    assert after(allowing(2, 3), constraint="soft") == pytest.approx(np.array([[0.625, 0.375, 0, 0]]))


def test_the_soft_constraint_is_kept_row_by_row():
    allowed = np.concatenate([allowing(1, 3), allowing(2, 3), allowing(0)])
    kept = after(allowed, np.repeat(LIKELY, 3, axis=0), constraint="soft")
    assert kept == pytest.approx(np.array([[0, 1, 0, 0], [0.625, 0.375, 0, 0], [1, 0, 0, 0]]))
    assert after(constraint="soft") == pytest.approx(after())


def test_no_constraint_asks_for_anything():
    for label in (1, 3):
        assert after(allowing(label), constraint="off") == pytest.approx(after())


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_labels_that_a_model_rules_out_are_equally_likely_where_only_they_are_allowed(temperature):
    sure = np.array([[1.0, 0.0, 0.0, 0.0]])
    kept = after(allowing(1, 3), sure, temperature=temperature, top_p=1.0)
    assert kept == pytest.approx(np.array([[0, 0.5, 0, 0.5]]))
    both = after(np.concatenate([allowing(1, 3), allowing(0, 3)]), np.repeat(sure, 2, axis=0), temperature=temperature)
    assert both == pytest.approx(np.array([[0, 0.5, 0, 0.5], [1, 0, 0, 0]]))


def test_a_hard_constraint_that_allows_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one allowed"):
        after(allowing())


def test_top_k_comes_before_the_nucleus():
    assert after(top_k=2, top_p=1.0) == pytest.approx(np.array([[0.625, 0.375, 0, 0]]))
    # Of the two, 0.6 is reached by the first alone; of all four it takes both.
    assert after(top_k=2, top_p=0.6) == pytest.approx(np.array([[1, 0, 0, 0]]))
    assert after(top_k=9, top_p=1.0) == pytest.approx(LIKELY)


def test_what_is_impossible_is_not_among_the_most_probable():
    for top_k in (0, 3, 9):
        assert most_probable(np.array([[0.5, 0.0, 0.5, 0.0]]), top_k).tolist() == [[True, False, True, False]]


def test_top_k_takes_the_lower_of_equal_labels():
    assert after(probabilities=np.full((1, 4), 0.25), top_k=2, top_p=1.0).tolist() == [[0.5, 0.5, 0, 0]]


@given(DISTRIBUTIONS, st.integers(1, 8), st.integers(1, 63))
def test_top_k_leaves_no_more_than_k_and_none_that_is_forbidden(probabilities, top_k, bits):
    allowed = np.broadcast_to((bits >> np.arange(6) & 1).astype(bool), (3, 6))
    kept = after(allowed, probabilities, top_p=1.0, top_k=top_k)
    assert ((kept > 0).sum(axis=1) == np.minimum(top_k, allowed.sum(axis=1))).all()
    assert kept[~allowed].sum() == 0


def under(ceilings, **settings):
    with np.errstate(divide="ignore"):
        log_probabilities = np.log(LIKELY).astype(np.float32)
    return candidates(log_probabilities, None, SamplingSettings(top_p=1.0, **settings), np.array([ceilings]))


def test_what_a_ceiling_takes_the_others_share_as_they_stand():
    assert under([0.2, 1, 1, 1]) == pytest.approx(np.array([[0.2, 0.48, 0.24, 0.08]]))
    assert under([0, 0, 1, 1]) == pytest.approx(np.array([[0, 0, 0.75, 0.25]]))
    assert under([0.5, 1, 1, 1]) == pytest.approx(LIKELY)


def test_a_ceiling_moves_the_argmax():
    assert under([0.2, 1, 1, 1], temperature=0.0).tolist() == [[0, 1, 0, 0]]


def test_who_has_one_choice_may_repeat_it():
    kept = candidates(np.log([[1.0, 1e-300]]), None, SamplingSettings(), np.array([[0.0, 0.0]]))
    assert kept[0, 0] == pytest.approx(1)


def test_a_consensus_is_the_mode_of_the_mean():
    # 0 is the surest vote, 1 has most of them.
    probabilities = np.array([[[0.9, 0.1, 0], [0, 0.6, 0.4], [0, 0.6, 0.4]]])
    assert consensus(probabilities).tolist() == [1]


def test_of_labels_with_as_many_votes_a_consensus_takes_the_lower():
    assert consensus(np.array([[[0, 1.0, 0], [0, 0, 1.0]]])).tolist() == [1]


def test_a_pin_leaves_one_label_and_the_others_as_they_were():
    pins = np.array([FREE, 2, FREE])
    allowed = np.array([[True, False, False], [True, True, False], [False, True, True]])
    assert with_pins(pins, allowed, 3).tolist() == [[True, False, False], [False, False, True], [False, True, True]]
    assert with_pins(pins, None, 3).sum(axis=1).tolist() == [3, 1, 3]
    assert allowed[1].tolist() == [True, True, False]


def test_every_class_can_be_pinned_everywhere():
    for label in range(3):
        assert with_pins(np.full(2, label), None, 3).tolist() == [[each == label for each in range(3)]] * 2


@pytest.mark.parametrize("pins", [1, 3])
def test_pins_are_as_many_as_positions(pins):
    with pytest.raises(ValueError, match=f"{pins} pins do not fit 2 positions"):
        with_pins(np.full(pins, FREE), np.ones((2, 3), dtype=bool), 3)


@pytest.mark.parametrize("pin", [-2, 3])
def test_a_pin_is_a_class(pin):
    with pytest.raises(ValueError, match="0 to 2"):
        with_pins(np.array([pin]), None, 3)


@given(DISTRIBUTIONS, st.floats(0, 1, exclude_max=True))
def test_a_draw_inverts_the_cumulative_distribution(probabilities, number):
    for row, label in zip(probabilities, draw(probabilities, np.full(3, number)), strict=True):
        assert row[:label].sum() <= number + 1e-12
        assert number < row[: label + 1].sum() + 1e-12


@pytest.mark.parametrize("number", [0.0, 0.5, 1 - 2**-53])
def test_a_draw_never_takes_what_is_impossible(number):
    probabilities = np.array([[0.0, 0.3, 0.0, 0.7, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0]])
    assert probabilities[[0, 1], draw(probabilities, np.full(2, number))].all()


def frequencies(ids: np.ndarray) -> np.ndarray:
    return np.bincount(ids, minlength=4)


def test_draws_of_many_seeds_follow_the_distribution():
    numbers = uniform_numbers(tuple(range(4000)), 3)
    ids = draw(np.repeat(LIKELY, 4000, axis=0), numbers)
    assert chisquare(frequencies(ids), 4000 * LIKELY[0]).pvalue > 0.01


def test_draws_of_one_seed_follow_the_distribution_step_by_step():
    numbers = np.concatenate([uniform_numbers((5,), step) for step in range(4000)])
    ids = draw(np.repeat(LIKELY, 4000, axis=0), numbers)
    assert chisquare(frequencies(ids), 4000 * LIKELY[0]).pvalue > 0.01
    assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 0.05


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=5), st.integers(0, 10**6))
def test_a_number_depends_on_its_seed_and_step_only(seeds, step):
    together = uniform_numbers(tuple(seeds), step)
    assert together.tolist() == [uniform_numbers((seed,), step)[0] for seed in seeds]


def test_every_seed_and_step_has_its_own_number():
    numbers = np.concatenate([uniform_numbers(tuple(range(30)), step) for step in range(30)])
    assert len(set(numbers.tolist())) == 900


@given(st.integers(0, 2**63), st.integers(0, 10**6))
def test_samples_of_one_seed_are_told_apart_and_the_first_is_the_plain_draw(seed, step):
    numbers = uniform_numbers((seed,) * 20, step, np.arange(20))
    assert numbers[0] == uniform_numbers((seed,), step)[0]
    assert len(set(numbers.tolist())) == 20
    assert ((numbers >= 0) & (numbers < 1)).all()
