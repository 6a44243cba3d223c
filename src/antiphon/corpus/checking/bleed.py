"""How loud one track is in another, besides what that other plays itself.

Two players in time and in tune share partials, and two synthesizers even their phases; a leak differs from that in that
it is always there: at one lag, in every band, in every block in which the source sounds, with one gain. So the gain is
regressed block by block and band by band, and only one on which all of them agree is called bleed. Reflections of the
room, which come later than the direct sound, are not counted: what is reported is a lower bound.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from antiphon.corpus.checking.track_measurement import ANALYSIS_RATE
from antiphon.types import Floats

BLOCK = 8192
"""Samples of a block, 1.02 s at ANALYSIS_RATE: a few notes."""

MINUTES = 5
"""From the start of a track: microphones do not move, so that a longer look finds nothing else."""

FURTHEST_SECONDS = 0.1
"""The sound of a source 34 m away. Musical echoes are slower."""

BAND_EDGES_HZ = (60, 180, 350, 600, 1000, 1600, 2500, 3800)
"""Bands of about equal energy after pre-emphasis, up to where the copy ends."""

ACTIVE_SHARE = 0.01
"""A block of a band counts where the source has 1 % (-20 dB) of its mean energy there; a band, of that of all bands."""

FEWEST_BLOCKS, FEWEST_BANDS = 12, 3
"""Fewer than these agree by chance."""

CERTAINTY = 4.0
"""Median gain over its standard error in every band: 1 in 30,000 for one band by chance."""

WIDEST_RATIO = 4.0
"""Between the gains of two bands: 12 dB, a microphone off axis or a thin wall. Shared notes differ by more."""

Spectra = NDArray[np.complex64]


@dataclass(frozen=True)
class Bleed:
    """A source heard in another track: its level there relative to itself in dB, and how much later in seconds."""

    level_db: float
    lag: float
    certainty: float


def spectra(samples: Floats) -> Spectra:
    """Spectra (blocks, bins) of the first minutes of a sharpened track at ANALYSIS_RATE."""
    blocks = min(len(samples), MINUTES * 60 * ANALYSIS_RATE) // BLOCK
    framed = samples[: blocks * BLOCK].reshape(blocks, BLOCK)
    return np.asarray(fft.rfft(framed, axis=1), dtype=np.complex64)


def bleed(source: Spectra, other: Spectra) -> Bleed | None:
    """How loud `source` is in `other`; None where nothing says that it is."""
    blocks = min(len(source), len(other))
    source, other = source[:blocks], other[:blocks]
    energy = (source.real**2 + source.imag**2).astype(np.float64)
    sounding = energy.sum(axis=1) > ACTIVE_SHARE * energy.sum(axis=1).mean() if blocks else np.zeros(0, dtype=bool)
    if np.count_nonzero(sounding) < FEWEST_BLOCKS:
        return None
    source, other, energy = source[sounding], other[sounding], energy[sounding]
    cross = np.conj(source) * other
    lag = _lag(cross, energy)
    cross = cross * np.exp(2j * np.pi * fft.rfftfreq(BLOCK, 1 / ANALYSIS_RATE) * lag).astype(np.complex64)
    gains, certainties = _by_band(cross.real, energy)
    if len(gains) < FEWEST_BANDS or not (np.all(gains > 0) or np.all(gains < 0)):
        return None
    sizes = np.abs(gains)
    if certainties.min() < CERTAINTY or sizes.max() > WIDEST_RATIO * sizes.min():
        return None
    return Bleed(20 * float(np.log10(np.median(sizes))), lag, float(np.median(certainties)))


def _lag(cross: Spectra, energy: NDArray[np.float64]) -> float:
    """The lag in seconds at which all blocks together correlate best; each block weighs the same."""
    weighted = (cross / energy.sum(axis=1, keepdims=True)).sum(axis=0)
    correlation = fft.irfft(weighted, BLOCK)
    reach = round(FURTHEST_SECONDS * ANALYSIS_RATE)
    near = np.abs(np.concatenate([correlation[-reach:], correlation[: reach + 1]]))
    best = int(np.argmax(near))
    if 0 < best < len(near) - 1:
        before, peak, after = near[best - 1 : best + 2]
        bend = before - 2 * peak + after
        return float((best - reach + (0.5 * (before - after) / bend if bend else 0.0)) / ANALYSIS_RATE)
    return (best - reach) / ANALYSIS_RATE


def _by_band(coherent: NDArray[np.float64], energy: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Median gain (bands,) over the blocks in which the source sounds there, and that over its standard error."""
    edges = np.searchsorted(fft.rfftfreq(BLOCK, 1 / ANALYSIS_RATE), BAND_EDGES_HZ)
    strongest = max(float(energy[:, low:high].sum()) for low, high in itertools.pairwise(edges))
    gains, certainties = [], []
    for low, high in itertools.pairwise(edges):
        power = energy[:, low:high].sum(axis=1)
        active = power > ACTIVE_SHARE * power.mean()
        if power.sum() < ACTIVE_SHARE * strongest or np.count_nonzero(active) < FEWEST_BLOCKS:
            continue
        gain = coherent[:, low:high].sum(axis=1)[active] / power[active]
        middle = float(np.median(gain))
        spread = 1.4826 * float(np.median(np.abs(gain - middle)))
        error = 1.2533 * spread / np.sqrt(len(gain)) + 1e-9
        gains.append(middle)
        certainties.append(abs(middle) / error)
    return np.array(gains), np.array(certainties)
