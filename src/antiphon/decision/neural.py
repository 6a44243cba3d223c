"""A trained network behind the protocol that every decision model satisfies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from antiphon.decision.transformer import DecisionNetwork, DecoderState
from antiphon.types import Floats, Ids

SMALL_NETWORK = 5_000_000
"""Weights below which one thread serves a network best."""


@contextmanager
def suitable_threads(network: DecisionNetwork) -> Iterator[int]:
    """One thread an operation for a small network, torch's own choice for others; yields how many may run side by side.

    The operations of a small network are so short that several threads mostly wait for one another: on two quiet
    processors a second one saves a third, on busy ones it costs several times over.
    """
    before = torch.get_num_threads()
    small = sum(weight.numel() for weight in network.parameters()) < SMALL_NETWORK
    if small:
        torch.set_num_threads(1)
    try:
        yield before if small else 1
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True, eq=False)
class NeuralDecision:
    """A network that hears the whole guide before it plays (offline, paper figure 1), keys and values kept."""

    network: DecisionNetwork
    device: str = "cpu"

    @property
    def classes(self) -> int:
        """How many ids it chooses from."""
        return self.network.vocabulary.classes

    def start(self, guides: int) -> DecoderState | None:
        """Nothing was heard yet."""
        return None

    @torch.inference_mode()
    def step(self, state: DecoderState | None, heard: Ids, previous: Ids | None) -> tuple[DecoderState, Floats]:
        """See `interfaces.DecisionModel`. The first step hears the guide, all of it; later ones hear nothing new."""
        self.network.eval()
        if previous is None:
            previous = np.full(len(heard), self.network.vocabulary.bos, dtype=np.int64)
        with suitable_threads(self.network):
            if state is None:
                state = self.network.listen(torch.as_tensor(heard, device=self.device))
            elif heard.shape[1]:
                raise ValueError("this model hears the whole guide at its first step")
            state, logits = self.network.decode(state, torch.as_tensor(previous, device=self.device)[:, None])
        log_probabilities = torch.log_softmax(logits[:, -1].float(), dim=-1)
        return state, log_probabilities.cpu().numpy()
