"""Tracks as the grammar sees them: the attributes of each token, and classes put into groups by an attribute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from antiphon.decision.counts import Pairs
from antiphon.decision.relation.meanings import NONE, SEMITONES, ClassMeanings, degrees_of, scales_of
from antiphon.types import Ids

PITCH, PITCH_CLASS, ROOT, RESTS, CLASS = "pitch", "pitch class", "root", "rests", "class"

LEVELS = 4
"""Groups of a scalar attribute at most: from soft to loud, from few onsets to many."""

ROUNDS = 30
"""Of k-means in one dimension, which has settled before."""


@dataclass(frozen=True, eq=False)
class TrackPairs:
    """A guide and its target side by side (rows, n), as ids, pitches and degrees of the scale of each row (rows,)."""

    guide: Ids
    target: Ids
    guide_pitches: Ids
    target_pitches: Ids
    guide_degrees: Ids
    target_degrees: Ids
    tonics: Ids

    @cached_property
    def last_pitches(self) -> Ids:
        """The pitch (rows, n) that B had last before each place, NONE before the first."""
        return held(later(self.target_pitches, 1))

    @cached_property
    def last_degrees(self) -> Ids:
        """Its degree."""
        return held(later(self.target_degrees, 1))

    def shifted(self, shifts: Sequence[int]) -> TrackPairs:
        """The same with all guides circularly shifted, by one number of segments after the other (shifts * rows, n)."""
        ids, pitches, degrees = (
            np.concatenate([np.roll(each, shift, axis=1) for shift in shifts])
            for each in (self.guide, self.guide_pitches, self.guide_degrees)
        )
        count = len(shifts)
        answers = (np.tile(each, (count, 1)) for each in (self.target, self.target_pitches, self.target_degrees))
        target, target_pitches, target_degrees = answers
        return TrackPairs(ids, target, pitches, target_pitches, degrees, target_degrees, np.tile(self.tonics, count))


def track_pairs(pairs: Pairs, meanings: ClassMeanings, home: int = NONE) -> tuple[TrackPairs, ...]:
    """All pairs with their pitches; the scale of each is that of its guide, sooner `home` than another."""
    found = []
    for guide, target in pairs:
        pitches, answers = meanings.pitches[guide], meanings.pitches[target]
        tonics = scales_of(pitches, home)
        degrees = degrees_of(pitches, tonics), degrees_of(answers, tonics)
        found.append(TrackPairs(guide, target, pitches, answers, *degrees, tonics))
    return tuple(found)


def groups_of(meanings: ClassMeanings, usage: NDArray[np.float64]) -> Mapping[str, Ids]:
    """The group (classes,) of each class by each attribute, NONE where it has none; `usage` (classes,) says how often
    a track has each class: levels are those of the track."""
    pitches = meanings.pitches
    found: dict[str, Ids] = {CLASS: np.arange(meanings.classes)}
    if np.any(pitches != NONE):
        found[PITCH] = pitches
        found[PITCH_CLASS] = np.where(pitches == NONE, NONE, pitches % SEMITONES)
        found[ROOT] = np.where(pitches == NONE, NONE, meanings.roots)
    if meanings.rest is not None:
        found[RESTS] = (np.arange(meanings.classes) == meanings.rest).astype(np.int64)
    for name, values in meanings.scalars.items():
        levels = _levels(values, usage)
        if len(np.unique(levels[levels != NONE])) > 1:
            found[name] = levels
    return found


def _levels(values: NDArray[np.float64], usage: NDArray[np.float64]) -> Ids:
    """Classes in up to LEVELS groups by a number, from low to high (k-means in one dimension, weighted by usage)."""
    known = np.isfinite(values)
    used = known & (usage > 0)
    levels = np.full(len(values), NONE)
    if not used.any():
        return levels
    centres = _centres(values[used], usage[used])
    edges = (centres[1:] + centres[:-1]) / 2
    levels[known] = np.searchsorted(edges, values[known])
    return levels


def _centres(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """From evenly spaced ones on, without those that are nobody's."""
    centres = np.unique(np.linspace(values.min(), values.max(), LEVELS))
    for _ in range(ROUNDS):
        nearest = np.abs(values[:, None] - centres).argmin(axis=1)
        mass, sums = np.bincount(nearest, weights), np.bincount(nearest, weights * values)
        centres = sums[mass > 0] / mass[mass > 0]
    return centres


def joined(parts: Sequence[Ids]) -> Ids:
    """Arrays (rows, n) of different n end to end (tokens,)."""
    return np.concatenate([part.ravel() for part in parts])


def later(values: Ids, lag: int) -> Ids:
    """Values (rows, n) `lag` segments later, NONE before the first."""
    found = np.full_like(values, NONE)
    if lag < values.shape[1]:
        found[:, lag:] = values[:, : values.shape[1] - lag]
    return found


def held(values: Ids) -> Ids:
    """Each place's last value (rows, n) that is not NONE, its own included."""
    places = np.where(values != NONE, np.arange(values.shape[1]), 0)
    return np.asarray(np.take_along_axis(values, np.maximum.accumulate(places, axis=1), axis=1))
