"""What the answers of a study show: choices against chance, ratings against one another, with intervals and Holm.

Answers of one listener depend on each other, and so do those to one passage. From `least_listeners` on listeners are
the unit: Wilcoxon's signed-rank test over one value for each. With fewer, the answers are, by an exact binomial test or
over passages, and the result holds for these listeners, not for others; `unit` says which.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.confidence import Estimate, estimate
from antiphon.evaluation.significance_tests import Paired, holm, paired
from antiphon.listening.answers import Answer, Answers
from antiphon.listening.order import questions
from antiphon.listening.study import Study

CHANCE = 0.5

LEVEL = 0.95
"""Of all intervals."""


def least_listeners(comparisons: int) -> int:
    """With fewer listeners the signed-rank test, corrected for so many comparisons, shows nothing whatever they say:
    its smallest two-sided p-value is 2 to the power of 1 - n."""
    return 1 + math.floor(math.log2(max(comparisons, 1) / (1 - LEVEL) + 1e-9)) + 1


REFERENCE_FLOOR, REFERENCE_MISSES = 90.0, 0.15
"""A listener who rates the hidden reference below 90 in more than 15 % of the trials is named (BS.1534-3, 4.1.2)."""


@dataclass(frozen=True)
class Choice:
    """How often the tested condition was chosen over another one: `chosen` of `count`, the share with its interval (the
    exact binomial one of Clopper and Pearson, 1934; over listeners by bootstrap), the p-value of chance, and the same
    corrected by Holm."""

    other: str
    chosen: int
    count: int
    share: float
    low: float
    high: float
    p: float
    p_holm: float
    unit: str
    listeners: int


@dataclass(frozen=True)
class Rated:
    """How a condition was rated: its mean with a bootstrap interval over listeners, or over passages where there is
    one listener; and what the tested condition's ratings are above it, by pairs (None for the tested one itself)."""

    condition: str
    role: str
    mean: Estimate
    above: Paired | None


@dataclass(frozen=True)
class Finding:
    """All that a study shows so far. `complete` counts listeners who answered everything; `in_doubt` names those who
    did not recognise the hidden reference, who are not left out."""

    kind: str
    study: str
    listeners: int
    complete: int
    answers: int
    unit: str
    choices: tuple[Choice, ...] = ()
    ratings: tuple[Rated, ...] = ()
    in_doubt: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    at_first: float | None = None

    @property
    def comparisons(self) -> int:
        """How many conditions the tested one is held against."""
        return len(self.choices) + sum(each.above is not None for each in self.ratings)

    @property
    def said(self) -> tuple[str, ...]:
        """The same in sentences."""
        if not self.answers:
            return ("Nobody has answered yet.",)
        told = [_choice_said(each) for each in self.choices]
        told += [_rating_said(each) for each in self.ratings if each.above is not None]
        if self.unit != "listeners":
            needed = f"{self.listeners} of at least {least_listeners(self.comparisons)} listeners"
            told.append(f"{needed}: this holds for them, not for others.")
        return tuple(told)


def analysed(study: Study, answers: Answers) -> Finding:
    """What the answers show."""
    by_listener = {name: answers.of(name) for name in answers.listeners}
    whole = sum(len(found) == len(questions(study, name)) for name, found in by_listener.items())
    held = {place for answer in answers.found for place in answer.places} - {study.tested}
    unit = "listeners" if len(by_listener) >= least_listeners(len(held)) else "answers"
    facts = (study.kind, study.identity, len(by_listener), whole, len(answers.found), unit)
    if study.kind == "2afc":
        first = [each.chosen == 0 for each in answers.found]
        share = float(np.mean(first)) if first else None
        return Finding(*facts, choices=_choices(study, answers, unit), remarks=answers.remarks, at_first=share)
    ratings = _ratings(study, answers, unit)
    return Finding(*facts, ratings=ratings, in_doubt=_in_doubt(study, answers), remarks=answers.remarks)


def _choices(study: Study, answers: Answers, unit: str) -> tuple[Choice, ...]:
    found, tests = [], []
    for other in study.others:
        chosen = [
            (answer.listener, answer.places[answer.chosen] == study.tested)
            for answer in answers.found
            if other in answer.places and answer.chosen is not None
        ]
        if not chosen:
            continue
        shares = _shares(chosen)
        test = paired(shares, [CHANCE] * len(shares)) if unit == "listeners" else None
        hits, count = sum(hit for _, hit in chosen), len(chosen)
        low, high, p = _binomial(hits, count)
        if test is not None:
            over = estimate(shares)
            low, high, p = over.low, over.high, test.p
        found.append((other, hits, count, hits / count, low, high, p, len(shares)))
        tests.append(Paired(Estimate(0.0, 0.0, 0.0, 1), p, p, 0.0))
    corrected = holm(tests)
    return tuple(
        Choice(*row[:7], p_holm=each.p_holm, unit=unit, listeners=row[7])
        for row, each in zip(found, corrected, strict=True)
    )


def _shares(chosen: Sequence[tuple[str, bool]]) -> list[float]:
    """How often each listener chose the tested condition."""
    by_listener: dict[str, list[bool]] = {}
    for listener, hit in chosen:
        by_listener.setdefault(listener, []).append(hit)
    return [float(np.mean(hits)) for hits in by_listener.values()]


def _binomial(hits: int, count: int) -> tuple[float, float, float]:
    """The exact interval of a share, and the two-sided p-value of chance."""
    from scipy.stats import binomtest

    test = binomtest(hits, count, CHANCE)
    interval = test.proportion_ci(LEVEL, method="exact")
    return float(interval.low), float(interval.high), float(test.pvalue)


def _ratings(study: Study, answers: Answers, unit: str) -> tuple[Rated, ...]:
    values = {each.name: _by_unit(answers.found, each.name, unit) for each in study.conditions}
    tested = values[study.tested]
    found = []
    for condition in study.conditions:
        rated = values[condition.name]
        if not rated:
            continue
        both = [key for key in rated if key in tested]
        above = None
        if condition.name != study.tested and both:
            above = paired([tested[key] for key in both], [rated[key] for key in both])
        found.append(Rated(condition.name, condition.role, estimate(list(rated.values())), above))
    family = [each.above for each in found if each.above is not None]
    corrected = iter(holm(family))
    return tuple(
        Rated(each.condition, each.role, each.mean, next(corrected) if each.above is not None else None)
        for each in found
    )


def _by_unit(answers: Sequence[Answer], condition: str, unit: str) -> dict[str, float]:
    """A condition's mean rating for every listener, or for every passage."""
    found: dict[str, list[float]] = {}
    for answer in answers:
        if answer.ratings is not None and condition in answer.places:
            key = answer.listener if unit == "listeners" else answer.question
            found.setdefault(key, []).append(answer.ratings[answer.places.index(condition)])
    return {key: float(np.mean(values)) for key, values in sorted(found.items())}


def _in_doubt(study: Study, answers: Answers) -> tuple[str, ...]:
    """Listeners who often rated the hidden reference low."""
    reference = next((each.name for each in study.conditions if each.role == "reference"), None)
    found = []
    for listener in answers.listeners if reference else ():
        low = [
            answer.ratings[answer.places.index(reference)] < REFERENCE_FLOOR
            for answer in answers.of(listener)
            if answer.ratings is not None and reference in answer.places
        ]
        if low and float(np.mean(low)) > REFERENCE_MISSES:
            found.append(listener)
    return tuple(found)


def _choice_said(choice: Choice) -> str:
    share = f"{choice.chosen} of {choice.count} times ({100 * choice.share:.0f} %)"
    interval = f"95 % interval {100 * choice.low:.0f} to {100 * choice.high:.0f} %"
    return f"Chosen over {choice.other} {share}, {interval}, p = {_p(choice.p_holm)} (Holm): {_verdict(choice)}."


def _verdict(choice: Choice) -> str:
    if choice.p_holm >= 1 - LEVEL:
        return "no difference was shown"
    return "it is preferred" if choice.share > CHANCE else "the other is preferred"


def _rating_said(rated: Rated) -> str:
    assert rated.above is not None
    apart = rated.above.difference
    shown = rated.above.p_holm < 1 - LEVEL
    verdict = ("rated higher" if apart.mean > 0 else "rated lower") if shown else "no difference was shown"
    return (
        f"{apart.mean:+.1f} points against {rated.condition}, 95 % interval {apart.low:+.1f} to {apart.high:+.1f}, "
        f"p = {_p(rated.above.p_holm)} (Holm): {verdict}."
    )


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1g}"
