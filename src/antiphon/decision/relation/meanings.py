"""What the classes of an alphabet mean, as far as an ear says: which note, how high, how loud, how dense, or a rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from antiphon.types import Floats, Ids

NONE = -1
"""Where there is no pitch, no level, no prediction."""

SEMITONES = 12

MAJOR_DEGREES = (0, 2, 4, 5, 7, 9, 11)

DEGREES = len(MAJOR_DEGREES)

MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""How well each pitch class fits a key, from its tonic on (Krumhansl and Kessler, 1982)."""

PROFILE_WEIGHT = 0.1
"""Of the profile against the share of notes that lie in the scale: it decides where several scales hold all notes."""

HOME_WEIGHT = 0.08
"""What the scale of the pair is believed sooner by: less than the share of notes that a neighbouring key lacks."""

RELATIVE_MAJOR = 3
"""Semitones from a minor tonic up to that of the major scale with the same notes."""

TRIADS = ((0, 4, 7), (0, 3, 7), (0, 3, 6))
"""Semitones above the root of a major, a minor and a diminished triad."""

TRIAD_WEIGHTS = (1.0, 0.7, 0.8)
"""Of root, third and fifth: a single note is the root of its own triad."""


@dataclass(frozen=True, eq=False)
class ClassMeanings:
    """Of `classes` ids: `pitches` (classes,) MIDI, `roots` (classes,) pitch classes of the chord, both NONE where
    nothing has a pitch; `scalars` by name (classes,), nan where a class has none; `rest` the id of silence, if any."""

    classes: int
    pitches: Ids
    roots: Ids
    scalars: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    rest: int | None = None

    @classmethod
    def unknown(cls, classes: int, rest: int | None = None) -> ClassMeanings:
        """Of an alphabet of which nobody says what it means: classes are only equal or not."""
        nothing = np.full(classes, NONE)
        return cls(classes, nothing, nothing, rest=rest)

    @classmethod
    def of_notes(cls, pitches: Ids, rest: int | None = None, **scalars: Floats) -> ClassMeanings:
        """Of single notes: MIDI `pitches` (classes,), NONE where a class has none."""
        values = {name: np.asarray(value, dtype=np.float64) for name, value in scalars.items()}
        return cls(len(pitches), pitches, np.where(pitches == NONE, NONE, pitches % SEMITONES), values, rest)


def roots_of(profiles: Floats) -> Ids:
    """The root (classes,) of the triad that fits each pitch-class profile (classes, 12) best."""
    best = np.zeros((len(profiles), SEMITONES))
    for triad in TRIADS:
        fit = sum(
            weight * np.roll(profiles, -above, axis=1) for above, weight in zip(triad, TRIAD_WEIGHTS, strict=True)
        )
        best = np.maximum(best, fit)
    return np.asarray(best.argmax(axis=1))


def scales_of(pitches: Ids, home: int = NONE) -> Ids:
    """The tonic (rows,) of the major scale that the notes (rows, n) are from, a natural minor as its relative major.

    `home` is that of what was learned from, which is sooner believed.
    """
    histograms = np.stack([np.bincount(row[row != NONE] % SEMITONES, minlength=SEMITONES) for row in pitches])
    shares = histograms / np.maximum(histograms.sum(axis=1, keepdims=True), 1)
    members = np.isin(np.arange(SEMITONES), MAJOR_DEGREES).astype(np.float64)
    fits = np.zeros((len(pitches), SEMITONES))
    for tonic in range(SEMITONES):
        as_major = _similarity(shares, np.roll(MAJOR_PROFILE, tonic))
        as_minor = _similarity(shares, np.roll(MINOR_PROFILE, tonic - RELATIVE_MAJOR))
        fits[:, tonic] = shares @ np.roll(members, tonic) + PROFILE_WEIGHT * np.maximum(as_major, as_minor)
    if home != NONE:
        fits[:, home] += HOME_WEIGHT
    return np.asarray(fits.argmax(axis=1))


def degrees_of(pitches: Ids, tonics: Ids) -> Ids:
    """Places (rows, n) of MIDI pitches (rows, n) in the major scales on `tonics` (rows,), counted through all octaves;
    NONE outside the scale."""
    number = np.full(SEMITONES, NONE)
    number[list(MAJOR_DEGREES)] = np.arange(DEGREES)
    octaves, within = np.divmod(pitches - tonics[:, None], SEMITONES)
    places = number[within] + DEGREES * (octaves + 1)
    return np.where((pitches == NONE) | (number[within] == NONE), NONE, places)


def pitches_of(degrees: Ids, tonics: Ids) -> Ids:
    """The MIDI pitches (..., rows, n) of places in the scales on `tonics` (rows,): the inverse of `degrees_of`."""
    octaves, within = np.divmod(degrees, DEGREES)
    pitches = tonics[:, None] + SEMITONES * (octaves - 1) + np.array(MAJOR_DEGREES)[within]
    return np.where((degrees == NONE) | (pitches < 0), NONE, pitches)


def _similarity(shares: NDArray[np.float64], profile: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation (rows,) of shares (rows, 12) with a profile (12,)."""
    centred, shape = shares - shares.mean(axis=1, keepdims=True), profile - profile.mean()
    norm = np.linalg.norm(centred, axis=1) * np.linalg.norm(shape)
    return np.asarray(centred @ shape / np.maximum(norm, 1e-12))
