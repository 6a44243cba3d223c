import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.config import SamplingSettings
from antiphon.decision.generation import Context, generate
from antiphon.decision.repetition import LENGTHS, RepeatLengths, Repetition, repetition_of

CLASSES = 5


def longest_hold(ids) -> int:
    return max(len(list(group)) for _, group in itertools.groupby(ids))


def music(going_on: float, sequences: int = 300, n: int = 60, seed: int = 0) -> list[np.ndarray]:
    """Tokens that go on with a fixed probability, and else change to one of the others."""
    random = np.random.default_rng(seed)
    change = np.where(random.random((sequences, n)) < going_on, 0, random.integers(1, CLASSES, size=(sequences, n)))
    return list(np.cumsum(change, axis=1) % CLASSES)


def played(tokens, lags: int = 4) -> RepeatLengths:
    echoes = RepeatLengths.start(1, lags)
    for token in tokens:
        echoes = echoes.played(np.array([token]))
    return echoes


class Stubborn:
    """Repeats what was played `lag` segments ago with 97 %, whatever happens."""

    classes = CLASSES

    def __init__(self, lag: int):
        self.lag = lag

    def start(self, guides):
        return np.zeros((guides, 0), dtype=np.int64)

    def step(self, state, heard, previous, durations=None):
        if previous is not None:
            state = np.concatenate([state, previous[:, None]], axis=1)
        rows = np.full((len(heard), CLASSES), 0.03 / (CLASSES - 1))
        last = state[:, -self.lag] if state.shape[1] >= self.lag else np.full(len(heard), state.shape[1])
        rows[np.arange(len(heard)), last] = 0.97
        return state, np.log(rows).astype(np.float32)


def answer(lag: int, **settings) -> np.ndarray:
    sampling = SamplingSettings(top_p=1.0, **settings)
    guides = np.zeros((20, 60), dtype=np.int64)
    statistics = repetition_of(music(0.5), CLASSES)
    decided = generate(
        Stubborn(lag), guides, Context(60, 60), sampling=sampling, seeds=range(20), repetition=statistics
    )
    return decided.ids


def test_holds_of_chance_go_on_as_chance_has_it():
    statistics = repetition_of(music(0.5), CLASSES)
    assert statistics.holds.shape == (CLASSES, LENGTHS)
    assert statistics.holds[:, :4] == pytest.approx(np.full((CLASSES, 4), 0.5), abs=0.06)
    assert repetition_of(music(0.9), CLASSES).holds[:, 5] == pytest.approx(np.full(CLASSES, 0.9), abs=0.06)


def test_each_class_has_its_own_holds():
    statistics = repetition_of([np.array([0, 0, 0, 0, 0, 0, 1, 2] * 50)], CLASSES)
    assert statistics.holds[0, 0] > 0.8
    assert statistics.holds[1, 0] < 0.2


def test_a_window_is_not_the_continuation_of_another():
    apart = repetition_of([np.array([0]), np.array([0])] * 50, CLASSES)
    assert apart.holds == pytest.approx(np.full((CLASSES, LENGTHS), 0.5))


def test_loops_are_known_by_their_lag():
    statistics = repetition_of([np.array([0, 1, 2] * 30)], CLASSES)
    assert statistics.echoes[3 - 2, 10] > 0.6
    assert statistics.echoes[6 - 2, 10] > 0.6
    assert statistics.holds[0, 0] < 0.2


def test_what_is_held_is_no_loop():
    statistics = repetition_of([np.full(60, 3)], CLASSES)
    assert statistics.holds[3, 0] > 0.6
    assert statistics.echoes == pytest.approx(np.full_like(statistics.echoes, 0.5))


@given(st.lists(st.integers(0, 2), min_size=1, max_size=30))
def test_lengths_are_those_of_the_definition(tokens):
    lengths = played(tokens).lengths[0]
    hold = [len(list(group)) for _, group in itertools.groupby(tokens)][-1]
    assert lengths[0] == hold
    for lag in (2, 3, 4):
        alike = [i >= lag and tokens[i] == tokens[i - lag] for i in range(len(tokens))]
        echo = next((k for k, same in enumerate(reversed(alike)) if not same), len(alike))
        assert lengths[lag - 1] == (0 if hold > lag else echo)


def test_the_ceiling_is_the_share_of_longer_holds_over_what_is_not_free():
    statistics = Repetition(np.full((CLASSES, 3), 0.5, dtype=np.float32), np.zeros((0, 3), dtype=np.float32))
    for hold, expected in ((1, 1.0), (2, 1.0), (3, 0.5), (4, 0.25), (6, 0.0625)):
        ceilings = statistics.ceilings(played([2] * hold, lags=1), free=0.75)
        assert ceilings[0].tolist() == pytest.approx([1, 1, expected, 1, 1])


def test_nothing_changes_while_repeats_are_as_the_music_has_them():
    statistics = repetition_of(music(0.5), CLASSES)
    assert (statistics.ceilings(played([1, 1], lags=16), free=0.9) == 1).all()


@pytest.mark.parametrize("settings", [{}, {"temperature": 0.0}, {"consensus": 3}], ids=str)
def test_a_model_that_is_stuck_lets_go(settings):
    stuck, free = (answer(1, **settings, repetition=share) for share in (1.0, 0.9))
    assert max(longest_hold(row) for row in stuck) > 40
    assert max(longest_hold(row) for row in free) < 12


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_model_that_loops_leaves_the_loop(temperature):
    def echoes(rows):
        return max(longest_hold(row[3:] == row[:-3]) for row in rows)

    assert echoes(answer(3, temperature=temperature)) > 40
    assert echoes(answer(3, temperature=temperature, repetition=0.9)) < 15


def test_control_without_knowledge_of_the_music_is_refused():
    with pytest.raises(ValueError, match="training music"):
        generate(
            Stubborn(1),
            np.zeros((1, 4), dtype=np.int64),
            Context(4, 4),
            sampling=SamplingSettings(repetition=0.9),
            seeds=[0],
        )
