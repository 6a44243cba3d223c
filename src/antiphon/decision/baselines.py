"""Opponents with the same interface as the trained model: only they say what a score means (paper 6).

The paper's one baseline draws uniformly. A class that is frequent, a note that is held, a guide that is doubled: each
can score high without having learned a relation, so each stands beside the model in every table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from antiphon.decision.scoring import advanced, window_log_probabilities
from antiphon.interfaces import DecisionModel
from antiphon.types import Floats, Ids, Seconds

Counted = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Remembered:
    """State of a baseline: the guide so far (guides, m), the last two tokens played (guides, 2) with `classes` where
    there were none, and the position to be decided now."""

    guide: Ids
    played: Ids
    position: int

    @classmethod
    def start(cls, guides: int, classes: int) -> Remembered:
        """Nothing was heard or played."""
        return cls(np.zeros((guides, 0), dtype=np.int64), np.full((guides, 2), classes, dtype=np.int64), -1)

    def after(self, heard: Ids, previous: Ids | None) -> Remembered:
        """At the next position, with more heard (guides, m) and `previous` (guides,) played."""
        guide = np.concatenate([self.guide, heard], axis=1) if heard.shape[1] else self.guide
        played = self.played
        if previous is not None:
            played = np.stack([played[:, 1], previous], axis=1)
        if self.position + 1 >= guide.shape[1]:
            raise ValueError("a baseline decides only where it has heard the guide")
        return Remembered(guide, played, self.position + 1)


def delayed(ids: Ids, steps: int, classes: int) -> Ids:
    """Sequences (rows, n) later by `steps`, with `classes` where nothing was before."""
    nothing = np.full((len(ids), min(steps, ids.shape[1])), classes, dtype=np.int64)
    return np.concatenate([nothing, ids[:, : max(0, ids.shape[1] - steps)]], axis=1)


@dataclass(frozen=True, eq=False)
class Baseline:
    """A table of distributions (rows, classes). `row` finds one for each guide token now (n,) and token just played
    (n,), which is `classes` at first."""

    table: Counted
    row: Callable[[Ids, Ids], Ids]

    @property
    def classes(self) -> int:
        """How many ids it chooses from."""
        return int(self.table.shape[1])

    @cached_property
    def _log_table(self) -> Floats:
        with np.errstate(divide="ignore"):
            return np.log(self.table).astype(np.float32)

    def start(self, guides: int) -> Remembered:
        """Nothing was heard or played."""
        return Remembered.start(guides, self.classes)

    def step(
        self, state: Remembered, heard: Ids, previous: Ids | None, durations: Seconds | None = None
    ) -> tuple[Remembered, Floats]:
        """See `interfaces.DecisionModel`."""
        state = state.after(heard, previous)
        return state, self._log_table[self.row(state.guide[:, state.position], state.played[:, -1])]

    def log_probabilities(self, guides: Ids, targets: Ids, durations: Seconds | None = None) -> Floats:
        """See `scoring.OnePass`."""
        return self._log_table[self.row(guides, delayed(targets, 1, self.classes)), targets]


@dataclass(frozen=True, eq=False)
class Counts:
    """Over ordered pairs (A, B): how often b (classes,), b after b' and b under a (classes, classes)."""

    tokens: Counted
    successions: Counted
    simultaneous: Counted

    @property
    def classes(self) -> int:
        """How many ids there are."""
        return len(self.tokens)

    @property
    def unigram(self) -> Counted:
        """p(b) with one token of each class added, so that nothing is impossible."""
        return np.asarray((self.tokens + 1) / (self.tokens.sum() + self.classes))


def count(pairs: Iterable[tuple[Ids, Ids]], classes: int) -> Counts:
    """Count over (guide, target) pairs of equal length (n,), or several of them side by side (pairs, n)."""
    tokens, successions, simultaneous = np.zeros(classes), np.zeros(classes**2), np.zeros(classes**2)
    for guide, target in pairs:
        tokens += np.bincount(target.ravel(), minlength=classes)
        after = target[..., :-1] * classes + target[..., 1:]
        successions += np.bincount(after.ravel(), minlength=classes**2)
        simultaneous += np.bincount((guide * classes + target).ravel(), minlength=classes**2)
    square = (classes, classes)
    return Counts(tokens, successions.reshape(square), simultaneous.reshape(square))


def uniform(classes: int) -> Baseline:
    """Every class alike: the paper's baseline (6)."""
    return Baseline(np.full((1, classes), 1 / classes), _always)


def unigram(counts: Counts) -> Baseline:
    """p(b): the shares of the training tracks."""
    return Baseline(counts.unigram[None], _always)


def majority(counts: Counts) -> Baseline:
    """Always the most frequent class."""
    return Baseline(np.eye(counts.classes)[[int(counts.tokens.argmax())]], _always)


def repeat_last(counts: Counts) -> Baseline:
    """Always the token just played; the first is drawn from p(b)."""
    return Baseline(np.vstack([np.eye(counts.classes), counts.unigram]), _by_played)


def copy_guide(classes: int) -> Baseline:
    """Always the guide's own token: identity matching, what an agent without a learned relation does."""
    return Baseline(np.eye(classes), _by_guide)


def guide_table(counts: Counts, prior: float) -> Baseline:
    """p(b|a): what sounds under the guide's token now; `prior` tokens of p(b) are added to each row."""
    return Baseline(_smoothed(counts.simultaneous, counts.unigram, prior), _by_guide)


def bigram(counts: Counts, prior: float) -> Baseline:
    """p(b|b'): what follows the token just played; `prior` tokens of p(b) are added to each row."""
    table = _smoothed(counts.successions, counts.unigram, prior)
    return Baseline(np.vstack([table, counts.unigram]), _by_played)


def _always(guide: Ids, played: Ids) -> Ids:
    return np.zeros_like(guide)


def _by_guide(guide: Ids, played: Ids) -> Ids:
    return guide


def _by_played(guide: Ids, played: Ids) -> Ids:
    return played


def _smoothed(counted: Counted, share: Counted, prior: float) -> Counted:
    return np.asarray((counted + prior * share) / (counted.sum(axis=1, keepdims=True) + prior))


@dataclass(frozen=True, eq=False)
class Mixture:
    """`weight` of one model and the rest of another: gives bits per token to opponents that are sure of themselves."""

    first: DecisionModel
    second: DecisionModel
    weight: float

    @property
    def classes(self) -> int:
        """How many ids it chooses from."""
        return self.first.classes

    def start(self, guides: int) -> tuple[object, object]:
        """Both models' states."""
        return self.first.start(guides), self.second.start(guides)

    def step(
        self, state: tuple[object, object], heard: Ids, previous: Ids | None, durations: Seconds | None = None
    ) -> tuple[tuple[object, object], Floats]:
        """See `interfaces.DecisionModel`."""
        first_state, first = advanced(self.first, state[0], heard, previous, durations)
        second_state, second = advanced(self.second, state[1], heard, previous, durations)
        return (first_state, second_state), self._mixed(first, second)

    def log_probabilities(self, guides: Ids, targets: Ids, durations: Seconds | None = None) -> Floats:
        """See `scoring.OnePass`."""
        first = window_log_probabilities(self.first, guides, targets, durations)
        return self._mixed(first, window_log_probabilities(self.second, guides, targets, durations))

    def _mixed(self, first: Floats, second: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            log_weights = np.log([self.weight, 1 - self.weight]).astype(np.float32)
        return np.asarray(np.logaddexp(first + log_weights[0], second + log_weights[1]), dtype=np.float32)
