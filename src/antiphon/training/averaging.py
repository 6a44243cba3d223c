"""The average of a network's weights over its last steps: what is judged and kept (Polyak and Juditsky, 1992).

The steps of a constant learning rate go round a minimum; their average lies in it, and does not have to know in advance
when the training will end, as a falling learning rate has.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class AveragedWeights:
    """An exponential moving average: each step counts `decay` times as much as the one after it. 0 keeps the last
    weights alone. The first steps count for less, so that the average soon forgets where the network started."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = network
        self.decay = decay
        self.steps = 0
        self.weights: list[Tensor] = [weight.detach().clone() for weight in network.parameters()] if decay else []

    @torch.no_grad()
    def update(self) -> None:
        """Take in the network's weights after a step."""
        if not self.decay:
            return
        self.steps += 1
        kept = min(self.decay, self.steps / (self.steps + 9))
        torch._foreach_mul_(self.weights, kept)
        torch._foreach_add_(self.weights, list(self.network.parameters()), alpha=1 - kept)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The network has the averaged weights inside, and its own again outside."""
        if not self.steps:
            yield
            return
        own = [weight.detach().clone() for weight in self.network.parameters()]
        try:
            self._give(self.weights)
            yield
        finally:
            self._give(own)

    def arrays(self) -> dict[str, Tensor]:
        """What is needed to go on, by name."""
        named = {f"{index}": weight for index, weight in enumerate(self.weights)}
        return {**named, "steps": torch.tensor(self.steps)} if self.decay else {}

    def restore(self, arrays: dict[str, Tensor]) -> None:
        """Go on from what `arrays` gave."""
        if self.decay:
            self.steps = int(arrays["steps"])
            for index, weight in enumerate(self.weights):
                weight.copy_(arrays[f"{index}"])

    @torch.no_grad()
    def _give(self, weights: list[Tensor]) -> None:
        for weight, value in zip(self.network.parameters(), weights, strict=True):
            weight.copy_(value)
