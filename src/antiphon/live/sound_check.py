"""How loud a guide is heard: brought to one loudness by what it played so far, as recordings are by all they hold.

The level is that of `perception.levelling`, over a histogram of blocks instead of the whole recording.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from antiphon.audio import dbfs
from antiphon.perception.levelling import HEARD_AT_DBFS, MOST_GAIN_DB, RELATIVE_GATE_DB
from antiphon.types import Floats

STEPS_PER_SECOND = 10
"""The gain changes on this grid, whatever the blocks."""

BLOCK_STEPS = 4
"""Steps whose power is one count of the histogram: 0.4 s."""

LOWEST_DBFS, BINS = -90, 100


@dataclass(frozen=True, eq=False)
class SoundCheck:
    """Sound at `sample_rate` in, the same at the agent's loudness out; `fixed` is a gain in dB that is known.

    `counts` (bins,) of blocks by their level in dB from LOWEST_DBFS on, the `powers` of the last steps, and what the
    present step holds so far.
    """

    sample_rate: int
    fixed: float | None = None
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, dtype=np.int64))
    powers: tuple[float, ...] = ()
    energy: float = 0.0
    filled: int = 0
    gain: float = 1.0

    @property
    def decibels(self) -> float:
        """The gain in dB."""
        return float(20 * np.log10(self.gain)) if self.fixed is None else self.fixed

    @property
    def level(self) -> float | None:
        """The level in dBFS of what sounded so far, as it came; None where nothing has."""
        return _level(self.counts) if self.counts.any() else None

    def push(self, samples: Floats) -> tuple[SoundCheck, Floats]:
        """The next value after these samples (n,), and the samples (n,) with their gain."""
        gain = None if self.fixed is None else np.float32(10 ** (self.fixed / 20))
        check, parts, step = self, [], self.sample_rate // STEPS_PER_SECOND
        while len(samples):
            part, samples = samples[: step - check.filled], samples[step - check.filled :]
            parts.append(part * (np.float32(check.gain) if gain is None else gain))
            energy = check.energy + float(np.dot(part, part))
            check = replace(check, energy=energy, filled=check.filled + len(part))
            if check.filled == step:
                check = check._stepped()
        return check, np.concatenate([np.zeros(0, dtype=np.float32), *parts])

    def _stepped(self) -> SoundCheck:
        powers = (*self.powers, self.energy / self.filled)[-BLOCK_STEPS:]
        level = float(dbfs(np.array([sum(powers) / len(powers)], dtype=np.float32))[0])
        counts = self.counts
        if level > LOWEST_DBFS:
            counts = counts.copy()
            counts[min(BINS - 1, int(level - LOWEST_DBFS))] += 1
        return replace(self, counts=counts, powers=powers, energy=0.0, filled=0, gain=_gain(counts))


def _gain(counts: NDArray[np.int64]) -> float:
    if not counts.any():
        return 1.0
    return float(10 ** (np.clip(HEARD_AT_DBFS - _level(counts), -MOST_GAIN_DB, MOST_GAIN_DB) / 20))


def _level(counts: NDArray[np.int64]) -> float:
    power = 10 ** ((np.arange(BINS) + LOWEST_DBFS + 0.5) / 10)
    loud = power > float(power @ counts) / counts.sum() * 10 ** (RELATIVE_GATE_DB / 10)
    return float(10 * np.log10(float(power[loud] @ counts[loud]) / counts[loud].sum()))
