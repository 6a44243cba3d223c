"""What a verifier is and how it is trained; apart from the network, so that to name them loads no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VerifierSettings:
    """The network and its training. The defaults were chosen on the validation split of rendered chorales
    (docs/coupling.md)."""

    width: int = 96
    dimension: int = 64
    dropout: float = 0.1
    batch: int = 32
    steps: int = 600
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    seed: int = 0
