"""What the classes of an agent's alphabet mean to its ear: what a relation between two tracks can be about."""

from __future__ import annotations

import numpy as np

from antiphon.config import EncoderSettings
from antiphon.decision.relation import ClassMeanings
from antiphon.decision.relation.meanings import NONE, SEMITONES, roots_of
from antiphon.interfaces import Encoder
from antiphon.perception.encoders.facets import KEYS, LOWEST_MIDI_NOTE
from antiphon.perception.encoders.notes import NotesEncoder
from antiphon.types import Alphabet, Floats, Ids

PITCHED = 0.15
"""Posterior of the strongest pitch class, the mean over a segment, from which on a class has a pitch."""

FACETS = ("loudness", "density", "brightness")
"""What the dimensions behind the registers are called: level, onsets, and how bright the sound is."""


def meanings_of(alphabet: Alphabet, encoder: Encoder, settings: EncoderSettings) -> ClassMeanings:
    """Of the classes of an alphabet, by their centroids. An ear other than the contained one does not say what its
    dimensions are: its classes are then only equal or not."""
    rest = alphabet.size if alphabet.has_rest else None
    if not isinstance(encoder, NotesEncoder) or settings.pitch_class_weight == 0 or settings.register_weight == 0:
        return ClassMeanings.unknown(alphabet.classes, rest)
    centroids = alphabet.centroids * alphabet.scale
    profiles = centroids[:, encoder.pitch_class_dimensions] / settings.pitch_class_weight
    registers = centroids[:, encoder.register_dimensions] / settings.register_weight
    pitched = profiles.max(axis=1) >= PITCHED
    behind = centroids[:, encoder.register_dimensions.stop :]
    weights = (settings.loudness_weight, settings.onset_weight, settings.brightness_weight)
    scalars = {
        name: _padded(values, alphabet.classes, np.nan).astype(np.float64)
        for name, values, weight in zip(FACETS, behind.T, weights, strict=False)
        if weight > 0
    }
    pitches = np.where(pitched, _pitches(profiles, registers), NONE)
    roots = np.where(pitched, roots_of(profiles), NONE)
    return ClassMeanings(
        alphabet.classes,
        _padded(pitches, alphabet.classes, NONE),
        _padded(roots, alphabet.classes, NONE),
        scalars,
        rest,
    )


def _pitches(profiles: Floats, registers: Floats) -> Ids:
    """The MIDI pitch (classes,) of the strongest pitch class, in the octave where the registers have their centre.

    Registers fade into one another in proportion, so that of a single note the centre is its very place.
    """
    peaks = LOWEST_MIDI_NOTE + np.linspace(0, KEYS - 1, registers.shape[1])
    # Squared: what an overtone adds is small.
    strength = np.maximum(registers, 1e-6) ** 2
    centres = strength @ peaks / strength.sum(axis=1)
    classes = profiles.argmax(axis=1)
    return np.asarray(classes + SEMITONES * np.round((centres - classes) / SEMITONES), dtype=np.int64)


def _padded(values: np.ndarray, classes: int, filler: float) -> np.ndarray:
    """With a value for the rest, where there is one."""
    return np.concatenate([values, np.full(classes - len(values), filler, dtype=values.dtype)])
