"""From a model to a sequence: whole tracks in one pass, with a sliding context (paper equation 1).

A window of `context` tokens moves by `hop`; what was played in the overlap is given to the model again, so the response
goes on where it was and no window starts from nothing. The same walk scores a given response and generates a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.config import SamplingSettings
from antiphon.decision.sampling import Mask, candidates, draw, uniform_numbers
from antiphon.interfaces import DecisionModel
from antiphon.types import Floats, Ids, Seconds


@dataclass(frozen=True)
class Context:
    """How many tokens a model looks at, and how far its window moves: what it was trained on."""

    tokens: int
    hop: int

    def __post_init__(self) -> None:
        if not 0 < self.hop <= self.tokens:
            raise ValueError(f"context needs 0 < hop <= tokens, got {self.hop} and {self.tokens}")


@dataclass(frozen=True, eq=False)
class Decided:
    """Ids (guides, n) and the model's own log-probability (guides, n) of each, in nats."""

    ids: Ids
    log_probabilities: Seconds


def generate(
    model: DecisionModel,
    guides: Ids,
    context: Context,
    *,
    sampling: SamplingSettings,
    seeds: Sequence[int],
    allowed: Mask | None = None,
) -> Decided:
    """A response to each of `guides` (guides, n), one seed each; `allowed` is (n, classes), the same for all."""
    if len(seeds) != len(guides):
        raise ValueError(f"{len(guides)} guides need as many seeds, got {len(seeds)}")

    def choose(position: int, log_probabilities: Floats) -> Ids:
        mask = None if allowed is None else np.broadcast_to(allowed[position], log_probabilities.shape)
        return draw(candidates(log_probabilities, mask, sampling), uniform_numbers(tuple(seeds), position))

    return _walk(model, guides, choose, context)


def score(model: DecisionModel, guides: Ids, responses: Ids, context: Context) -> Seconds:
    """Log-probability (guides, n) in nats of each token of `responses` (guides, n), all before it given."""
    if guides.shape != responses.shape:
        raise ValueError(f"guides {guides.shape} and responses {responses.shape} must share one time grid")
    return _walk(model, guides, lambda position, _: responses[:, position], context).log_probabilities


def _walk(model: DecisionModel, guides: Ids, choose: Callable[[int, Floats], Ids], context: Context) -> Decided:
    count, n = guides.shape
    ids = np.zeros((count, n), dtype=np.int64)
    chosen = np.zeros((count, n))
    start, decided = 0, 0
    while decided < n:
        end = min(start + context.tokens, n)
        state, heard, previous = model.start(count), guides[:, start:end], None
        for position in range(start, end):
            state, log_probabilities = model.step(state, heard, previous)
            heard = guides[:, :0]
            if position >= decided:
                ids[:, position] = choose(position, log_probabilities)
                chosen[:, position] = log_probabilities[np.arange(count), ids[:, position]]
            previous = ids[:, position]
        start, decided = start + context.hop, end
    return Decided(ids, chosen)
