"""The bounds by routes of their own: all sequences one by one; the true conditional on drawn pieces; and opponents."""

import itertools
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from antiphon.corpus.planted import (
    PLANTED_WORLDS,
    PlantedSettings,
    attribute,
    attribute_bound,
    bound,
    planted_tokens,
    relation_of,
)
from antiphon.decision import baselines
from antiphon.errors import BadData

NOISES = [(0.0, 0.0), (0.25, 0.0), (0.0, 0.3), (0.2, 0.15)]


def probability_of_b(process, asked, b, late, slip):
    """p(b | what the relation asks for), a factor per segment, straight from the definition of the noise."""
    size = process.answer_free.size
    factor = 1.0
    for t, token in enumerate(b):
        chain, here, before = process.answer_free, token % size, b[t - 1] % size if t else None
        planted = 1.0
        if t < process.delay:
            chain, here, before = process.lead_in, token, b[t - 1] if t else None
        else:
            wanted, played = asked[t - process.delay], token // size
            if wanted < process.sounding > 1:
                planted = (1 - slip) if played == wanted else slip / (process.sounding - 1)
                planted *= played < process.sounding
            else:
                planted = float(played == wanted)
        own = chain.initial[here] if before is None else chain.transition[before, here]
        in_time = planted * own
        factor *= in_time if t == 0 else late * (token == b[t - 1]) + (1 - late) * in_time
    return factor


def enumerated(process, length, late, slip):
    """TPP and bits from the probabilities of all pairs of sequences, without any recursion."""
    asked_of = defaultdict(float)
    chain = process.states
    for states in itertools.product(range(chain.size), repeat=length):
        steps = [chain.transition[one, other] for one, other in itertools.pairwise(states)]
        probability = chain.initial[states[0]] * np.prod(steps)
        if probability > 0:
            known = tuple(int(process.guide[state]) for state in states)
            asked_of[known, tuple(int(process.answer[state]) for state in states)] += probability
    assert len({known for known, _ in asked_of}) == len(asked_of), "A must determine what is asked for"
    responses = list(itertools.product(range(process.answer_classes), repeat=length))
    bits, hits = 0.0, 0.0
    for (_, asked), probability in asked_of.items():
        given = np.array([probability_of_b(process, asked, b, late, slip) for b in responses])
        assert given.sum() == pytest.approx(1)
        bits -= probability * np.sum(given * np.log2(np.where(given > 0, given, 1)))
        for t in range(length):
            marginal = np.zeros(process.answer_classes)
            np.add.at(marginal, [b[t] for b in responses], given)
            hits += probability * marginal.max()
    return 100 * hits / length, bits / length


@pytest.mark.parametrize(("late", "slip"), NOISES)
@pytest.mark.parametrize("world", PLANTED_WORLDS)
def test_a_bound_is_the_sum_over_all_sequences(world, late, slip):
    many = world in ("inverse-density", "texture-follows", "texture-opposes")
    length, classes = (2, 2) if many else (3, 3)
    settings = PlantedSettings(world, segments=length, classes=classes, late=late, slip=slip, delay=1)
    relation = relation_of(settings)
    for found, process in ((bound(settings), relation.process), (attribute_bound(settings), relation.planted)):
        tpp, bits = enumerated(process, length, late, slip)
        assert found.tpp == pytest.approx(tpp, abs=1e-9)
        assert found.bits == pytest.approx(bits, abs=1e-9)


@pytest.mark.parametrize("delay", [0, 2, 3, 5])
def test_a_delay_of_any_length_is_bounded(delay):
    settings = PlantedSettings("delay", segments=4, classes=2, late=0.2, slip=0.1, delay=delay)
    tpp, bits = enumerated(relation_of(settings).process, 4, 0.2, 0.1)
    assert (bound(settings).tpp, bound(settings).bits) == (pytest.approx(tpp), pytest.approx(bits))


@pytest.mark.parametrize("world", PLANTED_WORLDS)
def test_drawn_pieces_surprise_the_true_conditional_as_much_as_the_bound_says(world):
    """Sampler, definition and bound agree: the mean surprise over 60 pieces lies within 4 standard errors."""
    settings = PlantedSettings(world, pieces=60, segments=64, late=0.1, slip=0.1, seed=3)
    process = relation_of(settings).process
    clean = planted_tokens(replace(settings, late=0.0, slip=0.0))
    surprise, hits = [], []
    for (a, b), (_, untouched) in zip(planted_tokens(settings), clean, strict=True):
        asked = untouched[settings.delay :] if world == "delay" else untouched // process.answer_free.size
        surprise.append(-np.log2(probability_of_b(process, asked, b.tolist(), 0.1, 0.1)) / len(b))
        best_free = np.full(len(b), process.answer_free.initial.argmax())
        guess = (untouched // process.answer_free.size) * process.answer_free.size + best_free
        if world == "delay":
            guess[: settings.delay] = process.lead_in.initial.argmax()
        hits.append(100 * np.mean(guess == b))
        assert len(a) == len(b)
    for sample, expected in ((surprise, bound(settings).bits), (hits, bound(settings).tpp)):
        error = np.std(sample, ddof=1) / np.sqrt(len(sample))
        assert abs(np.mean(sample) - expected) < 4 * error


def judged(model, pairs):
    """Bits, teacher-forced, and TPP, free-running and greedy, of each pair (pairs, 2)."""
    rows = []
    for a, b in pairs:
        state, free_state = model.start(1), model.start(1)
        previous, played, bits, hits = None, None, 0.0, 0
        for t in range(len(a)):
            state, known = model.step(state, a[None, t : t + 1], previous)
            free_state, own = model.step(free_state, a[None, t : t + 1], played)
            previous, played = b[t : t + 1], own.argmax(axis=1)
            bits -= known[0, b[t]] / np.log(2)
            hits += int(played[0] == b[t])
        rows.append((bits / len(a), 100 * hits / len(a)))
    return np.array(rows)


@pytest.mark.parametrize("noise", [{}, {"late": 0.1, "slip": 0.1}])
@pytest.mark.parametrize("world", PLANTED_WORLDS)
def test_no_baseline_passes_a_bound(world, noise):
    settings = PlantedSettings(world, pieces=60, segments=32, **noise)
    pairs, classes = planted_tokens(settings), relation_of(settings).classes
    counts = baselines.count(pairs[:40], classes)
    contenders = [
        baselines.uniform(classes),
        baselines.unigram(counts),
        baselines.majority(counts),
        baselines.copy_guide(classes),
        baselines.guide_table(counts, 0.1),
        baselines.bigram(counts, 0.1),
    ]
    found = bound(settings)
    for opponent in contenders:
        model = baselines.Mixture(opponent, baselines.uniform(classes), 0.99)
        scores = judged(model, pairs[40:])
        error = np.std(scores, axis=0, ddof=1) / np.sqrt(len(scores))
        assert scores[:, 0].mean() > found.bits - 4 * error[0] - 1e-6
        assert scores[:, 1].mean() < found.tpp + 4 * error[1] + 1e-6


def test_the_guide_is_worth_bits_in_every_world_but_one():
    """A bigram of B alone pays more than the bound wherever there is something to hear."""
    for world in PLANTED_WORLDS:
        settings = PlantedSettings(world, pieces=60, segments=64)
        pairs = planted_tokens(settings)
        deaf = baselines.bigram(baselines.count(pairs[:50], relation_of(settings).classes), 0.1)
        gain = judged(deaf, pairs[50:])[:, 0].mean() - bound(settings).bits
        assert gain > 0.9 if world != "independent" else abs(gain) < 0.3, world


def test_known_bounds():
    """Copy with slips alone: 1 - p of the tokens, and the entropy of p and of which other of eleven."""
    slips = bound(PlantedSettings("copy", slip=0.1))
    assert slips.tpp == pytest.approx(90)
    assert slips.bits == pytest.approx(-0.9 * np.log2(0.9) - 0.1 * np.log2(0.1 / 11))
    alone = PlantedSettings("independent", segments=10)
    chain = relation_of(alone).process.answer_free
    assert chain.initial @ chain.transition == pytest.approx(chain.initial)
    assert bound(alone).tpp == pytest.approx(100 * chain.initial.max())
    rows = -np.sum(chain.transition * np.log2(np.where(chain.transition > 0, chain.transition, 1)), axis=1)
    start = -np.sum(chain.initial * np.log2(chain.initial))
    assert bound(alone).bits == pytest.approx((start + 9 * chain.initial @ rows) / 10)


def test_the_attribute_is_what_the_relation_planted():
    density = attribute(PlantedSettings("inverse-density", classes=5), np.array([0, 4, 5, 14]))
    assert (density.ids.tolist(), density.classes, density.bound.tpp) == ([0, 0, 1, 2], 3, pytest.approx(100))
    speaks = attribute(PlantedSettings("call-and-response", classes=5), np.array([0, 4, 5]))
    assert (speaks.ids.tolist(), speaks.classes) == ([1, 1, 0], 2)
    energy = attribute(PlantedSettings("texture-opposes", late=0.1), np.array([0, 2, 3, 11]))
    assert (energy.ids.tolist(), energy.classes) == ([0, 0, 1, 3], 4)
    copy = PlantedSettings("copy", slip=0.1)
    assert attribute(copy, np.arange(12)).ids.tolist() == list(range(12))
    assert attribute(copy, np.arange(12)).bound == bound(copy)
    with pytest.raises(BadData, match="ids go from 0 to 11"):
        attribute(copy, np.array([12]))
