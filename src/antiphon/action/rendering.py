"""A selection to sound (paper 3.3, 4.3): concatenative synthesis in linear time, at the memory's own rate and channels.

An unbroken run of memory segments is one copy of memory audio, so that playing a memory from end to end gives it back
bit for bit. Runs meet in a sin^2/cos^2 crossfade: the weights sum to one, hence no sample passes the memory's peak.
(Weights of equal power would add up to 3 dB wherever the two runs are alike.)
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.action.runs import Run, runs
from antiphon.types import Audio, Floats, Memory, Seconds, Selection

EDGE_SECONDS = 0.005
"""Fade where nothing overlaps: at both ends of the response, and where one part ends and another begins."""


@dataclass(frozen=True)
class HardCut:
    """Renders without any fade."""

    def __call__(self, selection: Selection, memory: Memory, intervals: Seconds) -> Audio:
        """Audio from 0 to the end of `intervals` (n, 2), to the sample; what no interval covers is silent."""
        return _copied(runs(selection, memory, intervals), memory, _length(memory, intervals))


@dataclass(frozen=True)
class Crossfade:
    """Renders with fades of `seconds`, centred on the joints, over what the memory holds before and after each run.

    No fade reads across a part's border: it moves to the side that has audio. Where neither has, the runs fade out and
    in over EDGE_SECONDS. Fades to and from silence take half of `seconds`. A response that starts where a part starts,
    or ends where one ends, is not faded there.
    """

    seconds: float

    def __post_init__(self) -> None:
        if not self.seconds >= 0:
            raise ValueError(f"a crossfade lasts 0 s or more, got {self.seconds}")

    def __call__(self, selection: Selection, memory: Memory, intervals: Seconds) -> Audio:
        """Audio from 0 to the end of `intervals` (n, 2), to the sample; what no interval covers is silent."""
        rate = memory.audio.sample_rate
        found = runs(selection, memory, intervals)
        audio = _copied(found, memory, _length(memory, intervals))
        fade, edge = round(self.seconds * rate), round(min(self.seconds, EDGE_SECONDS) * rate)
        for crossing in _crossings(_with_gaps(found), fade, edge):
            audio.samples[crossing.start : crossing.end] = crossing.heard(memory.audio.samples)
        return audio


def _length(memory: Memory, intervals: Seconds) -> int:
    return round(float(intervals[-1, 1]) * memory.audio.sample_rate) if len(intervals) else 0


def _copied(found: tuple[Run, ...], memory: Memory, length: int) -> Audio:
    samples = np.zeros((length, memory.audio.channels), dtype=np.float32)
    for run in found:
        if run.part is not None:
            copy = memory.audio.samples[run.source : min(run.source + run.length, run.part.end)]
            samples[run.start : run.start + len(copy)] = copy
    return Audio(samples, memory.audio.sample_rate)


def _with_gaps(found: tuple[Run, ...]) -> Iterator[Run]:
    """The runs, and a silent one wherever no interval is."""
    position = 0
    for run in found:
        if run.start > position:
            yield Run(run.first, run.first, position, run.start)
        yield run
        position = run.end


@dataclass(frozen=True)
class _Crossing:
    """Response samples [start, end), in which one run gives way to another; None is silence."""

    start: int
    end: int
    outgoing: Run | None
    incoming: Run | None

    def heard(self, memory: Floats) -> NDArray[np.float64]:
        """Samples (frames, channels), in float64: rounded once, a mean of two values never lies outside them."""
        rising = _rising(self.end - self.start)
        return self._read(self.outgoing, memory) * (1 - rising) + self._read(self.incoming, memory) * rising

    def _read(self, run: Run | None, memory: Floats) -> Floats:
        wanted = self.end - self.start
        if run is None or run.part is None:
            return np.zeros((wanted, memory.shape[1]), dtype=np.float32)
        first = run.source + self.start - run.start
        samples = memory[first : min(first + wanted, run.part.end)]
        return samples if len(samples) == wanted else np.pad(samples, ((0, wanted - len(samples)), (0, 0)))


@functools.lru_cache(maxsize=16)
def _rising(length: int) -> NDArray[np.float64]:
    return np.asarray(np.sin(np.pi / 2 * (np.arange(length) + 0.5) / length) ** 2)[:, None]


def _crossings(found: Iterator[Run], fade: int, edge: int) -> Iterator[_Crossing]:
    """All fades in order of time. Each run gives at most half of itself to either side, so they never overlap."""
    before = None
    for run in found:
        if before is not None:
            yield from _joint(before, run, fade, edge)
        elif run.lead > 0:
            yield _Crossing(run.start, run.start + min(edge, run.length // 2), None, run)
        before = run
    if before is not None and before.tail > 0:
        yield _Crossing(before.end - min(edge, before.length // 2), before.end, before, None)


def _joint(before: Run, after: Run, fade: int, edge: int) -> Iterator[_Crossing]:
    if before.part is None or after.part is None:
        fade //= 2
    fade = min(fade, before.length, after.length)
    left_room = min(before.length // 2, after.lead)
    right_room = min(after.length // 2, max(before.tail, 0))
    left = min(left_room, max(fade // 2, fade - right_room))
    right = min(right_room, fade - left)
    joint = after.start
    if left + right >= min(fade, edge):
        yield _Crossing(joint - left, joint + right, before, after)
    else:
        yield _Crossing(joint - min(edge, before.length // 2), joint, before, None)
        yield _Crossing(joint, joint + min(edge, after.length // 2), None, after)
