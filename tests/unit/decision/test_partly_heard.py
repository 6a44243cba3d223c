"""A network that decides before it has heard: the same numbers where it heard, and nothing of what it did not hear."""

import numpy as np
import pytest
import torch

from antiphon.config import DecisionSettings, SamplingSettings
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.partly_heard import partly_heard
from antiphon.decision.playing import Heard, Player
from antiphon.decision.scoring import Context
from antiphon.decision.transformer import DecisionNetwork

CLASSES, CONTEXT = 9, Context(10, 7)
SETTINGS = DecisionSettings(layers=1, guide_layers=1, dimension=16, heads=2, feed_forward=16)


def network(ahead):
    torch.manual_seed(3)
    found = DecisionNetwork(SETTINGS, CLASSES, ahead=ahead)
    with torch.no_grad():
        found.output.weight *= 8
    return found.eval()


def responses(model, guide, delay, guidance=1.0, steps=24):
    """Ids and log-probabilities where each step has heard the guide up to `delay` segments before it."""
    player = Player(model, CONTEXT, SamplingSettings(top_p=1.0, guidance=guidance))
    state, given, found = player.start([5]), 0, []
    for step in range(steps):
        until = guide.shape[1] if delay is None else max(0, step - delay + 1)
        state, decided = player.step(state, Heard(guide[:, given:until]))
        given = until
        found.append((int(decided.ids[0, 0]), decided.distributions[0, 0]))
    return [each for each, _ in found], np.stack([each for _, each in found])


@pytest.fixture(scope="module")
def guide():
    return np.random.default_rng(0).integers(0, CLASSES, (1, 40))


@pytest.mark.parametrize("ahead", [None, -2, -1, 0])
def test_where_all_was_heard_that_it_asks_for_it_is_the_network(guide, ahead):
    made = network(ahead)
    delay = None if ahead is None else -ahead
    ids, numbers = responses(NeuralDecision(made), guide, delay)
    found, own = responses(partly_heard(made, CONTEXT.tokens), guide, delay)
    assert found == ids
    assert np.allclose(own, numbers, atol=1e-5)


@pytest.mark.parametrize("ahead", [None, -1])
@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_what_has_not_come_changes_nothing_and_what_came_late_does(guide, ahead, guidance):
    model = partly_heard(network(ahead), CONTEXT.tokens, guidance=guidance)
    other = guide.copy()
    other[:, 12:] = (other[:, 12:] + 4) % CLASSES
    one, two = (responses(model, each, 3, guidance)[1] for each in (guide, other))
    assert np.array_equal(one[:15], two[:15])
    assert not np.allclose(one[15:], two[15:])
    assert np.isfinite(one).all()


def test_before_anything_was_heard_it_is_deaf(guide):
    made = network(None)
    first = responses(partly_heard(made, CONTEXT.tokens), guide, 50, steps=1)[1]
    deaf = responses(NeuralDecision(made, hidden=True), guide, None, steps=1)[1]
    assert np.allclose(first, deaf, atol=1e-6)


def test_a_model_that_is_changed_while_it_plays_reads_what_was_before(guide):
    """What the other model then says is what it says where it was there from the first step, and was told the same."""
    made = network(-1)
    plain, strong = (partly_heard(made, CONTEXT.tokens, guidance=weight) for weight in (1.0, 3.0))
    sampling = SamplingSettings(top_p=1.0)
    before, after = (Player(model, CONTEXT, sampling) for model in (plain, strong))
    state = before.start([5])
    for step in range(6):
        state, _ = before.step(state, Heard(guide[:, step : step + 1]))
    _, decided = after.step(after.afresh(state), Heard(guide[:, 6:7]))
    there, previous = strong.start(1), None
    for step in range(7):
        there, numbers = strong.step(there, guide[:, step : step + 1], previous)
        previous = state.played[:, step] if step < 6 else None
    assert np.allclose(decided.distributions[0, 0], numbers[0], atol=1e-5)
    _, old = before.step(state, Heard(guide[:, 6:7]))
    assert not np.allclose(decided.distributions, old.distributions)
    unread = after.start([5])
    for step in range(6):
        unread = after.step(unread, Heard(guide[:, step : step + 1]))[0]
    assert not np.array_equal(unread.played, state.played), "the two would have played differently"
