from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.config import DecisionSettings, SamplingSettings
from antiphon.decision.baselines import copy_guide, uniform
from antiphon.decision.generation import Context, generate, score
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.transformer import DecisionNetwork

CLASSES = 7
FREE = SamplingSettings(top_p=1.0)
CONTEXTS = st.integers(1, 9).flatmap(lambda tokens: st.builds(Context, st.just(tokens), st.integers(1, tokens)))


@dataclass
class Sums:
    """Sure of one class: the sum of the guide now, of everything played since its window began, and of the place."""

    classes: int = CLASSES

    def start(self, guides):
        return np.zeros((guides, 0), dtype=np.int64), np.zeros(guides, dtype=np.int64), 0

    def step(self, state, heard, previous):
        guide, total, place = state
        guide = np.concatenate([guide, heard], axis=1)
        total = total if previous is None else total + previous
        answer = (total + 2 * guide[:, place] + place + 1) % self.classes
        with np.errstate(divide="ignore"):
            return (guide, total, place + 1), np.log(np.eye(self.classes, dtype=np.float32)[answer])


@dataclass
class Table:
    """p(b | a, b') from a table (classes, classes + 1, classes), whose last b' is the beginning."""

    table: np.ndarray
    classes: int = CLASSES

    def start(self, guides):
        return np.zeros((guides, 0), dtype=np.int64), 0

    def step(self, state, heard, previous):
        guide, place = state
        guide = np.concatenate([guide, heard], axis=1)
        before = np.full(len(guide), self.classes) if previous is None else previous
        return (guide, place + 1), np.log(self.table[guide[:, place], before]).astype(np.float32)


def ids(rows: int, n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(CLASSES, size=(rows, n))


def window_of(position: int, context: Context) -> int:
    """Where the first window starts in which `position` lies."""
    return next(start for start in range(0, position + 1, context.hop) if start <= position < start + context.tokens)


@given(st.integers(1, 40), CONTEXTS)
def test_every_token_is_decided_from_all_that_was_played_in_its_window(n, context):
    guide = ids(1, n)
    expected: list[int] = []
    for position in range(n):
        start = window_of(position, context)
        total = sum(expected[start:position]) + 2 * guide[0, position] + position - start + 1
        expected.append(int(total % CLASSES))
    decided = generate(Sums(), guide, context, sampling=FREE, seeds=[0])
    assert decided.ids.tolist() == [expected]
    assert (decided.log_probabilities == 0).all()


@given(st.integers(0, 40), CONTEXTS)
def test_who_copies_the_guide_returns_it(n, context):
    guides = ids(3, n)
    decided = generate(copy_guide(CLASSES), guides, context, sampling=FREE, seeds=[1, 2, 3])
    assert decided.ids.tolist() == guides.tolist()


@given(st.integers(1, 30), st.integers(2, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n - 1))))
def test_a_score_is_the_sum_over_the_table(n, sizes):
    table = np.random.default_rng(0).dirichlet(np.ones(CLASSES), size=(CLASSES, CLASSES + 1))
    guide, response = ids(1, n, 1)[0], ids(1, n, 2)[0]
    before = [CLASSES, *response[:-1]]
    by_hand = sum(np.log(table[a, past, b]) for a, past, b in zip(guide, before, response, strict=True))
    found = score(Table(table), guide[None], response[None], Context(*sizes))
    assert found.shape == (1, n)
    assert found.sum() == pytest.approx(by_hand, rel=1e-5)


def test_a_sequence_is_scored_with_what_it_was_drawn_with():
    table = np.random.default_rng(0).dirichlet(np.ones(CLASSES), size=(CLASSES, CLASSES + 1))
    guides, context = ids(4, 25), Context(8, 5)
    decided = generate(Table(table), guides, context, sampling=FREE, seeds=range(4))
    assert score(Table(table), guides, decided.ids, context).tolist() == decided.log_probabilities.tolist()


def network() -> NeuralDecision:
    settings = DecisionSettings(layers=1, heads=2, dimension=16, feed_forward=16, guide_layers=1)
    return NeuralDecision(DecisionNetwork(settings, CLASSES))


@pytest.mark.parametrize("model", [uniform(CLASSES), network()], ids=["uniform", "network"])
def test_a_sequence_alone_is_the_one_among_others(model):
    guides, seeds, context = ids(5, 23), [4, 0, 4, 9, 2**33], Context(10, 6)
    together = generate(model, guides, context, sampling=SamplingSettings(), seeds=seeds).ids
    for row in range(5):
        alone = generate(model, guides[row : row + 1], context, sampling=SamplingSettings(), seeds=seeds[row : row + 1])
        assert alone.ids.tolist() == together[row : row + 1].tolist()
    assert together[0].tolist() != together[1].tolist()


def test_windows_do_not_repeat_each_others_draws():
    played = generate(uniform(CLASSES), ids(1, 30), Context(10, 10), sampling=FREE, seeds=[0]).ids[0]
    assert len({tuple(window) for window in played.reshape(3, 10)}) == 3


def test_only_classes_are_ever_played():
    decided = generate(network(), ids(20, 15), Context(8, 5), sampling=FREE, seeds=range(20))
    assert decided.ids.min() >= 0
    assert decided.ids.max() < CLASSES


def test_every_position_keeps_to_its_own_labels():
    guides = ids(6, 20)
    allowed = np.random.default_rng(3).random((20, CLASSES)) < 0.3
    allowed[:, 2] |= ~allowed.any(axis=1)
    decided = generate(
        copy_guide(CLASSES), guides, Context(6, 3), sampling=SamplingSettings(), seeds=range(6), allowed=allowed
    )
    assert allowed[np.arange(20), decided.ids].all()
    agrees = allowed[np.arange(20), guides]
    assert (decided.ids == guides)[agrees].all()


def test_the_log_probability_is_the_models_own_not_that_of_the_constrained_draw():
    allowed = np.zeros((4, CLASSES), dtype=bool)
    allowed[:, 5] = True
    decided = generate(
        uniform(CLASSES), ids(1, 4), Context(4, 4), sampling=SamplingSettings(), seeds=[0], allowed=allowed
    )
    assert decided.ids.tolist() == [[5, 5, 5, 5]]
    assert decided.log_probabilities == pytest.approx(np.full((1, 4), -np.log(CLASSES)))


@pytest.mark.parametrize(("tokens", "hop"), [(4, 0), (4, 5), (0, 0)])
def test_a_context_that_skips_tokens_is_refused(tokens, hop):
    with pytest.raises(ValueError, match="0 < hop <= tokens"):
        Context(tokens, hop)


def test_guides_and_seeds_come_in_pairs():
    with pytest.raises(ValueError, match="as many seeds"):
        generate(uniform(CLASSES), ids(2, 4), Context(4, 2), sampling=FREE, seeds=[0])


def test_a_response_on_another_grid_has_no_score():
    with pytest.raises(ValueError, match="one time grid"):
        score(uniform(CLASSES), ids(1, 4), ids(1, 5), Context(4, 2))
