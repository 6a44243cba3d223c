"""What a pair teaches about following: how B sounds, by how A did.

A response is priced by how it agrees with what its guide sounds like (`target_cost`). Where B of a pair does not sound
like A, what is to be agreed with is what B would sound like:

- harmony: the chroma of B is that of A some time before, seen through a circular filter: pitch class p of B is the sum
  of filter[s] times pitch class p - s of A. A transposition is a filter with one tap; a third of the scale has two, of
  which the memory, being in the key, holds one. Where B goes by A's chords, the filter is over their roots: no sum of
  pitch classes is the root of a chord in every inversion;
- loudness: B is louder, or softer, where A was louder some time before;
- activity: B is busier, or less busy, where A was busier;
- register: B lies higher where A lay higher: chroma do not tell octaves apart.

Each is believed where it agrees with held-out blocks of the pair better than with every one of its circularly shifted
guides. A filter knows no key, and no alphabet: it holds in keys and timbres that the pair is not in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from antiphon.action.selection.lagged_relation import (
    EARLIER,
    LAGS,
    Numbers,
    better_than_chance,
    lag_segments,
    later,
    shifted_guide,
    simplest,
)
from antiphon.action.selection.scalar_relation import ScalarRelation, fitted_scalar_relation
from antiphon.action.selection.segment_sound import PITCH_CLASSES
from antiphon.action.selection.target_cost import Scale, activity_scale, level_scale, register_scale
from antiphon.types import Floats, Seconds, SegmentSound

FOLDS = 5
"""Blocks of the pair that are held out in turn."""

SHORTEST = 40
"""Segments: of less, nothing is told from chance."""

RIDGE = 1e-3
"""Times the filter's mean square, added to keep it small where A says nothing."""

TRIADS = ((0, 4, 7), (0, 3, 7), (0, 3, 6))
"""Semitones above the root: the triads that a scale has, major, minor and diminished."""

MOST_HARMONY = 24.0
"""Nats: a relation that always held is believed no more than this, so that a phrase can still be worth a note."""

MOST_REGISTER = 8.0
"""Nats: enough to tell two octaves apart. Where another recording lies is guessed from its notes, and a guess that is
wrong by a third must not outweigh which note it is."""


def _chroma_of(classes: Sequence[int]) -> Numbers:
    """Of these pitch classes alone (12,): as of a segment, without a mean and of length 1."""
    row = np.isin(np.arange(PITCH_CLASSES), classes) - len(classes) / PITCH_CLASSES
    return np.asarray(row / np.linalg.norm(row))


def _circulant(row: Numbers) -> Numbers:
    """The row (12,) moved up by 0 to 11 pitch classes (12, 12)."""
    return np.stack([np.roll(row, by) for by in range(PITCH_CLASSES)])


_TRIADS = [_circulant(_chroma_of(triad)) for triad in TRIADS]
_ROOTS = _circulant(_chroma_of((0,)))


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
    """B's chroma is A's of `lag_seconds` before, or that of the roots of A's chords (`of_roots`), through `taps` (12,);
    `agreement` is that on held-out blocks."""

    taps: Floats
    lag_seconds: float
    agreement: float
    of_roots: bool = False

    @property
    def account(self) -> dict[str, float]:
        """In plain values, with the semitones above A (0 to 11) of the filter's strongest tap."""
        semitones = int(self.taps.argmax())
        found = {"semitones": semitones, "lag_seconds": self.lag_seconds, "agreement": self.agreement}
        return {**found, "of_roots": True} if self.of_roots else found

    @property
    def weight(self) -> float:
        """What 1 less of agreement is worth in nats."""
        return concentration(self.agreement)

    def expected(self, chroma: Floats, durations: Seconds) -> Floats:
        """The chroma (n, 12 k) of B where A has this `chroma`, for segments that last so long (n,)."""
        heard = roots(chroma) if self.of_roots else chroma
        late = later(heard.astype(np.float64), lag_segments(self.lag_seconds, durations), 0.0)
        return _of_length_one(_filtered(late, self.taps.astype(np.float64))).astype(np.float32)


@dataclass(frozen=True, eq=False)
class SoundRelation:
    """What a pair teaches about following; None where nothing better than chance was found. `alike` is the mean
    agreement of A's and B's chroma as they are; None where they have none."""

    harmony: HarmonyRelation | None = None
    level: ScalarRelation | None = None
    activity: ScalarRelation | None = None
    alike: float | None = None
    register: ScalarRelation | None = None

    def lag_segments(self, seconds: float) -> int:
        """By how many segments of so many seconds B is later than A, at most."""
        parts = (self.harmony, self.level, self.activity, self.register)
        return max(
            (lag_segments(each.lag_seconds, np.array([seconds])) for each in parts if each is not None), default=0
        )

    def expected(self, guide: SegmentSound, durations: Seconds) -> SegmentSound:
        """How B would sound to a `guide` whose segments last so long (n,); as the guide does where nothing is known."""
        chroma = guide.chroma
        if self.harmony is not None:
            chroma = self.harmony.expected(chroma, durations)
        found = replace(guide, chroma=chroma)
        if self.level is not None:
            level = self.level.expected(guide.level, guide.before, durations)
            found = replace(found, level=level, level_scale=self.level.scale)
        if self.activity is not None and guide.activity is not None:
            activity = self.activity.expected(guide.activity, guide.activity[:0], durations)
            found = replace(found, activity=activity, activity_scale=self.activity.scale)
        if self.register is not None and guide.register is not None:
            register = self.register.expected(guide.register, guide.register[:0], durations)
            weight = min(MOST_REGISTER, self.register.weight)
            found = replace(found, register=register, register_scale=self.register.scale, register_weight=weight)
        return found

    def judged(self, memory: SegmentSound) -> SegmentSound:
        """How a memory sounds, judged as B of the pairs is."""
        if self.level is not None:
            memory = replace(memory, level_scale=self.level.scale_of(memory.level))
        if self.activity is not None and memory.activity is not None:
            memory = replace(memory, activity_scale=self.activity.scale_of(memory.activity))
        if self.register is not None and memory.register is not None:
            memory = replace(memory, register_scale=self.register.scale_of(memory.register))
        return memory


def fitted_sound_relation(pairs: Sequence[PairSound]) -> SoundRelation:
    """What the pairs teach together. Pairs shorter than SHORTEST segments are left out; with none left, nothing is
    known."""
    long = [pair for pair in pairs if len(pair) >= SHORTEST]
    if not long:
        return SoundRelation()
    seconds = float(np.median(np.concatenate([pair.durations for pair in long])))
    guides, targets = [pair.guide for pair in long], [pair.target for pair in long]
    level = fitted_scalar_relation(
        [each.level for each in guides], [each.level for each in targets], level_scale, seconds
    )
    activity = _heard_of_all("activity", guides, targets, activity_scale, seconds)
    register = _heard_of_all("register", guides, targets, register_scale, seconds)
    if register is not None and register.sign < 0:
        # About which height B mirrors A, these pieces tell of themselves alone.
        register = None
    return SoundRelation(_harmony(long, seconds), level, activity, _alike(long), register)


def _alike(pairs: Sequence[PairSound]) -> float | None:
    sides = ([getattr(pair, side).chroma for pair in pairs] for side in ("guide", "target"))
    guide, target = (np.concatenate(side).astype(np.float64) for side in sides)
    told = guide.any(axis=1) & target.any(axis=1)
    return float((guide[told] * target[told]).sum(axis=1).mean()) if told.sum() >= SHORTEST // 2 else None


def _heard_of_all(
    name: Literal["activity", "register"],
    guides: Sequence[SegmentSound],
    targets: Sequence[SegmentSound],
    scale_of: Callable[[Floats], Scale],
    seconds: float,
) -> ScalarRelation | None:
    """How B has what A has of it; None too where it was not heard of all pairs."""
    known = [[found for each in side if (found := getattr(each, name)) is not None] for side in (guides, targets)]
    if len(known[0]) < len(guides) or len(known[1]) < len(targets):
        return None
    return fitted_scalar_relation(known[0], known[1], scale_of, seconds)


def _harmony(pairs: Sequence[PairSound], seconds: float) -> HarmonyRelation | None:
    targets = [_halves(pair.target.chroma) for pair in pairs]
    heard = [[_halves(pair.guide.chroma) for pair in pairs], [_halves(roots(pair.guide.chroma)) for pair in pairs]]

    def found(shift: int) -> tuple[bool, int, float, Numbers]:
        ways = []
        for guides in heard:
            shifted = [shifted_guide(each, shift) for each in guides]
            ways.append(simplest([_filter(shifted, targets, lag) for lag in range(LAGS + 1)]))
        notes, chords = ways
        of_roots = chords[1] > notes[1] + EARLIER
        return of_roots, *(chords if of_roots else notes)

    of_roots, lag, agreement, taps = found(0)
    if not better_than_chance(agreement, lambda shift: found(shift)[2]):
        return None
    return HarmonyRelation(taps.astype(np.float32), lag * seconds, agreement, of_roots)


def roots(chroma: Floats) -> Floats:
    """The chroma (n, 12 k) of the roots alone: of the triad that agrees best with all resolutions of each segment;
    nothing where nothing sounds."""
    halves = _halves(chroma)
    together, count = halves.sum(axis=1), halves.shape[1]
    fit = np.max([together @ triad.T for triad in _TRIADS], axis=0)
    rows = _ROOTS[fit.argmax(axis=1)] / np.sqrt(count)
    found = np.where(together.any(axis=1, keepdims=True), rows, 0.0)
    return np.tile(found, count).astype(np.float32)


def _filter(guides: Sequence[Numbers], targets: Sequence[Numbers], lag: int) -> tuple[float, Numbers]:
    """The agreement of B's chroma with A's `lag` segments before on held-out blocks, and the filter of all of them."""
    parts = [later(guide, lag, 0.0) for guide in guides]
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
