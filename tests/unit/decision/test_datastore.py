"""Pairs as memory: what is a function of A is learned from a pair, and what is of no use costs next to nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from antiphon.config import DecisionSettings, SamplingSettings
from antiphon.corpus.planted import PlantedSettings, planted_tokens
from antiphon.decision.datastore import KnownPair, RememberingDecision, remembered
from antiphon.decision.datastore.gate import FIRST_BELIEF, SHARE, SURE
from antiphon.decision.datastore.pair_memory import HeldOutBits
from antiphon.decision.generation import Context, generate, score
from antiphon.decision.guidance import GuidedDecision
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.scoring import sliding, started
from antiphon.decision.transformer import DecisionNetwork
from antiphon.metrics import bits_per_token, true_positive_percentage

CLASSES = 18
CONTEXT = Context(30, 20)
ARGMAX = SamplingSettings(temperature=0, constraint="off")


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    settings = DecisionSettings(layers=1, guide_layers=1, heads=2, dimension=32, feed_forward=64, dropout=0.0)
    return NeuralDecision(DecisionNetwork(settings, CLASSES).eval())


def pair_of(world, seed, segments=160):
    (found,) = planted_tokens(PlantedSettings(world, pieces=1, segments=segments, seed=seed))
    return KnownPair(found.a, found.b, np.full(len(found.a), 0.5))


def bits(model, pair, context=CONTEXT):
    return bits_per_token(score(model, pair.guide[None], pair.target[None], context, pair.durations[None]))


def recalling(network, pair):
    return RememberingDecision(network, (remembered(network, [pair], CONTEXT),))


def bound(segments):
    """What the memory may cost in all: the first belief, and what is shared at each token."""
    return -np.log2(1 - FIRST_BELIEF) / segments - np.log2(1 - SHARE * FIRST_BELIEF)


@pytest.mark.parametrize("world", ["copy", "transposition", "third-below"])
def test_a_function_of_the_guide_is_learned_from_one_pair(network, world):
    model = recalling(network, pair_of(world, 1, 400))
    new = pair_of(world, 2, 100)
    assert bits(network, new) > 3.5
    assert bits(model, new) < 0.5
    answer = generate(model, new.guide[None], CONTEXT, sampling=ARGMAX, seeds=[0]).ids[0]
    assert true_positive_percentage(answer, new.target) > 90


def test_a_misleading_pair_costs_no_more_than_the_bound(network):
    misled = recalling(network, pair_of("copy", 1))
    random = np.random.default_rng(0)
    for segments in (30, 100):
        pair = KnownPair(random.integers(12, size=segments), random.integers(12, 18, segments), np.full(segments, 0.5))
        assert bits(misled, pair) - bits(network, pair) <= bound(segments) + 1e-6
    assert bound(100) < 0.02


def test_what_was_learned_of_the_memory_outlives_the_window(network):
    model, stranger = recalling(network, pair_of("copy", 1)), pair_of("transposition", 3, 80)
    cost = bits(model, stranger) - bits(network, stranger)

    class Forgetful(RememberingDecision):
        moved = None

    anew = Forgetful(model.model, model.memories)
    anew_cost = sum(
        bits(anew, stranger.between(start, start + 20)) - bits(network, stranger.between(start, start + 20))
        for start in range(0, 80, 20)
    )
    assert cost <= bound(80) + 1e-6
    assert anew_cost / 4 > cost


def test_what_it_invents_itself_is_no_evidence(network):
    """A network that likes what it has said would believe itself more and more, and the pair never."""
    model = recalling(network, pair_of("copy", 1, 400))
    inventing = replace(model, inventing=True)
    guide, wrong = pair_of("copy", 2, 30).guide, np.array([15])

    def beliefs(decision):
        state, heard, previous = decision.start(1), guide[None], None
        for _ in range(len(guide)):
            state, _ = decision.step(state, heard, previous)
            heard, previous = heard[:, :0], wrong
        return state.beliefs[0]

    assert beliefs(model)[0] > 0.9
    assert beliefs(inventing) == pytest.approx([1 - SURE, SURE])


def test_a_pair_of_no_use_is_believed_by_half(network):
    (memory,) = recalling(network, pair_of("copy", 1)).memories
    alike = HeldOutBits(np.array([3.0, 3.1, 2.9]), np.array([3.1, 3.0, 2.9]))
    assert not alike.surely_better
    model = RememberingDecision(network, (replace(memory, evidence=alike),), inventing=True)
    assert model.start(1).beliefs[0] == pytest.approx([1 - FIRST_BELIEF, FIRST_BELIEF])


def test_what_was_played_meanwhile_can_be_remembered_too(network):
    model, second = recalling(network, pair_of("copy", 1)), pair_of("third-below", 2, 60)
    assert bits(model.grown(second, CONTEXT), second) < bits(model, second) - 0.5


def test_by_the_guide_alone_a_function_of_it_is_learned_too(network):
    model = recalling(replace(network, guide_only=True), pair_of("copy", 1))
    assert bits(model, pair_of("copy", 2, 60)) < 0.7


def test_a_deaf_memory_knows_nothing_of_guides(network):
    pair, deaf = pair_of("copy", 1), replace(network, hidden=True)
    model = recalling(deaf, pair)
    turned = KnownPair(np.roll(pair.guide, 7), pair.target, pair.durations)
    assert bits(recalling(deaf, turned), pair) == pytest.approx(bits(model, pair))
    assert bits(model, pair) == pytest.approx(bits(model, turned))
    assert bits(recalling(network, pair), pair) < bits(model, pair) - 1


def test_distributions_are_whole_and_the_same_for_guides_side_by_side(network):
    model, pair = recalling(network, pair_of("copy", 1, 40)), pair_of("copy", 2, 12)
    guides = np.stack([pair.guide, pair.guide[::-1]])
    state, heard, previous = model.start(2), guides, None
    alone = model.start(1)
    for position in range(12):
        state, found = model.step(state, heard, previous)
        alone, one = model.step(alone, heard[1:], None if previous is None else previous[1:])
        assert np.exp(found).sum(axis=1) == pytest.approx([1, 1], abs=1e-4)
        assert found[1] == pytest.approx(one[0], abs=1e-4)
        previous, heard = guides[:, position], guides[:, :0]


def test_a_window_at_once_is_what_its_steps_are(network):
    model, pair = recalling(network, pair_of("copy", 1, 80)), pair_of("third-below", 2, 75)
    nats, state = [], None
    for start, decided, end in sliding(len(pair), CONTEXT):
        state = started(model, 1, state, decided - start)
        previous, heard = None, pair.guide[None, start:end]
        for position in range(start, end):
            state, found = model.step(state, heard, previous)
            previous, heard = pair.target[None, position], heard[:, :0]
            if position >= decided:
                nats.append(found[0, pair.target[position]])
    at_once = score(model, pair.guide[None], pair.target[None], CONTEXT)
    assert np.array(nats) == pytest.approx(at_once[0], abs=1e-4)


def test_guidance_goes_through_the_memories(network):
    pair = pair_of("copy", 1)
    hearing, deaf = recalling(network, pair), recalling(replace(network, hidden=True), pair)
    new = pair_of("copy", 2, 40)
    assert bits(GuidedDecision(hearing, deaf, 2.0), new) < bits(deaf, new)


def test_too_little_is_refused(network):
    with pytest.raises(ValueError, match="20 segments are needed"):
        recalling(network, pair_of("copy", 1, 19))
