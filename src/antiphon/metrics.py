"""Metrics of the re-generation task (paper 5.3). numpy only; each says what a token sequence got right.

Like mir_eval: plain arrays in, a number or one number per position out.
"""

from __future__ import annotations

from collections.abc import Sequence
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


def agreement_beyond_chance(predicted: ArrayLike, reference: ArrayLike) -> float:
    """Cohen's kappa (1960) of two label sequences (n,): 1 all agree, 0 as often as their own shares would by chance.

    0 too where both hold one and the same class throughout: then chance explains everything.
    """
    a, b = _same_length(predicted, reference)
    classes, joined = np.unique(np.concatenate([a, b]), return_inverse=True)
    shares = [np.bincount(half, minlength=len(classes)) / len(a) for half in np.split(joined.ravel(), 2)]
    chance = float(shares[0] @ shares[1])
    return 0.0 if chance == 1 else float((np.mean(a == b) - chance) / (1 - chance))


def tolerant_true_positive_percentage(predicted: ArrayLike, reference: ArrayLike, tolerance: int = 1) -> float:
    """TPP where a token (n,) is right if the reference (n,) has it up to `tolerance` segments earlier or later."""
    a, b = _same_length(predicted, reference)
    hit = a == b
    for lag in range(1, min(tolerance, len(a) - 1) + 1):
        hit[lag:] |= a[lag:] == b[:-lag]
        hit[:-lag] |= a[:-lag] == b[lag:]
    return float(100 * hit.mean())


def functional_true_positive_percentage(predicted: ArrayLike, reference: ArrayLike, alike: ArrayLike) -> float:
    """TPP where a class may stand for any that is like it: `alike` (classes, classes) says at [predicted, reference]
    which do. See `interchangeable`."""
    a, b = _same_length(predicted, reference)
    return float(100 * np.asarray(alike, dtype=np.bool_)[a, b].mean())


def interchangeable(distances: ArrayLike) -> NDArray[np.bool_]:
    """Which classes may stand for each other, (classes, classes), by their `distances` (classes, classes).

    Those no further apart than a class typically is from its nearest other: the median over all classes that have one
    at a finite distance. A class always stands for itself.
    """
    table = np.asarray(distances, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise ValueError(f"distances must be (classes, classes), got {table.shape}")
    others = np.where(np.eye(len(table), dtype=np.bool_), np.inf, table)
    nearest = others.min(axis=1, initial=np.inf)
    finite = nearest[np.isfinite(nearest)]
    typical = float(np.median(finite)) if len(finite) else -np.inf
    return np.asarray((others <= typical) | np.eye(len(table), dtype=np.bool_))


def context_distances(profiles: ArrayLike) -> NDArray[np.float64]:
    """How differently classes are used, 0 to 1: the square root of the Jensen-Shannon divergence in bits (Endres and
    Schindelin, 2003) between their contexts, `profiles` (classes, contexts), each row a distribution.

    A row of zeros is a class that never occurs: infinitely far from every other.
    """
    rows = np.asarray(profiles, dtype=np.float64)
    own = np.array([_entropy_of(row) for row in rows])
    found = np.zeros((len(rows), len(rows)))
    for first in range(len(rows)):
        middle = (rows + rows[first]) / 2
        divergence = np.array([_entropy_of(row) for row in middle]) - (own + own[first]) / 2
        found[first] = np.sqrt(np.clip(divergence, 0, 1))
    absent = rows.sum(axis=1) == 0
    found[absent] = found[:, absent] = np.inf
    np.fill_diagonal(found, 0)
    return found


def _entropy_of(distribution: NDArray[np.float64]) -> float:
    positive = distribution[distribution > 0]
    return float(-np.sum(positive * np.log2(positive)))


def multi_reference_true_positive_percentage(predicted: ArrayLike, references: Sequence[ArrayLike]) -> float:
    """The TPP of `predicted` (n,) against that of several `references` (n,) which it meets best: where a tune has
    several harmonisations, any of them is right, but not a patchwork of all."""
    if not references:
        raise ValueError("there is no reference to compare with")
    return max(true_positive_percentage(predicted, reference) for reference in references)


def anticipation(prefixes: ArrayLike, length: int) -> float:
    """Of all starts with `length` positions before the end, the percentage from which the prediction holds so long.

    `prefixes` (n,) are those of `longest_common_prefix`. Nan where the sequence is shorter than `length`.
    """
    lengths = np.asarray(prefixes)[: max(0, len(np.asarray(prefixes)) - length + 1)]
    return float(100 * np.mean(lengths >= length)) if len(lengths) else float("nan")


def repetition(ids: ArrayLike) -> float:
    """The percentage of positions of `ids` (n,) that repeat the one before; 0 for a single position."""
    values = np.asarray(ids)
    if values.size == 0:
        raise ValueError("an empty sequence repeats nothing")
    return float(100 * np.mean(values[1:] == values[:-1])) if values.size > 1 else 0.0


def copied(ids: ArrayLike, memory: Sequence[ArrayLike], length: int = 8) -> float:
    """The percentage of positions of `ids` (n,) that lie in a stretch of `length` tokens found in the `memory`.

    Nan where `ids` is shorter than that.
    """
    return copied_of(ids, fingerprints(memory, length), length)


def fingerprints(memory: Sequence[ArrayLike], length: int = 8) -> NDArray[np.uint64]:
    """Hashes of all stretches of `length` tokens, sorted, each once: what `copied_of` looks up."""
    found = [_hashes(np.asarray(track), length) for track in memory]
    return np.unique(np.concatenate([np.zeros(0, dtype=np.uint64), *found]))


def copied_of(ids: ArrayLike, known: NDArray[np.uint64], length: int = 8) -> float:
    """`copied` with the memory given as its `fingerprints` of the same length."""
    hashes = _hashes(np.asarray(ids), length)
    if len(hashes) == 0:
        return float("nan")
    starts = np.append(_among(hashes, known).astype(np.int64), np.zeros(length, dtype=np.int64))
    stops = np.concatenate([np.zeros(length, dtype=np.int64), starts[: len(hashes)]])
    inside = np.cumsum(starts - stops) > 0
    return float(100 * inside[: len(np.asarray(ids))].mean())


def _among(values: NDArray[np.uint64], known: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which of `values` (n,) are in `known` (m,), which is sorted: in O(n log m), where np.isin sorts again."""
    if len(known) == 0:
        return np.zeros(len(values), dtype=np.bool_)
    places = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.asarray(known[places] == values)


_FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""An odd number: a polynomial in it modulo 2^64 tells stretches of tokens apart."""


def _hashes(ids: NDArray[Any], length: int) -> NDArray[np.uint64]:
    """One number for each stretch of `length` tokens (n - length + 1,)."""
    count = max(0, len(ids) - length + 1)
    found = np.zeros(count, dtype=np.uint64)
    for offset in range(length):
        found = found * _FACTOR + ids[offset : offset + count].astype(np.uint64) + np.uint64(1)
        found ^= found >> np.uint64(29)
    return found


def expected_calibration_error(confidences: ArrayLike, hits: ArrayLike, bins: int = 10) -> float:
    """ECE (Naeini et al., 2015), 0 to 1: how far the probability that a model gives its first choice, `confidences`
    (n,), is from how often it is right, `hits` (n,), averaged over `bins` of equal width by their number of tokens."""
    confidence, hit = np.asarray(confidences, dtype=np.float64), np.asarray(hits, dtype=np.float64)
    if confidence.ndim != 1 or confidence.shape != hit.shape or confidence.size == 0:
        raise ValueError("confidences and hits must be (n,), of one length and not empty")
    place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(place, confidence - hit, minlength=bins)
    return float(np.abs(gaps).sum() / confidence.size)
