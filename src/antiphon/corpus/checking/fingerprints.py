"""The same music in two multitracks: a fingerprint that survives another encoder, another gain and another mix.

Pitch classes over time (chroma: Fujishima 1999; as a fingerprint under transformation: Bartsch and Wakefield 2005), of
all tracks at equal loudness together; compared by normalised cross-correlation over all lags.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from antiphon.corpus.checking.track_measurement import ANALYSIS_RATE
from antiphon.types import Floats

FRAME, HOP = 4096, 1024
"""Samples at ANALYSIS_RATE: 0.5 s tell semitones apart from 65 Hz up; 0.128 s is an eighth at 230 to the minute."""

LOWEST_HZ, HIGHEST_HZ = 65.0, 2000.0
"""The notes of a score from C2 to B6; above are overtones."""

OVERLAP_SECONDS, OVERLAP_SHARE = 10.0, 0.5
"""Two recordings must share as much, and as much of the shorter, to be one: a cadence alone is nobody's."""

SAME_MUSIC = 0.7
"""Correlation of two fingerprints. Measured: other music 0.25 at most (chorales, planted worlds); one recording again,
as ogg or mp3, at other gains, or cut, 0.99; one score on other instruments 0.77 and more, and 2 % faster 0.5 to 0.7."""

FRAMES_PER_SECOND = ANALYSIS_RATE / HOP


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """Chroma (12, frames), of zero mean and, where it sounds, unit length in each frame."""

    chroma: Floats


def fingerprint(copies: Sequence[Floats]) -> Fingerprint:
    """The fingerprint of simultaneous mono sounds at ANALYSIS_RATE."""
    total = np.zeros(max(map(len, copies)), dtype=np.float32)
    for copy in copies:
        loudness = float(np.sqrt(np.mean(copy**2))) if len(copy) else 0.0
        if loudness > 0:
            total[: len(copy)] += copy / np.float32(loudness)
    framed = np.lib.stride_tricks.sliding_window_view(np.pad(total, (0, FRAME)), FRAME)[::HOP]
    window, folding = np.hanning(FRAME).astype(np.float32), _folding()
    parts = [
        np.abs(fft.rfft(framed[first : first + 256] * window, axis=1)) @ folding for first in range(0, len(framed), 256)
    ]
    chroma = np.concatenate(parts).T
    chroma -= chroma.mean(axis=0, keepdims=True)
    length = np.linalg.norm(chroma, axis=0)
    sounding = length > 0.01 * length.max(initial=0.0)
    chroma = np.where(sounding, chroma / np.maximum(length, 1e-9), 0)
    return Fingerprint((chroma - chroma.mean(axis=1, keepdims=True)).astype(np.float32))


def alike(first: Sequence[Fingerprint], second: Sequence[Fingerprint]) -> Iterator[tuple[int, int, float, float]]:
    """Pairs (index in `first`, index in `second`, similarity, lag in seconds) that are the same music."""
    longest = max((each.chroma.shape[1] for each in (*first, *second)), default=0)
    size = fft.next_fast_len(2 * longest, real=True)
    spectra = [fft.rfft(each.chroma, size, axis=1) for each in second]
    for i, a in enumerate(first):
        spectrum = np.conj(fft.rfft(a.chroma, size, axis=1))
        for j, b in enumerate(second):
            correlation = fft.irfft((spectrum * spectra[j]).sum(axis=0), size)
            similarity, lag = _best(correlation, a.chroma, b.chroma)
            if similarity >= SAME_MUSIC:
                yield i, j, similarity, lag / FRAMES_PER_SECOND


def _best(correlation: NDArray[np.float64], a: Floats, b: Floats) -> tuple[float, int]:
    """The largest correlation over lags that leave enough overlap, in units of the energies that overlap; its lag."""
    length_a, length_b = a.shape[1], b.shape[1]
    least = max(OVERLAP_SECONDS * FRAMES_PER_SECOND, OVERLAP_SHARE * min(length_a, length_b))
    lags = np.arange(-length_a + 1, length_b)
    starts, ends = np.maximum(-lags, 0), np.minimum(length_b - lags, length_a)
    enough = ends - starts >= least
    if not enough.any():
        return 0.0, 0
    lags, starts, ends = lags[enough], starts[enough], ends[enough]
    sums_a, sums_b = (np.concatenate([[0.0], np.cumsum((each**2).sum(axis=0), dtype=np.float64)]) for each in (a, b))
    energy = (sums_a[ends] - sums_a[starts]) * (sums_b[ends + lags] - sums_b[starts + lags])
    # A stretch that hardly sounds is like nothing: its energy counts as a tenth of the mean at least.
    floor = (0.1 * least) ** 2
    similarity = correlation[lags] / np.sqrt(np.maximum(energy, floor))
    best = int(np.argmax(similarity))
    return float(similarity[best]), int(lags[best])


def _folding() -> Floats:
    """Weights (bins, 12) from a spectrum to pitch classes: each bin to the nearest."""
    frequencies = fft.rfftfreq(FRAME, 1 / ANALYSIS_RATE)
    weights = np.zeros((len(frequencies), 12), dtype=np.float32)
    used = np.flatnonzero((frequencies >= LOWEST_HZ) & (frequencies <= HIGHEST_HZ))
    weights[used, np.round(12 * np.log2(frequencies[used] / 440)).astype(int) % 12] = 1
    return weights
