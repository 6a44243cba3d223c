"""The codebook C_K (paper 3.1, 4.1): k-means over the very vectors that will be quantised."""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import replace

import numpy as np

from antiphon.config import SEGMENTS_PER_CLASS, PerceptionSettings
from antiphon.errors import AntiphonWarning, BadData
from antiphon.interfaces import Encoder
from antiphon.perception.levelling import HEARD_AT_DBFS
from antiphon.types import Alphabet, Floats, Segments

RESTARTS = 3
"""Runs of k-means from different starts, of which the best is kept."""


def recipe_of(encoder: Encoder, settings: PerceptionSettings) -> str:
    """Everything but the codebook on which labels depend, as a JSON object with sorted keys.

    A tempo is none of it: it says where the beats of one recording lie, not what they are called.
    """
    parts: dict[str, str | float] = {
        "condenser": settings.condenser,
        "encoder": encoder.identity,
        "segmenter": settings.segmenter,
    }
    if settings.loudness == "normalized":
        parts["loudness"] = HEARD_AT_DBFS
    if settings.segmenter == "uniform":
        parts["segment_seconds"] = settings.segment_seconds
    else:
        parts |= {"minimum_seconds": settings.minimum_seconds, "maximum_seconds": settings.maximum_seconds}
    return json.dumps(parts, sort_keys=True)


def fit_alphabet(segments: Segments, encoder: Encoder, settings: PerceptionSettings) -> Alphabet:
    """An alphabet of `settings.alphabet_size` classes, or fewer where the segments do not carry as many.

    Fitted on the sounding segments where the rest is on, on all of them where it is off. The same segments, settings
    and machine give the same alphabet, and the same id. Raises BadData where there is nothing to tell apart; gives an
    AntiphonWarning where K is lowered.
    """
    vectors = _sounding(segments, settings)
    if not np.isfinite(vectors).all():
        raise BadData("the encoder gave values that are not finite; no alphabet can be made of them")
    size = _affordable_size(vectors, settings.alphabet_size)
    scale = _spread(vectors) if encoder.standardize else np.ones(vectors.shape[1], dtype=np.float32)
    centroids = _k_means((vectors / scale).astype(np.float32), size, settings.seed)
    unnamed = Alphabet(centroids, scale, settings.rest_dbfs, settings.rest, recipe_of(encoder, settings), id="")
    return replace(unnamed, id=identify(unnamed))


def _sounding(segments: Segments, settings: PerceptionSettings) -> Floats:
    if not settings.rest:
        return segments.vectors
    vectors = segments.vectors[segments.level >= settings.rest_dbfs]
    if not len(vectors):
        raise BadData(f"no segment reaches {settings.rest_dbfs:g} dBFS; there is no sound to make an alphabet of")
    return vectors


def _affordable_size(vectors: Floats, wanted: int) -> int:
    distinct = _count_distinct(vectors, enough=SEGMENTS_PER_CLASS * wanted)
    if distinct < 2:
        raise BadData("all segments are alike; there is nothing to tell apart in an alphabet")
    affordable = max(2, distinct // SEGMENTS_PER_CLASS)
    if affordable < wanted:
        warnings.warn(
            f"only {distinct} distinct segments: the alphabet has {affordable} classes instead of {wanted}",
            AntiphonWarning,
            stacklevel=3,
        )
    return min(wanted, affordable)


def _count_distinct(vectors: Floats, enough: int) -> int:
    """How many different rows there are, counted no further than `enough`."""
    seen: set[bytes] = set()
    for vector in vectors:
        seen.add(vector.tobytes())
        if len(seen) >= enough:
            break
    return len(seen)


def _spread(vectors: Floats) -> Floats:
    """Standard deviation of each dimension, 1 for one that never changes."""
    spread = vectors.std(axis=0, dtype=np.float64).astype(np.float32)
    return np.where(spread > 0, spread, np.float32(1))


def _k_means(vectors: Floats, size: int, seed: int) -> Floats:
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    # More threads add up a centroid in whatever order they finish: another last bit, another id.
    with threadpool_limits(limits=1):
        model = KMeans(n_clusters=size, n_init=RESTARTS, random_state=seed).fit(vectors)
    return np.asarray(model.cluster_centers_, dtype=np.float32)


def identify(alphabet: Alphabet) -> str:
    """The id that an alphabet must have: a hash of all that its labels depend on."""
    rest = json.dumps({"rest": alphabet.has_rest, "rest_dbfs": alphabet.rest_dbfs if alphabet.has_rest else None})
    digest = hashlib.sha256()
    for part in (alphabet.recipe.encode(), alphabet.centroids.tobytes(), alphabet.scale.tobytes(), rest.encode()):
        digest.update(part)
    return digest.hexdigest()[:16]
