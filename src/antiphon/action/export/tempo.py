"""Where the beats of a REAPER project lie, as written and as a musician changed them.

An item that is attached to beats moves in seconds, and is stretched, when the tempo changes; a response's time is that
of its guide, in seconds. With both maps what the change moved can be put back.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from antiphon.action.export.provenance_file import TEMPO, TEMPO_BEFORE, TempoPoint
from antiphon.action.export.rpp import Block, numbers
from antiphon.types import Grid

FASTEST = 960.0
"""Beats a minute beyond which REAPER takes no tempo."""

SLOPES = 64
"""Straight pieces by which a tempo that moves is followed."""


class TempoMap:
    """Beats by seconds and seconds by beats of a project."""

    def __init__(self, points: Sequence[TempoPoint]) -> None:
        times, tempi = [0.0], []
        for here, after in itertools.pairwise((*points, None)):
            assert here is not None
            tempi.append(here.bpm)
            if after is None:
                break
            count = SLOPES if here.ramp else 1
            for piece in range(count):
                times.append(here.time + (after.time - here.time) * (piece + 1) / count)
                if piece:
                    tempi.append(here.bpm + (after.bpm - here.bpm) * (piece + 0.5) / count)
        self._times = np.array(times)
        self._rates = np.array(tempi) / 60
        self._beats = np.concatenate([[0.0], np.cumsum(np.diff(self._times) * self._rates[:-1])])

    @property
    def steps(self) -> list[tuple[float, float, float]]:
        """From which second and which beat on there are so many beats a minute."""
        return list(zip(self._times.tolist(), self._beats.tolist(), (60 * self._rates).tolist(), strict=True))

    def beats(self, seconds: float) -> float:
        """The beat, counted from 0, that lies at a second."""
        piece = max(int(np.searchsorted(self._times, seconds, side="right")) - 1, 0)
        return float(self._beats[piece] + (seconds - self._times[piece]) * self._rates[piece])

    def seconds(self, beats: float) -> float:
        """The second at which a beat lies."""
        piece = max(int(np.searchsorted(self._beats, beats, side="right")) - 1, 0)
        return float(self._times[piece] + (beats - self._beats[piece]) / self._rates[piece])


def tempo_points(grid: Grid | None) -> tuple[TempoPoint, ...]:
    """The tempo of a session for these beats. Before the first downbeat lies a bar of whole beats that ends there."""
    if grid is None:
        return TEMPO
    period, first = 60 / grid.bpm, grid.first_beat
    if first < 1e-3:
        return (TempoPoint(0.0, grid.bpm, grid.beats_per_bar),)
    if 60 / first > FASTEST:
        first += period * grid.beats_per_bar
    count = max(round(first / period), 1)
    return (
        TempoPoint(0.0, count * 60 / first, count),
        TempoPoint(first, grid.bpm, grid.beats_per_bar),
    )


def bars_of(points: Sequence[TempoPoint], duration: float) -> list[float]:
    """When bars begin at the last tempo of a session, from where it begins on; none where no beat is known."""
    last = points[-1]
    if tuple(points) in (TEMPO, TEMPO_BEFORE):
        return []
    bar = last.beats_per_bar * 60 / last.bpm
    return [last.time + number * bar for number in range(max(math.ceil((duration - last.time) / bar), 0))]


def tempo_lines(points: Sequence[TempoPoint]) -> list[str | Block]:
    """The tempo of a project as REAPER writes it."""
    first = points[0]
    lines: list[str | Block] = [f"  TEMPO {first.bpm!r} {first.beats_per_bar} 4 0"]
    if len(points) > 1:
        inside: list[str | Block] = [
            "    ACT 1 -1",
            "    VIS 1 0 1",
            "    LANEHEIGHT 0 0",
            "    ARM 0",
            "    DEFSHAPE 1 -1 -1",
        ]
        inside += [
            f"    PT {point.time!r} {point.bpm!r} {int(not point.ramp)} {4 << 16 | point.beats_per_bar} 0 1"
            for point in points
        ]
        lines.append(Block("  <TEMPOENVEX", inside, "  >"))
    return lines


def tempo_of(root: Block) -> tuple[TempoPoint, ...]:
    """The tempo of a project as it stands there."""
    line = numbers(root.find("TEMPO"))
    first = TempoPoint(0.0, line[0] if line and line[0] > 0 else 120.0, int(line[1]) if len(line) > 1 else 4)
    found: list[TempoPoint] = []
    for envelope in root.blocks("TEMPOENVEX"):
        for each in envelope.all("PT"):
            values = numbers(each)
            if len(values) >= 2 and values[1] > 0:
                ramp = len(values) > 2 and int(values[2]) == 0
                bar = int(values[3]) & 0xFFFF if len(values) > 3 and values[3] > 0 else 0
                found.append(TempoPoint(values[0], values[1], bar or first.beats_per_bar, ramp))
    if not found:
        return (first,)
    return tuple(found) if found[0].time <= 0 else (first, *found)
