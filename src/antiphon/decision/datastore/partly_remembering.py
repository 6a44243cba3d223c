"""What is remembered of pairs, for a decision that is made while the guide plays: by what has been heard, and no more.

The network hears what has come (`partly_heard`), and its hidden state looks up its neighbours as offline. Counts and
relation say something of a token only where they know all of the guide that they go by; where they do not, their share
is the network's. Where all of the guide has come this is `RememberingDecision` making up a response.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from antiphon.decision.datastore.gate import Weights
from antiphon.decision.datastore.model import LEAST, inventing_beliefs
from antiphon.decision.datastore.pair_memory import PairMemory
from antiphon.decision.partly_heard import PartlyHeardDecision, Reading
from antiphon.types import Floats, Ids, Seconds


@dataclass(frozen=True, eq=False)
class Recollecting:
    """State: what the network has read, and what was played (guides, p)."""

    reading: Reading
    played: Ids


@dataclass(frozen=True, eq=False)
class PartlyRememberingDecision:
    """See this module's first lines. `memories` are what the network of `model` remembers."""

    model: PartlyHeardDecision
    memories: tuple[PairMemory, ...]

    @property
    def classes(self) -> int:
        """How many ids it chooses from."""
        return self.model.classes

    def start(self, guides: int) -> Recollecting:
        """Nothing was heard or played."""
        return Recollecting(self.model.start(guides), np.zeros((guides, 0), dtype=np.int64))

    def step(
        self, state: Recollecting, heard: Ids, previous: Ids | None, durations: Seconds | None = None
    ) -> tuple[Recollecting, Floats]:
        """See `interfaces.DecisionModel`. `heard` may be behind what is decided, and may be nothing."""
        played = state.played if previous is None else np.concatenate([state.played, previous[:, None]], axis=1)
        return self._said(*self.model.step_hidden(state.reading, heard, previous, durations), played)

    def again(self, heard: Ids, played: Ids, durations: Seconds | None = None) -> tuple[Recollecting, Floats]:
        """See `playing.ReadsAtOnce`."""
        return self._said(*self.model.again_hidden(heard, played, durations), played)

    def _said(self, reading: Reading, logits: Floats, hidden: Floats, played: Ids) -> tuple[Recollecting, Floats]:
        network = np.exp(logits, dtype=np.float64)
        voices = [network]
        for memory in self.memories:
            voices.append(memory.together(network, hidden, _tables(memory, reading.heard, played)))
        together = np.einsum("v,vrc->rc", inventing_beliefs(self.memories), np.stack(voices))
        return Recollecting(reading, played), np.log(np.maximum(together, LEAST)).astype(np.float32)


def _tables(memory: PairMemory, heard: Ids, played: Ids) -> list[Weights | None]:
    """What counts and relation, as far as there are these, say of the token behind those `played` (rows, p); None of
    one that does not know enough of the guide."""
    place, known = played.shape[1], heard.shape[1]
    # What is decided now, and what has not come, is looked at by nobody who is asked.
    target = np.pad(played, ((0, 0), (0, 1)))
    guide = np.pad(heard[:, : place + 1], ((0, 0), (0, max(0, place + 1 - known))))
    tables: list[Weights | None] = []
    if memory.counts is not None:
        first = max(0, place - 2)
        asked = known > place or not memory.counts.goes_by_guide
        counted = memory.counts.distributions(guide[:, first:], target[:, first:])[:, -1] if asked else None
        tables.append(counted)
    if memory.relation is not None:
        lag = memory.relation.least_lag
        asked = lag is None or known > place - lag
        tables.append(memory.relation.distributions(guide, target, place) if asked else None)
    return tables
