"""Planted worlds as tokens that mean something: which relation it is, and that there is none where none was planted."""

import numpy as np
import pytest

from antiphon.config import SamplingSettings
from antiphon.corpus.planted import PlantedSettings, attribute_bound, planted_tokens, relation_of
from antiphon.decision.generation import Context, generate, score
from antiphon.decision.relation import ClassMeanings, fitted, guide_evidence, in_words
from antiphon.decision.relation.meanings import NONE, degrees_of, pitches_of, roots_of, scales_of
from antiphon.decision.scoring import window_log_probabilities

ARGMAX = SamplingSettings(temperature=0, constraint="off")
MINOR = (0, 2, 3, 5, 7, 8, 10)
A_BELOW_MIDDLE_C = 57
INVERSIONS = ((0, 2, 4), (2, 4, 7), (4, 7, 9))
CONTEXT = Context(60, 60)


def degree(place):
    octave, within = divmod(place, 7)
    return A_BELOW_MIDDLE_C + 12 * octave + MINOR[within]


def profile(pitches):
    found = np.zeros((1, 12))
    found[0, [pitch % 12 for pitch in pitches]] = 1
    return found


def note(world, part, each, free):
    """The pitches of a planted token, and its scalars."""
    if world.startswith("texture"):
        return (), (float(each // free), 0.0, float(each % free))
    if world == "transposition":
        return (A_BELOW_MIDDLE_C + each,), (1.0, 1.0, 0.0)
    if world == "call-and-response" and each == 12:
        return (), (np.nan, np.nan, np.nan)
    if world == "inverse-density":
        return (degree(each % free),), (1.0, float((1, 2, 4)[each // free]), 0.0)
    if world == "chord-to-bass" and part == "a":
        return tuple(degree(each // 3 + above) for above in INVERSIONS[each % 3]), (1.0, 1.0, 0.0)
    return (degree(each),), (1.0, 1.0, 0.0)


def planted(settings):
    """Pairs (1, n) in an alphabet in which A's classes come first, as of two instruments, and what these mean."""
    process = relation_of(settings).process
    free = process.answer_free.size
    offset = process.guide_classes
    kinds = [note(settings.world, "a", each, free) for each in range(offset)]
    kinds += [note(settings.world, "b", each, free) for each in range(process.answer_classes)]
    pitches = np.array([notes[0] if notes else NONE for notes, _ in kinds])
    roots = np.array([roots_of(profile(notes))[0] if notes else NONE for notes, _ in kinds])
    scalars = dict(zip(("loudness", "density", "brightness"), np.array([each for _, each in kinds]).T, strict=True))
    rests = [index for index, (notes, levels) in enumerate(kinds) if not notes and np.isnan(levels[0])]
    meanings = ClassMeanings(len(kinds), pitches, roots, scalars, rests[-1] if rests else None)
    pairs = []
    for pair in planted_tokens(settings):
        guide = np.where(pair.a == rests[0], rests[-1], pair.a) if rests else pair.a
        pairs.append((guide[None], pair.b[None] + offset))
    return pairs, meanings, offset


def share_right(model, settings):
    """The planted attribute of responses to new pieces, of the most probable token each time, in percent."""
    pairs, _, offset = planted(settings)
    guides, targets = (np.concatenate(each) for each in zip(*pairs, strict=True))
    answers = generate(model, guides, CONTEXT, sampling=ARGMAX, seeds=(0,) * len(guides)).ids
    attribute = relation_of(settings).attribute
    return 100 * np.mean(attribute[np.clip(answers - offset, 0, None)] == attribute[targets - offset])


WORDS = {
    "copy": "B plays A's pitch",
    "delay": "B plays A's pitch, 2 segments later",
    "transposition": "B plays A's pitch 5 semitones higher",
    "third-below": "B plays a third of the scale below A's pitch",
    "call-and-response": "B speaks where A rests, and rests where A speaks; B plays A's pitch, 1 segment later",
    "inverse-density": "B is sparser where A is denser",
    "contrary-motion": "B moves by as many degrees of the scale as A, the opposite way",
    "texture-follows": "B is louder where A is louder",
    "texture-opposes": "B is softer where A is louder",
}


@pytest.mark.parametrize("world", [*WORDS, "chord-to-bass"])
def test_a_minute_of_a_planted_relation_is_enough(world):
    pairs, meanings, _ = planted(PlantedSettings(world, pieces=1, segments=120, delay=2))
    model = fitted(pairs, meanings)
    unheard = PlantedSettings(world, pieces=5, segments=60, seed=100, delay=2)
    assert share_right(model, unheard) >= 0.95 * attribute_bound(unheard).tpp
    said = in_words(model)
    assert said == WORDS[world] if world in WORDS else said.startswith("B plays the pitch class of the root")


def test_a_relation_is_announced_with_its_worth_and_its_p():
    pairs, meanings, _ = planted(PlantedSettings("third-below", pieces=1, segments=120))
    model, evidence = guide_evidence(pairs, meanings, shifts=39)
    assert evidence.stands
    assert evidence.p == 1 / 40
    assert evidence.gain.low > 2
    assert in_words(model, 0.5) == WORDS["third-below"]


def test_no_relation_is_announced_where_there_is_none():
    announced = 0
    for seed in range(5):
        pairs, meanings, _ = planted(PlantedSettings("independent", pieces=1, segments=120, seed=500 + seed))
        announced += guide_evidence(pairs, meanings, shifts=39)[1].stands
    assert announced <= 1


def test_a_relation_in_the_scale_holds_in_another_key():
    notes = np.arange(40, 100)
    meanings = ClassMeanings.of_notes(notes)

    def pair(tonic, seed):
        (planted_pair,) = planted_tokens(PlantedSettings("third-below", pieces=1, segments=120, seed=seed))
        return tuple(
            np.array([[degree(each) + tonic - 40 for each in ids.tolist()]]) for ids in (planted_pair.a, planted_pair.b)
        )

    model = fitted([pair(0, 0)], meanings)
    guide, target = pair(3, 1)
    answers = generate(model, guide, Context(120, 120), sampling=ARGMAX, seeds=(0,)).ids
    assert np.mean(answers == target) > 0.95


def test_step_by_step_and_at_once_are_the_same():
    pairs, meanings, _ = planted(PlantedSettings("contrary-motion", pieces=1, segments=120))
    model = fitted(pairs, meanings)
    ((guide, target),) = pairs
    state, previous, heard, nats = model.start(1), None, guide, []
    for position in range(30):
        state, said = model.step(state, heard, previous)
        assert np.exp(said.astype(np.float64)).sum() == pytest.approx(1, abs=1e-5)
        previous, heard = target[:, position], guide[:, :0]
        nats.append(said[0, previous[0]])
    np.testing.assert_allclose(nats, window_log_probabilities(model, guide, target)[0, :30], atol=1e-4)


def test_classes_of_which_nothing_is_known_are_still_counted():
    random = np.random.default_rng(0)
    guide = random.integers(8, size=(1, 200))
    target = np.roll((guide * 3 + 1) % 8, 1, axis=1)
    model, evidence = guide_evidence([(guide, target)], ClassMeanings.unknown(8), shifts=39)
    assert in_words(model) == "B's class depends on A's class, 1 segment later"
    assert evidence.stands
    assert -score(model, guide, target, Context(200, 200)).mean() < 0.3


def test_degrees_and_pitches_are_inverse_in_every_key():
    for tonic in range(12):
        tonics = np.array([tonic])
        scale = np.array([[60 + tonic + step for step in (0, 2, 4, 5, 7, 9, 11, 12)]])
        assert scales_of(scale)[0] == tonic
        np.testing.assert_array_equal(pitches_of(degrees_of(scale, tonics), tonics), scale)
    assert degrees_of(np.array([[61]]), np.array([0]))[0, 0] == NONE
