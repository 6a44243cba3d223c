"""What is remembered of a pair, decided while the guide plays: the same where all has come, and nothing from what has
not."""

from functools import lru_cache

import numpy as np
import pytest
import torch

from antiphon.config import DecisionSettings, SamplingSettings
from antiphon.decision.datastore import KnownPair, PartlyRememberingDecision, RememberingDecision, remembered
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.partly_heard import PartlyHeardDecision, partly_heard
from antiphon.decision.playing import Heard, Player
from antiphon.decision.relation import ClassMeanings
from antiphon.decision.scoring import Context
from antiphon.decision.transformer import DecisionNetwork

CLASSES, CONTEXT = 12, Context(24, 16)
PITCHES = 60 + np.arange(CLASSES)
MEANINGS = ClassMeanings(
    CLASSES, PITCHES, PITCHES % 12, {"loudness": np.ones(CLASSES), "density": np.ones(CLASSES)}, None
)


def melody(seed, segments):
    return np.random.default_rng(seed).integers(0, 7, segments)


def answer(guide, lag):
    """Five semitones above the guide, so many segments later."""
    return np.roll(guide + 5, lag)


@lru_cache
def network(ahead=0):
    torch.manual_seed(0)
    settings = DecisionSettings(layers=1, guide_layers=1, heads=2, dimension=16, feed_forward=16, dropout=0.0)
    return DecisionNetwork(settings, CLASSES, ahead=ahead).eval()


@lru_cache
def memories(ahead=0, lag=0, hidden=False):
    guide = melody(1, 240)
    pair = KnownPair(guide, answer(guide, lag), np.full(240, 0.5))
    return (remembered(NeuralDecision(network(ahead), hidden=hidden), [pair], CONTEXT, MEANINGS),)


def partly(ahead=0, lag=0):
    return PartlyRememberingDecision(PartlyHeardDecision(network(ahead), CONTEXT.tokens), memories(ahead, lag))


def decided(model, guide, delay, steps, sampling=None):
    """Ids (n,) and distributions (n, classes) where each step has heard the guide up to `delay` segments before it;
    None: all of it from the first step on."""
    player = Player(model, CONTEXT, sampling or SamplingSettings(top_p=1.0))
    state, given, found = player.start([5]), 0, []
    for step in range(steps):
        until = len(guide) if delay is None else max(given, step - delay + 1)
        state, each = player.step(state, Heard(guide[None, given:until]))
        given = until
        found.append((int(each.ids[0, 0]), each.distributions[0, 0]))
    return np.array([each for each, _ in found]), np.stack([each for _, each in found])


@pytest.mark.parametrize(("ahead", "delay"), [(0, 0), (None, None)])
def test_where_all_has_come_it_is_what_it_is_offline(ahead, delay):
    """Beyond one window, too."""
    guide = melody(2, 60)
    offline = RememberingDecision(NeuralDecision(network(ahead)), memories(ahead), inventing=True)
    ids, numbers = decided(offline, guide, delay, 50)
    found, own = decided(partly(ahead), guide, delay, 50)
    assert np.array_equal(found, ids)
    assert np.allclose(own, numbers, atol=2e-4)
    assert np.mean(found == answer(guide, 0)[:50]) > 0.9


def test_without_the_pair_it_does_not_follow():
    guide = melody(2, 60)
    found, _ = decided(partly_heard(network(), CONTEXT.tokens), guide, 0, 50)
    assert np.mean(found == answer(guide, 0)[:50]) < 0.3


@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_what_has_not_come_changes_nothing(guidance):
    def remembering(model):
        return PartlyRememberingDecision(model, memories(0, 0, model.hidden))

    model = partly_heard(network(), CONTEXT.tokens, guidance=guidance, remembering=remembering)
    guide = melody(2, 40)
    other = guide.copy()
    other[12:] = (other[12:] + 3) % 7
    one, two = (decided(model, each, 2, 30)[1] for each in (guide, other))
    assert np.array_equal(one[:14], two[:14])
    assert not np.allclose(one[14:], two[14:])
    assert np.exp(one).sum(axis=1) == pytest.approx(np.ones(30), abs=1e-4)


def test_what_answers_later_is_followed_though_the_segment_itself_was_not_heard():
    """B comes two segments after A: what has to be known of A is there."""
    guide = melody(2, 60)
    found, _ = decided(partly(lag=2), guide, 2, 50)
    assert memories(0, 2)[0].relation.least_lag == 2
    assert np.mean(found[2:] == answer(guide, 2)[2:50]) > 0.8
    late, _ = decided(partly(lag=2), guide, 3, 50)
    assert np.mean(late[2:] == answer(guide, 2)[2:50]) < 0.5


def test_a_dial_that_is_turned_does_not_forget_what_was_played():
    """The model reads anew what was before, and says what it would have said."""
    guide = melody(2, 40)
    _, numbers = decided(partly(), guide, 0, 20)
    player = Player(partly(), CONTEXT, SamplingSettings(top_p=1.0))
    state = player.start([5])
    for step in range(20):
        state, each = player.step(player.afresh(state), Heard(guide[None, step : step + 1]))
        assert np.allclose(each.distributions[0, 0], numbers[step], atol=2e-4)
