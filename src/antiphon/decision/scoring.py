"""How probable a given sequence is to a model: windows over whole tracks (paper equation 1).

A window of `context` tokens moves by `hop`; what was played in the overlap is given to the model again, so no window
starts from nothing. `playing` takes the same walk while deciding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from antiphon.interfaces import DecisionModel
from antiphon.types import Floats, Ids, Seconds

ROWS = 1024
"""Sequences that are decided side by side at most: what bounds the memory, whatever is asked for."""


@dataclass(frozen=True)
class Context:
    """How many tokens a model looks at, and how far its window moves: what it was trained on."""

    tokens: int
    hop: int

    def __post_init__(self) -> None:
        if not 0 < self.hop <= self.tokens:
            raise ValueError(f"context needs 0 < hop <= tokens, got {self.hop} and {self.tokens}")


@runtime_checkable
class OnePass(Protocol):
    """A model that also scores a whole window at once: the same numbers as step by step, sooner."""

    def log_probabilities(self, guides: Ids, targets: Ids, durations: Seconds | None = None) -> Floats:
        """Log-probability (guides, n) of each of `targets` (guides, n), all before it given, from a fresh start."""
        ...


@runtime_checkable
class Moving(Protocol):
    """A model that keeps something of its state when the window moves on; others start anew."""

    def moved(self, guides: int, state: Any, overlap: int) -> Any:
        """The state at the start of a next window of as many `guides`, whose first `overlap` tokens were decided in the
        one before and are given again."""
        ...


@runtime_checkable
class Windowed(Protocol):
    """A model that also scores a whole window at once, and keeps something of its state: as step by step, sooner."""

    def scored(self, state: Any, guides: Ids, targets: Ids, durations: Seconds | None = None) -> tuple[Any, Floats]:
        """The state after the window, to move on from, and the log-probability (guides, n) of each of `targets`."""
        ...


def started(model: DecisionModel, guides: int, before: Any = None, overlap: int = 0) -> Any:
    """The state at the start of a window, after the state `before` at the end of the last one, if there was one."""
    if before is not None and isinstance(model, Moving):
        return model.moved(guides, before, overlap)
    return model.start(guides)


def advanced(
    model: DecisionModel, state: Any, heard: Ids, previous: Ids | None, durations: Seconds | None
) -> tuple[Any, Floats]:
    """One step of a model, which is told of durations where there are any: not every model knows of them."""
    if durations is None:
        return model.step(state, heard, previous)
    return model.step(state, heard, previous, durations)


def window_log_probabilities(
    model: DecisionModel, guides: Ids, targets: Ids, durations: Seconds | None = None
) -> Floats:
    """Log-probability (guides, n) of each of `targets` (guides, n) in one window: at once if the model can."""
    return _window(model, model.start(len(targets)), guides, targets, durations)[1]


def _window(
    model: DecisionModel, state: Any, guides: Ids, targets: Ids, durations: Seconds | None
) -> tuple[Any, Floats]:
    """The state after a window, and see `window_log_probabilities`."""
    if isinstance(model, OnePass):
        return state, model.log_probabilities(guides, targets, durations)
    if isinstance(model, Windowed):
        return model.scored(state, guides, targets, durations)
    count, n = targets.shape
    found = np.zeros((count, n), dtype=np.float32)
    heard, lasting, previous = guides, durations, None
    for position in range(n):
        state, log_probabilities = advanced(model, state, heard, previous, lasting)
        previous = targets[:, position]
        found[:, position] = log_probabilities[np.arange(count), previous]
        heard, lasting = guides[:, :0], None if durations is None else durations[:, :0]
    return state, found


def score(
    model: DecisionModel, guides: Ids, responses: Ids, context: Context, durations: Seconds | None = None
) -> Seconds:
    """Log-probability (guides, n) in nats of each token of `responses` (guides, n), all before it given.

    `durations` (guides, n) are those of the guides' segments in seconds, where these vary.
    """
    if guides.shape != responses.shape:
        raise ValueError(f"guides {guides.shape} and responses {responses.shape} must share one time grid")
    found = np.zeros(guides.shape)
    for rows in blocks(len(guides), ROWS):
        state = None
        for start, decided, end in sliding(guides.shape[1], context):
            lasting = None if durations is None else durations[rows, start:end]
            heard, played = guides[rows, start:end], responses[rows, start:end]
            state = started(model, len(heard), state, decided - start)
            state, window = _window(model, state, heard, played, lasting)
            found[rows, decided:end] = window[:, decided - start :]
    return found


def blocks(count: int, size: int) -> Iterator[slice]:
    """`count` rows in parts of no more than `size`."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def sliding(n: int, context: Context) -> Iterator[tuple[int, int, int]]:
    """(start, first position decided here, end) of each window over n positions; the last one is cut at n."""
    start, decided = 0, 0
    while decided < n:
        end = min(start + context.tokens, n)
        yield start, decided, end
        start, decided = start + context.hop, end
