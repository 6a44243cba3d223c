"""Where one sound lies in another: probes of one are searched in the other, after both are made sharp.

Normalised cross-correlation of pre-emphasised waveforms (Knapp and Carter 1976, with the first difference in place of a
whitening: it needs no estimate of the spectrum). Many short probes rather than one long correlation, since clocks that
drift by 200 ppm would smear a long one away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft, stats

from antiphon.corpus.checking.track_measurement import ANALYSIS_RATE
from antiphon.types import Floats, Seconds

PROBES = 32
"""Moments at which two tracks are compared, spread over their length."""

PROBE_SECONDS = 0.25
"""Length of a probe: at 500 ppm it is smeared by 0.13 ms, half a period at 4 kHz."""

SEARCH_SECONDS = 2.0
"""Furthest lag that is looked for: beyond it tracks are not late, they are other takes."""

FASTEST_PPM = 600.0
"""Largest drift that is looked for; the clocks of two consumer recorders differ by 200 at most."""

CANDIDATE = 0.5
"""Median similarity of single probes from which on a common line is worth looking for: a held tone is like another at
some lag, so that single probes find too much, never too little."""

NEIGHBOURHOOD = 3
"""Samples on each side of the line in which a probe may have its own peak, 0.4 ms."""

SLACK_SECONDS = 0.02
"""How far from the median lag, besides drift, the line is looked for: held tones are off by periods."""

FLOOR = 1e-8
"""Mean square after pre-emphasis, -80 dBFS, below which a probe holds nothing to compare."""


@dataclass(frozen=True)
class Alignment:
    """Where the sound of one track lies in another: `lag` in seconds (positive: later in the other) in the middle of
    what they share, `drift` in parts per million by which it grows, and `similarity`, the normalised correlation along
    that line: 1 for one sound twice, at any gain and polarity."""

    similarity: float
    lag: float
    drift: float


NOT_ALIKE = Alignment(0.0, 0.0, 0.0)


def sharpened(samples: Floats) -> Floats:
    """Pre-emphasis by the first difference: attacks and high partials tell lags apart, the bass does not."""
    return np.diff(samples, prepend=np.float32(0))


def align(a: Floats, b: Floats) -> Alignment:
    """Search for probes of `a` in `b`; both sharpened, mono, at ANALYSIS_RATE, and at most SEARCH_SECONDS apart."""
    length, reach = round(PROBE_SECONDS * ANALYSIS_RATE), round(SEARCH_SECONDS * ANALYSIS_RATE)
    last = min(len(a), len(b)) - length
    if last < 0:
        return NOT_ALIKE
    padded = np.pad(b, (reach, reach + length))
    times, rows = [], []
    for start in np.unique(np.linspace(0, last, PROBES).astype(np.int64)):
        probe, region = a[start : start + length], padded[start : start + length + 2 * reach]
        energy = float(np.dot(probe, probe))
        if energy / length > FLOOR:
            times.append(start / ANALYSIS_RATE + PROBE_SECONDS / 2)
            rows.append(np.abs(_normalized_correlation(probe, region, energy)))
    if not rows or float(np.median(np.max(rows, axis=1))) < CANDIDATE:
        return NOT_ALIKE
    return _line(np.array(times), np.array(rows), reach)


def _line(times: Seconds, correlations: Floats, reach: int) -> Alignment:
    """The line of lags along which all probes together correlate best.

    `correlations` (probes, lags) in samples from -`reach`. One probe of a held tone fits at every period; only the true
    lag fits them all.
    """
    away = (times - times.mean()) * ANALYSIS_RATE
    furthest = float(np.abs(away).max())
    middle = int(np.median(correlations.argmax(axis=1)))
    slack = round(SLACK_SECONDS * ANALYSIS_RATE + FASTEST_PPM * 1e-6 * furthest)
    margin = round(FASTEST_PPM * 1e-6 * furthest) + NEIGHBOURHOOD
    padded = np.pad(correlations, ((0, 0), (margin, margin)))
    first, last = max(middle - slack, 0), min(middle + slack, correlations.shape[1] - 1) + 1
    steps = int(np.ceil(FASTEST_PPM * 1e-6 * furthest))
    best, lag, slope = -1.0, 0, 0.0
    for candidate in np.linspace(-FASTEST_PPM, FASTEST_PPM, 2 * steps + 1) * 1e-6 if steps else (0.0,):
        moved = np.round(away * candidate).astype(np.int64) + margin
        total = sum(row[first + by : last + by] for row, by in zip(padded, moved, strict=True))
        if (found := float(np.max(total))) > best:
            best, lag, slope = found, first + int(np.argmax(total)), float(candidate)
    return _refined(times, away, padded, lag + margin + away * slope, reach + margin)


def _refined(times: Seconds, away: Seconds, correlations: Floats, expected: Seconds, zero: int) -> Alignment:
    """The line through each probe's own peak near where it is expected, between samples."""
    places, similarity = [], []
    for row, place in zip(correlations, np.round(expected).astype(np.int64), strict=True):
        near = row[place - NEIGHBOURHOOD : place + NEIGHBOURHOOD + 1]
        best = int(np.argmax(near))
        places.append(place - NEIGHBOURHOOD + best + _vertex(near, best))
        similarity.append(float(near[best]))
    lags = (np.array(places) - zero) / ANALYSIS_RATE
    drift = float(stats.theilslopes(lags, times).slope) if len(times) > 1 else 0.0
    return Alignment(float(np.median(similarity)), float(np.median(lags - drift * away / ANALYSIS_RATE)), drift * 1e6)


def _normalized_correlation(probe: Floats, region: Floats, energy: float) -> Floats:
    """Correlation (m,) of a probe with each stretch of the region that is as long, in -1..1."""
    size = fft.next_fast_len(len(region), real=True)
    product = fft.rfft(region, size) * np.conj(fft.rfft(probe, size))
    sums = fft.irfft(product, size)[: len(region) - len(probe) + 1]
    squares = np.concatenate([[0.0], np.cumsum(region.astype(np.float64) ** 2)])
    energies = squares[len(probe) :] - squares[: -len(probe)]
    return np.asarray(sums / np.sqrt(energy * np.maximum(energies, FLOOR * len(probe))), dtype=np.float32)


def _vertex(values: Floats, index: int) -> float:
    """Where between its neighbours the peak at `index` lies, in samples, by the parabola through the three."""
    if not 0 < index < len(values) - 1:
        return 0.0
    before, peak, after = (float(value) for value in values[index - 1 : index + 2])
    bend = before - 2 * peak + after
    return 0.5 * (before - after) / bend if bend else 0.0
