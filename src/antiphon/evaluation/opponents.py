"""Everyone the trained model is compared with, fitted on the training split; what is left free is set on validation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.config import SamplingSettings
from antiphon.dataset import TokenExcerpt
from antiphon.decision import baselines
from antiphon.decision.baselines import Baseline, Mixture
from antiphon.decision.generation import Context, score
from antiphon.interfaces import DecisionModel
from antiphon.types import Ids

PRIORS = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Tokens of p(b) that a table may add to each row; validation chooses."""

WEIGHTS = np.linspace(0.01, 0.99, 99)
"""Weights of a sure opponent against p(b); validation chooses."""


@dataclass(frozen=True, eq=False)
class Opponent:
    """A model under its name. `surprise` is what gives it bits per token, where the model itself rules tokens out."""

    name: str
    model: DecisionModel
    surprise: DecisionModel
    sampling: SamplingSettings


def side_by_side(
    excerpts: Sequence[TokenExcerpt],
) -> Iterator[tuple[list[tuple[int, int, int]], Ids, Ids]]:
    """All ordered pairs, those of one length together: (excerpt, guide, target) indices, guides and targets (pairs,
    n)."""
    together: dict[int, list[tuple[int, int, int]]] = {}
    for index, excerpt in enumerate(excerpts):
        for guide, target in excerpt.ordered_pairs():
            together.setdefault(len(excerpt.pair(guide, target)), []).append((index, guide, target))
    for names in together.values():
        pairs = [excerpts[index].pair(guide, target) for index, guide, target in names]
        yield names, np.stack([pair.guide for pair in pairs]), np.stack([pair.target for pair in pairs])


def opponents(
    train: Sequence[TokenExcerpt],
    validation: Sequence[TokenExcerpt],
    classes: int,
    context: Context,
    sampling: SamplingSettings,
) -> tuple[Opponent, ...]:
    """Uniform, majority, unigram, repeat-last, copy-guide, p(b|a) and bigram."""
    pairs = (excerpt.pair(*names) for excerpt in train for names in excerpt.ordered_pairs())
    counts = baselines.count(((pair.guide, pair.target) for pair in pairs), classes)
    check = list(side_by_side(validation or train))
    unigram = baselines.unigram(counts)

    def soft(name: str, model: DecisionModel) -> Opponent:
        return Opponent(name, model, model, sampling)

    def sure(name: str, model: DecisionModel) -> Opponent:
        return Opponent(name, model, Mixture(model, unigram, _best_weight(model, unigram, check, context)), sampling)

    def table(name: str, make: Callable[[float], Baseline]) -> Opponent:
        return soft(name, min((make(prior) for prior in PRIORS), key=lambda model: _nats(model, check, context)))

    uniform = baselines.uniform(classes)
    return (
        # A nucleus of equally likely tokens would leave a fixed fifth of them out.
        Opponent("uniform", uniform, uniform, sampling.model_copy(update={"top_p": 1.0})),
        sure("majority", baselines.majority(counts)),
        soft("unigram", unigram),
        sure("repeat-last", baselines.repeat_last(counts)),
        sure("copy-guide", baselines.copy_guide(classes)),
        table("p(b|a)", lambda prior: baselines.guide_table(counts, prior)),
        table("bigram", lambda prior: baselines.bigram(counts, prior)),
    )


Check = Sequence[tuple[list[tuple[int, int, int]], Ids, Ids]]


def _log_probabilities(model: DecisionModel, check: Check, context: Context) -> NDArray[np.float64]:
    return np.concatenate([score(model, guides, targets, context).ravel() for _, guides, targets in check])


def _nats(model: DecisionModel, check: Check, context: Context) -> float:
    return float(-_log_probabilities(model, check, context).mean())


def _best_weight(sure: DecisionModel, other: DecisionModel, check: Check, context: Context) -> float:
    first, second = (np.exp(_log_probabilities(model, check, context)) for model in (sure, other))
    nats = [-np.log(weight * first + (1 - weight) * second).mean() for weight in WEIGHTS]
    return float(WEIGHTS[int(np.argmin(nats))])
