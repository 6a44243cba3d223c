"""What the network reads: tokens, by a learned vector or by their centroid, and the lengths of segments."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from antiphon.config import DecisionSettings
from antiphon.decision.vocabulary import Vocabulary

SHORTEST = 2.0**-4
"""Seconds of the first of the lengths that a duration is compared with; each of the next is twice as long."""

LENGTHS = 8
"""How many lengths: from a sixteenth of a second to eight seconds."""


class CentroidInput(nn.Module):
    """Fixed centroids through a learned map, as the paper's own runs; ids without one (rest, BOS, PAD) are learned.

    Centroids are moved and scaled as a whole to mean 0 and variance 1, so that the encoder's units do not matter. They
    are not among the weights: an alphabet keeps its own.
    """

    centroids: Tensor
    others: Tensor

    def __init__(self, centroids: Tensor, vocabulary: Vocabulary, dimension: int) -> None:
        super().__init__()
        count, width = centroids.shape
        if count not in (vocabulary.classes, vocabulary.classes - 1):
            raise ValueError(f"{vocabulary.classes} classes need a centroid each but for the rest, got {count}")
        centred = centroids.float() - centroids.float().mean(dim=0)
        table = torch.zeros(vocabulary.size, width)
        table[:count] = centred / centred.square().mean().sqrt().clamp(min=1e-12)
        self.register_buffer("centroids", table, persistent=False)
        self.register_buffer("others", (torch.arange(vocabulary.size) - count + 1).clamp(min=0), persistent=False)
        self.map = nn.Linear(width, dimension)
        self.learned = _embedding(vocabulary.size - count + 1, dimension, padding_idx=0)

    def forward(self, ids: Tensor) -> Tensor:
        """Vectors (batch, n, dimension) of `ids` (batch, n)."""
        return self.map(self.centroids[ids]) + self.learned(self.others[ids])  # type: ignore[no-any-return]


def token_input(settings: DecisionSettings, vocabulary: Vocabulary, centroids: Tensor | None) -> nn.Module:
    """What turns ids (batch, n) into vectors (batch, n, dimension), by the settings' `token_input`."""
    if settings.token_input == "embedding":
        return _embedding(vocabulary.size, settings.dimension)
    if centroids is None:
        raise ValueError("token_input 'centroids' needs the alphabet's centroids")
    return CentroidInput(centroids, vocabulary, settings.dimension)


def _embedding(size: int, dimension: int, padding_idx: int | None = None) -> nn.Embedding:
    """Fresh vectors. On the device `meta`, where nothing has numbers, none are drawn: PyTorch would load its compiler
    for that, which takes a second."""
    if torch.get_default_device().type == "meta":
        return nn.Embedding(size, dimension, padding_idx, _weight=torch.empty(size, dimension))
    return nn.Embedding(size, dimension, padding_idx)


class DurationInput(nn.Module):
    """A segment's length as a vector: how near its logarithm is to each of a row of lengths, through a learned map."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.map = nn.Linear(LENGTHS, dimension, bias=False)

    def forward(self, seconds: Tensor) -> Tensor:
        """Vectors (batch, n, dimension) of durations (batch, n) in seconds; zero, as behind an end, gives zeros."""
        octaves = torch.log2(seconds.clamp(min=1e-6) / SHORTEST)[..., None]
        near = torch.exp(-((octaves - torch.arange(LENGTHS, device=seconds.device)) ** 2) / 2)
        return self.map(near.to(self.map.weight.dtype))  # type: ignore[no-any-return]
