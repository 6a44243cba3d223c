"""A network with memories of pairs: a decision like any other, never much worse than the network alone.

Its voices are the network, and the network together with each memory (the gate). How far the memories are believed is
learned token by token, by how likely each voice made what was played; they start with half of the belief. So at most
one bit in all, and a few thousandths of a bit a token, are lost where the pairs are of no use (Bayesian mixture with
fixed share).

That is what another has played. A response that is being made up is no evidence: each voice likes best what it has
said itself. There the belief is as the held-out blocks of the pairs have it, and stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from antiphon.decision.baselines import Counted, Remembered
from antiphon.decision.datastore.gate import FIRST_BELIEF, SURE, believed, first_beliefs
from antiphon.decision.datastore.pair_memory import PairMemory
from antiphon.decision.datastore.walking import KnownPair, window_walk
from antiphon.decision.neural import NeuralDecision
from antiphon.decision.relation.model import Listened
from antiphon.decision.scoring import Context
from antiphon.decision.transformer import DecoderState
from antiphon.types import Floats, Ids, Seconds

LEAST = float(np.finfo(np.float32).tiny)
"""Below every probability of a network in single precision that is not zero."""


@dataclass(frozen=True, eq=False)
class Recalled:
    """State of one memory: those of its counts and of its relation, None where it has none."""

    counts: Remembered | None
    relation: Listened | None


@dataclass(frozen=True, eq=False)
class Recalling:
    """State: those of the network and of each memory; the beliefs in network and memories (rows, voices); what each
    said of the token that is being played (voices, rows, classes), None before the first; and of how many of the next
    tokens it has learned already."""

    network: DecoderState | None
    recalled: tuple[Recalled, ...]
    beliefs: Counted
    said: Counted | None = None
    known: int = 0


@dataclass(frozen=True, eq=False)
class RememberingDecision:
    """See this module's first lines. `memories` are what `model` remembers (`pair_memory.remembered`): of the pairs as
    they are, and perhaps of the same pairs in other keys. `inventing`: the tokens that it is given are its own."""

    model: NeuralDecision
    memories: tuple[PairMemory, ...]
    inventing: bool = False

    @property
    def classes(self) -> int:
        """How many ids it chooses from."""
        return self.model.classes

    @property
    def ahead(self) -> int | None:
        """As the network's."""
        return self.model.ahead

    def grown(self, pair: KnownPair, context: Context) -> RememberingDecision:
        """With another stretch of a pair remembered by the first memory, as a player may add while playing."""
        first, *others = self.memories
        return replace(self, memories=(first.grown(self.model, pair, context), *others))

    def start(self, guides: int) -> Recalling:
        """Nothing was heard or played."""
        return self._fresh(np.tile(self._first_beliefs(), (guides, 1)), 0)

    def moved(self, guides: int, state: Recalling, overlap: int) -> Recalling:
        """See `scoring.Moving`: what was learned of the memories' worth is kept. Of the tokens that are given again,
        the last is still to be learned from."""
        return self._fresh(state.beliefs, max(0, overlap - 1))

    def step(
        self, state: Recalling, heard: Ids, previous: Ids | None, durations: Seconds | None = None
    ) -> tuple[Recalling, Floats]:
        """See `interfaces.DecisionModel`."""
        beliefs, known = state.beliefs, state.known
        if previous is not None and state.said is not None:
            if known:
                known -= 1
            elif not self.inventing:
                beliefs = believed(beliefs, state.said[:, np.arange(len(previous)), previous].T)
        inner, logits, hidden = self.model.step_hidden(state.network, heard, previous, durations)
        network = np.exp(logits, dtype=np.float64)
        voices, after = [network], []
        for memory, before in zip(self.memories, state.recalled, strict=True):
            counts, relation, tables = before.counts, before.relation, []
            if memory.counts is not None and counts is not None:
                counts, said = memory.counts.step(counts, heard, previous)
                tables.append(np.exp(said, dtype=np.float64))
            if memory.relation is not None and relation is not None:
                relation, said = memory.relation.step(relation, heard, previous)
                tables.append(np.exp(said, dtype=np.float64))
            voices.append(memory.together(network, hidden, tables))
            after.append(Recalled(counts, relation))
        spoken = np.stack(voices)
        together = np.einsum("rv,vrc->rc", beliefs, spoken)
        found = np.log(np.maximum(together, LEAST)).astype(np.float32)
        return Recalling(inner, tuple(after), beliefs, spoken, known), found

    def scored(
        self, state: Recalling, guides: Ids, targets: Ids, durations: Seconds | None = None
    ) -> tuple[Recalling, Floats]:
        """See `scoring.Windowed`."""
        walk = window_walk(self.model, guides, targets, durations)
        classes, count = self.classes, targets.size
        network = np.exp(walk.log_probabilities.reshape(count, classes), dtype=np.float64)
        voices = [network]
        for memory in self.memories:
            models = [each for each in (memory.counts, memory.relation) if each is not None]
            tables = [each.distributions(guides, targets).reshape(count, classes) for each in models]
            voices.append(memory.together(network, walk.states.reshape(count, -1), tables))
        given = np.stack([each[np.arange(count), targets.ravel()].reshape(targets.shape) for each in voices], axis=2)
        beliefs, found = state.beliefs, np.zeros(targets.shape)
        for place in range(targets.shape[1]):
            if place > state.known and not self.inventing:
                beliefs = believed(beliefs, given[:, place - 1])
            found[:, place] = (beliefs * given[:, place]).sum(axis=1)
        return self._fresh(beliefs, 0), np.log(np.maximum(found, LEAST)).astype(np.float32)

    def _first_beliefs(self) -> Counted:
        """Of the network and of each memory, at the start of a piece (1 + memories,)."""
        if not self.inventing:
            return first_beliefs(len(self.memories))
        return inventing_beliefs(self.memories)

    def _fresh(self, beliefs: Counted, known: int) -> Recalling:
        rows = len(beliefs)
        recalled = tuple(
            Recalled(
                None if memory.counts is None else memory.counts.start(rows),
                None if memory.relation is None else memory.relation.start(rows),
            )
            for memory in self.memories
        )
        return Recalling(self.model.start(rows), recalled, beliefs, None, known)


def inventing_beliefs(memories: Sequence[PairMemory]) -> Counted:
    """How far network and memories (1 + memories,) are believed where a response is made up."""
    shares = [SURE if memory.evidence.surely_better else FIRST_BELIEF for memory in memories]
    each = np.array(shares) / len(shares)
    return np.array([1 - each.sum(), *each])
