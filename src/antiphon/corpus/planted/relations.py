"""The relations: how the tokens of B come from those of A, as a process of which every probability is known.

A token is `planted * free + other`: the part of it on which the relation acts, and one that each track draws for
itself. Most relations determine the whole token (one class of other things); *independent* determines nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from antiphon.corpus.planted.chains import Chain, constant, dice, melody, steady
from antiphon.corpus.planted.settings import PlantedSettings, PlantedWorld
from antiphon.types import Ids

TRANSPOSITION_SEMITONES = 5
"""A fourth up."""

THIRD_DEGREES = 2
"""A diatonic third is two degrees of the scale, whether they are three semitones or four."""

TURN = 0.25
"""Call and response: probability that a segment ends a phrase or a pause of A, which last four segments on average."""

DENSITIES = (1, 2, 4)
"""Inverse density: notes in a segment of each density class."""

ENERGIES = 4
"""Energy classes of a texture, from soft to loud."""

COLOURS = 3
"""Bands of a texture, from low to high: each track chooses its own."""

STAY = 0.6
"""Probability that a density, an energy or a colour lasts another segment."""

CHORD_FORMS = 3
"""Root position, first and second inversion: what lies lowest in A does not give the root away."""


@dataclass(frozen=True, eq=False)
class Process:
    """Of A: `states` is a chain of which `guide` (states,) is the planted part of its token; `guide_free` the rest.

    Of B: `answer` (states,) is the planted part of its token, one of `answers` classes, of which the first `sounding`
    are mistaken for one another where the player slips; `answer_free` its other part, which never slips. The first
    `delay` tokens are drawn from `lead_in`, the answer comes after.
    """

    states: Chain
    guide: Ids
    answer: Ids
    answers: int
    sounding: int
    guide_free: Chain = field(default_factory=constant)
    answer_free: Chain = field(default_factory=constant)
    lead_in: Chain = field(default_factory=constant)
    delay: int = 0

    @property
    def guide_classes(self) -> int:
        """How many ids a token of A can have."""
        return int(self.guide.max() + 1) * self.guide_free.size

    @property
    def answer_classes(self) -> int:
        """How many ids a token of B can have."""
        return self.answers * self.answer_free.size


@dataclass(frozen=True, eq=False)
class Relation:
    """A process, its `formula` for readers, and what it plants.

    `planted` is the process of the planted attribute alone, and `attribute` (answer classes,) gives it for each token
    of B.
    """

    process: Process
    formula: str
    attribute_name: str
    attribute: Ids
    planted: Process

    @property
    def classes(self) -> int:
        """How many ids the alphabet has that both tracks share."""
        return max(self.process.guide_classes, self.process.answer_classes)


def relation_of(settings: PlantedSettings) -> Relation:
    """The relation of a world."""
    return _RELATIONS[settings.world](settings)


def _whole(process: Process, formula: str) -> Relation:
    """A relation whose planted attribute is the token itself."""
    return Relation(process, formula, "token", np.arange(process.answer_classes), process)


def _partly_free(process: Process, formula: str, attribute_name: str) -> Relation:
    attribute = np.arange(process.answer_classes) // process.answer_free.size
    return Relation(process, formula, attribute_name, attribute, replace(process, answer_free=constant()))


def _shifted(walk: Chain, guide_from: int, answer_from: int, formula: str) -> Relation:
    notes = np.arange(walk.size)
    answers = walk.size + answer_from
    return _whole(Process(walk, notes + guide_from, notes + answer_from, answers, answers), formula)


def _copy(settings: PlantedSettings) -> Relation:
    return _shifted(melody(settings.classes), 0, 0, "b(t) = a(t)")


def _delay(settings: PlantedSettings) -> Relation:
    walk = melody(settings.classes)
    notes = np.arange(walk.size)
    process = Process(walk, notes, notes, walk.size, walk.size, lead_in=walk, delay=settings.delay)
    return _whole(process, f"b(t) = a(t - {settings.delay}); before that, an independent melody")


def _transposition(settings: PlantedSettings) -> Relation:
    formula = f"b(t) = a(t) + {TRANSPOSITION_SEMITONES} semitones, on a chromatic scale"
    return _shifted(melody(settings.classes), 0, TRANSPOSITION_SEMITONES, formula)


def _third_below(settings: PlantedSettings) -> Relation:
    formula = f"b(t) = a(t) - {THIRD_DEGREES} degrees of the minor scale"
    return _shifted(melody(settings.classes), THIRD_DEGREES, 0, formula)


def _call_and_response(settings: PlantedSettings) -> Relation:
    """States 0..K-1: A speaks that note; K..2K-1: A rests and B speaks that note."""
    walk, count = melody(settings.classes), settings.classes
    rest, notes = count, np.arange(count)
    transition = np.zeros((2 * count, 2 * count))
    transition[:count, :count] = (1 - TURN) * walk.transition
    transition[notes, count + notes] = TURN
    transition[count + notes, count + reflected(notes - 1, count)] = 1 - TURN
    transition[count:, :count] = TURN * walk.initial
    states = Chain(np.concatenate([walk.initial, np.zeros(count)]), transition)
    silent = np.full(count, rest)
    process = Process(
        states, np.concatenate([notes, silent]), np.concatenate([silent, notes]), answers=count + 1, sounding=count
    )
    speaks = np.concatenate([np.zeros(count, dtype=np.int64), np.ones(count, dtype=np.int64)])
    formula = (
        "where a speaks b rests; where a rests b speaks: first the last note of a's phrase, then down the scale "
        "degree by degree, reflected at its end"
    )
    attribute = (np.arange(count + 1) < count).astype(np.int64)
    planted = Process(states, process.guide, speaks, answers=2, sounding=0)
    return Relation(process, formula, "speaks or rests", attribute, planted)


def _inverse_density(settings: PlantedSettings) -> Relation:
    count = len(DENSITIES)
    levels, pitches = np.arange(count), melody(settings.classes)
    process = Process(
        steady(count, STAY), levels, levels[::-1].copy(), count, count, guide_free=pitches, answer_free=pitches
    )
    formula = f"density class of b(t) = {count - 1} - density class of a(t); the pitch of b is an independent melody"
    return _partly_free(process, formula, "density class")


def _contrary_motion(settings: PlantedSettings) -> Relation:
    """A state is (note of A, note of B): B's place depends on all the ways that A has gone."""
    walk, count = melody(settings.classes), settings.classes
    a, b = np.divmod(np.arange(count * count), count)
    transition = np.zeros((count * count, count * count))
    for here in range(count * count):
        for there in range(count):
            moved = reflected(b[here] - (there - a[here]), count)
            transition[here, there * count + moved] += walk.transition[a[here], there]
    initial = np.diag(walk.initial).ravel()
    formula = "b(0) = a(0); b(t) = b*(t-1) - (a(t) - a(t-1)), reflected at the ends of the scale (b*: b without noise)"
    return _whole(Process(Chain(initial, transition), a, b, count, count), formula)


def _chord_to_bass(settings: PlantedSettings) -> Relation:
    roots = melody(settings.classes)
    notes = np.arange(roots.size)
    process = Process(roots, notes, notes, roots.size, roots.size, guide_free=dice(CHORD_FORMS))
    return _whole(process, "b(t) = root of the chord a(t), which is in any inversion")


def _texture(answer: Ids, formula: str) -> Relation:
    colours = steady(COLOURS, STAY)
    levels = np.arange(ENERGIES)
    process = Process(
        steady(ENERGIES, STAY), levels, answer, ENERGIES, ENERGIES, guide_free=colours, answer_free=colours
    )
    return _partly_free(process, f"{formula}; the colour of b is independent", "energy class")


def _texture_follows(settings: PlantedSettings) -> Relation:
    return _texture(np.arange(ENERGIES), "energy class of b(t) = energy class of a(t)")


def _texture_opposes(settings: PlantedSettings) -> Relation:
    return _texture(np.arange(ENERGIES)[::-1].copy(), f"energy class of b(t) = {ENERGIES - 1} - energy class of a(t)")


def _independent(settings: PlantedSettings) -> Relation:
    walk = melody(settings.classes)
    process = Process(walk, np.arange(walk.size), np.zeros(walk.size, dtype=np.int64), 1, 1, answer_free=walk)
    return _whole(process, "b is an independent melody")


def reflected(notes: Ids, classes: int) -> Ids:
    """Notes (n,) that went past an end of the scale 0..classes-1 come back by as many degrees."""
    period = 2 * (classes - 1)
    folded = np.mod(notes, period)
    return np.asarray(np.minimum(folded, period - folded))


_RELATIONS: dict[PlantedWorld, Callable[[PlantedSettings], Relation]] = {
    "copy": _copy,
    "delay": _delay,
    "transposition": _transposition,
    "third-below": _third_below,
    "call-and-response": _call_and_response,
    "inverse-density": _inverse_density,
    "contrary-motion": _contrary_motion,
    "chord-to-bass": _chord_to_bass,
    "texture-follows": _texture_follows,
    "texture-opposes": _texture_opposes,
    "independent": _independent,
}
