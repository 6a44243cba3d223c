"""Token selection (paper 4.2, 4.3): from log-probabilities to an id. Outside the model, so that all models share it.

The order: hard constraint, temperature, repetition control, top-k, nucleus, soft constraint, argmax where asked for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from antiphon.config import SamplingSettings
from antiphon.types import Floats, Ids

Mask = NDArray[np.bool_]
Probabilities = NDArray[np.float64]

FREE = -1
"""Among pins: a position that nobody has fixed."""


def nucleus(probabilities: Probabilities, top_p: float) -> Mask:
    """The smallest set of tokens whose probability reaches `top_p`, per row of (n, classes).

    The token that crosses the threshold belongs to it (Holtzman et al., 2020, 3.1).
    """
    if top_p == 1:
        return np.asarray(probabilities > 0)
    order = np.argsort(-probabilities, axis=-1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=-1)
    before = np.cumsum(ranked, axis=-1) - ranked
    kept = before < top_p - 1e-12
    kept[..., 0] = True
    mask = np.zeros_like(kept)
    np.put_along_axis(mask, order, kept, axis=-1)
    return mask & (probabilities > 0)


def most_probable(probabilities: Probabilities, top_k: int) -> Mask:
    """The `top_k` most probable tokens per row of (n, classes), of equal ones those with the lower id; 0 keeps all."""
    mask = np.asarray(probabilities > 0)
    if 0 < top_k < probabilities.shape[-1]:
        order = np.argsort(-probabilities, axis=-1, kind="stable")
        np.put_along_axis(mask, order[..., top_k:], False, axis=-1)
    return mask


def candidates(
    log_probabilities: Floats, allowed: Mask | None, settings: SamplingSettings, ceilings: Probabilities | None = None
) -> Probabilities:
    """The distribution (n, classes) that a token is drawn from.

    Hard constraint: what is outside `allowed` (n, classes) is impossible before all else. Soft (paper 4.3): where the
    nucleus holds allowed labels, one of them; else any of the nucleus. Where a model gives nothing to any allowed
    label, all of them are equally likely. No probability passes its ceiling (n, classes), see `repetition`. Raises
    ValueError where the hard constraint allows none.
    """
    logits = log_probabilities.astype(np.float64)
    possible = np.ones(logits.shape, dtype=np.bool_)
    if allowed is not None and settings.constraint == "hard":
        if not allowed.any(axis=-1).all():
            raise ValueError("the hard constraint needs at least one allowed label at every position")
        possible = allowed
    probabilities = _normalized(logits, possible, settings.temperature or 1.0)
    if ceilings is not None:
        probabilities = _under(probabilities, ceilings)
    kept = np.where(most_probable(probabilities, settings.top_k), probabilities, 0.0)
    kept /= kept.sum(axis=-1, keepdims=True)
    kept = np.where(nucleus(kept, settings.top_p), kept, 0.0)
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


def _under(probabilities: Probabilities, ceilings: Probabilities) -> Probabilities:
    """What is above its ceiling comes down to it, and the rest is shared among the others as they stand.

    A row stays as it is where the others have nothing: whoever has one choice may repeat himself.
    """
    high = probabilities > ceilings
    lowered = np.where(high, ceilings, 0.0)
    others = np.where(high, 0.0, probabilities)
    share = others.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        shared = lowered + others * ((1 - lowered.sum(axis=-1, keepdims=True)) / share)
    return np.asarray(np.where(share > 0, shared, probabilities), dtype=np.float64)


def draw(probabilities: Probabilities, uniform: Probabilities) -> Ids:
    """One id per row of `probabilities` (n, classes), by inversion with the numbers `uniform` (n,) in [0, 1)."""
    cumulative = np.cumsum(probabilities, axis=-1)
    return np.asarray((cumulative <= uniform[:, None] * cumulative[:, -1:]).sum(axis=-1), dtype=np.int64)


def consensus(probabilities: Probabilities, ceilings: Probabilities | None = None) -> Ids:
    """What most samples have (n,), from the distributions (n, samples, classes) that each sample is drawn from.

    No probability passes its ceiling (n, classes), which is what follows from the consensus so far.

    A sample's vote is spread over what it could have been, as its distribution says: the votes to be expected. That is
    the mode of p(y_t | x), which is right most often, estimated with less chance than by counting what was drawn
    (Casella and Robert, 1996): on chorales 32 samples agree with the truth as often as 128 do with counted votes.
    """
    expected = probabilities.mean(axis=1)
    if ceilings is not None:
        expected = _under(expected, ceilings)
    return np.asarray(expected.argmax(axis=-1), dtype=np.int64)


def with_pins(pinned: Ids, allowed: Mask | None, classes: int) -> Mask:
    """`allowed` (n, classes), or everything if None, with nothing but the pin where `pinned` (n,) is not FREE."""
    mask = np.ones((len(pinned), classes), dtype=np.bool_) if allowed is None else allowed.copy()
    if len(mask) != len(pinned):
        raise ValueError(f"{len(pinned)} pins do not fit {len(mask)} positions")
    if len(pinned) and not FREE <= pinned.min() <= pinned.max() < classes:
        raise ValueError(f"a pin is a class from 0 to {classes - 1}, or {FREE} where the position is free")
    fixed = np.flatnonzero(pinned != FREE)
    mask[fixed] = np.arange(classes) == pinned[fixed, None]
    return mask
