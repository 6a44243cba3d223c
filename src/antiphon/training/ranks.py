"""Several processes train one network: the same command under `torchrun --nproc-per-node 2 -m antiphon train ...`.

Each takes its rows of every batch, gradients are summed with the weights that make them those of the whole batch, and
rank 0 writes. A training without dropout and scheduled sampling ends with the weights of a single process but for the
rounding of sums. accelerate finds the processes, the way they talk, and the device of each.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from antiphon.errors import MissingExtra

if TYPE_CHECKING:
    from accelerate import PartialState


@dataclass(frozen=True)
class Ranks:
    """The processes that train together, and which of them this one is; without `state` it is the only one."""

    state: PartialState | None = None

    @property
    def rank(self) -> int:
        """The number of this process, from 0."""
        return 0 if self.state is None else int(self.state.process_index)

    @property
    def count(self) -> int:
        """How many processes there are."""
        return 1 if self.state is None else int(self.state.num_processes)

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def device(self, wanted: str) -> str:
        """The device of this process: the one that the settings want, or its own of several of that kind."""
        if self.state is None or self.state.device.type != torch.device(wanted).type:
            return wanted
        return str(self.state.device)

    def sum_gradients(self, parameters: Iterable[Tensor], loss: float) -> float:
        """Every parameter's gradient becomes the sum over the processes; the sum of their losses comes back."""
        if self.state is None:
            return loss
        from accelerate.utils import reduce

        held = [parameter for parameter in parameters if parameter.requires_grad]
        gradients = [torch.zeros_like(each) if each.grad is None else each.grad for each in held]
        flat = torch.cat([*(each.flatten() for each in gradients), gradients[0].new_tensor([loss])])
        flat = reduce(flat, "sum")
        place = 0
        for parameter, gradient in zip(held, gradients, strict=True):
            parameter.grad = flat[place : place + gradient.numel()].view_as(gradient)
            place += gradient.numel()
        return float(flat[-1])

    def total(self, count: int) -> int:
        """The sum of a whole number over the processes."""
        if self.state is None:
            return count
        from accelerate.utils import reduce

        return int(reduce(torch.tensor([count], device=self.state.device), "sum")[0])

    def agreed(self, value: float) -> float:
        """Rank 0's value, so that all decide alike."""
        if self.state is None:
            return value
        from accelerate.utils import broadcast_object_list

        shared = [value]
        broadcast_object_list(shared, 0)
        return shared[0]

    def wait(self) -> None:
        """Go on when all are here."""
        if self.state is not None:
            self.state.wait_for_everyone()

    def first_alone(self) -> AbstractContextManager[None]:
        """The block is run by rank 0 first, then by the others side by side, which find what it has kept."""
        return nullcontext() if self.state is None else self.state.main_process_first()


def chosen_device(wanted: str) -> str:
    """The device that the settings want; of `auto` the fastest that this torch finds on this machine."""
    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def is_first() -> bool:
    """Whether this process is the only one, or the one of those that `torchrun` started that writes and prints."""
    return int(os.environ.get("RANK", "0")) == 0


@contextmanager
def joined(device: str = "cpu") -> Iterator[Ranks]:
    """The processes that `torchrun` started, connected as long as the block lasts; or this one alone.

    Raises MissingExtra where there are several, and accelerate is not installed.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Ranks()
        return
    try:
        from accelerate import PartialState
    except ImportError as error:
        raise MissingExtra("several processes need accelerate: pip install 'antiphon[distributed]'") from error
    state = PartialState(cpu=torch.device(device).type == "cpu")
    try:
        yield Ranks(state)
        state.wait_for_everyone()
    finally:
        state.destroy_process_group()
