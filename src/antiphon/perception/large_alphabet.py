"""The codebook of a corpus that does not fit into memory: k-means of a sample, moved by all that is there.

Mini-batches (Sculley, 2010) in a fixed order by one thread: the same segments, settings and machine give the same
alphabet, however many processes there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from antiphon.config import PerceptionSettings
from antiphon.errors import BadData
from antiphon.interfaces import Encoder
from antiphon.perception.alphabet import fit_alphabet, identify
from antiphon.types import Alphabet, Floats, Segments

HELD_SEGMENTS = 200_000
"""So many are held at once: a corpus that has no more gets the alphabet that it gets in memory, and of any other a
random sample of about as many says where k-means begins. 28 hours of one track; 0.6 GB of 768 dimensions."""

BATCH_SEGMENTS = 16_384
"""Segments in a mini-batch."""


def fit_large_alphabet(
    parts: Callable[[], Iterable[Segments]], encoder: Encoder, settings: PerceptionSettings
) -> Alphabet:
    """As `fit_alphabet`, of segments that come in `parts`, which is called up to three times. Raises BadData as it
    does."""
    total = sum(len(part.level) for part in parts())
    if total == 0:
        raise BadData("the training split holds no track as long as a segment: there is nothing to learn from")
    begun = fit_alphabet(_joined(_sampled(parts(), HELD_SEGMENTS / total, settings.seed)), encoder, settings)
    if total <= HELD_SEGMENTS:
        return begun
    moved = replace(begun, centroids=_moved(begun, parts(), settings), id="")
    return replace(moved, id=identify(moved))


def _sampled(parts: Iterable[Segments], share: float, seed: int) -> Iterator[Segments]:
    """A share of the segments, each drawn by itself; all of them where that is 1 or more."""
    for number, part in enumerate(parts):
        if share >= 1:
            yield part
            continue
        drawn = np.random.default_rng((seed, number)).random(len(part.level)) < share
        if drawn.any():
            yield Segments(part.vectors[drawn], part.level[drawn])


def _joined(parts: Iterable[Segments]) -> Segments:
    held = list(parts)
    if not held:
        raise BadData("the training split holds no track as long as a segment: there is nothing to learn from")
    return Segments(np.concatenate([part.vectors for part in held]), np.concatenate([part.level for part in held]))


def _moved(begun: Alphabet, parts: Iterable[Segments], settings: PerceptionSettings) -> Floats:
    """The centroids (K, dim) after every segment has drawn its nearest one, from those of the sample."""
    from sklearn.cluster import MiniBatchKMeans
    from threadpoolctl import threadpool_limits

    model = MiniBatchKMeans(
        n_clusters=begun.size,
        init=begun.centroids,
        n_init=1,
        random_state=settings.seed,
        batch_size=BATCH_SEGMENTS,
        reassignment_ratio=0.0,
    )
    with threadpool_limits(limits=1):
        for batch in _batches(parts, settings):
            model.partial_fit((batch / begun.scale).astype(np.float32))
    return np.asarray(model.cluster_centers_, dtype=np.float32)


def _batches(parts: Iterable[Segments], settings: PerceptionSettings) -> Iterator[Floats]:
    """What sounds, BATCH_SEGMENTS at a time."""
    waiting: list[Floats] = []
    count = 0
    for part in parts:
        vectors = part.vectors[part.level >= settings.rest_dbfs] if settings.rest else part.vectors
        if not np.isfinite(vectors).all():
            raise BadData("the encoder gave values that are not finite; no alphabet can be made of them")
        waiting.append(vectors)
        count += len(vectors)
        while count >= BATCH_SEGMENTS:
            together = np.concatenate(waiting)
            yield together[:BATCH_SEGMENTS]
            waiting, count = [together[BATCH_SEGMENTS:]], count - BATCH_SEGMENTS
    if count:
        yield np.concatenate(waiting)
