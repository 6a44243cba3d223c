"""Token selection (paper 4.2, 4.3): from log-probabilities to an id. Outside the model, so that all models share it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from antiphon.config import SamplingSettings
from antiphon.types import Floats, Ids

Mask = NDArray[np.bool_]
Probabilities = NDArray[np.float64]


def nucleus(probabilities: Probabilities, top_p: float) -> Mask:
    """The smallest set of tokens whose probability reaches `top_p`, per row of (n, classes).

    The token that crosses the threshold belongs to it (Holtzman et al., 2020, 3.1).
    """
    order = np.argsort(-probabilities, axis=-1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=-1)
    before = np.cumsum(ranked, axis=-1) - ranked
    kept = before < top_p - 1e-12
    kept[..., 0] = True
    mask = np.zeros_like(kept)
    np.put_along_axis(mask, order, kept, axis=-1)
    return mask & (probabilities > 0)


def candidates(log_probabilities: Floats, allowed: Mask | None, settings: SamplingSettings) -> Probabilities:
    """The distribution (n, classes) that a token is drawn from, after temperature, constraint and nucleus.

    Hard constraint: what is outside `allowed` (n, classes) is impossible before the nucleus is taken. Soft (paper 4.3):
    where the nucleus holds allowed labels, one of them; else any of the nucleus. Where a model gives nothing to any
    allowed label, all of them are equally likely. Raises ValueError where the hard constraint allows none.
    """
    logits = log_probabilities.astype(np.float64)
    possible = np.ones(logits.shape, dtype=np.bool_)
    if allowed is not None and settings.constraint == "hard":
        if not allowed.any(axis=-1).all():
            raise ValueError("the hard constraint needs at least one allowed label at every position")
        possible = allowed
    probabilities = _normalized(logits, possible, settings.temperature or 1.0)
    kept = np.where(nucleus(probabilities, settings.top_p), probabilities, 0.0)
    if allowed is not None and settings.constraint == "soft":
        within = np.where(allowed, kept, 0.0)
        kept = np.where(within.sum(axis=-1, keepdims=True) > 0, within, kept)
    if settings.temperature == 0:
        kept = (np.arange(kept.shape[-1]) == kept.argmax(axis=-1)[..., None]).astype(np.float64)
    return np.asarray(kept / kept.sum(axis=-1, keepdims=True), dtype=np.float64)


def _normalized(logits: Probabilities, possible: Mask, temperature: float) -> Probabilities:
    logits = np.where(possible, logits, -np.inf)
    nothing = np.isneginf(logits).all(axis=-1, keepdims=True)
    logits = np.where(nothing, np.where(possible, 0.0, -np.inf), logits)
    with np.errstate(over="ignore"):
        weights = np.exp((logits - logits.max(axis=-1, keepdims=True)) / temperature)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True), dtype=np.float64)


def draw(probabilities: Probabilities, uniform: Probabilities) -> Ids:
    """One id per row of `probabilities` (n, classes), by inversion with the numbers `uniform` (n,) in [0, 1)."""
    cumulative = np.cumsum(probabilities, axis=-1)
    return np.asarray((cumulative <= uniform[:, None] * cumulative[:, -1:]).sum(axis=-1), dtype=np.int64)


def uniform_numbers(seeds: tuple[int, ...], step: int) -> Probabilities:
    """A number in [0, 1) per seed (n,): depends on (seed, step) only, whatever else is decided beside it."""
    return np.array([np.random.default_rng((seed, step)).random() for seed in seeds])
