"""How much the guide counts, without another training: between what a model plays deaf and what it plays hearing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from antiphon.decision.scoring import advanced, started
from antiphon.interfaces import DecisionModel
from antiphon.types import Floats, Ids, Seconds

LEAST = -60.0
"""Log-probabilities below this count as this, so that no weight makes something likely of what both rule out."""


@dataclass(frozen=True, eq=False)
class GuidedDecision:
    """log p = (1 - weight) log p(hidden) + weight log p(heard), normalised (classifier-free guidance, Ho and Salimans,
    2022).

    `heard` and `hidden` are one network that listens to the guide and one that does not, on the same past. Weight 0 is
    the hidden, 1 the heard model as it is; above 1 the guide counts for more than it was learned to.
    """

    heard: DecisionModel
    hidden: DecisionModel
    weight: float

    @property
    def classes(self) -> int:
        """How many ids it chooses from."""
        return self.heard.classes

    def start(self, guides: int) -> tuple[object, object]:
        """Both models' states."""
        return self.heard.start(guides), self.hidden.start(guides)

    def moved(self, guides: int, state: tuple[object, object], overlap: int) -> tuple[object, object]:
        """See `scoring.Moving`."""
        heard, hidden = state
        return started(self.heard, guides, heard, overlap), started(self.hidden, guides, hidden, overlap)

    def step(
        self, state: tuple[object, object], heard: Ids, previous: Ids | None, durations: Seconds | None = None
    ) -> tuple[tuple[object, object], Floats]:
        """See `interfaces.DecisionModel`."""
        heard_state, hearing = advanced(self.heard, state[0], heard, previous, durations)
        hidden_state, deaf = advanced(self.hidden, state[1], heard, previous, durations)
        return (heard_state, hidden_state), self._mixed(hearing, deaf)

    def _mixed(self, hearing: Floats, deaf: Floats) -> Floats:
        if self.weight in (0, 1):
            return hearing if self.weight else deaf
        known, guessed = (np.maximum(each, LEAST, dtype=np.float64) for each in (hearing, deaf))
        mixed = (1 - self.weight) * guessed + self.weight * known
        total = np.logaddexp.reduce(mixed, axis=-1, keepdims=True)
        return np.asarray(mixed - total, dtype=np.float32)
