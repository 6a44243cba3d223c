"""The exact Bayes bounds of a planted world: what the best of all predictors reaches, and none can pass on average.

Given the guide, B is a Markov chain: p(b(t) | b(<t), a) = late [b(t) = b(t-1)] + (1 - late) p(planted part | x(t))
p(free part | b(t-1)), where x is the state that the guide makes known. The joint probability of x(t) and b(t) follows
by the forward recursion, and with it both bounds, as means over the segments of a piece of the given length:

- *bits*, teacher-forced: sum over t of H(b(t) | b(<t), all of a), by the chain rule the entropy of B given A;
- *TPP*, free-running: sum over t of E max_b p(b(t) = b | all of a). The predictor sees the guide and nothing of the
  true B. As late and slips together are rarer than not (`PlantedSettings` demands it), the best planted part is the one
  that the relation asks for; the best free part is the most frequent one, since free chains start stationary.

A predictor that sees the guide up to now only has the same bounds: no relation looks ahead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from antiphon.corpus.planted.chains import Chain, Probabilities
from antiphon.corpus.planted.relations import Process, relation_of
from antiphon.corpus.planted.settings import PlantedSettings
from antiphon.errors import BadData
from antiphon.types import Ids


@dataclass(frozen=True)
class Bound:
    """`tpp`: highest expected TPP (percent) of free-running predictors. `bits`: lowest expected bits per token of
    teacher-forced ones."""

    tpp: float
    bits: float


@dataclass(frozen=True, eq=False)
class Attribute:
    """The planted attribute of tokens: `ids` (n,) of `classes` classes, and the bound of predicting it alone."""

    ids: Ids
    classes: int
    bound: Bound


def bound(settings: PlantedSettings) -> Bound:
    """The bounds of predicting all of B's token."""
    return process_bound(relation_of(settings).process, settings.late, settings.slip, settings.segments)


def attribute_bound(settings: PlantedSettings) -> Bound:
    """The bounds of predicting the planted attribute of B's token; a relation without a free part has no other."""
    return process_bound(relation_of(settings).planted, settings.late, settings.slip, settings.segments)


def attribute(settings: PlantedSettings, ids: Ids) -> Attribute:
    """What the relation has planted in B's tokens `ids` (n,): the only part that a prediction can be blamed for.

    Raises BadData for ids that B of this world cannot have.
    """
    relation = relation_of(settings)
    if len(ids) and not 0 <= ids.min() <= ids.max() < len(relation.attribute):
        raise BadData(f"{settings.world}: ids go from 0 to {len(relation.attribute) - 1}")
    return Attribute(relation.attribute[ids], relation.planted.answers, attribute_bound(settings))


def process_bound(process: Process, late: float, slip: float, segments: int) -> Bound:
    """The bounds of pieces of `segments` tokens, by the forward recursion of this module's first lines."""
    lead = min(process.delay, segments)
    bits, hits = _lead_in(process.lead_in, late, lead)
    kernel, first = _kernels(process, late, slip)
    kernel_bits = _entropy(kernel)
    right = _right(process)
    best_free = process.answer_free.initial.max()
    joint = None
    for segment in range(lead, segments):
        if segment == 0:
            bits += float(process.states.initial @ _entropy(first))
            joint = process.states.initial[:, None] * first
        else:
            if joint is None:
                arrived = np.outer(process.states.initial, process.lead_in.initial)
            else:
                arrived = process.states.transition.T @ joint
            bits += float(np.sum(arrived * kernel_bits))
            joint = np.einsum("xp,xpb->xb", arrived, kernel)
        hits += float(best_free * joint[right].sum())
    return Bound(tpp=float(100 * hits / segments), bits=float(bits / segments))


def _lead_in(chain: Chain, late: float, segments: int) -> tuple[float, float]:
    """Bits and expected hits of `segments` tokens of a stationary chain that the guide says nothing of."""
    if segments == 0:
        return 0.0, 0.0
    lazy = late * np.eye(chain.size) + (1 - late) * chain.transition
    bits = float(_entropy(chain.initial) + (segments - 1) * (chain.initial @ _entropy(lazy)))
    return bits, segments * float(chain.initial.max())


def _kernels(process: Process, late: float, slip: float) -> tuple[Probabilities, Probabilities]:
    """p(b | state, token before) (states, tokens, tokens), and p(b | state) (states, tokens) with nothing before."""
    planted = _planted(process, slip)[process.answer]
    states, tokens, free = len(planted), process.answer_classes, process.answer_free
    before = np.arange(tokens) % free.size
    in_time = np.einsum("xd,pf->xpdf", planted, free.transition[before]).reshape(states, tokens, tokens)
    first = np.einsum("xd,f->xdf", planted, free.initial).reshape(states, tokens)
    return late * np.eye(tokens) + (1 - late) * in_time, first


def _planted(process: Process, slip: float) -> Probabilities:
    """p(planted part played | asked) (answers, answers): a slip is any other sounding class alike."""
    confusion = np.eye(process.answers)
    if process.sounding > 1:
        sounding = np.full((process.sounding, process.sounding), slip / (process.sounding - 1))
        np.fill_diagonal(sounding, 1 - slip)
        confusion[: process.sounding, : process.sounding] = sounding
    return confusion


def _right(process: Process) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether the planted part of a token is what a state asks for (states, tokens)."""
    planted = np.arange(process.answer_classes) // process.answer_free.size
    return np.asarray(process.answer[:, None] == planted[None, :])


def _entropy(distribution: Probabilities) -> Probabilities:
    """Bits of each distribution along the last axis."""
    logarithms = np.log2(np.where(distribution > 0, distribution, 1))
    return np.asarray(-np.sum(distribution * logarithms, axis=-1) + 0.0)
