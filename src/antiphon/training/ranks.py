"""Several processes train one network: the same command under `torchrun --nproc-per-node 2 -m antiphon train ...`.

Each takes its rows of every batch, gradients are summed with the weights that make them those of the whole batch, and
rank 0 writes. A training without dropout and scheduled sampling ends with the weights of a single process but for the
rounding of sums.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed


@dataclass(frozen=True)
class Ranks:
    """Which of how many processes this one is."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def sum_gradients(self, parameters: Iterable[Tensor], loss: float) -> float:
        """Every parameter's gradient becomes the sum over the processes; the sum of their losses comes back."""
        if self.count == 1:
            return loss
        held = [parameter for parameter in parameters if parameter.requires_grad]
        gradients = [torch.zeros_like(each) if each.grad is None else each.grad for each in held]
        flat = torch.cat([*(each.flatten() for each in gradients), gradients[0].new_tensor([loss])])
        distributed.all_reduce(flat)
        place = 0
        for parameter, gradient in zip(held, gradients, strict=True):
            parameter.grad = flat[place : place + gradient.numel()].view_as(gradient)
            place += gradient.numel()
        return float(flat[-1])

    def agreed(self, value: float) -> float:
        """Rank 0's value, so that all decide alike."""
        if self.count == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64)
        distributed.broadcast(shared, 0)
        return float(shared)

    def wait(self) -> None:
        """Go on when all are here."""
        if self.count > 1:
            distributed.barrier()

    @contextmanager
    def first_alone(self) -> Iterator[None]:
        """The block is run by rank 0 first, then by the others side by side, which find what it has kept."""
        if not self.first:
            self.wait()
        yield
        if self.first:
            self.wait()


def is_first() -> bool:
    """Whether this process is the only one, or the one of those that `torchrun` started that writes and prints."""
    return int(os.environ.get("RANK", "0")) == 0


@contextmanager
def joined() -> Iterator[Ranks]:
    """The processes that `torchrun` started, connected as long as the block lasts; or this one alone."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Ranks()
        return
    distributed.init_process_group("gloo")
    try:
        yield Ranks(distributed.get_rank(), count)
    finally:
        distributed.destroy_process_group()
