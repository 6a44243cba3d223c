import numpy as np
import pytest

from antiphon.decision import baselines
from antiphon.decision.baselines import Mixture
from antiphon.decision.counts import ALONE, WITH_GUIDE, interpolated
from antiphon.decision.generation import Context, score
from antiphon.decision.retrieval import retrieval
from antiphon.decision.scoring import window_log_probabilities
from antiphon.metrics import bits_per_token

CLASSES = 6
CONTEXT = Context(12, 7)


def noise(pairs: int, seed: int, n: int = 24) -> tuple[np.ndarray, np.ndarray]:
    guides, targets = np.random.default_rng(seed).integers(CLASSES, size=(2, pairs, n))
    return guides, targets


def from_both(pairs: int, seed: int, n: int = 24, slips: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """b(t) = b(t-1) + a(t) + a(t-1), but one in ten is anything: only the guide and the past together tell."""
    random = np.random.default_rng(seed)
    guides, targets = random.integers(CLASSES, size=(2, pairs, n))
    for t in range(1, n):
        ruled = (targets[:, t - 1] + guides[:, t] + guides[:, t - 1]) % CLASSES
        targets[:, t] = np.where(random.random(pairs) < slips, targets[:, t], ruled)
    return guides, targets


def alternating(pairs: int, seed: int, n: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """b(t) = b(t-2) + 1: a trigram's law."""
    guides, targets = noise(pairs, seed, n)
    for t in range(2, n):
        targets[:, t] = (targets[:, t - 2] + 1) % CLASSES
    return guides, targets


def bits(model, pairs) -> float:
    return bits_per_token(score(model, *pairs, CONTEXT).ravel())


def everyone():
    train, held_out = [from_both(30, 0)], [from_both(10, 1)]
    counts = baselines.count(train, CLASSES)
    found = retrieval(train, CLASSES, 4)
    return {
        "uniform": baselines.uniform(CLASSES),
        "unigram": baselines.unigram(counts),
        "majority": baselines.majority(counts),
        "repeat-last": baselines.repeat_last(counts),
        "copy-guide": baselines.copy_guide(CLASSES),
        "p(b|a)": baselines.guide_table(counts, 1.0),
        "bigram": baselines.bigram(counts, 1.0),
        "trigram": interpolated(train, held_out, CLASSES, ALONE),
        "counts with guide": interpolated(train, held_out, CLASSES, WITH_GUIDE),
        "retrieval": found,
        "mixture": Mixture(found, baselines.unigram(counts), 0.3),
    }


def stepwise(model, guides, targets):
    """The distributions (n, pairs, classes) that a model gives along the targets."""
    state, heard, previous, rows = model.start(len(guides)), guides, None, []
    for position in range(guides.shape[1]):
        state, found = model.step(state, heard, previous)
        rows.append(found)
        heard, previous = guides[:, :0], targets[:, position]
    return np.stack(rows)


@pytest.mark.parametrize("name", everyone())
def test_at_once_or_step_by_step_it_is_one_model(name):
    guides, targets = from_both(5, 2)
    rows = stepwise(everyone()[name], guides, targets)
    assert np.exp(rows).sum(axis=-1) == pytest.approx(np.ones(rows.shape[:2]), rel=1e-5)
    expected = np.take_along_axis(rows, targets.T[:, :, None], axis=-1)[:, :, 0].T
    assert window_log_probabilities(everyone()[name], guides, targets) == pytest.approx(expected, abs=1e-5)


def test_counts_know_what_the_guide_and_the_past_say_together():
    train, held_out, test = [from_both(200, 0)], [from_both(40, 1)], from_both(40, 2)
    hearing = interpolated(train, held_out, CLASSES, WITH_GUIDE)
    slip = 0.1 * (CLASSES - 1) / CLASSES
    bound = -(1 - slip) * np.log2(1 - slip) - slip * np.log2(slip / (CLASSES - 1))
    first = np.log2(CLASSES) / 24
    assert bits(hearing, test) < 23 / 24 * bound + first + 0.1
    assert bits(interpolated(train, held_out, CLASSES, ALONE), test) > 2.5


def test_the_trigram_knows_what_was_played_before_the_last():
    train, held_out, test = [alternating(60, 0)], [alternating(10, 1)], alternating(10, 2)
    assert bits(interpolated(train, held_out, CLASSES, ALONE), test) < 2 / 24 * np.log2(CLASSES) + 0.2
    assert bits(baselines.bigram(baselines.count(train, CLASSES), 1.0), test) > 2.3


def test_more_contexts_cost_nothing_where_there_is_nothing_to_learn():
    train, held_out, test = [noise(200, 0)], [noise(100, 1)], noise(100, 2)
    assert bits(interpolated(train, held_out, CLASSES, WITH_GUIDE), test) == pytest.approx(np.log2(CLASSES), abs=0.01)


def test_without_held_out_pairs_nobody_believes_what_he_saw_once():
    found = interpolated([noise(200, 0)], [], CLASSES, WITH_GUIDE)
    assert bits(found, noise(100, 2)) == pytest.approx(np.log2(CLASSES), abs=0.02)


def test_without_held_out_pairs_counting_is_hardly_worse():
    train, test = [from_both(20, 0)], from_both(40, 2)
    alone, checked = (interpolated(train, held_out, CLASSES, WITH_GUIDE) for held_out in ([], [from_both(100, 1)]))
    assert bits(alone, test) < bits(checked, test) + 0.07


def test_counts_are_never_surprised_without_end():
    zeros = np.zeros((3, 20), dtype=np.int64)
    found = interpolated([(zeros, zeros)], [(zeros, zeros)], CLASSES, WITH_GUIDE)
    assert bits(found, (zeros, zeros)) < 0.1
    assert np.isfinite(bits(found, noise(3, 0)))


def test_windows_of_other_lengths_count_alike():
    guides, targets = from_both(30, 0)
    whole = interpolated([(guides, targets)], [from_both(10, 1)], CLASSES, WITH_GUIDE)
    parts = [(guides[:10], targets[:10]), (guides[10:], targets[10:])]
    apart = interpolated(parts, [from_both(10, 1)], CLASSES, WITH_GUIDE)
    assert bits(apart, from_both(5, 2)) == bits(whole, from_both(5, 2))


@pytest.mark.parametrize("classes", [257, 60_000])
def test_large_alphabets_are_counted_as_small_ones(classes):
    """The same music in a corner of an alphabet costs about as much."""
    train, held_out, test = ([tuple(ids + classes - CLASSES for ids in from_both(60, seed))] for seed in range(3))
    small = interpolated([from_both(60, 0)], [from_both(60, 1)], CLASSES, WITH_GUIDE)
    large = interpolated(train, held_out, classes, WITH_GUIDE)
    assert bits(large, test[0]) == pytest.approx(bits(small, from_both(60, 2)), abs=0.05)


def test_retrieval_answers_with_the_partner_of_the_longest_succession_it_knows():
    guides = np.array([[0, 1, 2, 3], [4, 1, 2, 0]])
    targets = np.array([[5, 5, 1, 5], [5, 5, 4, 5]])
    found = retrieval([(guides, targets)], CLASSES, 3)
    assert found.answers(np.array([[0, 1, 2], [4, 1, 2]]))[:, 2].tolist() == [1, 4]
    # Of answers as frequent as each other the lower one.
    assert found.up_to(2).answers(np.array([[0, 1, 2], [4, 1, 2]]))[:, 2].tolist() == [1, 1]
    assert found.answers(np.array([[3, 5, 0]]))[0, 0] == 5


def test_retrieval_without_a_neighbour_plays_what_is_most_frequent():
    found = retrieval([(np.array([[0, 0, 1]]), np.array([[3, 3, 2]]))], CLASSES, 4)
    assert found.answers(np.array([[5, 2, 1]])).tolist() == [[3, 3, 2]]


def test_of_equally_near_places_the_most_frequent_answer_counts():
    found = retrieval([(np.array([[1, 1, 1]]), np.array([[4, 0, 4]]))], CLASSES, 1)
    assert found.answers(np.array([[1]])).tolist() == [[4]]


def test_retrieval_knows_a_piece_that_it_has_heard():
    guides, targets = noise(30, 0)
    answers = retrieval([(guides, targets)], CLASSES, 8).answers(guides)
    assert (answers[:, 8:] == targets[:, 8:]).mean() > 0.99
