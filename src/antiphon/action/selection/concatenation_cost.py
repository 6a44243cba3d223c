"""How the edges of memory segments sound, and what a cut from one to another costs (concatenation cost).

Unit selection prices every pair of units (Hunt and Black, 1996; Schwarz, 2006). Here each edge belongs to one of some
hundreds of classes, learned from the memory's own audio, and a table prices each pair of classes: the search stays
exact, and no step looks at pairs of segments.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from antiphon import arrays
from antiphon.errors import BadData
from antiphon.types import Audio, Boundaries, Floats, Ids, Memory

EDGE_SECONDS = 0.05
"""Length of the sound at either end of a segment by which its edge is known: as long as the default crossfade."""

__all__ = ["Boundaries", "boundaries", "edge_descriptors", "no_boundaries"]

CLASSES = 256
"""No more boundary classes than this: the search pays for their square at every step."""

BANDS = 24
"""Mel bands of an edge's spectrum."""

FLOOR_DBFS = -60.0
"""Below this level a band is silent: nobody hears how silence changes."""

LEVEL_WEIGHT = 2.0
"""Weight of the overall level against one mel band: a jump in loudness is heard in all bands at once."""

PITCH_WEIGHT = 20.0
"""Decibels that a complete change of pitch classes is worth in each of them."""

_LOWEST_PITCH, _HIGHEST_PITCH = 100.0, 2000.0
_FITTED_ON = 8192
_ROUNDS = 12
_BLOCK = 2048


def no_boundaries(memory: Memory) -> Boundaries:
    """One class for all edges, and cuts that cost nothing: only joins count."""
    alike = np.zeros(len(memory.tokens), dtype=np.int64)
    return Boundaries(alike, alike, np.zeros((1, 1)))


def boundaries(memory: Memory, classes: int = CLASSES) -> Boundaries:
    """The boundary classes of a memory, learned from its audio: same memory, same classes.

    Raises BadData for samples that are no numbers.
    """
    count = len(memory.tokens)
    if count == 0:
        return no_boundaries(memory)
    descriptors = edge_descriptors(memory)
    if not np.isfinite(descriptors).all():
        segment = int(np.flatnonzero(~np.isfinite(descriptors).all(axis=1))[0]) % count
        start = float(memory.tokens.intervals[segment, 0])
        raise BadData(f"the memory holds samples that are no numbers, near {start:g} s")
    centres = _centres(descriptors, classes)
    nearest = _nearest(descriptors, centres)
    prices = np.sqrt(_squared_distances(centres, centres))
    np.fill_diagonal(prices, 0.0)
    left, right = nearest[:count], nearest[count:]
    often_left, often_right = (np.bincount(edges, minlength=len(centres)) / count for edges in (left, right))
    typical = float(often_right @ prices @ often_left)
    return Boundaries(left, right, prices / typical if typical > 0 else prices)


def edge_descriptors(memory: Memory) -> NDArray[np.float64]:
    """Descriptors (2n, BANDS + 13) of the n left edges, then of the n right ones: mel bands, pitch classes, level.

    In decibels above FLOOR_DBFS, weighted, so that Euclidean distance is what a cut costs. Channels are mixed.
    """
    rate = memory.audio.sample_rate
    length = max(16, round(EDGE_SECONDS * rate))
    edges = np.round(memory.tokens.intervals * rate).astype(np.int64)
    starts = np.concatenate([edges[:, 0], edges[:, 1] - length])
    starts = np.clip(starts, 0, max(0, len(memory.audio.samples) - length))
    bands, chroma = _mel_weights(length, rate), _chroma_weights(length, rate)
    found = np.empty((len(starts), BANDS + 13))
    for first in range(0, len(starts), _BLOCK):
        part = slice(first, first + _BLOCK)
        found[part] = _described(_excerpts(memory.audio, starts[part], length), bands, chroma)
    return found


def _excerpts(audio: Audio, starts: Ids, length: int) -> Floats:
    """Mono excerpts (m, length) from these first samples (m,); silence after the end of the audio."""
    found = np.zeros((len(starts), length), dtype=np.float32)
    walk = arrays.Walk(audio.samples)
    for row, start in enumerate(starts.tolist()):
        samples = audio.samples[start : start + length]
        found[row, : len(samples)] = samples.mean(axis=1)
        walk.read(samples)
    walk.end()
    return found


def _described(excerpts: Floats, bands: NDArray[np.float64], chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    window = np.hanning(excerpts.shape[1] + 2)[1:-1]
    # Scaled so that the bins of a steady sound add up to its mean square.
    power = np.abs(np.fft.rfft(excerpts * window, axis=1)) ** 2 * 2 / (excerpts.shape[1] * np.sum(window**2))
    pitch = power @ chroma
    loudest = pitch.max(axis=1, keepdims=True, initial=0.0)
    pitch = np.divide(pitch, loudest, out=np.zeros_like(pitch), where=loudest > 10 ** (FLOOR_DBFS / 10))
    level = _decibels(power.sum(axis=1, keepdims=True))
    return np.hstack([_decibels(power @ bands), pitch * PITCH_WEIGHT, level * LEVEL_WEIGHT])


def _decibels(power: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (FLOOR_DBFS / 10))) - FLOOR_DBFS)


def _mel_weights(length: int, rate: int) -> NDArray[np.float64]:
    """Triangles (bins, BANDS) spaced evenly on the mel scale (O'Shaughnessy, 1987) from 0 Hz to half the rate."""
    bins = np.fft.rfftfreq(length, 1 / rate)
    mels = np.linspace(0, 2595 * np.log10(1 + rate / 2 / 700), BANDS + 2)
    corners = 700 * (10 ** (mels / 2595) - 1)
    rising = (bins[:, None] - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - bins[:, None]) / (corners[2:] - corners[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling))


def _chroma_weights(length: int, rate: int) -> NDArray[np.float64]:
    """Which pitch class each bin belongs to (bins, 12), between the lowest and the highest pitch that 50 ms tell."""
    bins = np.fft.rfftfreq(length, 1 / rate)
    heard = np.flatnonzero((bins >= _LOWEST_PITCH) & (bins <= _HIGHEST_PITCH))
    weights = np.zeros((len(bins), 12))
    weights[heard, np.round(12 * np.log2(bins[heard] / 440)).astype(np.int64) % 12] = 1.0
    return weights


def _centres(descriptors: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    """k-means (Lloyd, 1982) from places spread evenly over the memory's time; classes that die out are left out."""
    distinct = np.unique(descriptors, axis=0)
    if len(distinct) <= classes:
        return distinct
    sample = descriptors[np.unique(np.linspace(0, len(descriptors) - 1, _FITTED_ON).astype(np.int64))]
    centres = np.unique(sample[np.linspace(0, len(sample) - 1, classes).astype(np.int64)], axis=0)
    for _ in range(_ROUNDS):
        nearest = _nearest(sample, centres)
        order = np.argsort(nearest, kind="stable")
        present, starts, sizes = np.unique(nearest[order], return_index=True, return_counts=True)
        centres[present] = np.add.reduceat(sample[order], starts, axis=0) / sizes[:, None]
    return centres


def _nearest(descriptors: NDArray[np.float64], centres: NDArray[np.float64]) -> Ids:
    blocks = [descriptors[first : first + _BLOCK] for first in range(0, len(descriptors), _BLOCK)]
    found = [_squared_distances(block, centres).argmin(axis=1) for block in blocks]
    return np.concatenate(found).astype(np.int64)


def _squared_distances(some: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = (some**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)
    return np.asarray(np.maximum(0.0, lengths - 2 * some @ others.T))
