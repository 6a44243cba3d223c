"""What a pair teaches about following: how B sounds, by how A did.

A response is priced by how it agrees with what its guide sounds like (`target_cost`). Where B of a pair does not sound
like A, what is to be agreed with is what B would sound like:

- harmony: the chroma of B is that of A some time before, seen through a circular filter: pitch class p of B is the sum
  of filter[s] times pitch class p - s of A. A transposition is a filter with one tap; a third of the scale has two, of
  which the memory, being in the key, holds one; the root of a chord is where three notes of a triad lead;
- loudness: B is louder, or softer, where A was louder some time before;
- activity: B is busier, or less busy, where A was busier.

Each is believed where it agrees with held-out blocks of the pair better than with every one of its circularly shifted
guides. A filter knows no key, and no alphabet: it holds in keys and timbres that the pair is not in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from antiphon.action.selection.segment_sound import PITCH_CLASSES
from antiphon.action.selection.target_cost import Scale, activity_scale, level_scale, relative, sounding
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

MOST_HARMONY, MOST_SCALAR = 24.0, 24.0
"""Nats: a relation that always held is believed no more than this, so that a phrase can still be worth a note."""

KERNEL = 0.15
"""Standard deviations: the width of the kernel by which levels and activities are compared with those of a pair."""

MOVES, CELLS = 121, 400
"""Offsets that are tried, and places at which the density is known."""

UNLIKELY, LIKELY = 0.002, 0.02
"""Added to the density: what no pair had is not impossible, and what it often had hardly better than what it sometimes
had, or a piece that has more of the soft would be taken for a softer one after all."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PairSound:
    """How the segments of a pair sound (n, n), and how long each lasts in seconds (n,)."""

    guide: SegmentSound
    target: SegmentSound
    durations: Seconds

    def __len__(self) -> int:
        return len(self.durations)


def concentration(agreement: float) -> float:
    """That of the von Mises-Fisher distribution of chroma whose mean agreement this is, in nats for 1 less of it
    (Banerjee and others, 2005); from 0 to MOST_HARMONY."""
    found = agreement * (PITCH_CLASSES - 1 - agreement**2) / max(1 - agreement**2, 1e-9)
    return min(MOST_HARMONY, max(found, 0.0))


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
        """What 1 less of agreement is worth in nats."""
        return concentration(self.agreement)


@dataclass(frozen=True, eq=False)
class ScalarRelation:
    """B has more (`sign` 1) or less (-1) of something where A had more `lag_seconds` before: it is louder, or busier;
    `agreement`: their correlation. `guide` (n,) and `target` (m,) are what A and B of the pairs had where they sounded,
    less the mean of each recording; B is judged in units of `spread`, and `miss` of them is the mean distance of what B
    had from what is expected."""

    sign: int
    lag_seconds: float
    agreement: float
    guide: Floats
    target: Floats
    spread: float
    miss: float = 0.0

    @property
    def account(self) -> dict[str, float]:
        """In plain values."""
        return {"sign": self.sign, "lag_seconds": self.lag_seconds, "agreement": self.agreement}

    @property
    def weight(self) -> float:
        """What a `spread` away from B is worth in nats: that of the Laplace distribution of what is missed, less the
        less they agree, MOST_SCALAR at most."""
        return min(MOST_SCALAR, self.agreement / max(self.miss, 1e-9))

    @property
    def scale(self) -> Scale:
        """By which what is expected is judged."""
        return 0.0, self.spread

    def expected(self, values: Floats, before: Floats, durations: Seconds) -> Floats:
        """What B has (n,) where A has `values` (n,), for segments that last so long (n,): as many of B's have less as
        of A's, or as have more. `before` (m,) is what A had earlier."""
        if not len(values):
            return values
        return self.mapped(values + offset(sounding(np.concatenate([before, values])), self.guide), durations)

    def mapped(self, alike: Floats, durations: Seconds) -> Floats:
        """The same of values (n,) that are alike A's of the pairs."""
        share = _share_below(alike.astype(np.float64), self.guide.astype(np.float64))
        found = np.quantile(self.target, share if self.sign > 0 else 1 - share)
        late = _later(np.asarray(found), _segments(self.lag_seconds, durations), float(np.median(found)))
        return late.astype(np.float32)

    def scale_of(self, values: Floats) -> Scale:
        """The scale by which a memory's `values` (n,) are judged: B's, moved to where they are B's."""
        return -offset(sounding(values), self.target), self.spread


@dataclass(frozen=True, eq=False)
class SoundRelation:
    """What a pair teaches about following; None where nothing better than chance was found. `alike` is the mean
    agreement of A's and B's chroma as they are; None where they have none."""

    harmony: HarmonyRelation | None = None
    level: ScalarRelation | None = None
    activity: ScalarRelation | None = None
    alike: float | None = None

    def without_lag(self) -> SoundRelation:
        """The same, B with A."""
        level = self.level and replace(self.level, lag_seconds=0.0)
        activity = self.activity and replace(self.activity, lag_seconds=0.0)
        return SoundRelation(self.harmony and replace(self.harmony, lag_seconds=0.0), level, activity, self.alike)

    def expected(self, guide: SegmentSound, durations: Seconds) -> SegmentSound:
        """How B would sound to a `guide` whose segments last so long (n,); as the guide does where nothing is known."""
        chroma, level, activity = guide.chroma, guide.level, guide.activity
        if self.harmony is not None:
            late = _later(chroma.astype(np.float64), _segments(self.harmony.lag_seconds, durations), 0.0)
            chroma = _of_length_one(_filtered(late, self.harmony.taps.astype(np.float64))).astype(np.float32)
        scales: list[Scale | None] = [None, None]
        if self.level is not None:
            level, scales[0] = self.level.expected(level, guide.before, durations), self.level.scale
        if self.activity is not None and activity is not None:
            nothing = np.zeros(0, dtype=np.float32)
            activity, scales[1] = self.activity.expected(activity, nothing, durations), self.activity.scale
        return SegmentSound(chroma, level, guide.before, guide.classes, activity, *scales)

    def judged(self, memory: SegmentSound) -> SegmentSound:
        """How a memory sounds, judged as B of the pairs is."""
        level = None if self.level is None else self.level.scale_of(memory.level)
        busy = None
        if self.activity is not None and memory.activity is not None:
            busy = self.activity.scale_of(memory.activity)
        return replace(memory, level_scale=level, activity_scale=busy)


def _share_below(values: Numbers, known: Numbers) -> Numbers:
    """The share (n,) of the known (m,) that is less than each value (n,), smoothed by a logistic kernel: what is near a
    group of them is in its middle."""
    width = max(KERNEL * float(known.std()), 1e-6)
    away = np.clip((values[:, np.newaxis] - known) / width, -30, 30)
    return np.asarray((1 / (1 + np.exp(-1.702 * away))).mean(axis=1))


def offset(values: Floats, known: Floats) -> float:
    """What has to be added to `values` (n,) so that they are most probably drawn as the `known` (m,) were.

    Another recording is louder as a whole, and another instrument is busier; but a piece that has more of the soft is
    not to be taken for one that is softer, which the mean alone would do. The `known` are a kernel density; the means
    are alike but for half a standard deviation.
    """
    if not len(values) or not len(known):
        return 0.0
    wide, there = values.astype(np.float64), known.astype(np.float64)
    spread = float(there.std())
    middle = float(there.mean() - wide.mean())
    if spread < 1e-6:
        return middle
    moves = np.linspace(-1.5, 1.5, MOVES) * spread
    width = KERNEL * spread
    cells = np.linspace(there.min() - 4 * spread, there.max() + 4 * spread, CELLS)
    density = np.exp(-0.5 * ((cells[:, np.newaxis] - there) / width) ** 2).mean(axis=1)
    likely = np.log((density + UNLIKELY) / (density + LIKELY))
    told = [np.interp(wide + middle + move, cells, likely).sum() for move in moves]
    prior = -0.5 * (moves / (0.5 * spread)) ** 2
    return middle + float(moves[np.argmax(told + prior)])


def fitted_sound_relation(pairs: Sequence[PairSound]) -> SoundRelation:
    """What the pairs teach together. Pairs shorter than SHORTEST segments are left out; with none left, nothing is
    known."""
    long = [pair for pair in pairs if len(pair) >= SHORTEST]
    if not long:
        return SoundRelation()
    seconds = float(np.median(np.concatenate([pair.durations for pair in long])))
    guides, targets = [pair.guide for pair in long], [pair.target for pair in long]
    level = _scalar([each.level for each in guides], [each.level for each in targets], level_scale, seconds)
    return SoundRelation(_harmony(long, seconds), level, _activity(guides, targets, seconds), _alike(long))


def _alike(pairs: Sequence[PairSound]) -> float | None:
    sides = ([getattr(pair, side).chroma for pair in pairs] for side in ("guide", "target"))
    guide, target = (np.concatenate(side).astype(np.float64) for side in sides)
    told = guide.any(axis=1) & target.any(axis=1)
    return float((guide[told] * target[told]).sum(axis=1).mean()) if told.sum() >= SHORTEST // 2 else None


def _activity(guides: Sequence[SegmentSound], targets: Sequence[SegmentSound], seconds: float) -> ScalarRelation | None:
    """None too where it was not heard how busy the pairs are."""
    known = [[each.activity for each in side if each.activity is not None] for side in (guides, targets)]
    if len(known[0]) < len(guides) or len(known[1]) < len(targets):
        return None
    return _scalar(known[0], known[1], activity_scale, seconds)


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


def _scalar(
    guides: Sequence[Floats], targets: Sequence[Floats], scale_of: Callable[[Floats], Scale], seconds: float
) -> ScalarRelation | None:
    """Of what each A and each B have, by what they are judged by, each recording by its own."""
    heard_guides, heard_targets = ([relative(each, scale_of(each)) for each in side] for side in (guides, targets))
    wanted = np.concatenate(heard_targets)

    def found(shift: int) -> tuple[int, float, Numbers]:
        shifted = [_shifted(each, shift) for each in heard_guides]
        tried = []
        for lag in range(LAGS + 1):
            heard = np.concatenate([_later(each, lag, float(np.median(each))) for each in shifted])
            correlation = _correlation(heard, wanted)
            tried.append((abs(correlation), np.array(np.sign(correlation))))
        return _simplest(tried)

    lag, agreement, sign = found(0)
    if not _better_than_chance(agreement, lambda shift: found(shift)[1]):
        return None
    guide, target = (np.concatenate([sounding(each) - _middle(each) for each in side]) for side in (guides, targets))
    spread = scale_of(np.concatenate(targets))[1]
    relation = ScalarRelation(int(sign), lag * seconds, agreement, guide, target, spread)
    return replace(relation, miss=_missed(relation, guides, targets, seconds))


def _missed(relation: ScalarRelation, guides: Sequence[Floats], targets: Sequence[Floats], seconds: float) -> float:
    """The mean distance of B from what A makes expected of it, in spreads, where B sounds; or what a straight line
    would miss, if that is less."""
    away = []
    for guide, target in zip(guides, targets, strict=True):
        expected = relation.mapped(guide - _middle(guide), np.full(len(guide), seconds))
        away.append(np.abs(target - _middle(target) - expected)[target > target.min()])
    found = np.concatenate(away)
    by_line = float(relation.target.std()) * np.sqrt(max(1 - relation.agreement**2, 0) / 2)
    return float(min(float(found.mean()) if len(found) else np.inf, by_line)) / relation.spread


def _middle(values: Floats) -> np.float32:
    """The mean of those that sound."""
    return np.float32(sounding(values).mean()) if np.ptp(values) > 0 else np.float32(values[0])


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


def _later(values: Numbers, lag: int, before: float) -> Numbers:
    """Rows (n, ...) `lag` rows later, `before` the first."""
    found = np.full_like(values, before)
    if lag < len(values):
        found[lag:] = values[: len(values) - lag]
    return found


def _segments(seconds: float, durations: Seconds) -> int:
    """How many segments that last so long (n,) a lag is."""
    return round(seconds / max(float(np.median(durations)), 1e-6)) if len(durations) else 0
