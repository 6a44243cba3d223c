"""What a decision says about its own tokens: their rivals, and the guide segments without which they were unlikely."""

import numpy as np
import pytest

from antiphon.decision.scoring import Context
from antiphon.use_cases.explain import REACH, RIVALS, Influences

CLASSES, REST = 6, 5


class Follower:
    """Plays the guide's token with 0.6, the next class with 0.2, and each other with 0.05."""

    classes = CLASSES

    def start(self, guides):
        return np.zeros((guides, 0), dtype=np.int64), 0

    def step(self, state, heard, previous):
        guide, position = np.concatenate([state[0], heard], axis=1), state[1]
        table = np.full((CLASSES, CLASSES), 0.05)
        for token in range(CLASSES):
            table[token, token], table[token, (token + 1) % CLASSES] = 0.6, 0.2
        return (guide, position + 1), np.log(table[guide[:, position]]).astype(np.float32)


@pytest.fixture
def told():
    guide = np.random.default_rng(0).integers(0, 5, 25)
    return guide, Influences(Follower(), Context(10, 4), REST).of(guide, guide)


def test_only_the_guide_segment_that_decides_matters(told):
    guide, found = told
    for index in range(25):
        (own, loss), *others = found.mattered(index)
        assert own == index
        # Under a rest the follower gives 0.05 to all but the rest and class 0.
        assert loss == pytest.approx(np.log(0.6 / (0.2 if guide[index] == 0 else 0.05)))
        assert [value for _, value in others] == [0.0] * len(others)


def test_rivals_are_the_most_probable_others(told):
    guide, found = told
    for index, token in enumerate(guide):
        rivals = found.rivals(index, int(token))
        assert len(rivals) == RIVALS
        assert rivals[0] == ((token + 1) % CLASSES, pytest.approx(np.log(0.2)))
        assert token not in [other for other, _ in rivals]


def test_nothing_is_said_of_segments_outside_the_window(told):
    _, found = told
    assert np.isnan(found.losses[0, :REACH]).all()
    assert np.isnan(found.losses[24, REACH + 1 :]).all()
    assert np.isfinite(found.losses[:, REACH]).all()


def test_without_a_rest_another_token_of_the_guide_stands_for_a_hidden_one():
    guide = np.array([1, 2, 1, 1, 3])
    found = Influences(Follower(), Context(5, 5), None).of(guide, guide)
    # The commonest other token is 1, which gives 0.2 to 2 and 0.05 to 3.
    assert found.mattered(1)[0] == (1, pytest.approx(np.log(0.6 / 0.2)))
    assert found.mattered(4)[0] == (4, pytest.approx(np.log(0.6 / 0.05)))


def test_nothing_heard_is_nothing_said():
    none = np.empty(0, dtype=np.int64)
    assert len(Influences(Follower(), Context(5, 5), None).of(none, none).losses) == 0
