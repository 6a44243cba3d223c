"""What tracks have to do with one another, class by class and lag by lag: p(b(t) | a(t - lag)) against p(b).

Counts of token pairs, held against the same pairs with the guide circularly shifted: that keeps what the
two pieces of music are (their key, their timbres, how long a class lasts) and takes away when they meet. What is stated
stands above the largest that any class pair at any lag reaches in 95 of 100 such shifted guides (single-step max-T,
Westfall and Young, 1993), so that in music without a relation nothing is stated 19 times of 20.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.analysis.circular_shifts import Chance, CooccurrenceCounts, Counts, PartnerTokens, mutual_information
from antiphon.dataset import TokenExcerpt

LAGS = 8
"""Segments by which the guide may be earlier or later: four seconds of the default's half ones."""

MOST_STATED = 12
"""Relations that are put into words, the strongest first."""

LEVEL = 0.05
"""Chance that anything at all is stated where there is no relation."""

TESTING = 199
"""Turned guides that are compared with chance as the music is; chance is estimated from others."""


@dataclass(frozen=True)
class LagInformation:
    """What guide and partner share at a lag, in bits per segment, guide earlier where the lag is positive.

    `expected` is the mean over shifted guides (the bias of counting, and what the piece alone says), `bound` what no
    lag of them exceeds in 95 of 100.
    """

    lag: int
    bits: float
    expected: float
    bound: float

    @property
    def local(self) -> float:
        """Bits that are owed to the moment."""
        return self.bits - self.expected


@dataclass(frozen=True)
class Habit:
    """How often the partner's class is there where the guide's class is: `times` of `occasions`, and as shares.

    `share` is p(b|a), `chance` p(b), `shifted` p(b|a) with circularly shifted guides (nan without them).
    """

    times: int
    occasions: int
    share: float
    chance: float
    shifted: float

    @property
    def lift(self) -> float:
        """p(b|a) over p(b)."""
        return self.share / self.chance if self.chance > 0 else 0.0


@dataclass(frozen=True)
class Found:
    """A relation that stands out: the guide's class, the partner's `lag` segments later, in how many pieces.

    `bits` is log2 of the share over that at the wrong time: what the guide's class says of each such moment.
    `held_out` is the same habit in the held-out pieces, None where the guide's class never occurs in them.
    """

    guide: int
    partner: int
    lag: int
    habit: Habit
    pieces: int
    bits: float
    held_out: Habit | None = None


@dataclass(frozen=True, eq=False)
class Relations:
    """All that was found in so many `pieces` and `pairs` of tracks; `left_out` pairs are too short for that.

    `seconds` is a segment's length, None where they vary. `counts` (classes, classes) are those at the `best` lag,
    guide down, partner across. `found`: the strongest first, every two classes once.
    """

    pieces: int
    pairs: int
    left_out: int
    seconds: float | None
    information: tuple[LagInformation, ...]
    best: int
    counts: Counts
    found: tuple[Found, ...]

    @property
    def stands(self) -> bool:
        """Whether the information at the best lag is more than chance has."""
        return any(each.lag == self.best and each.local > each.bound for each in self.information)


def partners_of(excerpts: Sequence[TokenExcerpt]) -> tuple[PartnerTokens, ...]:
    """Every two tracks once, the one that is named first being the guide: the other direction is the same pair with
    the lag reversed."""
    found = []
    for number, excerpt in enumerate(excerpts):
        for guide, target in excerpt.ordered_pairs():
            if guide < target or guide in excerpt.only:
                pair = excerpt.pair(guide, target)
                found.append(PartnerTokens(excerpt.piece, pair.guide, pair.target, number * len(excerpt.ids) + guide))
    return tuple(found)


def segment_seconds(excerpts: Sequence[TokenExcerpt]) -> float | None:
    """How long a segment lasts, None where they vary or nobody says."""
    durations = [each for excerpt in excerpts for each in excerpt.durations if len(each)]
    if not durations:
        return None
    together = np.concatenate(durations)
    return float(np.median(together)) if np.ptp(together) < 1e-3 else None


def shortest(lags: int) -> int:
    """Segments that a pair needs: a guide shifted by more than all lags, and by less than all lags from the end."""
    return 4 * lags + 4


def relations(
    pairs: Sequence[PartnerTokens],
    classes: int,
    *,
    held_out: Sequence[PartnerTokens] = (),
    seconds: float | None = None,
    lags: int = LAGS,
    seed: int = 0,
) -> Relations | None:
    """What the partners have to do with their guides at lags -lags..lags, None where every pair is too short.

    `held_out` pairs confirm what is found in the others.
    """
    usable = [pair for pair in pairs if len(pair.guide) >= shortest(lags)]
    if not usable:
        return None
    music = CooccurrenceCounts(usable, classes, range(-lags, lags + 1))
    chance = Chance.of(music, np.random.default_rng([seed, 0]))
    tables = music.tables(music.guide)
    bits = np.array([mutual_information(table) for table in tables])
    tops, excess = _extremes(music, chance, np.random.default_rng([seed, 1]))
    bound, threshold = (float(np.quantile(each, 1 - LEVEL, method="higher")) for each in (excess, tops))
    information = tuple(
        LagInformation(lag, float(value), float(expected), bound)
        for lag, value, expected in zip(music.lags, bits, chance.bits, strict=True)
    )
    best = int(np.argmax(bits - chance.bits))
    return Relations(
        pieces=len({pair.piece for pair in usable}),
        pairs=len(usable),
        left_out=len(pairs) - len(usable),
        seconds=seconds,
        information=information,
        best=music.lags[best],
        counts=tables[best],
        found=tuple(_stated(music, chance, tables, threshold, held_out)),
    )


def _extremes(music: CooccurrenceCounts, chance: Chance, generator: np.random.Generator) -> tuple[Counts, Counts]:
    """Of each of TESTING shifted guides: the largest surprise of any pair of classes at any lag, and the largest excess
    of information at any lag."""
    tops, excess = [], []
    for _ in range(TESTING):
        tables = music.tables(music.circularly_shifted(generator))
        tops.append(max(float(chance.surprise(table).max()) for table in tables))
        bits = np.array([mutual_information(table) for table in tables])
        excess.append(float((bits - chance.bits).max()))
    return np.array(tops), np.array(excess)


def _stated(
    music: CooccurrenceCounts,
    chance: Chance,
    tables: Sequence[Counts],
    threshold: float,
    held_out: Sequence[PartnerTokens],
) -> Iterator[Found]:
    """What stands above the threshold, by how many bits it says in all; of two classes only their best lag."""
    surprises = np.stack([chance.surprise(table) for table in tables])
    weights = np.zeros_like(surprises)
    for index, table in enumerate(tables):
        share = table / max(table.sum(), 1)
        ratio = np.divide(share, chance.rate, out=np.ones_like(share), where=table > 0)
        weights[index] = np.where(surprises[index] > threshold, table * np.log2(ratio), 0.0)
    of_two = weights.max(axis=0)
    order = np.argsort(-of_two, axis=None, kind="stable")[:MOST_STATED]
    for guide, partner in zip(*np.unravel_index(order, of_two.shape), strict=True):
        if of_two[guide, partner] <= 0:
            return
        index = int(np.argmax(weights[:, guide, partner]))
        lag, table = music.lags[index], tables[index]
        habit = _habit(table, int(guide), int(partner), float(chance.rate[guide, partner]))
        yield Found(
            guide=int(guide),
            partner=int(partner),
            lag=lag,
            habit=habit,
            pieces=music.pieces_with(int(guide), int(partner), lag),
            bits=float(weights[index, guide, partner] / habit.times),
            held_out=_held_out(held_out, music.classes, (int(guide), int(partner), lag)),
        )


def _habit(table: Counts, guide: int, partner: int, rate: float = np.nan) -> Habit:
    total, occasions = table.sum(), table[guide].sum()
    return Habit(
        times=int(table[guide, partner]),
        occasions=int(occasions),
        share=float(table[guide, partner] / occasions),
        chance=float(table[:, partner].sum() / total),
        shifted=float(min(rate * total / occasions, 1.0)),
    )


def _held_out(pairs: Sequence[PartnerTokens], classes: int, habit: tuple[int, int, int]) -> Habit | None:
    guide, partner, lag = habit
    usable = [pair for pair in pairs if len(pair.guide) > abs(lag)]
    if not usable:
        return None
    music = CooccurrenceCounts(usable, classes, (lag,))
    (table,) = music.tables(music.guide)
    return _habit(table, guide, partner) if table[guide].sum() else None
