import numpy as np
import pytest

from antiphon.decision import baselines
from antiphon.decision.baselines import Mixture
from antiphon.decision.generation import Context, score
from antiphon.metrics import bits_per_token

CLASSES = 3
PAIRS = [(np.array([0, 0, 1]), np.array([1, 1, 2]))]
COUNTS = baselines.count(PAIRS, CLASSES)

# b: one never, two of 1, one of 2; with one token of each class added p(b) = (1, 3, 2) / 6.
UNIGRAM = [1 / 6, 1 / 2, 1 / 3]


def probabilities(model, guide: list[int], played: list[int]) -> list[float]:
    """Those of the token that follows `played`."""
    state, heard = model.start(1), np.array([guide])
    for previous in [None, *played]:
        state, found = model.step(state, heard, None if previous is None else np.array([previous]))
        heard = heard[:, :0]
    return np.exp(found[0]).tolist()


def test_unigram():
    assert probabilities(baselines.unigram(COUNTS), [2], []) == pytest.approx(UNIGRAM)


def test_uniform():
    assert probabilities(baselines.uniform(CLASSES), [2], []) == pytest.approx([1 / 3] * 3)


def test_majority_is_the_most_frequent():
    assert probabilities(baselines.majority(COUNTS), [0], []) == [0, 1, 0]


def test_repeat_last():
    model = baselines.repeat_last(COUNTS)
    assert probabilities(model, [1, 1], []) == pytest.approx(UNIGRAM)
    assert probabilities(model, [1, 1], [2]) == [0, 0, 1]


def test_copy_guide():
    assert probabilities(baselines.copy_guide(CLASSES), [1, 2], [0]) == [0, 0, 1]


def test_what_sounds_under_the_guide():
    # Under 0: 1 twice; with 3 tokens of p(b) added: (0.5, 2 + 1.5, 1) / 5. Under 2 nothing was seen: p(b).
    model = baselines.guide_table(COUNTS, prior=3)
    assert probabilities(model, [0], []) == pytest.approx([0.1, 0.7, 0.2])
    assert probabilities(model, [2, 0], [1]) == pytest.approx([0.1, 0.7, 0.2])
    assert probabilities(model, [2], []) == pytest.approx(UNIGRAM)


def test_what_follows():
    # After 1: 1 once, 2 once; with 3 tokens of p(b) added: (0.5, 1 + 1.5, 1 + 1) / 5.
    model = baselines.bigram(COUNTS, prior=3)
    assert probabilities(model, [0, 0], [1]) == pytest.approx([0.1, 0.5, 0.4])
    assert probabilities(model, [0], []) == pytest.approx(UNIGRAM)


def test_sequences_do_not_follow_one_another():
    two = baselines.count([(np.array([0]), np.array([1])), (np.array([0]), np.array([2]))], CLASSES)
    assert two.successions.sum() == 0


def test_a_mixture_is_the_weighted_mean():
    model = Mixture(baselines.copy_guide(CLASSES), baselines.unigram(COUNTS), 0.25)
    assert model.classes == CLASSES
    mean = [0.75 / 6, 0.75 / 2, 0.25 + 0.75 / 3]
    assert probabilities(model, [2], []) == pytest.approx(mean)
    assert probabilities(model, [0, 2], [1]) == pytest.approx(mean)


@pytest.mark.parametrize(
    "model",
    [
        baselines.uniform(CLASSES),
        baselines.unigram(COUNTS),
        baselines.majority(COUNTS),
        baselines.repeat_last(COUNTS),
        baselines.copy_guide(CLASSES),
        baselines.guide_table(COUNTS, 0.3),
        baselines.bigram(COUNTS, 0.3),
        Mixture(baselines.majority(COUNTS), baselines.uniform(CLASSES), 0.4),
    ],
)
@pytest.mark.parametrize("played", [[], [0], [2, 1]])
def test_probabilities_sum_to_one(model, played):
    assert sum(probabilities(model, [2, 0, 1], played)) == pytest.approx(1)


@pytest.mark.parametrize("classes", [2, 16, 257])
def test_uniform_pays_log2_k_bits(classes):
    guide, target = np.random.default_rng(0).integers(classes, size=(2, 1, 20))
    found = score(baselines.uniform(classes), guide, target, Context(8, 4))
    assert bits_per_token(found) == pytest.approx(np.log2(classes), rel=1e-6)


def test_a_baseline_decides_only_where_the_guide_was_heard():
    with pytest.raises(ValueError, match="heard"):
        probabilities(baselines.uniform(CLASSES), [1], [0])
