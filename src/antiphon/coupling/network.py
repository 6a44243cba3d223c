"""The pair network of the learned verifier: two voices are heard alone, and compared moment by moment."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from antiphon.coupling.features import PITCH_CLASSES

FRAME_DIMENSIONS = 24
DILATIONS = (1, 2, 4)
FIRST_KERNEL = 5
CONTEXT_STEPS = FIRST_KERNEL - 1 + 2 * sum(DILATIONS)
"""Steps that convolutions without padding take from the ends, both together: 0.9 s. What lies outside an excerpt is
never guessed, so a moment says the same in every excerpt."""


class PairNetwork(nn.Module):
    """Frames (batch, steps, 24) of a track to what it offers and what it looks for at each moment.

    A pair fits as far as each track offers what the other looks for, on the mean over time: exchanging the two tracks
    changes nothing.
    """

    def __init__(self, width: int, dimension: int, dropout: float) -> None:
        super().__init__()
        self.first = nn.Conv1d(FRAME_DIMENSIONS, width, FIRST_KERNEL)
        self.blocks = nn.ModuleList(_Block(width, dilation, dropout) for dilation in DILATIONS)
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, 2 * dimension)

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """What it offers and what it looks for, (batch, steps - 18, dimension) each."""
        hidden: Tensor = nn.functional.gelu(self.first(frames.transpose(1, 2)))
        for block in self.blocks:
            hidden = block(hidden)
        offered, wanted = self.out(self.norm(hidden.transpose(1, 2))).chunk(2, dim=-1)
        return offered, wanted


class _Block(nn.Module):
    """A residual convolution without padding."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.dilation = dilation
        self.convolution = nn.Conv1d(width, width, 3, dilation=dilation)
        self.mix = nn.Conv1d(width, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor) -> Tensor:
        inner = self.mix(nn.functional.gelu(self.convolution(hidden)))
        return cast(Tensor, hidden[:, :, self.dilation : -self.dilation] + self.dropout(inner))


def fit(one: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor]) -> Tensor:
    """Scores (n, m) of n tracks with m others, each as `PairNetwork` gives it: offered and wanted (n, steps, dim)."""
    offered, wanted = one
    their_offered, their_wanted = other
    ours = torch.cat([offered, wanted], dim=-1).flatten(1)
    theirs = torch.cat([their_wanted, their_offered], dim=-1).flatten(1)
    scale = float(offered.shape[1] * offered.shape[2] ** 0.5)
    return ours @ theirs.T / scale


def fit_by_row(one: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor]) -> Tensor:
    """Scores (n,) of each track with the one of the same row."""
    products = (one[0] * other[1] + one[1] * other[0]).sum(dim=(1, 2))
    return cast(Tensor, products / (one[0].shape[1] * one[0].shape[2] ** 0.5))


def rotated_tensor(frames: Tensor, semitones: int) -> Tensor:
    """Frames (..., 24) with their pitch classes rotated."""
    turned = torch.roll(frames[..., PITCH_CLASSES], semitones, dims=-1)
    return torch.cat([turned, frames[..., PITCH_CLASSES.stop :]], dim=-1)
