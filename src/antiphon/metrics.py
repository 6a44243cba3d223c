"""Metrics of the re-generation task (paper 5.3). numpy only; each says what a token sequence got right.

Like mir_eval: plain arrays in, a number or one number per position out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def _same_length(predicted: ArrayLike, reference: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    a, b = np.asarray(predicted), np.asarray(reference)
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"predicted and reference must be (n,) and of one length, got {a.shape} and {b.shape}")
    if len(a) == 0:
        raise ValueError("there is nothing to compare in an empty sequence")
    return a, b


def true_positive_percentage(predicted: ArrayLike, reference: ArrayLike, durations: ArrayLike | None = None) -> float:
    """TPP, equation (5): the percentage of positions at which `predicted` (n,) equals `reference` (n,).

    With `durations` (n,) in seconds each position counts by its length, for segments that vary.
    """
    a, b = _same_length(predicted, reference)
    weights = np.ones(len(a)) if durations is None else np.asarray(durations, dtype=np.float64)
    if weights.shape != a.shape or not (weights > 0).all():
        raise ValueError("durations must be one positive number per position")
    return float(100 * np.sum(weights * (a == b)) / np.sum(weights))


def longest_common_prefix(predicted: ArrayLike, reference: ArrayLike) -> NDArray[np.int64]:
    """LCP (paper 5.3): for each position i (n,), how many positions from i on agree without a break. O(n)."""
    a, b = _same_length(predicted, reference)
    n = len(a)
    breaks = np.append(np.flatnonzero(a != b), n)
    positions = np.arange(n)
    return (breaks[np.searchsorted(breaks, positions)] - positions).astype(np.int64)


def entropy(ids: ArrayLike) -> float:
    """Shannon entropy in bits of the distribution of `ids` (n,): the diversity of figures 7 and 8."""
    values = np.asarray(ids)
    if values.size == 0:
        raise ValueError("an empty sequence has no entropy")
    share = np.unique(values, return_counts=True)[1] / values.size
    return float(-np.sum(share * np.log2(share)) + 0.0)


def bits_per_token(log_probabilities: ArrayLike) -> float:
    """Mean surprise in bits of the true tokens, from their log-probabilities (n,) in nats. Lower is better."""
    values = np.asarray(log_probabilities, dtype=np.float64)
    if values.size == 0:
        raise ValueError("there are no tokens to score")
    return float(-values.mean() / np.log(2))
