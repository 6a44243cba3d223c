import numpy as np
import pytest

from antiphon.decision.baselines import Baseline, copy_guide, count, guide_table, unigram
from antiphon.decision.generation import Context, score
from antiphon.decision.guidance import GuidedDecision
from antiphon.decision.sampling import Probabilities

PAIRS = [tuple(np.random.default_rng(0).integers(4, size=(2, 200)))]
COUNTS = count(PAIRS, 4)
HEARD, HIDDEN = guide_table(COUNTS, 1.0), unigram(COUNTS)


def probabilities(model, guide: int) -> Probabilities:
    return np.exp(model.step(model.start(1), np.array([[guide]]), None)[1][0].astype(np.float64))


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0, 2.5])
def test_probabilities_are_powers_of_what_is_heard_and_what_is_not(weight):
    heard, hidden = probabilities(HEARD, 2), probabilities(HIDDEN, 2)
    expected = heard**weight * hidden ** (1 - weight)
    assert probabilities(GuidedDecision(HEARD, HIDDEN, weight), 2) == pytest.approx(expected / expected.sum(), rel=1e-5)


def test_the_ends_are_the_deaf_and_the_hearing_model_themselves():
    guide, target = PAIRS[0][0][None], PAIRS[0][1][None]
    for weight, model in ((0.0, HIDDEN), (1.0, HEARD)):
        found = score(GuidedDecision(HEARD, HIDDEN, weight), guide, target, Context(30, 20))
        assert found == pytest.approx(score(model, guide, target, Context(30, 20)))


def test_what_is_ruled_out_by_the_one_who_hears_stays_unlikely():
    table = Baseline(np.array([[0.5, 0.5, 0.0, 0.0]]), lambda guide, played: np.zeros_like(guide))
    for weight in (1.5, 3.0):
        found = probabilities(GuidedDecision(table, copy_guide(4), weight), 3)
        assert np.isfinite(found).all()
        assert found.sum() == pytest.approx(1)
        assert found[3] < 1e-6
