"""Where segments begin: every so many seconds, or on a beat where a tempo is known.

A unit is a beat, or so many, or such a part of one, that it lasts as nearly as possible as long as a segment that the
agent knows. A tempo that changes is followed from the first edge on that is still free.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0
"""What a tempo can be, in beats a minute; anything else is refused."""

SAME_TEMPO = 0.08
"""Beats that differ by less than this are one tempo, played by a human; by more it has changed."""

YIELDING = 0.3
"""How far a tempo follows one beat that is early or late."""

SHORTEST = 0.5
"""The first segment after a change lasts at least this share of a unit, and less than one and a half."""


@dataclass(frozen=True)
class Pulse:
    """`period` frames a beat, None where there is none; a beat lies at frame `anchor`, the last one heard at `beat`."""

    sample_rate: int
    segment_seconds: float
    period: float | None = None
    anchor: float = 0.0
    beat: int | None = None

    @property
    def bpm(self) -> float | None:
        """Beats a minute."""
        return None if self.period is None else 60 * self.sample_rate / self.period

    @property
    def unit(self) -> float:
        """Frames of a segment."""
        wanted = self.segment_seconds * self.sample_rate
        if self.period is None:
            return wanted
        return self.period * 2.0 ** round(math.log2(wanted / self.period))

    def after(self, edge: int, number: int) -> int:
        """The frame at which segment `number`, which begins at `edge`, ends."""
        if self.period is None:
            # On the grid of the segments' own length where the edge is on it: no rounding adds up.
            exact = round(number * self.unit)
            return round((number + 1) * self.unit) if edge == exact else round(edge + self.unit)
        unit = self.unit
        steps = math.ceil((edge + SHORTEST * unit - self.anchor) / unit - 1e-6)
        return round(self.anchor + steps * unit)

    def at_tempo(self, bpm: float | None, frame: int, on_beat: bool) -> Pulse:
        """At another tempo, from `frame` on; a beat lies there if `on_beat`, else where the old tempo has its next."""
        if bpm is None:
            return replace(self, period=None, beat=None)
        anchor = float(frame)
        if not on_beat and self.period is not None:
            anchor = self.anchor + math.ceil((frame - self.anchor) / self.period) * self.period
        return replace(self, period=60 * self.sample_rate / bpm, anchor=anchor)

    def edge_from(self, frame: int) -> int:
        """The first frame from `frame` on at which a beat and a segment begin together; where there is a tempo."""
        assert self.period is not None
        apart = max(self.unit, self.period)
        return round(self.anchor + math.ceil((frame - self.anchor) / apart - 1e-6) * apart)

    def with_beat(self, frame: int) -> Pulse:
        """With a beat heard at `frame`: the second one makes a tempo, and from then on each corrects it.

        Where the last one was a beat or some before, those between were missed.
        """
        before = self.beat
        found = replace(self, beat=frame, anchor=float(frame))
        if before is None or frame <= before:
            return found
        apart = float(frame - before)
        if self.period is not None:
            missed = max(1, round(apart / self.period))
            near = apart / missed
            if abs(near / self.period - 1) < SAME_TEMPO:
                return replace(found, period=self.period + YIELDING * (near - self.period))
        return replace(found, period=apart) if is_tempo(60 * self.sample_rate / apart) else found


def is_tempo(bpm: float) -> bool:
    """Whether this many beats a minute are a tempo."""
    return math.isfinite(bpm) and SLOWEST_BPM <= bpm <= FASTEST_BPM
