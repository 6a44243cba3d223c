"""What the training rewards where near misses are not all alike (paper 8)."""

from __future__ import annotations

import torch
from torch import Tensor


def soft_targets(distances: Tensor, temperature: float) -> Tensor:
    """Distributions (classes, classes), a row for each true class, that give near classes their share.

    From `distances` (classes, classes) between centroids, infinite where nothing stands in for the other (a rest).
    A class gets exp(-distance / (temperature x unit)), normalised; the unit is the mean distance of a class to its
    nearest other one, so that a `temperature` means the same in any alphabet. 0 gives the true class everything.
    """
    if temperature == 0:
        return torch.eye(len(distances), dtype=distances.dtype, device=distances.device)
    others = distances + torch.diag(torch.full((len(distances),), torch.inf, dtype=distances.dtype)).to(distances)
    nearest = others.min(dim=1).values
    known = nearest[torch.isfinite(nearest)]
    unit = known.mean() if len(known) else torch.ones((), dtype=distances.dtype, device=distances.device)
    return torch.softmax(-distances / (temperature * unit.clamp(min=1e-12)), dim=1)
