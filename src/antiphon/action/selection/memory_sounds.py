"""How the segments of a memory sound, as far as dials ask: how high, how loud, and how near to full scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon import arrays
from antiphon.action.selection.segment_sound import QUIETEST_DBFS
from antiphon.audio import dbfs, interval_power
from antiphon.types import Floats, Memory, Seconds

LOWEST_HZ, HIGHEST_HZ = 40.0, 5000.0
EXCERPT_SECONDS = 0.2
"""Heard around the middle of a segment."""

REGISTER_COST = 6.0
"""What an octave away from the register that was asked for costs: as much as several jumps."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MemorySounds:
    """Of each segment (m,): `register` in octaves above 440 Hz, `level` in dBFS, and `peak` of any sample."""

    register: Numbers
    level: Numbers
    peak: Numbers

    @property
    def usual_level(self) -> float:
        """The level in dBFS of what sounds, all together."""
        loud = self.level[self.level > QUIETEST_DBFS]
        return float(10 * np.log10(np.mean(10 ** (loud / 10)))) if len(loud) else QUIETEST_DBFS


def memory_sounds(memory: Memory) -> MemorySounds:
    """Measured segment by segment, in constant room."""
    audio, intervals = memory.audio, memory.tokens.intervals
    if memory.sound is not None:
        level = memory.sound.level.astype(np.float64)
    else:
        level = dbfs(interval_power(audio, intervals)).astype(np.float64)
    edges = np.round(intervals * audio.sample_rate).astype(np.int64)
    half = max(16, round(EXCERPT_SECONDS * audio.sample_rate / 2))
    register, peaks, walk = np.zeros(len(edges)), np.zeros(len(edges)), arrays.Walk(audio.samples)
    for index, (start, end) in enumerate(edges.tolist()):
        part = audio.samples[start:end]
        peaks[index] = float(np.abs(part).max(initial=0.0))
        middle = len(part) // 2
        register[index] = register_of(part[max(0, middle - half) : middle + half].mean(axis=1), audio.sample_rate)
        walk.read(part)
    walk.end()
    return MemorySounds(register, level, peaks)


def register_of(samples: Floats | Seconds, sample_rate: int) -> float:
    """How high a sound lies: the mean of its spectrum's octaves above 440 Hz, by power; 0 where there is nothing."""
    if not len(samples):
        return 0.0
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / sample_rate)
    heard = (hertz >= LOWEST_HZ) & (hertz <= HIGHEST_HZ)
    power, total = spectrum[heard], float(spectrum[heard].sum())
    return float(np.log2(hertz[heard] / 440) @ power / total) if total > 1e-12 else 0.0
