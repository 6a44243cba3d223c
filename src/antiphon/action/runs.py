"""Runs: the unbroken copies of memory audio of which a response consists."""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass

import numpy as np

from antiphon.types import SILENCE, Memory, MemoryPart, Seconds, Selection

_SAME_TIME = 1e-6
"""Seconds: far above the rounding of float64 times, far below a sample."""


@dataclass(frozen=True)
class Run:
    """Response samples [start, end), copied from memory sample `source` on; silence where `part` is None.

    It realises the selection's steps [first, stop).
    """

    first: int
    stop: int
    start: int
    end: int
    source: int = 0
    part: MemoryPart | None = None

    @property
    def length(self) -> int:
        """Length in samples."""
        return self.end - self.start

    @property
    def lead(self) -> int:
        """How many samples its part holds before it. Silence has no end."""
        return sys.maxsize if self.part is None else self.source - self.part.start

    @property
    def tail(self) -> int:
        """How many samples its part holds after it; negative if the part ends too soon. Silence has no end."""
        return sys.maxsize if self.part is None else self.part.end - self.source - self.length


def runs(selection: Selection, memory: Memory, intervals: Seconds) -> tuple[Run, ...]:
    """The runs of a selection (n,) over the response's `intervals` (n, 2), silent ones included, in order of time.

    A run goes on as long as the memory is copied without a break. Going on to the next segment does break it where the
    memory's segment is longer than the response's, as with onsets: there, audio is left out.
    """
    if len(intervals) != len(selection.segments):
        raise ValueError(f"{len(selection.segments)} segments cannot fill {len(intervals)} intervals")
    if len(intervals) == 0:
        return ()
    rate = memory.audio.sample_rate
    silent = selection.segments == SILENCE
    part = np.full(len(silent), SILENCE)
    part[~silent] = memory.part_of(selection.segments[~silent])
    heard = intervals[:, 0].copy()
    heard[~silent] = memory.tokens.intervals[selection.segments[~silent], 0]
    shift = heard - intervals[:, 0]
    edges = np.round(intervals * rate).astype(np.int64)
    breaks = (part[1:] != part[:-1]) | (np.abs(np.diff(shift)) > _SAME_TIME) | (edges[1:, 0] != edges[:-1, 1])
    bounds = [0, *(np.flatnonzero(breaks) + 1).tolist(), len(silent)]
    return tuple(
        Run(
            first,
            stop,
            int(edges[first, 0]),
            int(edges[stop - 1, 1]),
            round(float(heard[first]) * rate),
            None if silent[first] else memory.parts[part[first]],
        )
        for first, stop in itertools.pairwise(bounds)
    )
