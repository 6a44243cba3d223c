"""What the default encoder says of a moment: which notes sound, how high, how loud, how bright, how noisy, what begins.

Every facet lies in about 0..1, so that a weight means the same for each, and depends on no more of the sound than the
posteriors or the spectrum of its frame and of the one before.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from antiphon.audio import dbfs
from antiphon.types import Floats, Ids

LOWEST_MIDI_NOTE = 21
KEYS = 88
PITCH_CLASSES = 12
REGISTERS = 8
OCTAVES = 9

QUIET_DBFS = -60.0
"""Where loudness reaches 0, and below which nothing is bright or noisy."""

SPECTRUM_SAMPLES = 1024
"""46 ms at 22,050 Hz: short enough to tell an onset from the sound before it."""

FIRST_BIN = 2
"""Bins below 43 Hz hold rumble and the offset of the recording."""

BAND_EDGES: Ids = np.array([2, 6, 10, 16, 24, 36, 54, 82, 122, 182, 262, 382])
"""First bins of 12 bands of about half an octave; the last one ends with the spectrum."""

ONSET_FLOOR = 1.5e-8
"""Power, relative to a sine of full scale, below which a change is no onset: -78 dB."""

DARKEST_HZ, BRIGHT_OCTAVES = 64.0, 7.0
"""Brightness is 0 at 64 Hz and 1 seven octaves above, at 8,192 Hz."""

SMALLEST_POWER = 1e-15
"""Added to a bin before its logarithm is taken."""


def pitch_classes(posteriors: Floats) -> Floats:
    """Posteriors (frames, 88) of keys to (frames, 12) of pitch classes from C: the largest over the octaves."""
    below = LOWEST_MIDI_NOTE % PITCH_CLASSES
    above = OCTAVES * PITCH_CLASSES - below - KEYS
    octaves = np.pad(posteriors, ((0, 0), (below, above))).reshape(-1, OCTAVES, PITCH_CLASSES)
    return np.asarray(octaves.max(axis=1))


def registers(posteriors: Floats) -> Floats:
    """Posteriors (frames, 88) of keys to (frames, 8) of registers from low to high, which overlap.

    A key counts in full in the middle of a register and fades to nothing at the middle of the next, a good octave away:
    a few semitones move it a little, and never across a border.
    """
    return np.stack([(posteriors * nearness).max(axis=1) for nearness in _nearness()], axis=1)


def loudness(power: Floats) -> Floats:
    """Mean square (frames,) to 0 at -60 dBFS and below, 1 at 0 dBFS, linear in decibels between."""
    return np.asarray(np.clip(1 - dbfs(power) / np.float32(QUIET_DBFS), 0, 1))


def power_spectra(window: Floats, stride: int, frames: int) -> Floats:
    """Power (frames, bins) from 43 Hz on of spectra around every `stride`-th sample of a window (samples,).

    Relative to a sine of full scale. What lies outside the window counts as silence.
    """
    from scipy.fft import rfft

    half = SPECTRUM_SAMPLES // 2
    padded = np.pad(window, (half, max(0, (frames - 1) * stride + half - len(window))))
    around = np.lib.stride_tricks.sliding_window_view(padded, SPECTRUM_SAMPLES)[::stride][:frames]
    taper = _taper()
    amplitude = np.abs(rfft(around * taper, axis=1)[:, FIRST_BIN:]) * np.float32(2 / taper.sum())
    return np.asarray(amplitude**2, dtype=np.float32)


def onset_strength(spectra: Floats) -> Floats:
    """Power (frames, bins) to how much louder the bands are than a frame before (frames,), the mean over 12 of bels.

    Its mean over a segment grows with the number and the force of the onsets in it. 0 for the first frame.
    """
    level = np.log10(1 + np.add.reduceat(spectra, BAND_EDGES - FIRST_BIN, axis=1) / np.float32(ONSET_FLOOR))
    rises = np.maximum(np.diff(level, axis=0, prepend=level[:1]), 0)
    return np.asarray(rises.mean(axis=1, dtype=np.float32))


def brightness(spectra: Floats, sample_rate: int) -> Floats:
    """Power (frames, bins) to the mean of the logarithm of frequency, weighted by power (frames,): 0 dark, 1 bright."""
    bins = FIRST_BIN + np.arange(spectra.shape[1])
    octaves = np.log2(bins * (sample_rate / SPECTRUM_SAMPLES / DARKEST_HZ)).astype(np.float32)
    mean = spectra @ octaves / (spectra.sum(axis=1) + np.float32(SMALLEST_POWER))
    return np.asarray(np.clip(mean / np.float32(BRIGHT_OCTAVES), 0, 1))


def flatness(spectra: Floats) -> Floats:
    """Power (frames, bins) to 0 for a tone and near 1 for white noise (frames,).

    The root of the ratio of geometric to arithmetic mean. Its logarithm tells no more, and hears the noise of the room
    under a tone: with it, a room and noise at -50 dBFS changed 48 % of 256 classes instead of 22 %.
    """
    raised = spectra + np.float32(SMALLEST_POWER)
    return np.asarray(np.sqrt(np.exp(np.log(raised).mean(axis=1)) / raised.mean(axis=1)), dtype=np.float32)


@cache
def _nearness() -> Floats:
    """Triangles (8, 88) whose peaks divide the keyboard evenly."""
    peaks, spacing = np.linspace(0, KEYS - 1, REGISTERS, retstep=True)
    distance = np.abs(np.arange(KEYS) - peaks[:, np.newaxis])
    return np.maximum(0, 1 - distance / spacing).astype(np.float32)


@cache
def _taper() -> Floats:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(SPECTRUM_SAMPLES) / SPECTRUM_SAMPLES)).astype(np.float32)
