"""Dropout whose masks are cut from a pool (Srivastava et al., 2014, with the random numbers drawn once).

Drawing a fresh number for each activation takes a fifth of a training step on a processor. A pool of them, entered at a
random place for each mask, costs a multiplication; the generator that draws the place is the caller's.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor, nn

POOL = 1 << 22
"""Numbers in the pool: masks of one step overlap, but never lie alike over two layers."""

POOL_SEED = 20141
"""The pool is the same for every training; where it is entered is not."""


class PooledDropout(nn.Module):
    """Zeroes a share of its input while training and scales the rest up, so that the mean stays."""

    def __init__(self, share: float, random: torch.Generator) -> None:
        super().__init__()
        self.share = share
        self.random = random

    def forward(self, x: Tensor) -> Tensor:
        """`x` of any shape, masked while training and untouched otherwise."""
        if not self.training or self.share == 0:
            return x
        start = int(torch.randint(POOL, (), generator=self.random))
        mask = _pool(self.share, x.device, x.dtype)[start : start + x.numel()]
        while mask.numel() < x.numel():
            mask = torch.cat([mask, _pool(self.share, x.device, x.dtype)[: x.numel() - mask.numel()]])
        return x * mask.view(x.shape)


@cache
def _pool(share: float, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Masks as numbers: 0 for `share` of them, 1 / (1 - share) for the others. One pool serves all layers.

    It stands there twice in a row, so that a mask that begins near its end need not be put together.
    """
    with torch.inference_mode(False):
        numbers = torch.rand(POOL, generator=torch.Generator().manual_seed(POOL_SEED))
        return ((numbers >= share).to(torch.float32) / (1 - share)).repeat(2).to(device, dtype)
