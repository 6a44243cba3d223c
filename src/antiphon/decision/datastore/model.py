"""A network with a memory of pairs: a decision like any other, never much worse than the network alone.

Two voices: the network, and the network together with what is remembered (the gate). How far the second is believed is
learned token by token, by how likely each made what was played; it starts even. So at most one bit in all, and a few
thousandths of a bit a token, are lost where the pairs are of no use (Bayesian mixture with fixed share).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from antiphon.decision.baselines import Counted, Remembered
from antiphon.decision.datastore.gate import FIRST_BELIEF, believed
from antiphon.decision.datastore.pair_memory import PairMemory
from antiphon.decision.datastore.walking import KnownPair, window_walk
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.relation.model import Listened
from antiphon.decision.scoring import Context
from antiphon.decision.transformer import DecoderState
from antiphon.types import Floats, Ids, Seconds


@dataclass(frozen=True, eq=False)
class Recalling:
    """State: those of the network, the counts and the relation; the belief in the memory (rows,); what network and
    memory said of the token that is being played (rows, classes), None before the first; and of how many of the next
    tokens it has learned already."""

    network: DecoderState | None
    counts: Remembered | None
    relation: Listened | None
    belief: Counted
    said: tuple[Counted, Counted] | None = None
    known: int = 0


@dataclass(frozen=True, eq=False)
class RememberingDecision:
    """See this module's first lines. `memory` is what `model` remembers (`pair_memory.remembered`)."""

    model: NeuralDecision
    memory: PairMemory

    @property
    def classes(self) -> int:
        """How many ids it chooses from."""
        return self.model.classes

    @property
    def ahead(self) -> int | None:
        """As the network's."""
        return self.model.ahead

    def grown(self, pair: KnownPair, context: Context) -> RememberingDecision:
        """With another stretch of a pair remembered, as a player may add while playing."""
        return replace(self, memory=self.memory.grown(self.model, pair, context))

    def start(self, guides: int) -> Recalling:
        """Nothing was heard or played."""
        return self._fresh(np.full(guides, FIRST_BELIEF), 0)

    def moved(self, guides: int, state: Recalling, overlap: int) -> Recalling:
        """See `scoring.Moving`: what was learned of the memory's worth is kept. Of the tokens that are given again, the
        last is still to be learned from."""
        return self._fresh(state.belief, max(0, overlap - 1))

    def step(
        self, state: Recalling, heard: Ids, previous: Ids | None, durations: Seconds | None = None
    ) -> tuple[Recalling, Floats]:
        """See `interfaces.DecisionModel`."""
        belief, known = state.belief, state.known
        if previous is not None and state.said is not None:
            if known:
                known -= 1
            else:
                rows = np.arange(len(previous))
                network, memory = (each[rows, previous] for each in state.said)
                belief = believed(belief, network, memory)
        inner, logits, hidden = self.model.step_hidden(state.network, heard, previous, durations)
        experts: list[Counted] = [np.exp(logits, dtype=np.float64)]
        distances = self.memory.neighbours.distances(hidden)
        experts.append(np.asarray(self.memory.neighbours.shares(distances), dtype=np.float64))
        counts, relation = state.counts, state.relation
        if self.memory.counts is not None and counts is not None:
            counts, said = self.memory.counts.step(counts, heard, previous)
            experts.append(np.exp(said, dtype=np.float64))
        if self.memory.relation is not None and relation is not None:
            relation, said = self.memory.relation.step(relation, heard, previous)
            experts.append(np.exp(said, dtype=np.float64))
        mixed = self.memory.gate.mixed(distances.min(axis=1), experts)
        together = belief[:, None] * mixed + (1 - belief[:, None]) * experts[0]
        after = Recalling(inner, counts, relation, belief, (experts[0], mixed), known)
        return after, np.log(np.maximum(together, self._least)).astype(np.float32)

    def scored(
        self, state: Recalling, guides: Ids, targets: Ids, durations: Seconds | None = None
    ) -> tuple[Recalling, Floats]:
        """See `scoring.Windowed`."""
        walk = window_walk(self.model, guides, targets, durations)
        classes, rows = self.classes, np.arange(targets.size)
        experts: list[Counted] = [np.exp(walk.log_probabilities.reshape(-1, classes), dtype=np.float64)]
        distances = self.memory.neighbours.distances(walk.states.reshape(targets.size, -1))
        experts.append(np.asarray(self.memory.neighbours.shares(distances), dtype=np.float64))
        if self.memory.counts is not None:
            experts.append(self.memory.counts.distributions(guides, targets).reshape(-1, classes))
        if self.memory.relation is not None:
            experts.append(self.memory.relation.distributions(guides, targets).reshape(-1, classes))
        mixed = self.memory.gate.mixed(distances.min(axis=1), experts)
        network, memory = (each[rows, targets.ravel()].reshape(targets.shape) for each in (experts[0], mixed))
        belief, found = state.belief, np.zeros(targets.shape)
        for place in range(targets.shape[1]):
            if place > state.known:
                belief = believed(belief, network[:, place - 1], memory[:, place - 1])
            found[:, place] = belief * memory[:, place] + (1 - belief) * network[:, place]
        return self._fresh(belief, 0), np.log(np.maximum(found, self._least)).astype(np.float32)

    @cached_property
    def _least(self) -> float:
        """Below every probability of a network in single precision that is not zero."""
        return float(np.finfo(np.float32).tiny)

    def _fresh(self, belief: Counted, known: int) -> Recalling:
        rows, memory = len(belief), self.memory
        return Recalling(
            self.model.start(rows),
            None if memory.counts is None else memory.counts.start(rows),
            None if memory.relation is None else memory.relation.start(rows),
            belief,
            None,
            known,
        )
