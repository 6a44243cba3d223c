"""Hearing as ears do: every recording is brought to one loudness before it is heard, and rests by its own noise.

What a recording is called must not depend on where somebody's fader stood. Its loudness is the mean power of what
sounds, gated as in ITU-R BS.1770-4 (blocks of 0.4 s, a relative gate; the absolute one lower, for soft recordings),
without the weighting by frequency.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from antiphon.audio import SILENT_DBFS, dbfs
from antiphon.interfaces import Sound
from antiphon.perception.envelope import CELLS_PER_SECOND
from antiphon.types import Floats

HEARD_AT_DBFS = -25.0
"""The loudness at which a recording is heard: the middle one of the songs' tracks from which the base agent learned."""

GATE_SECONDS = 0.4
ABSOLUTE_GATE_DBFS, RELATIVE_GATE_DB = -90.0, -10.0

MOST_GAIN_DB = 65.0
"""No recording is turned up by more: what is left then is noise."""

NOISE_PERCENTILE = 10.0
"""The noise floor is the level that this share of the time stays below."""

NOISE_BELOW_DB = 20.0
"""A floor that lies less below the recording's loudness is music."""

NOISE_MARGIN_DB = 6.0
"""A segment no louder than this above the noise floor is a rest."""

GAP = 0.5
"""Between noise and music there is a gap: where the levels just above the floor are more than this share of those at
it, music swells out of silence, and none of it is noise."""


@dataclass(frozen=True, eq=False)
class LevelledSound:
    """A sound at the loudness at which all are heard. It is gone through once more, to be measured."""

    sound: Sound

    @property
    def name(self) -> str:
        """That of the sound."""
        return self.sound.name

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.sound.duration

    def digest(self) -> str:
        """That of the sound, and the loudness at which it is heard."""
        return f"{self.sound.digest()} at {HEARD_AT_DBFS:g} dBFS"

    def blocks(self, sample_rate: int) -> Iterator[Floats]:
        """Mono blocks (frames,) at `sample_rate`, without an offset, at one loudness."""
        gain, offset = self._measured
        for block in self.sound.blocks(sample_rate):
            yield (block - offset) * gain

    @cached_property
    def _measured(self) -> tuple[np.float32, np.float32]:
        """The gain, and the offset (DC) to be taken away before it."""
        rate = _MEASURED_RATE
        step = rate // CELLS_PER_SECOND
        powers, total, count, rest = [], 0.0, 0, np.zeros(0, dtype=np.float32)
        for block in self.sound.blocks(rate):
            total, count = total + float(block.sum(dtype=np.float64)), count + len(block)
            joined = np.concatenate([rest, block])
            whole = len(joined) // step * step
            cells = joined[:whole].reshape(-1, step).astype(np.float64)
            powers.append(np.stack([(cells**2).mean(axis=1), cells.mean(axis=1)]))
            rest = joined[whole:]
        if rest.size:
            powers.append(np.array([[np.mean(rest.astype(np.float64) ** 2)], [rest.mean()]]))
        offset = total / max(count, 1)
        cells = np.concatenate(powers, axis=1) if powers else np.zeros((2, 0))
        level = gated_level(np.maximum(cells[0] - 2 * offset * cells[1] + offset**2, 0.0).astype(np.float32))
        decibels = 0.0 if level is None else float(np.clip(HEARD_AT_DBFS - level, -MOST_GAIN_DB, MOST_GAIN_DB))
        return np.float32(10 ** (decibels / 20)), np.float32(offset)


_MEASURED_RATE = 22050
"""Hz: enough for a level, and the rate at which most encoders hear."""


def gated_level(power: Floats) -> float | None:
    """The level in dBFS of what sounds in cells of 10 ms with this power (cells,); None where nothing does."""
    block = round(GATE_SECONDS * CELLS_PER_SECOND)
    if not len(power):
        return None
    sums = np.concatenate([[0.0], np.cumsum(power, dtype=np.float64)])
    length = min(block, len(power))
    means = (sums[length:] - sums[:-length])[:: max(1, length // 4)] / length
    loud = means[means > 10 ** (ABSOLUTE_GATE_DBFS / 10)]
    if not len(loud):
        return None
    loud = loud[loud > loud.mean() * 10 ** (RELATIVE_GATE_DB / 10)]
    return float(10 * np.log10(loud.mean()))


def without_noise(levels: Floats, power: Floats) -> Floats:
    """Levels (n,) of segments in dBFS, with those that are no more than the recording's own noise (cells,) silent."""
    level = gated_level(power)
    if level is None:
        return levels
    floor = float(dbfs(np.percentile(power, NOISE_PERCENTILE, keepdims=True))[0])
    if floor > level - NOISE_BELOW_DB:
        return levels
    cells = dbfs(power)
    noise = np.mean(cells < floor + NOISE_MARGIN_DB)
    if np.mean((cells >= floor + NOISE_MARGIN_DB) & (cells < floor + 2 * NOISE_MARGIN_DB)) > GAP * noise:
        return levels
    return np.where(levels < floor + NOISE_MARGIN_DB, np.float32(SILENT_DBFS), levels)
