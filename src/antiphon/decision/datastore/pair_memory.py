"""Pairs of tracks as memory of a decision, without a gradient step: neighbours of the network's hidden states, counts
with guide, the relation model, and a gate fitted on blocks of the pairs that each of them was not made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from antiphon.confidence import estimate
from antiphon.decision.counts import ALONE, GUIDE, GUIDE_BEFORE, WITH_GUIDE, Interpolated, Terms, interpolated
from antiphon.decision.datastore.gate import Gate, Weights, fitted_gate
from antiphon.decision.datastore.neighbours import Neighbours, neighbour_shares, squared_distances
from antiphon.decision.datastore.walking import KnownPair, Walk, walked
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.relation import ClassMeanings, RelationModel, fitted_and_held_out
from antiphon.decision.relation.base import blocks_of
from antiphon.decision.scoring import Context
from antiphon.types import Floats, Ids

FEWEST = 20
"""Segments: of less, no block can be held out that says anything."""

FOLDS = 5
"""Times that the counts are made again, each without another share of the blocks."""

WIDTHS = (0.2, 0.4, 0.8, 1.6)
"""Widths of a neighbourhood, in median squared distances to the nearest neighbour in another block; held-out blocks
choose."""

TRIED_WEIGHTS = (0.2, 0.4, 0.6, 0.8)
"""Of the neighbours beside the network, when a width is chosen."""

BY_GUIDE: tuple[Terms, ...] = ((), (GUIDE,), (GUIDE, GUIDE_BEFORE))
"""Contexts of counts that know nothing of what was played."""


@dataclass(frozen=True, eq=False)
class HeldOutBits:
    """Bits a token on each block (blocks,) of the pairs, by the network alone and with what is remembered of the other
    blocks."""

    network: Weights
    memory: Weights

    @property
    def surely_better(self) -> bool:
        """Whether the interval of what the memory gains lies above zero."""
        return estimate((self.network - self.memory).tolist()).low > 0


@dataclass(frozen=True, eq=False)
class PairMemory:
    """What a model remembers of pairs. `counts` and `relation` are None where the model decides before it has heard."""

    neighbours: Neighbours
    counts: Interpolated | None
    relation: RelationModel | None
    gate: Gate
    evidence: HeldOutBits

    def together(self, network: Weights, hidden: Floats, tables: Sequence[Weights | None]) -> Weights:
        """The distribution (rows, classes) of the network's, of the neighbours of its `hidden` states (rows, dimension)
        and of what counts and relation say, as far as there are these; None is said where they know too little."""
        distances = self.neighbours.distances(hidden)
        near = np.asarray(self.neighbours.shares(distances), dtype=np.float64)
        return self.gate.mixed(distances.min(axis=1), [network, near, *tables])

    def grown(self, model: NeuralDecision, pair: KnownPair, context: Context) -> PairMemory:
        """With another stretch remembered, as it was played; counts, relation and gate stay as they are."""
        states = walked(model, pair, context).states
        return replace(self, neighbours=self.neighbours.grown(states, pair.target))


def remembered(
    model: NeuralDecision,
    pairs: Sequence[KnownPair],
    context: Context,
    meanings: ClassMeanings | None = None,
    *,
    counted: bool = True,
) -> PairMemory:
    """What `model` remembers of `pairs` in the windows of `context`. A deaf model (`hidden`) remembers no guides.

    The relation model goes by what the classes mean; without `meanings` there is none, and no counts unless `counted`.
    Raises ValueError for fewer than FEWEST segments.
    """
    if sum(map(len, pairs)) < FEWEST:
        raise ValueError(f"{FEWEST} segments are needed at least, there are {sum(map(len, pairs))}")
    walks = [walked(model, pair, context) for pair in pairs]
    walk = Walk(*(np.concatenate([getattr(each, name) for each in walks]) for name in ("states", "log_probabilities")))
    tokens = np.concatenate([pair.target for pair in pairs])
    blocks = blocks_of(len(tokens))
    own = np.exp(walk.log_probabilities, dtype=np.float64)
    distances = squared_distances(walk.states, walk.states)
    distances[blocks[:, None] == blocks] = np.inf
    width = _best_width(distances, tokens, own)
    neighbours = Neighbours(walk.states, tokens, model.classes, width)
    experts: list[Weights] = [own, np.asarray(neighbours.shares(distances), dtype=np.float64)]
    counts = relation = None
    hears_in_time = model.ahead is None or model.ahead >= 0
    if counted and hears_in_time:
        counts, rows = _counts(pairs, blocks, model.classes, _contexts(model))
        experts.append(rows)
    if meanings is not None and hears_in_time and not model.hidden:
        relation, rows = fitted_and_held_out([(pair.guide[None], pair.target[None]) for pair in pairs], meanings)
        experts.append(rows)
    # The relation model looks at the first tokens of very long pairs only.
    known = min(map(len, experts))
    shares = np.stack([expert[np.arange(known), tokens[:known]] for expert in experts])
    nearest = distances.min(axis=1)[:known]
    gate = fitted_gate(nearest, shares)
    together = (gate.weights[gate.bins(nearest)].T * shares).sum(axis=0)
    bits = (_by_block(-np.log2(each), blocks[:known]) for each in (shares[0], together))
    return PairMemory(neighbours, counts, relation, gate, HeldOutBits(*bits))


def _by_block(values: Weights, blocks: Ids) -> Weights:
    """The mean of each block."""
    return np.array([values[blocks == block].mean() for block in np.unique(blocks)])


def _contexts(model: NeuralDecision) -> tuple[Terms, ...]:
    if model.hidden:
        return ALONE
    return BY_GUIDE if model.guide_only else WITH_GUIDE


def _best_width(distances: Floats, tokens: Ids, own: Weights) -> float:
    """The width by which neighbours in other blocks, beside the network, make the tokens likeliest."""
    nearest = distances.min(axis=1)
    unit = max(float(np.median(nearest)), 1e-6)
    places = np.arange(len(tokens))
    network = own[places, tokens]

    def nats(width: float) -> float:
        shares = neighbour_shares(distances, tokens, own.shape[1], width)[places, tokens]
        return min(float(-np.log(each * shares + (1 - each) * network).mean()) for each in TRIED_WEIGHTS)

    return min((width * unit for width in WIDTHS), key=nats)


def _counts(
    pairs: Sequence[KnownPair], blocks: Ids, classes: int, contexts: tuple[Terms, ...]
) -> tuple[Interpolated, Weights]:
    """Counts of all pairs; and p(b | ...) (tokens, classes) of every token by counts without its fold."""
    edges = np.cumsum([0, *map(len, pairs)])
    own_folds = [blocks[start:end] % FOLDS for start, end in pairwise(edges)]
    held_out = [np.zeros((len(pair), classes)) for pair in pairs]
    for fold in range(FOLDS):
        kept, asked = [], []
        for number, (pair, folds) in enumerate(zip(pairs, own_folds, strict=True)):
            for start, end in _stretches(folds == fold):
                asked.append((number, start, end))
            kept += [pair.between(start, end) for start, end in _stretches(folds != fold)]
        if not kept or not asked:
            continue
        others = interpolated([(part.guide[None], part.target[None]) for part in kept], (), classes, contexts)
        for number, start, end in asked:
            part = pairs[number].between(start, end)
            held_out[number][start:end] = others.distributions(part.guide[None], part.target[None])[0]
    whole = interpolated([(pair.guide[None], pair.target[None]) for pair in pairs], (), classes, contexts)
    return whole, np.concatenate(held_out)


def _stretches(chosen: np.ndarray) -> list[tuple[int, int]]:
    """From where to where (exclusive) all are chosen."""
    edges = np.flatnonzero(np.diff(chosen.astype(np.int8), prepend=0, append=0))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]
