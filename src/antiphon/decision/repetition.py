"""Repetition control that leaves alone what the training music does itself.

A *hold* is a class that goes on; an *echo at lag p* is a succession of tokens that each equal the one p segments before
(a loop of p segments). From the training tokens comes, for each length r already reached, how often it went on; the
product of these is the survival S(r), the share of holds of this class, or of echoes at this lag, that last longer than
r (Kaplan and Meier, 1958: what a window's end cuts off counts as far as it is seen). With a share q of the music's own
lengths left free, the token that would go on has at most the probability

    min(1, S(r) / (1 - q))

so that nothing changes up to the length that the share q of the music's own repeats do not pass; beyond it, going on is
the less likely, the rarer such lengths are, and in the end impossible wherever there is another choice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from antiphon.decision.sampling import Mask, Probabilities
from antiphon.types import Floats, Ids

LAGS = 16
"""Repeats are followed up to this lag, in segments: loops of eight seconds at half a second."""

LENGTHS = 32
"""Lengths beyond this one go on as it does."""

PRIOR = 10.0
"""As many repeats of all classes, or of all lengths, are added to what was counted of one."""

NOTHING = -1
"""Stands in `RepeatLengths.recent` where nothing was played yet; equals no class."""


@dataclass(frozen=True, eq=False)
class Repetition:
    """How often repeats go on: holds after 1, 2, ... segments (classes, lengths), echoes at lags from 2 (lags - 1,
    lengths)."""

    holds: Floats
    echoes: Floats

    @property
    def lags(self) -> int:
        """The longest lag that is followed."""
        return len(self.echoes) + 1

    @cached_property
    def _hold_survival(self) -> Probabilities:
        return np.cumprod(self.holds, axis=1, dtype=np.float64)

    @cached_property
    def _echo_survival(self) -> Probabilities:
        return np.cumprod(self.echoes, axis=1, dtype=np.float64)

    def ceilings(self, played: RepeatLengths, free: float) -> Probabilities:
        """The highest probabilities (rows, classes) of the next token; `free` below 1 is the share q."""
        rows = np.arange(len(played.lengths))
        found = np.ones((len(rows), len(self.holds)))
        for lag in range(1, self.lags + 1):
            token, length = played.recent[:, -lag], played.lengths[:, lag - 1]
            at = rows[(length > 0) & (token != NOTHING)]
            survival, going_on, row = (
                (self._hold_survival, self.holds, token[at])
                if lag == 1
                else (self._echo_survival, self.echoes, np.full(len(at), lag - 2))
            )
            beyond = np.maximum(length[at] - survival.shape[1], 0)
            column = length[at] - beyond - 1
            share = survival[row, column] * going_on[row, -1].astype(np.float64) ** beyond
            found[at, token[at]] = np.minimum(found[at, token[at]], share / (1 - free))
        return found


@dataclass(frozen=True, eq=False)
class RepeatLengths:
    """What was played last (rows, lags), the latest at the end, and how long it has been repeating at each lag (rows,
    lags): at lag 1 the length of the hold."""

    recent: Ids
    lengths: Ids

    @classmethod
    def start(cls, rows: int, lags: int) -> RepeatLengths:
        """Nothing was played."""
        return cls(np.full((rows, lags), NOTHING, dtype=np.int64), np.zeros((rows, lags), dtype=np.int64))

    def played(self, ids: Ids) -> RepeatLengths:
        """After `ids` (rows,)."""
        lags = self.recent.shape[1]
        lengths = np.where(self.recent[:, ::-1] == ids[:, None], self.lengths + 1, 0)
        lengths[:, 0] = np.maximum(lengths[:, 0], 1)
        # A hold echoes itself at every lag that it covers: that is the hold's affair.
        lengths[:, 1:][lengths[:, :1] > np.arange(2, lags + 1)] = 0
        return RepeatLengths(np.concatenate([self.recent[:, 1:], ids[:, None]], axis=1), lengths)


def repetition_of(sequences: Iterable[Ids], classes: int, lags: int = LAGS) -> Repetition:
    """Count how long the music's own repeats last; each sequence (n,) is a window of a training track, counted once."""
    parts = [np.asarray(ids, dtype=np.int64) for ids in sequences]
    tokens = np.concatenate([np.zeros(0, dtype=np.int64), *parts])
    # Position in the sequence: what lies before its beginning is nobody's repeat.
    place = np.concatenate([np.zeros(0, dtype=np.int64), *[np.arange(len(ids)) for ids in parts]])
    holds = _lengths(tokens, place, 1) + 1
    after = place[1:] > 0
    went_on = [_counted(holds[:-1][after], holds[1:][after] > 1, tokens[:-1][after], classes)]
    for lag in range(2, lags + 1):
        echo = np.where(holds > lag, 0, _lengths(tokens, place, lag))
        repeating = after & (echo[:-1] > 0)
        on = echo[1:][repeating] > 0
        went_on.append(_counted(echo[:-1][repeating], on, np.zeros(len(on), dtype=np.int64), 1))
    every = [_shares(counts.sum(axis=1, keepdims=True), None) for counts in went_on]
    return Repetition(_shares(went_on[0], every[0]), np.concatenate([*every[1:], np.zeros((0, LENGTHS), np.float32)]))


def _lengths(tokens: Ids, place: Ids, lag: int) -> Ids:
    """At each position, how many tokens up to it equal the one `lag` before without a break (n,)."""
    alike = np.zeros(len(tokens), dtype=np.bool_)
    alike[lag:] = tokens[lag:] == tokens[:-lag]
    alike &= place >= lag
    index = np.arange(len(tokens))
    return np.asarray(index - np.maximum.accumulate(np.where(alike, -1, index)), dtype=np.int64)


def _counted(lengths: Ids, went_on: Mask, rows: Ids, count: int) -> Probabilities:
    """How many repeats reached each length, and how many of them went on: (2, rows, lengths)."""
    cell = rows * LENGTHS + np.minimum(lengths, LENGTHS) - 1
    reached = np.bincount(cell, minlength=count * LENGTHS)
    on = np.bincount(cell, weights=went_on, minlength=count * LENGTHS)
    return np.stack([reached, on]).reshape(2, count, LENGTHS).astype(np.float64)


def _shares(counts: Probabilities, every: Floats | None) -> Floats:
    """Shares that went on (rows, lengths), drawn towards those of `every` row, or of every length if None."""
    reached, on = counts
    expected = (on.sum() + 1) / (reached.sum() + 2) if every is None else every
    return np.asarray((on + PRIOR * expected) / (reached + PRIOR), dtype=np.float32)
