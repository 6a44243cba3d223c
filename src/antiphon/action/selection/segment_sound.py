"""How the segments of a recording sound: their harmony, level and register, by which a response follows its guide.

Chroma (Fujishima, 1999; Müller, Fundamentals of Music Processing, 2015, 3.1.2) at two resolutions side by side: a long
spectrum tells low notes apart, a short one is where the note is. On 16 pairs of real stems that have pitch, a path
found by both was above random selections (z > 2) by a constant-Q chroma in 16 and by another short-time chroma in 16;
by the short one alone in 15 and 16, by the long one alone in 16 and 14.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from antiphon.audio import HeldSound, dbfs, interval_power
from antiphon.types import Audio, Floats, Seconds, SegmentSound

SAMPLE_RATE = 22050
"""Hz: chroma end below 5 kHz."""

HOP = 1024
LONG_SPECTRUM, SHORT_SPECTRUM = 16384, 4096
LOWEST_HZ, HIGHEST_HZ = 30.0, 5000.0

PITCH_CLASSES = 12
CHROMA = 2 * PITCH_CLASSES
"""Numbers of a segment's chroma: the pitch classes at the one resolution, then at the other."""

PITCH_CLASS_WIDTH = 0.5
"""Semitones: the standard deviation of what counts towards a pitch class."""

DOMINANT_OCTAVE, OCTAVES = 5.0, 2.0
"""Pitch is heard by octaves above 27.5 Hz around this one, with this standard deviation."""

_FRAMES = 64

BLOCK_SECONDS = 60.0
"""Spectra held at once."""

QUIETEST_DBFS = -60.0
"""A segment below this level has no harmony, and no segment is quieter."""


def segment_sound(audio: Audio, intervals: Seconds) -> SegmentSound:
    """Chroma (n, 24), level (n,) and register (n,) of the segments over `intervals` (n, 2) in seconds; silence past the
    end."""
    level = np.maximum(dbfs(interval_power(audio, intervals)), np.float32(QUIETEST_DBFS))
    sums, heights = np.zeros((len(intervals), CHROMA)), np.zeros((len(intervals), 2))
    for times, chroma, height in _chroma(HeldSound(audio).blocks(SAMPLE_RATE)):
        segment = np.searchsorted(intervals[:, 0], times, side="right") - 1
        inside = (segment >= 0) & (times < intervals[np.maximum(segment, 0), 1])
        np.add.at(sums, segment[inside], chroma[inside])
        np.add.at(heights, segment[inside], height[inside])
    sounding = (level > QUIETEST_DBFS)[:, np.newaxis]
    halves = [_centred(sums[:, half]) * sounding for half in (slice(0, PITCH_CLASSES), slice(PITCH_CLASSES, CHROMA))]
    octaves, power = heights.T
    register = np.divide(octaves, power, out=np.zeros_like(octaves), where=sounding[:, 0] & (power > 0))
    rows = np.hstack(halves).astype(np.float32) / np.float32(np.sqrt(2))
    return SegmentSound(rows, level, register=register.astype(np.float32))


def _chroma(blocks: Iterator[Floats]) -> Iterator[tuple[Seconds, NDArray[np.float64], NDArray[np.float64]]]:
    """Centre times (frames,) in seconds, chroma (frames, 24), and octaves above LOWEST_HZ beside 1 (frames, 2), loud
    frames counting more, block by block."""
    step, margin = round(BLOCK_SECONDS * SAMPLE_RATE / HOP) * HOP, LONG_SPECTRUM // HOP * HOP
    long, short = _pitch_classes(LONG_SPECTRUM), _dominant_pitch_classes(SHORT_SPECTRUM)
    octaves = _octaves(SHORT_SPECTRUM)
    for start, first, part in _stretches(blocks, step, margin):
        centres = np.arange(start - first, min(start - first + step, len(part)), HOP)
        if not len(centres):
            continue
        slow = np.sqrt(_power(part, centres, LONG_SPECTRUM)) @ long.T
        spectra = _power(part, centres, SHORT_SPECTRUM)
        fast = spectra @ short.T
        fast /= np.maximum(fast.max(axis=1, keepdims=True), 1e-12)
        level = np.array([np.mean(part[max(0, at - HOP) : at + HOP] ** 2) for at in centres])
        # As loud as the sound is at its centre: a spectrum reaches into the next segment, which may be far louder.
        height = _shares(spectra @ octaves.T) * level[:, np.newaxis]
        yield (first + centres) / SAMPLE_RATE, np.hstack([slow, fast]) * level[:, np.newaxis], height


def _stretches(blocks: Iterator[Floats], step: int, margin: int) -> Iterator[tuple[int, int, Floats]]:
    """Every `step` samples of a sound that comes in blocks: where the step starts, where its samples (n,) start, and
    these, with a margin on either side where there is one."""
    held, first, start, more = np.zeros(0, dtype=np.float32), 0, 0, True
    while True:
        parts, length = [held], len(held)
        while more and first + length < start + step + margin:
            block = next(blocks, None)
            more = block is not None
            if block is not None:
                parts.append(block)
                length += len(block)
        held = np.concatenate(parts)
        if start > 0 and first + len(held) <= start:
            return
        yield start, first, held[: start + step + margin - first]
        start += step
        held, first = held[max(0, start - margin - first) :], max(0, start - margin)


def _power(samples: Floats, centres: NDArray[np.int64], length: int) -> NDArray[np.float64]:
    """Power spectra (frames, bins) of `length` samples around these, silence beyond the ends."""
    padded = np.pad(samples, (length // 2, length // 2 + HOP))
    window = np.hanning(length + 1)[:-1].astype(np.float32)
    found = np.empty((len(centres), length // 2 + 1))
    for first in range(0, len(centres), _FRAMES):
        part = centres[first : first + _FRAMES]
        frames = np.lib.stride_tricks.sliding_window_view(padded, length)[part] * window
        found[first : first + _FRAMES] = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    return found


def _dominant_pitch_classes(length: int) -> NDArray[np.float64]:
    """How much each bin counts towards each pitch class from C (12, bins): shared out by nearness to all of it, the
    octaves around 880 Hz most, as in the chroma filters of Ellis (2007)."""
    bins = np.arange(1, length // 2 + 1)
    keys = 12 * np.log2(bins * SAMPLE_RATE / length / (440 / 16))
    keys = np.concatenate([[keys[0] - 18], keys])
    widths = np.concatenate([np.maximum(np.diff(keys), 1.0), [1.0]])
    away = (keys - np.arange(12)[:, np.newaxis] + 6 + 120) % 12 - 6
    weights = np.exp(-0.5 * (2 * away / widths) ** 2)
    weights /= np.linalg.norm(weights, axis=0, keepdims=True)
    weights *= np.exp(-0.5 * ((keys / 12 - DOMINANT_OCTAVE) / OCTAVES) ** 2)
    return np.roll(weights, -3, axis=0)


def _pitch_classes(length: int) -> NDArray[np.float64]:
    """How much each bin of a spectrum of `length` samples counts towards each pitch class from C (12, bins).

    A bin counts by 1 / its frequency: each octave has as many bins as all below it.
    """
    hertz = np.fft.rfftfreq(length, 1 / SAMPLE_RATE)
    heard = (hertz > LOWEST_HZ) & (hertz < HIGHEST_HZ)
    keys = 69 + 12 * np.log2(np.maximum(hertz, 1.0) / 440)
    away = (keys - np.arange(12)[:, np.newaxis] + 6) % 12 - 6
    return np.asarray(np.exp(-0.5 * (away / PITCH_CLASS_WIDTH) ** 2) * heard / np.maximum(hertz, 1.0))


def _shares(height: NDArray[np.float64]) -> NDArray[np.float64]:
    """Power times octaves beside power (frames, 2), by the power; 0 where there is none."""
    power = height[:, 1:]
    return np.asarray(np.divide(height, power, out=np.zeros_like(height), where=power > 0))


def _octaves(length: int) -> NDArray[np.float64]:
    """Of each bin of a spectrum of `length` samples how many octaves it lies above LOWEST_HZ, and 1; 0 where it does
    not count (2, bins)."""
    hertz = np.fft.rfftfreq(length, 1 / SAMPLE_RATE)
    heard = ((hertz > LOWEST_HZ) & (hertz < HIGHEST_HZ)).astype(np.float64)
    return np.stack([np.log2(np.maximum(hertz, LOWEST_HZ) / LOWEST_HZ) * heard, heard])


def _centred(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows (n, 12) less their mean, of length 1; 0 where they are flat."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(np.divide(centred, length, out=np.zeros_like(centred), where=length > 1e-12))
