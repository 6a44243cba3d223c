"""Gain riding: each phrase of a response is brought towards the level that the guide has there.

A gain for each run, as an engineer rides a fader between phrases and not within them: a session shows it as the volume
of an item. Only how the guide rises and falls is followed; how loud the whole is, is another matter (`loudness`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from antiphon.action.selection.segment_sound import QUIETEST_DBFS
from antiphon.audio import dbfs, interval_power
from antiphon.types import Audio, Run

MOST_DB = 9.0
"""No phrase is turned up or down by more."""


def ridden(runs: Sequence[Run], memory: Audio, guide: Audio, ride: float) -> tuple[Run, ...]:
    """The runs (n), each with a gain that brings its level by the share `ride` towards the guide's, in decibels.

    Runs that a musician has put there, and silent ones, stay as they are.
    """
    led = [index for index, run in enumerate(runs) if run.part is not None and not run.pinned and run.laid is None]
    if not ride or not led:
        return tuple(runs)
    rate = memory.sample_rate
    heard = _levels(memory, [(runs[index].source, runs[index].source + runs[index].length) for index in led], rate)
    wanted = _levels(guide, [(runs[index].start, runs[index].end) for index in led], rate)
    lengths = np.array([runs[index].length for index in led], dtype=np.float64)
    sure = (heard > QUIETEST_DBFS) & (wanted > QUIETEST_DBFS)
    if not sure.any():
        return tuple(runs)
    apart = wanted - heard
    apart -= np.average(apart[sure], weights=lengths[sure])
    decibels = np.where(sure, ride * np.clip(apart, -MOST_DB, MOST_DB), 0.0)
    found = list(runs)
    for index, gain in zip(led, (10 ** (decibels / 20)).tolist(), strict=True):
        found[index] = replace(runs[index], gain=gain)
    return tuple(found)


def _levels(sound: Audio, spans: Sequence[tuple[int, int]], rate: int) -> NDArray[np.float64]:
    """Levels (n,) in dBFS over spans in samples at `rate`."""
    return np.asarray(dbfs(interval_power(sound, np.array(spans, dtype=np.float64) / rate)), dtype=np.float64)
