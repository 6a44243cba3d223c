"""Tempo and beats, from onset strength: the beats that are strong together and evenly apart (Ellis, JNMR 2007).

Numbers and roundings are those of librosa's beat tracker, without the half minute that it compiles for at first use.
"""

from __future__ import annotations

import math

import numpy as np

from antiphon.perception.envelope import CELLS_PER_SECOND
from antiphon.types import Ids, Seconds

SLOWEST_BPM, FASTEST_BPM = 30.0, 320.0

USUAL_BPM = 120.0
"""A tempo is likely by how many octaves it is from here: a normal distribution with a spread of one octave."""

TIGHTNESS = 100.0
"""What a step costs: this times the square of the logarithm of (its length / the tempo's)."""

WINDOWS_A_BEAT = 32
"""The strength of a cell is smoothed over a 32nd of a beat (standard deviation)."""

WEAKEST_START = 0.01
"""The first beat has at least this share of the greatest strength."""


def tempo_of(onsets: Seconds) -> float:
    """Beats per minute, from how the onset strength (cells,) resembles itself later."""
    lags = min(int(60 * CELLS_PER_SECOND / SLOWEST_BPM) + 1, len(onsets))
    similarity = np.log1p(1e6 * np.maximum(_similarity(onsets - onsets.mean(), lags), 0))
    tempi = np.append(np.inf, 60.0 * CELLS_PER_SECOND / np.arange(1.0, lags))
    likely = -0.5 * (np.log2(tempi) - np.log2(USUAL_BPM)) ** 2
    likely[: int(np.argmax(tempi < FASTEST_BPM))] = -np.inf
    return float(tempi[np.argmax(similarity + likely)])


def tracked_beats(onsets: Seconds, tempo_bpm: float) -> Ids:
    """The cells (n,) of the beats at about this tempo, by onset strength (cells,); none where nothing begins."""
    beat = int(np.round(60.0 * CELLS_PER_SECOND / tempo_bpm))
    strength = _strength(onsets, beat)
    strong = np.flatnonzero(strength > 0)
    if len(strong) == 0:
        return np.zeros(0, dtype=np.int64)
    score, before = _best_ways(strength, beat)
    found = [_last_beat(score)]
    while (cell := int(before[found[-1]])) >= 0:
        found.append(cell)
    beats = np.array(found[::-1], dtype=np.int64)
    kept: Ids = beats[(beats >= strong[0]) & (beats <= strong[-1])]
    return kept


def _similarity(values: Seconds, lags: int) -> Seconds:
    """Autocorrelation (lags,) of values (cells,)."""
    from scipy import fft

    size = fft.next_fast_len(2 * len(values) - 1, real=True)
    spectrum = fft.rfft(values, n=size)
    return np.asarray(fft.irfft(spectrum.real**2 + spectrum.imag**2, n=size)[:lags])


def _strength(onsets: Seconds, beat: int) -> Seconds:
    """Onset strength (cells,) in units of its spread, smoothed by a window of two beats; the first cell has none."""
    scaled: Seconds = onsets / (onsets.std(ddof=1) + np.finfo(onsets.dtype).tiny)
    scaled[0] = 0.0
    padded = np.pad(scaled, beat)
    smoothed: Seconds = np.zeros_like(scaled)
    # One after the other, and the exponentials of the C library: sums that round alike on every machine.
    for place in range(2 * beat + 1):
        weight = math.exp(-0.5 * ((place - beat) * WINDOWS_A_BEAT / beat) ** 2)
        smoothed += weight * padded[2 * beat - place :][: len(scaled)]
    return smoothed


def _best_ways(strength: Seconds, beat: int) -> tuple[Seconds, Ids]:
    """For each cell the score of the best row of beats that ends there, and its beat before (-1: none)."""
    nearest, farthest = max(1, round(beat / 2)), 2 * beat
    lags = np.arange(nearest, farthest + 1)
    cost = TIGHTNESS * np.array([(math.log(lag) - math.log(beat)) ** 2 for lag in lags])
    scores = np.concatenate([np.full(farthest, -np.inf), strength])
    ways = np.lib.stride_tricks.sliding_window_view(scores, farthest - nearest + 1)
    before = np.full(len(strength), -1, dtype=np.int64)
    # Cells closer together than the shortest step do not depend on each other.
    for first in range(0, len(strength), nearest):
        last = min(first + nearest, len(strength))
        ahead = ways[first:last, ::-1] - cost
        best = np.argmax(ahead, axis=1)
        gained = ahead[np.arange(last - first), best]
        reached = np.isfinite(gained)
        scores[farthest + first : farthest + last] += np.where(reached, gained, 0.0)
        before[first:last] = np.where(reached, np.arange(first, last) - lags[best], -1)
    before[: int(np.argmax(strength >= WEAKEST_START * strength.max()))] = -1
    return scores[farthest:], before


def _last_beat(score: Seconds) -> int:
    """The last cell that is a peak of the score, and has half of what peaks mostly have."""
    later = np.append(score[2:], -np.inf)
    peaks = np.flatnonzero((score[1:] > score[:-1]) & (score[1:] >= later)) + 1
    if len(peaks) == 0:
        return len(score) - 1
    high = peaks[score[peaks] >= 0.5 * np.median(score[peaks])]
    return int(high[-1]) if len(high) else len(score) - 1
