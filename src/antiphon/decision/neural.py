"""A trained network behind the protocol that every decision model satisfies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from antiphon.decision.transformer import DecisionNetwork, DecoderState
from antiphon.types import Floats, Ids, Seconds

SMALL_NETWORK = 5_000_000
"""Weights below which one thread serves a network best."""


@contextmanager
def suitable_threads(network: DecisionNetwork) -> Iterator[int]:
    """One thread an operation for a small network, torch's own choice for others; yields how many may run side by side.

    The operations of a small network are so short that several threads mostly wait for one another: on two quiet
    processors a second one saves a third, on busy ones it costs several times over.
    """
    before = torch.get_num_threads()
    small = network.weights < SMALL_NETWORK
    if small and before > 1:
        torch.set_num_threads(1)
    try:
        yield before if small else 1
    finally:
        if small and before > 1:
            torch.set_num_threads(before)


@dataclass(frozen=True, eq=False)
class NeuralDecision:
    """A network with its keys and values kept.

    `hidden`: no guide is heard, though the network could (guidance). `guide_only`: what was played is not known, so
    that each token comes from the guide alone, p(y_t | x).
    """

    network: DecisionNetwork
    device: str = "cpu"
    hidden: bool = False
    guide_only: bool = False

    @property
    def classes(self) -> int:
        """How many ids it chooses from."""
        return self.network.vocabulary.classes

    @property
    def ahead(self) -> int | None:
        """How many guide segments beyond the one being decided it hears; None: all of them, at the first step."""
        return self.network.ahead

    def start(self, guides: int) -> DecoderState | None:
        """Nothing was heard yet."""
        return None

    def step(
        self, state: DecoderState | None, heard: Ids, previous: Ids | None, durations: Seconds | None = None
    ) -> tuple[DecoderState, Floats]:
        """See `interfaces.DecisionModel`; and `step_hidden`."""
        state, log_probabilities, _ = self.step_hidden(state, heard, previous, durations)
        return state, log_probabilities

    @torch.inference_mode()
    def step_hidden(
        self, state: DecoderState | None, heard: Ids, previous: Ids | None, durations: Seconds | None = None
    ) -> tuple[DecoderState, Floats, Floats]:
        """As `step`, and the hidden states (guides, dimension) behind the log-probabilities.

        A network that sees the whole guide hears all of it at the first step. One with a bounded view may hear it as it
        comes, or more of it sooner: what lies beyond its view changes nothing.
        """
        if self.network.training:
            self.network.eval()
        if previous is None or self.guide_only:
            previous = np.full(len(heard), self.network.vocabulary.bos, dtype=np.int64)
        with suitable_threads(self.network):
            guide = torch.as_tensor(heard, device=self.device)
            seconds = None if durations is None else self._floats(durations)
            if state is None:
                hidden = torch.ones(len(heard), dtype=torch.bool, device=self.device) if self.hidden else None
                state = self.network.listen(guide, seconds, hidden)
            else:
                state = self.network.hear(state, guide, seconds)
            state, hidden = self.network.decode_hidden(state, torch.as_tensor(previous, device=self.device)[:, None])
            log_probabilities = torch.log_softmax(self.network.output(hidden)[:, -1].float(), dim=-1)
        return state, log_probabilities.cpu().numpy(), hidden[:, -1].float().cpu().numpy()

    def _floats(self, durations: Seconds) -> Tensor:
        return torch.as_tensor(durations, dtype=torch.float32, device=self.device)
