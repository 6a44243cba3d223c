"""How often classes meet at each lag, and how often they would by chance: with guides that are circularly shifted.

To turn a guide keeps its classes, how long they last and in what succession, and all that the piece alone says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.types import Ids

LEAST_TIMES = 10
"""A pair of classes that met less often is no habit."""

EXPECTING = 60
"""Circularly shifted guides from which chance is estimated."""

Counts = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PartnerTokens:
    """A guide and a target on the guide's grid, ids (n,) each. Partners of one guide share its number, `shift_group`:
    they are shifted together, since they may have much to do with each other."""

    piece: str
    guide: Ids
    target: Ids
    shift_group: int = 0


def mutual_information(table: Counts) -> float:
    """Of a table of counts (a, b), in bits, without any correction."""
    total = table.sum()
    if total == 0:
        return 0.0
    rows, columns = table.sum(axis=1, keepdims=True), table.sum(axis=0, keepdims=True)
    there = table > 0
    ratio = (table * total)[there] / (rows * columns)[there]
    return float((table[there] * np.log2(ratio)).sum() / total)


class CooccurrenceCounts:
    """Where tokens of guide and partner meet at each of the `lags` (segments, the guide earlier where positive): all
    pairs end to end, so that a table is one count over everything."""

    def __init__(self, pairs: Sequence[PartnerTokens], classes: int, lags: Sequence[int]) -> None:
        self.pairs, self.classes, self.lags = pairs, classes, tuple(lags)
        self.guide = np.concatenate([pair.guide for pair in pairs])
        self._target = np.concatenate([pair.target for pair in pairs])
        self._starts = np.concatenate([[0], np.cumsum([len(pair.guide) for pair in pairs])])
        self._meeting = [self._places(lag) for lag in self.lags]
        self._shortest_turn = 2 * max(abs(lag) for lag in self.lags) + 1

    def tables(self, guide: Ids) -> list[Counts]:
        """Counts (classes, classes) at each lag, under a guide that may have been shifted."""
        size = self.classes
        found = []
        for heard, answered in self._meeting:
            codes = guide[heard] * size + self._target[answered]
            found.append(np.bincount(codes, minlength=size * size).reshape(size, size).astype(np.float64))
        return found

    def rate(self) -> Counts:
        """How often two classes meet per segment (classes, classes) where every pair's guide is shifted every way."""
        total = np.zeros((self.classes, self.classes))
        for pair in self.pairs:
            guide, target = (np.bincount(ids, minlength=self.classes) for ids in (pair.guide, pair.target))
            total += np.outer(guide, target) / len(pair.guide)
        return np.asarray(total / len(self.guide))

    def circularly_shifted(self, generator: np.random.Generator) -> Ids:
        """Every guide circularly shifted by a draw of its own, beyond the reach of all lags."""
        share: dict[int, float] = {}
        parts = []
        for pair in self.pairs:
            if pair.shift_group not in share:
                share[pair.shift_group] = generator.random()
            free = len(pair.guide) - 2 * self._shortest_turn + 1
            parts.append(np.roll(pair.guide, self._shortest_turn + int(share[pair.shift_group] * free)))
        return np.concatenate(parts)

    def pieces_with(self, guide: int, partner: int, lag: int) -> int:
        """In how many pieces two classes meet at a lag."""
        heard, answered = self._meeting[self.lags.index(lag)]
        places = answered[(self.guide[heard] == guide) & (self._target[answered] == partner)]
        numbers = np.unique(np.searchsorted(self._starts, places, side="right") - 1)
        return len({self.pairs[number].piece for number in numbers.tolist()})

    def _places(self, lag: int) -> tuple[Ids, Ids]:
        """Where the guide is heard, and where its partner answers `lag` segments later."""
        heard, answered = [], []
        for start, end in zip(self._starts[:-1].tolist(), self._starts[1:].tolist(), strict=True):
            times = np.arange(max(start, start + lag), min(end, end + lag))
            answered.append(times)
            heard.append(times - lag)
        return np.concatenate(heard), np.concatenate(answered)


@dataclass(frozen=True, eq=False)
class Chance:
    """What a guide without a relation gives: `rate` (classes, classes) of a pair of classes per segment, `spread` by
    how much more their counts vary than single throws would, at least 1, and mean `bits` (lags,)."""

    rate: Counts
    spread: Counts
    bits: Counts

    @classmethod
    def of(cls, music: CooccurrenceCounts, generator: np.random.Generator) -> Chance:
        """The rate is the mean over all ways round, which each pair's shares of classes say exactly; drawn from some
        ways alone it would be nearer to those than to the music as it is. The rest is from EXPECTING shifted guides."""
        rate = music.rate()
        squares, bits, segments = np.zeros_like(rate), np.zeros(len(music.lags)), 0.0
        for _ in range(EXPECTING):
            for index, table in enumerate(music.tables(music.circularly_shifted(generator))):
                squares += (table - rate * table.sum()) ** 2
                segments += table.sum()
                bits[index] += mutual_information(table) / EXPECTING
        spread = squares / np.maximum(rate * segments, 1e-12)
        return cls(rate, np.maximum(spread, 1.0), bits)

    def surprise(self, table: Counts) -> Counts:
        """How far each count is above chance: the signed root of its deviance over its spread, 0 where it is below or
        has happened less than LEAST_TIMES."""
        expected = np.maximum(self.rate * table.sum(), 1e-12)
        above = (table > expected) & (table >= LEAST_TIMES)
        seen = np.where(above, table, expected)
        deviance = 2 * (seen * np.log(seen / expected) - (seen - expected))
        return np.asarray(np.sqrt(np.maximum(deviance, 0) / self.spread))
