"""Opponents with the same interface as the trained model: only they say what a score means (paper 6).

The paper's one baseline draws uniformly. A class that is frequent, a note that is held, a guide that is doubled: each
can score high without having learned a relation, so each stands beside the model in every table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.interfaces import DecisionModel
from antiphon.types import Floats, Ids

Counted = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Heard:
    """State of a baseline: the guide so far (guides, m), and the position to be decided now."""

    guide: Ids
    position: int


@dataclass(frozen=True, eq=False)
class Baseline:
    """A distribution over `classes` from the guide's token now (n,) and the token just played (n,), None at first."""

    classes: int
    predict: Callable[[Ids, Ids | None], Counted]

    def start(self, guides: int) -> Heard:
        """Nothing was heard or played."""
        return Heard(np.zeros((guides, 0), dtype=np.int64), 0)

    def step(self, state: Heard, heard: Ids, previous: Ids | None) -> tuple[Heard, Floats]:
        """See `interfaces.DecisionModel`."""
        guide = np.concatenate([state.guide, heard], axis=1)
        if state.position >= guide.shape[1]:
            raise ValueError("a baseline decides only where it has heard the guide")
        with np.errstate(divide="ignore"):
            log_probabilities = np.log(self.predict(guide[:, state.position], previous))
        return Heard(guide, state.position + 1), log_probabilities.astype(np.float32)


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
    """Count over (guide, target) pairs of equal length."""
    tokens, successions, simultaneous = np.zeros(classes), np.zeros((classes, classes)), np.zeros((classes, classes))
    for guide, target in pairs:
        tokens += np.bincount(target, minlength=classes)
        np.add.at(successions, (target[:-1], target[1:]), 1)
        np.add.at(simultaneous, (guide, target), 1)
    return Counts(tokens, successions, simultaneous)


def uniform(classes: int) -> Baseline:
    """Every class alike: the paper's baseline (6)."""
    return Baseline(classes, lambda guide, previous: np.full((len(guide), classes), 1 / classes))


def unigram(counts: Counts) -> Baseline:
    """p(b): the shares of the training tracks."""
    return Baseline(counts.classes, lambda guide, previous: np.tile(counts.unigram, (len(guide), 1)))


def majority(counts: Counts) -> Baseline:
    """Always the most frequent class."""
    best = int(counts.tokens.argmax())
    return Baseline(counts.classes, lambda guide, previous: _certain(np.full(len(guide), best), counts.classes))


def repeat_last(counts: Counts) -> Baseline:
    """Always the token just played; the first is drawn from p(b)."""

    def predict(guide: Ids, previous: Ids | None) -> Counted:
        if previous is None:
            return np.tile(counts.unigram, (len(guide), 1))
        return _certain(previous, counts.classes)

    return Baseline(counts.classes, predict)


def copy_guide(classes: int) -> Baseline:
    """Always the guide's own token: identity matching, what an agent without a learned relation does."""
    return Baseline(classes, lambda guide, previous: _certain(guide, classes))


def guide_table(counts: Counts, prior: float) -> Baseline:
    """p(b|a): what sounds under the guide's token now; `prior` tokens of p(b) are added to each row."""
    table = _smoothed(counts.simultaneous, counts.unigram, prior)
    return Baseline(counts.classes, lambda guide, previous: table[guide])


def bigram(counts: Counts, prior: float) -> Baseline:
    """p(b|b'): what follows the token just played; `prior` tokens of p(b) are added to each row."""
    table = _smoothed(counts.successions, counts.unigram, prior)

    def predict(guide: Ids, previous: Ids | None) -> Counted:
        return np.tile(counts.unigram, (len(guide), 1)) if previous is None else table[previous]

    return Baseline(counts.classes, predict)


def _certain(ids: Ids, classes: int) -> Counted:
    return np.asarray(np.eye(classes)[ids])


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
        self, state: tuple[object, object], heard: Ids, previous: Ids | None
    ) -> tuple[tuple[object, object], Floats]:
        """See `interfaces.DecisionModel`."""
        first_state, first = self.first.step(state[0], heard, previous)
        second_state, second = self.second.step(state[1], heard, previous)
        with np.errstate(divide="ignore"):
            log_weights = np.log([self.weight, 1 - self.weight]).astype(np.float32)
        return (first_state, second_state), np.logaddexp(first + log_weights[0], second + log_weights[1])
