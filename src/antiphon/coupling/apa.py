"""Accompaniment prompt adherence: whether mixes of guides and responses are distributed like those of true pairs.

Grachten and Nistal's formula, on embeddings of our own: no weights but those inside the package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from antiphon.config import EncoderSettings
from antiphon.coupling.features import (
    BRIGHTNESS,
    FLATNESS,
    LOUDNESS,
    ONSETS,
    PITCH_CLASSES,
    REGISTERS,
)
from antiphon.coupling.pieces import HeardPiece
from antiphon.errors import BadData
from antiphon.types import Floats, Seconds

QUIETEST_DB = 60.0
"""Loudness 0 stands for 60 dB below full scale, `FULL` for full scale (perception/encoders/facets)."""

FULL = EncoderSettings(name="notes").loudness_weight

INTERVALS = 7
"""Interval classes from the unison to the tritone."""

DIMENSIONS = 2 * (INTERVALS + 8 + 4)
"""Of an embedding: mean and standard deviation of interval classes, registers, and the four facets of the sound."""

SMALLEST_SET = 2 * DIMENSIONS
"""Fewer embeddings than this have no covariance worth the name."""


@dataclass(frozen=True, eq=False)
class Gaussian:
    """A set of embeddings as the Frechet distance sees it: `mean` (38,) and `covariance` (38, 38)."""

    mean: Seconds
    covariance: Seconds

    def __post_init__(self) -> None:
        if self.mean.ndim != 1 or self.covariance.shape != self.mean.shape * 2:
            raise ValueError("not a Gaussian: a mean (n,) has a covariance (n, n)")


@dataclass(frozen=True, eq=False)
class Reference:
    """What pairs are held against: mixes of true pairs (R), and of the same guides with other pieces' partners (R').

    `scale` (38,) is the spread of each dimension over R, the unit of all three.
    """

    true: Gaussian
    mismatched: Gaussian
    scale: Seconds


def mixed_frames(guide: Floats, response: Floats) -> Floats:
    """Frames (steps, 24) of the mix of two simultaneous tracks, from theirs, without encoding it.

    Posteriors and onset strength are the larger of the two, as the encoder itself folds octaves; powers add up;
    brightness and flatness are means weighted by power.
    """
    mix = np.maximum(guide, response)
    powers = [10 ** (QUIETEST_DB / 10 * (frames[:, LOUDNESS] / FULL - 1)) for frames in (guide, response)]
    power = powers[0] + powers[1]
    mix[:, LOUDNESS] = FULL * np.clip(1 + 10 * np.log10(power) / QUIETEST_DB, 0, 1)
    for facet in (BRIGHTNESS, FLATNESS):
        mix[:, facet] = (guide[:, facet] * powers[0] + response[:, facet] * powers[1]) / power
    return mix


def embedding(guide: Floats, response: Floats) -> Seconds:
    """The embedding (38,) of the mix of two excerpts (steps, 24): its intervals, registers and sound, mean and spread.

    An interval class is the sum of the products of all pitch classes that far apart: chords, whatever the key.
    """
    mix = mixed_frames(guide, response)
    chroma = mix[:, PITCH_CLASSES]
    intervals = [(chroma * np.roll(chroma, size, axis=1)).sum(axis=1) for size in range(INTERVALS)]
    sound = mix[:, [LOUDNESS, ONSETS, BRIGHTNESS, FLATNESS]]
    rows = np.concatenate([np.stack(intervals, axis=1), mix[:, REGISTERS], sound], axis=1).astype(np.float64)
    return np.concatenate([rows.mean(axis=0), rows.std(axis=0)])


def gaussian_of(embeddings: Seconds, name: str) -> Gaussian:
    """Mean and covariance of embeddings (n, 38). Raises BadData, by `name`, for a set too small for a covariance."""
    if len(embeddings) < SMALLEST_SET:
        raise BadData(
            f"APA is of a set of pairs: {name} has {len(embeddings)} excerpts of 10 s, {SMALLEST_SET} are needed"
        )
    return Gaussian(embeddings.mean(axis=0), np.cov(embeddings, rowvar=False))


def reference_of(true: Seconds, mismatched: Seconds) -> Reference:
    """The reference from embeddings (n, 38) of R and of R'. Raises BadData as `gaussian_of` does."""
    scale = np.maximum(true.std(axis=0), 1e-9)
    reference = Reference(gaussian_of(true / scale, "R"), gaussian_of(mismatched / scale, "R'"), scale)
    require_apart(reference)
    return reference


def require_apart(reference: Reference) -> None:
    """Raise BadData for a reference whose two sets are the same: nothing can be held against it."""
    if not frechet_distance(reference.true, reference.mismatched) > 0:
        raise BadData("APA: true and mismatched pairs of the reference are the same")


def frechet_distance(one: Gaussian, other: Gaussian) -> float:
    """The squared Frechet distance of two Gaussians: |m - m'|^2 + tr(S + S' - 2 (S S')^1/2)."""
    means = one.mean - other.mean
    root = _root(one.covariance)
    overlap = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ other.covariance @ root), 0)).sum()
    spread = np.trace(one.covariance) + np.trace(other.covariance)
    return float(max(means @ means + spread - 2 * overlap, 0.0))


def _root(matrix: Seconds) -> Seconds:
    """The symmetric square root of a covariance."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T)


def adherence(candidates: Seconds, reference: Reference) -> float:
    """APA = 1/2 + (FD(C, R') - FD(C, R)) / (2 FD(R, R')), clipped to 0..1: 1 for a set like R, 0 for one like R'.

    `candidates` (n, 38) are the embeddings C of the pairs in question. Raises BadData as `gaussian_of` does.
    """
    c = gaussian_of(candidates / reference.scale, "C")
    nearer = frechet_distance(c, reference.mismatched) - frechet_distance(c, reference.true)
    apart = frechet_distance(reference.true, reference.mismatched)
    return float(np.clip(0.5 + nearer / (2 * apart), 0, 1))


def nearness(candidates: Seconds, reference: Reference) -> float:
    """FD(R, R') / (FD(R, R') + FD(C, R)): 1 for a set like R, 1/2 for one as far from it as R', towards 0 beyond.

    Not of the published measure. APA compares two distances, and is 1 also for what is far from both (docs); this is
    not. Raises BadData as `gaussian_of` does.
    """
    c = gaussian_of(candidates / reference.scale, "C")
    apart = frechet_distance(reference.true, reference.mismatched)
    return apart / (apart + frechet_distance(c, reference.true))


def draw_reference(pieces: Sequence[HeardPiece], steps: int, count: int, rng: Generator) -> Reference:
    """R and R' of `count` excerpts each: a pair drawn from a piece, and its guide with a track of another piece.

    Raises BadData where fewer than two pieces are long enough, and as `gaussian_of` does.
    """
    usable = [piece for piece in pieces if len(piece) >= steps and len(piece.tracks) > 1]
    if len({piece.piece for piece in usable}) < 2:
        raise BadData("APA needs two pieces or more as its reference, each with two tracks of 10 s")
    true, mismatched = [], []
    for _ in range(count):
        own, other = (usable[index] for index in rng.permutation(len(usable))[:2])
        while other.piece == own.piece:
            other = usable[int(rng.integers(len(usable)))]
        a, b = (list(own.tracks.values())[index] for index in rng.permutation(len(own.tracks))[:2])
        start = int(rng.integers(len(own) - steps + 1))
        guide = a.excerpt(start, steps).frames
        true.append(embedding(guide, b.excerpt(start, steps).frames))
        elsewhere = list(other.tracks.values())[int(rng.integers(len(other.tracks)))]
        place = int(rng.integers(len(other) - steps + 1))
        mismatched.append(embedding(guide, elsewhere.excerpt(place, steps).frames))
    return reference_of(np.array(true), np.array(mismatched))
