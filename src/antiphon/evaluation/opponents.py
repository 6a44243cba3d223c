"""Everyone the trained model is compared with, fitted on the training split; what is left free is set on validation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.config import SamplingSettings
from antiphon.dataset import TokenExcerpt, TokenPair
from antiphon.decision import baselines
from antiphon.decision.baselines import Baseline, Mixture
from antiphon.decision.counts import ALONE, WITH_GUIDE, interpolated
from antiphon.decision.generation import Context, score
from antiphon.decision.relation import ClassMeanings, fitted
from antiphon.decision.retrieval import Retrieval, retrieval
from antiphon.interfaces import DecisionModel
from antiphon.types import Ids, Seconds

PRIORS = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Tokens of p(b) that a table may add to each row; validation chooses."""

WEIGHTS = np.linspace(0.01, 0.99, 99)
"""Weights of a sure opponent against p(b); validation chooses."""

RETRIEVED = (1, 2, 4, 8)
"""How many guide tokens retrieval may compare at most; validation chooses."""


PLAIN_DRAW = {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "consensus": 1, "best_of": 1}
"""How the uniform opponent is sampled, whatever the others are: any choice among equally likely tokens would be a fixed
part of them, or always the same one."""


@dataclass(frozen=True, eq=False)
class Opponent:
    """A model under its name. `surprise` is what gives it bits per token, where the model itself rules tokens out;
    `by_guide` is the model that goes by the guide alone, None where there is no such side to it."""

    name: str
    model: DecisionModel
    surprise: DecisionModel
    sampling: SamplingSettings
    by_guide: DecisionModel | None = None


@dataclass(frozen=True, eq=False)
class PairGroup:
    """Ordered pairs of one length: (excerpt, guide, target) indices, guides, targets and durations (pairs, n)."""

    names: tuple[tuple[int, int, int], ...]
    guides: Ids
    targets: Ids
    durations: Seconds


def side_by_side(excerpts: Sequence[TokenExcerpt]) -> Iterator[PairGroup]:
    """All ordered pairs, those of one length together."""
    together: dict[int, list[tuple[tuple[int, int, int], TokenPair]]] = {}
    for index, excerpt in enumerate(excerpts):
        for guide, target in excerpt.ordered_pairs():
            pair = excerpt.pair(guide, target)
            together.setdefault(len(pair), []).append(((index, guide, target), pair))
    for rows in together.values():
        names, pairs = zip(*rows, strict=True)
        yield PairGroup(
            names,
            np.stack([pair.guide for pair in pairs]),
            np.stack([pair.target for pair in pairs]),
            np.stack([pair.durations for pair in pairs]),
        )


def opponents(
    train: Sequence[TokenExcerpt],
    validation: Sequence[TokenExcerpt],
    classes: int,
    context: Context,
    sampling: SamplingSettings,
    *,
    meanings: ClassMeanings | None = None,
) -> tuple[Opponent, ...]:
    """Uniform, majority, unigram, repeat-last, copy-guide, p(b|a), bigram, trigram, counts with guide, retrieval and
    the relation model, which goes by what the classes mean (`meanings`), as far as that is known.

    Trigram and counts with guide are interpolated (see `decision.counts`): b given what was played last and before,
    and given also the guide now and before.
    """
    learned, held_out = _stacked(train), _stacked(validation)
    counts = baselines.count(learned, classes)
    check = Check(held_out or learned, context)
    unigram = baselines.unigram(counts)

    def soft(name: str, model: DecisionModel, by_guide: bool = False) -> Opponent:
        return Opponent(name, model, model, sampling, model if by_guide else None)

    def sure(name: str, model: DecisionModel, by_guide: bool = False) -> Opponent:
        mixed = Mixture(model, unigram, check.best_weight(model, unigram))
        return Opponent(name, model, mixed, sampling, model if by_guide else None)

    def table(name: str, make: Callable[[float], Baseline], by_guide: bool = False) -> Opponent:
        return soft(name, min((make(prior) for prior in PRIORS), key=check.nats), by_guide)

    uniform = baselines.uniform(classes)
    return (
        Opponent("uniform", uniform, uniform, sampling.model_copy(update=PLAIN_DRAW)),
        sure("majority", baselines.majority(counts), by_guide=True),
        soft("unigram", unigram),
        sure("repeat-last", baselines.repeat_last(counts)),
        sure("copy-guide", baselines.copy_guide(classes), by_guide=True),
        table("p(b|a)", lambda prior: baselines.guide_table(counts, prior), by_guide=True),
        table("bigram", lambda prior: baselines.bigram(counts, prior)),
        soft("trigram", interpolated(learned, held_out, classes, ALONE)),
        soft("counts with guide", interpolated(learned, held_out, classes, WITH_GUIDE)),
        sure("retrieval", _best_retrieval(retrieval(learned, classes, max(RETRIEVED)), check), by_guide=True),
        soft("relation", fitted(learned, meanings or ClassMeanings.unknown(classes))),
    )


@dataclass(frozen=True, eq=False)
class Check:
    """The pairs on which an opponent's free settings are chosen: guides and targets (pairs, n) of one length each."""

    pairs: Sequence[tuple[Ids, Ids]]
    context: Context

    def log_probabilities(self, model: DecisionModel) -> NDArray[np.float64]:
        """Of every token, in nats."""
        return np.concatenate([score(model, guides, targets, self.context).ravel() for guides, targets in self.pairs])

    def nats(self, model: DecisionModel) -> float:
        """Mean surprise at a token."""
        return float(-self.log_probabilities(model).mean())

    def best_weight(self, sure: DecisionModel, other: DecisionModel) -> float:
        """The weight of the first at which the two surprise least together."""
        first, second = (np.exp(self.log_probabilities(model)) for model in (sure, other))
        nats = [-np.log(weight * first + (1 - weight) * second).mean() for weight in WEIGHTS]
        return float(WEIGHTS[int(np.argmin(nats))])


def _stacked(excerpts: Sequence[TokenExcerpt]) -> list[tuple[Ids, Ids]]:
    return [(group.guides, group.targets) for group in side_by_side(excerpts)]


def _best_retrieval(model: Retrieval, check: Check) -> Retrieval:
    """As long a succession as is right most often."""

    def hits(longest: int) -> int:
        return sum(int((model.up_to(longest).answers(guides) == targets).sum()) for guides, targets in check.pairs)

    return model.up_to(max(RETRIEVED, key=hits))
