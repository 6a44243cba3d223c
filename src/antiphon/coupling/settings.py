"""What a verifier is and how it is trained; apart from the network, so that to name them loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

Count = Annotated[int, Field(ge=1, le=1_000_000)]
Width = Annotated[int, Field(ge=1, le=1024)]
"""What a file may ask for: it may come from a stranger."""


@dataclass(frozen=True)
class VerifierSettings:
    """The network and its training. The defaults were chosen on the validation split of rendered chorales
    (docs/coupling.md)."""

    width: Width = 96
    dimension: Width = 64
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    batch: Count = 32
    steps: Count = 600
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 2e-3
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.02
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
