import numpy as np
import pytest

from antiphon.perception.alphabet_quality import quality_of_alphabet
from antiphon.types import Alphabet, Segments


def alphabet(centroids, rest=True):
    values = np.asarray(centroids, dtype=np.float32)
    return Alphabet(values, np.ones(values.shape[1], dtype=np.float32), -60.0, rest, recipe="{}", id="a")


def segments(vectors, levels=None):
    values = np.asarray(vectors, dtype=np.float32)
    return Segments(values, np.asarray(levels or [-20.0] * len(values), dtype=np.float32))


def test_classes_that_are_used_alike_are_in_balance():
    found = quality_of_alphabet(alphabet([[0.0], [1.0], [2.0], [3.0]]), segments([[0.0], [1.0], [2.0], [3.0]] * 5))
    assert found.balance == pytest.approx(1.0)
    assert found.dead == 0
    assert found.distortion == 0


def test_half_of_the_classes_dead_is_half_of_the_bits():
    found = quality_of_alphabet(alphabet([[0.0], [1.0], [20.0], [30.0]]), segments([[0.0], [1.0]] * 6))
    assert found.dead == 2
    assert found.balance == pytest.approx(0.5)


def test_distortion_is_the_variance_that_stays_within_the_classes():
    # Total variance about the mean 1: 4 x 1 + noise; within: (0.1)^2 each.
    found = quality_of_alphabet(alphabet([[0.0], [2.0]]), segments([[-0.1], [0.1], [1.9], [2.1]]))
    assert found.distortion == pytest.approx(4 * 0.01 / (2 * 1.1**2 + 2 * 0.9**2))


def test_rests_are_counted_and_judge_nothing_else():
    sounding = quality_of_alphabet(alphabet([[0.0], [1.0]]), segments([[0.0], [1.1]]))
    resting = quality_of_alphabet(
        alphabet([[0.0], [1.0]]), segments([[0.0], [1.1], [9.0], [9.0]], [-20.0, -20.0, -90.0, -90.0])
    )
    assert resting.rests == 0.5
    assert (resting.balance, resting.distortion) == (sounding.balance, sounding.distortion)


def test_silence_alone_judges_no_alphabet():
    with pytest.raises(ValueError, match="that sound"):
        quality_of_alphabet(alphabet([[0.0], [1.0]]), segments([[0.0]], [-90.0]))
