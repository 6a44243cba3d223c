"""How the learning rate goes: it rises over the warm-up, then follows its schedule."""

from __future__ import annotations

import math

from antiphon.config import TrainingSettings


def learning_rate(step: int, steps: int, settings: TrainingSettings) -> float:
    """The rate of `step` (0, 1, ...) of a training that ends at `steps` at the latest."""
    risen = settings.warmup_steps + 1
    if step + 1 < risen:
        return settings.learning_rate * (step + 1) / risen
    return settings.learning_rate * _share(step, risen, steps, settings.schedule)


def _share(step: int, risen: int, steps: int, schedule: str) -> float:
    """What is left of the peak rate after the warm-up."""
    if schedule == "cosine":
        done = min(1.0, (step + 1 - risen) / max(1, steps - risen))
        return (1 + math.cos(math.pi * done)) / 2
    if schedule == "inverse-sqrt":
        return math.sqrt(risen / (step + 1))
    return 1.0
