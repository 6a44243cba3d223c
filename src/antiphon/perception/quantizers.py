"""Segment vectors to ids of the alphabet (paper equation 2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from antiphon.interfaces import Quantizer
from antiphon.types import Alphabet, Floats, Ids, Segments

CHUNK_DISTANCES = 4_000_000
"""Distances held at once: 32 MB."""

Distances = NDArray[np.float64]


class NearestCentroid:
    """The id of the centroid nearest to each vector; of equally near ones the lowest.

    Exact: a vector's id depends on nothing but itself and the centroids, not on which vectors come with it.
    """

    def __init__(self, alphabet: Alphabet) -> None:
        self._alphabet = alphabet
        self._centroids = alphabet.centroids.astype(np.float64)
        self._squares = (self._centroids**2).sum(axis=1)

    def __call__(self, segments: Segments) -> Ids:
        """Ids (n,) in 0..K-1 of segment vectors (n, dim)."""
        step = max(1, CHUNK_DISTANCES // len(self._centroids))
        vectors = segments.vectors
        ids = [self._nearest(vectors[first : first + step]) for first in range(0, len(vectors), step)]
        return np.concatenate([np.empty(0, dtype=np.int64), *ids])

    def _nearest(self, vectors: Floats) -> Ids:
        scaled = (vectors / self._alphabet.scale).astype(np.float64)
        # |x|² is the same for all centroids and left out. The product rounds differently with the shape of the batch,
        # so whatever lies within rounding of the smallest is decided by the distance itself.
        distances = self._squares - 2 * scaled @ self._centroids.T
        squares = (scaled**2).sum(axis=1, keepdims=True)
        rounding = 1e-12 * (squares + self._squares.max())
        near = distances <= distances.min(axis=1, keepdims=True) + rounding
        ids: Ids = np.argmax(near, axis=1)
        for row in np.flatnonzero(near.sum(axis=1) > 1):
            candidates = np.flatnonzero(near[row])
            exact = ((self._centroids[candidates] - scaled[row]) ** 2).sum(axis=1)
            ids[row] = candidates[np.argmin(exact)]
        return ids


class NearestCentroidWithRest:
    """The rest, K, for segments below the alphabet's `rest_dbfs`; the nearest centroid for all others."""

    def __init__(self, alphabet: Alphabet) -> None:
        self._alphabet = alphabet
        self._nearest = NearestCentroid(alphabet)

    def __call__(self, segments: Segments) -> Ids:
        """Ids (n,) in 0..K."""
        silent = segments.level < self._alphabet.rest_dbfs
        return np.where(silent, self._alphabet.rest, self._nearest(segments))


def make_quantizer(alphabet: Alphabet) -> Quantizer:
    """The quantizer of an alphabet, with the rest where it has one."""
    return NearestCentroidWithRest(alphabet) if alphabet.has_rest else NearestCentroid(alphabet)


BANDWIDTH = 0.72
"""Of the probabilities of classes, in units of the middle distance from a centroid to its nearest neighbour."""


def class_probabilities(alphabet: Alphabet, segments: Segments) -> Floats:
    """p(class | vector) (n, classes): Gaussians of one width around all centroids, which are equally probable.

    A segment below `rest_dbfs` is a rest for certain.
    """
    from scipy.spatial.distance import cdist

    between = class_distances(alphabet)[: alphabet.size, : alphabet.size]
    np.fill_diagonal(between, np.inf)
    width = BANDWIDTH * float(np.median(between.min(axis=1)))
    found = np.zeros((len(segments.vectors), alphabet.classes), dtype=np.float32)
    step = max(1, CHUNK_DISTANCES // alphabet.size)
    for first in range(0, len(segments.vectors), step):
        scaled = (segments.vectors[first : first + step] / alphabet.scale).astype(np.float64)
        logits = -0.5 * cdist(scaled, alphabet.centroids.astype(np.float64), "sqeuclidean") / width**2
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        found[first : first + step, : alphabet.size] = weights / weights.sum(axis=1, keepdims=True)
    if alphabet.has_rest:
        silent = segments.level < alphabet.rest_dbfs
        found[silent] = np.arange(alphabet.classes) == alphabet.rest
    return found


def class_distances(alphabet: Alphabet) -> Distances:
    """Euclidean distances (classes, classes) between centroids in units of the scale.

    The rest is infinitely far from every other class: no sound stands in for silence.
    """
    from scipy.spatial.distance import cdist

    distances = np.full((alphabet.classes, alphabet.classes), np.inf)
    np.fill_diagonal(distances, 0.0)
    centroids = alphabet.centroids.astype(np.float64)
    distances[: alphabet.size, : alphabet.size] = cdist(centroids, centroids)
    return distances
