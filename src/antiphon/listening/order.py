"""Which trial a listener hears when, and what stands at which place: by the study's seed and the listener's name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.listening.study import BETWEEN, Study


@dataclass(frozen=True)
class Question:
    """One thing that a listener is asked: a trial, and the conditions that stand at A, B, C, ... in this order.

    `key` is the same for every listener: the trial, and in a 2AFC what the tested condition is held against.
    """

    key: str
    trial: str
    places: tuple[str, ...]


def questions(study: Study, listener: str) -> tuple[Question, ...]:
    """All questions in a listener's own order. The same listener gets the same, whenever they go on.

    In a 2AFC each trial is asked once for every other condition that it has, and for each of these conditions the
    tested one stands at A in half of the questions, give or take one.
    """
    generator = np.random.default_rng(_entropy(study, listener))
    found = _pairs(study, generator) if study.kind == "2afc" else _ratings(study, generator)
    return tuple(found[index] for index in generator.permutation(len(found)).tolist())


def _pairs(study: Study, generator: np.random.Generator) -> list[Question]:
    found = []
    for other in study.others:
        trials = [trial.name for trial in study.trials if other in trial.sounds]
        first = _halves(len(trials), generator)
        for name, tested_first in zip(trials, first, strict=True):
            places = (study.tested, other) if tested_first else (other, study.tested)
            found.append(Question(f"{name}{BETWEEN}{other}", name, places))
    return found


def _ratings(study: Study, generator: np.random.Generator) -> list[Question]:
    found = []
    for trial in study.trials:
        names = [each.name for each in study.conditions if each.name in trial.sounds]
        places = tuple(names[index] for index in generator.permutation(len(names)).tolist())
        found.append(Question(trial.name, trial.name, places))
    return found


def _halves(count: int, generator: np.random.Generator) -> Sequence[bool]:
    """As many yes as no, give or take one, in any order."""
    sides = np.arange(count) % 2 == int(generator.integers(2))
    return [bool(each) for each in generator.permutation(sides)]


def _entropy(study: Study, listener: str) -> int:
    told = f"{study.identity} {study.seed} {listener}"
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:16], "big")
