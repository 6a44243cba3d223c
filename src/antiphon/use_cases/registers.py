"""How high a response lies: what each segment of a memory costs more for lying away from a register."""

from __future__ import annotations

import numpy as np

from antiphon.action.selection.memory_sounds import REGISTER_COST, memory_sounds, register_of
from antiphon.audio import mono
from antiphon.errors import SettingsError
from antiphon.types import Audio, Memory, Seconds

MOST_OCTAVES = 4.0
"""Above or below the guide."""

HEARD_SECONDS = 0.2
"""The guide's register is the middle one of excerpts so long."""

MOST_EXCERPTS = 2000
"""Of a longer guide so many excerpts are heard, evenly."""


def register_prices(guide: Audio, memory: Memory, octaves: float) -> Seconds:
    """What each segment (m,) of the memory costs more where the response should lie `octaves` above the guide."""
    wanted = _register(guide) + octaves
    return np.asarray(REGISTER_COST * np.abs(memory_sounds(memory).register - wanted))


def known_register(value: object) -> float:
    """A register that a record or a page tells of. Raises SettingsError for one that is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MOST_OCTAVES:
        raise SettingsError(f"a register is -{MOST_OCTAVES:g} to {MOST_OCTAVES:g} octaves, got {value!r}")
    return float(value)


def _register(guide: Audio) -> float:
    """The middle register of what sounds in a guide, in octaves above 440 Hz."""
    length = max(1, round(HEARD_SECONDS * guide.sample_rate))
    starts = np.arange(0, max(1, len(guide.samples) - length + 1), length)
    starts = starts[:: max(1, len(starts) // MOST_EXCERPTS)]
    heard = [mono(Audio(guide.samples[start : start + length], guide.sample_rate)).samples[:, 0] for start in starts]
    registers = [register_of(each, guide.sample_rate) for each in heard if np.square(each).mean() > 1e-6]
    return float(np.median(registers)) if registers else 0.0
