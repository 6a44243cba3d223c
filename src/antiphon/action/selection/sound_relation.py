"""What a pair teaches about following: how the harmony and the loudness of B come from those of A.

A response is priced by how it agrees with what its guide sounds like (`target_cost`). Where B of a pair does not sound
like A, what is to be agreed with is what B would sound like:

- harmony: the chroma of B is that of A some time before, seen through a circular filter: pitch class p of B is the sum
  of filter[s] times pitch class p - s of A. A transposition is a filter with one tap; a third of the scale has two, of
  which the memory, being in the key, holds one; the root of a chord is where three notes of a triad lead;
- loudness: B is louder, or softer, where A was louder some time before.

Either is believed where it agrees with held-out blocks of the pair better than with every one of its circularly shifted
guides. A filter knows no key, and no alphabet: it holds in keys and timbres that the pair is not in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from antiphon.action.selection.segment_sound import PITCH_CLASSES
from antiphon.action.selection.target_cost import relative_level
from antiphon.types import Floats, Seconds, SegmentSound

LAGS = 8
"""Segments by which B may be later than A."""

FOLDS = 5
"""Blocks of the pair that are held out in turn."""

SHIFTS = 19
"""Circularly shifted guides: what agrees better than with all of them has p = 0.05."""

SHORTEST = 40
"""Segments: of less, nothing is told from chance."""

RIDGE = 1e-3
"""Times the filter's mean square, added to keep it small where A says nothing."""

EARLIER = 0.02
"""A shorter lag is preferred where it agrees as well but for so much."""

MOST_HARMONY, MOST_DYNAMICS = 24.0, 8.0
"""Nats: a relation that always held is believed no more than this, so that a phrase can still be worth a note."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PairSound:
    """How the segments of a pair sound (n, n), and how long each lasts in seconds (n,)."""

    guide: SegmentSound
    target: SegmentSound
    durations: Seconds

    def __len__(self) -> int:
        return len(self.durations)


@dataclass(frozen=True, eq=False)
class HarmonyRelation:
    """B's chroma is A's of `lag_seconds` before through `taps` (12,); `agreement` is that on held-out blocks."""

    taps: Floats
    lag_seconds: float
    agreement: float

    @property
    def account(self) -> dict[str, float]:
        """In plain values, with the semitones above A (0 to 11) of the filter's strongest tap."""
        semitones = int(self.taps.argmax())
        return {"semitones": semitones, "lag_seconds": self.lag_seconds, "agreement": self.agreement}

    @property
    def weight(self) -> float:
        """What 1 less of agreement is worth in nats: the concentration of the von Mises-Fisher distribution whose mean
        agreement this is (Banerjee and others, 2005), MOST_HARMONY at most."""
        spread = max(1 - self.agreement**2, 1e-9)
        return min(MOST_HARMONY, self.agreement * (PITCH_CLASSES - 1 - self.agreement**2) / spread)


@dataclass(frozen=True)
class LevelRelation:
    """B is louder (`sign` 1) or softer (-1) where A was louder `lag_seconds` before; `agreement`: their correlation."""

    sign: int
    lag_seconds: float
    agreement: float

    @property
    def weight(self) -> float:
        """What a standard deviation of level is worth in nats: that of the Laplace distribution with the spread which
        A leaves to B, MOST_DYNAMICS at most."""
        return min(MOST_DYNAMICS, float(np.sqrt(2 / max(1 - self.agreement**2, 1e-9))))


@dataclass(frozen=True, eq=False)
class SoundRelation:
    """What a pair teaches about following; None where nothing better than chance was found."""

    harmony: HarmonyRelation | None = None
    level: LevelRelation | None = None

    def without_lag(self) -> SoundRelation:
        """The same, B with A."""
        harmony = None if self.harmony is None else replace(self.harmony, lag_seconds=0.0)
        level = None if self.level is None else replace(self.level, lag_seconds=0.0)
        return SoundRelation(harmony, level)

    def expected(self, guide: SegmentSound, durations: Seconds) -> SegmentSound:
        """How B would sound to a `guide` whose segments last so long (n,); as the guide does where nothing is known."""
        chroma, level = guide.chroma, guide.level.astype(np.float64)
        if self.harmony is not None:
            late = _later(chroma.astype(np.float64), _segments(self.harmony.lag_seconds, durations), 0.0)
            chroma = _of_length_one(_filtered(late, self.harmony.taps.astype(np.float64))).astype(np.float32)
        if self.level is not None and len(level):
            turned = _turned(guide, self.level.sign)
            level = _later(turned, _segments(self.level.lag_seconds, durations), float(np.median(turned)))
        return SegmentSound(chroma, level.astype(np.float32), guide.before, guide.classes)


def fitted_sound_relation(pairs: Sequence[PairSound]) -> SoundRelation:
    """What the pairs teach together. Pairs shorter than SHORTEST segments are left out; with none left, nothing is
    known."""
    long = [pair for pair in pairs if len(pair) >= SHORTEST]
    if not long:
        return SoundRelation()
    seconds = float(np.median(np.concatenate([pair.durations for pair in long])))
    return SoundRelation(_harmony(long, seconds), _level(long, seconds))


def _harmony(pairs: Sequence[PairSound], seconds: float) -> HarmonyRelation | None:
    guides = [_halves(pair.guide.chroma) for pair in pairs]
    targets = [_halves(pair.target.chroma) for pair in pairs]

    def found(shift: int) -> tuple[int, float, Numbers]:
        shifted = [_shifted(each, shift) for each in guides]
        return _simplest([_filter(shifted, targets, lag) for lag in range(LAGS + 1)])

    lag, agreement, taps = found(0)
    if not _better_than_chance(agreement, lambda shift: found(shift)[1]):
        return None
    return HarmonyRelation(taps.astype(np.float32), lag * seconds, agreement)


def _filter(guides: Sequence[Numbers], targets: Sequence[Numbers], lag: int) -> tuple[float, Numbers]:
    """The agreement of B's chroma with A's `lag` segments before on held-out blocks, and the filter of all of them."""
    parts = [_later(guide, lag, 0.0) for guide in guides]
    moved = np.concatenate([np.stack([np.roll(part, s, axis=2) for s in range(PITCH_CLASSES)]) for part in parts], 1)
    wanted = np.concatenate(targets)
    folds = np.concatenate([np.arange(len(part)) * FOLDS // len(part) for part in parts])
    # Segments in which one of them has no harmony say nothing.
    told = (wanted.any(axis=(1, 2)) & moved[0].any(axis=(1, 2))).nonzero()[0]
    if len(told) < SHORTEST // 2:
        return 0.0, np.zeros(PITCH_CLASSES)
    moved, wanted, folds = moved[:, told], wanted[told], folds[told]
    squares = np.stack([_grams(moved[:, folds == fold]) for fold in range(FOLDS)])
    products = np.stack([_products(moved[:, folds == fold], wanted[folds == fold]) for fold in range(FOLDS)])
    agreements = []
    for fold in range(FOLDS):
        taps = _solved(squares.sum(axis=0) - squares[fold], products.sum(axis=0) - products[fold])
        predicted = np.einsum("s,snhp->nhp", taps, moved[:, folds == fold])
        agreements.append(_cosines(predicted, wanted[folds == fold]))
    return float(np.concatenate(agreements).mean()), _solved(squares.sum(axis=0), products.sum(axis=0))


def _grams(moved: Numbers) -> Numbers:
    flat = moved.reshape(PITCH_CLASSES, -1)
    return flat @ flat.T


def _products(moved: Numbers, wanted: Numbers) -> Numbers:
    return np.asarray(moved.reshape(PITCH_CLASSES, -1) @ wanted.ravel())


def _solved(squares: Numbers, products: Numbers) -> Numbers:
    """Least squares. Rows have no mean: taps that differ by a constant are one filter, of which this has mean 0."""
    ridge = RIDGE * max(float(np.trace(squares)) / PITCH_CLASSES, 1e-9)
    taps = np.linalg.solve(squares + ridge * np.eye(PITCH_CLASSES), products)
    return np.asarray(taps - taps.mean())


def _level(pairs: Sequence[PairSound], seconds: float) -> LevelRelation | None:
    guides = [relative_level(pair.guide.level) for pair in pairs]
    targets = np.concatenate([relative_level(pair.target.level) for pair in pairs])

    def found(shift: int) -> tuple[int, float, Numbers]:
        shifted = [_shifted(each, shift) for each in guides]
        tried = []
        for lag in range(LAGS + 1):
            heard = np.concatenate([_later(each, lag, float(np.median(each))) for each in shifted])
            correlation = _correlation(heard, targets)
            tried.append((abs(correlation), np.array(np.sign(correlation))))
        return _simplest(tried)

    lag, agreement, sign = found(0)
    if not _better_than_chance(agreement, lambda shift: found(shift)[1]):
        return None
    return LevelRelation(int(sign), lag * seconds, agreement)


def _simplest(tried: Sequence[tuple[float, Numbers]]) -> tuple[int, float, Numbers]:
    """The shortest lag that agrees nearly as well as the best, its agreement and what belongs to it."""
    best = max(agreement for agreement, _ in tried)
    lag = next(lag for lag, (agreement, _) in enumerate(tried) if agreement >= best - EARLIER)
    return lag, *tried[lag]


def _better_than_chance(agreement: float, shifted: Callable[[int], float]) -> bool:
    return agreement > 0 and all(agreement > shifted(shift) for shift in range(1, SHIFTS + 1))


def _shifted(guide: Numbers, shift: int) -> Numbers:
    """A guide (n, ...) circularly shifted, evenly from 1 to SHIFTS, and never so that a lag would undo it; 0 leaves
    it."""
    nearest = LAGS + 1
    between = (shift - 1) * (len(guide) - 2 * nearest) / (SHIFTS - 1)
    return np.roll(guide, nearest + round(between) if shift else 0, axis=0)


def _correlation(one: Numbers, other: Numbers) -> float:
    spreads = float(one.std() * other.std())
    return 0.0 if spreads < 1e-9 else float(((one - one.mean()) * (other - other.mean())).mean() / spreads)


def _halves(chroma: Floats) -> Numbers:
    """Chroma (n, 12 k) as (n, k, 12): those of each resolution apart."""
    return chroma.astype(np.float64).reshape(len(chroma), -1, PITCH_CLASSES)


def _filtered(chroma: Numbers, taps: Numbers) -> Numbers:
    """Chroma (n, 12 k) through the filter, each resolution by itself."""
    halves = _halves(chroma.astype(np.float32))
    found = sum(tap * np.roll(halves, s, axis=2) for s, tap in enumerate(taps))
    return np.asarray(found).reshape(chroma.shape)


def _of_length_one(rows: Numbers) -> Numbers:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.divide(rows, length, out=np.zeros_like(rows), where=length > 1e-9))


def _cosines(one: Numbers, other: Numbers) -> Numbers:
    """Between chroma (n, k, 12), all resolutions of a segment together (n,)."""
    product = (one * other).sum(axis=(1, 2))
    lengths = np.sqrt((one**2).sum(axis=(1, 2)) * (other**2).sum(axis=(1, 2)))
    return np.asarray(np.divide(product, lengths, out=np.zeros_like(product), where=lengths > 1e-12))


def _turned(guide: SegmentSound, sign: int) -> Numbers:
    """Levels (n,) as they are, or about the middle of those that sound, earlier ones too: what was loud is soft."""
    values = guide.level.astype(np.float64)
    if sign > 0:
        return values
    known = np.concatenate([guide.before, values])
    sounding = known[known > known.min()] if np.ptp(known) > 0 else known
    middle = np.median(sounding)
    return np.asarray(2 * middle - np.maximum(values, 2 * middle - sounding.max()))


def _later(values: Numbers, lag: int, before: float) -> Numbers:
    """Rows (n, ...) `lag` rows later, `before` the first."""
    found = np.full_like(values, before)
    if lag < len(values):
        found[lag:] = values[: len(values) - lag]
    return found


def _segments(seconds: float, durations: Seconds) -> int:
    """How many segments that last so long (n,) a lag is."""
    return round(seconds / max(float(np.median(durations)), 1e-6)) if len(durations) else 0
