"""Where a token stands: added to the input, or known to attention alone as the distance of two places.

The guide and the response are numbered alike, so that a distance of zero means at the same time. Tables are computed
once, and a step reads its rows.
"""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor, nn

LEAST_TABLE = 128
"""Places of the smallest table; a larger one is made when a sequence outgrows it."""

RELATIVE_REACH = 64
"""Distances beyond this count as this: more than twice a window of 15 s in segments of 0.5 s."""


def sinusoids(start: int, n: int, like: Tensor) -> Tensor:
    """Sinusoidal positions (n, dimension) from `start` on (Vaswani et al., 2017, 3.5)."""
    return _sinusoids(_table_size(start + n), like.shape[-1], like.device, like.dtype)[start : start + n]


def rotated(x: Tensor, start: int) -> Tensor:
    """`x` (rows, n, size) turned by its places from `start` on: products then depend on distances only.

    Rotary positions (Su et al., 2021), a number and the one half the size behind it as one pair.
    """
    n, size = x.shape[-2:]
    sines, cosines = _waves(_table_size(start + n), size, x.device, x.dtype)
    sine, cosine = sines[start : start + n], cosines[start : start + n]
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], dim=-1)


class RelativeBias(nn.Module):
    """A learned number per head and distance, added to what attention compares (Raffel et al., 2020, 2.1)."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(heads, 2 * RELATIVE_REACH + 1))

    def forward(self, first_query: int, queries: int, keys: int) -> Tensor:
        """Numbers (heads, queries, keys): queries from the place `first_query` on, keys from place 0 on."""
        here = torch.arange(first_query, first_query + queries, device=self.bias.device)
        there = torch.arange(keys, device=self.bias.device)
        distances = (here[:, None] - there).clamp(-RELATIVE_REACH, RELATIVE_REACH) + RELATIVE_REACH
        return self.bias[:, distances]


def _table_size(places: int) -> int:
    return max(LEAST_TABLE, 1 << (places - 1).bit_length())


@cache
def _sinusoids(places: int, dimension: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    sines, cosines = _waves(places, dimension, device, dtype)
    with torch.inference_mode(False):
        return torch.stack([sines, cosines], dim=2).flatten(1)


@cache
def _waves(places: int, dimension: int, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Sines and cosines (places, dimension / 2), each column slower than the one before."""
    # A table made while playing serves training too, which must be able to keep it for its gradients.
    with torch.inference_mode(False):
        place = torch.arange(places, dtype=torch.float32, device=device)[:, None]
        rate = torch.exp(torch.arange(0, dimension, 2, device=device) * (-math.log(10000.0) / dimension))
        return torch.sin(place * rate).to(dtype), torch.cos(place * rate).to(dtype)
