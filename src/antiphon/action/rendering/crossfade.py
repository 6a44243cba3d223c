"""A selection to sound (paper 3.3, 4.3): concatenative synthesis in linear time, at the memory's own rate and channels.

An unbroken run of memory segments is one copy of memory audio, so that playing a memory from end to end gives it back
bit for bit. Runs meet in a crossfade of the curve 3 x^2 - 2 x^3, the one of REAPER that rises and falls alike, so that
a session sounds as its response does: the weights sum to one, hence no sample passes the memory's peak. (Weights of
equal power would add up to 3 dB wherever the two runs are alike.)

State goes in and comes out: a response rendered in blocks is, bit for bit, the response rendered at once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from antiphon import arrays
from antiphon.action.rendering.runs import DRIFT_SECONDS, joined, runs
from antiphon.interfaces import Renderer
from antiphon.types import Audio, Floats, Memory, Rendering, Run, Seconds, Selection

EDGE_SECONDS = 0.005
"""Fade where nothing overlaps: at both ends of the response, and where one part ends and another begins."""

SMOOTH, SINE = "smooth", "sine"

CURVES: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    SMOOTH: lambda x: x * x * (3 - 2 * x),
    SINE: lambda x: np.sin(np.pi / 2 * x) ** 2,
}
"""How a fade rises from 0 to 1. Responses of earlier versions were faded by the sine: nobody hears the difference,
which is 0.01 at most, but their provenance gives the same bytes again."""

BLOCK_STEPS = 256
"""Steps of a selection that `in_blocks` renders at once: minutes of sound."""


@dataclass(frozen=True, eq=False)
class RenderState:
    """What a later block goes on from: runs whose sound isn't settled, how far it is, and the last step [as a path]."""

    pending: tuple[Run, ...]
    rendered: int
    steps: int
    segments: NDArray[np.int64]
    intervals: Seconds


_START = RenderState((), 0, 0, np.empty(0, dtype=np.int64), np.empty((0, 2)))


@dataclass(frozen=True, eq=False)
class Placed:
    """Response samples [start, end), which no later block can change, and the runs on which they depend; `settled` of
    these no later block depends on."""

    start: int
    end: int
    runs: tuple[Run, ...]
    settled: int
    state: RenderState


@dataclass(frozen=True)
class Extent:
    """Response samples [start, end) in which a run is heard, and how many of them are its fades."""

    start: int
    end: int
    fade_in: int
    fade_out: int


@dataclass(frozen=True)
class Crossfade:
    """Renders with fades of `seconds`, centred on the joints, over what the memory holds before and after each run.

    No fade reads across a part's border: it moves to the side that has audio. Where neither has, the runs fade out and
    in over EDGE_SECONDS. Fades to and from silence take half of `seconds`. A response that starts where a part starts,
    or ends where one ends, is not faded there. A run after a joint starts up to `search_seconds` earlier in the memory,
    where it fits best (`runs.joined`). `curve` is one of CURVES. A copy that goes on while lengths differ may come so
    much early or late as `drift_seconds`.
    """

    seconds: float
    search_seconds: float = 0.0
    curve: str = SMOOTH
    drift_seconds: float = DRIFT_SECONDS

    def __post_init__(self) -> None:
        if not self.seconds >= 0:
            raise ValueError(f"a crossfade lasts 0 s or more, got {self.seconds}")
        if not self.search_seconds >= 0:
            raise ValueError(f"a joint is looked for over 0 s or more, got {self.search_seconds}")

    def __call__(self, selection: Selection, memory: Memory, intervals: Seconds) -> Audio:
        """Audio from 0 to the end of `intervals` (n, 2), to the sample; what no interval covers is silent."""
        return self.render(selection, memory, intervals).audio

    def render(
        self,
        selection: Selection,
        memory: Memory,
        intervals: Seconds,
        state: RenderState | None = None,
        *,
        last: bool = True,
    ) -> Rendering:
        """See `interfaces.Renderer`. Until the `last` block, what a later one may still change is held back."""
        placed = self.placed(selection, memory, intervals, state, last=last)
        audio = self.between(placed.runs, memory.audio, placed.start, placed.end)
        return Rendering(audio, placed.runs[: placed.settled], placed.state)

    def placed(
        self,
        selection: Selection,
        memory: Memory,
        intervals: Seconds,
        state: RenderState | None = None,
        *,
        last: bool = True,
    ) -> Placed:
        """What `render` renders, before it sounds."""
        state = state or _START
        found = self._runs(selection, memory, intervals, state)
        if last:
            end = _length(memory, intervals) if len(intervals) else state.rendered
            end = max(end, found[-1].end) if found else end
        else:
            end = max(state.rendered, self.settled(found, memory.audio.sample_rate))
        kept = () if last else self.kept(found, end, memory.audio.sample_rate)
        steps = state.steps + len(intervals)
        latest = (selection.segments, intervals) if len(intervals) else (state.segments, state.intervals)
        after = RenderState(kept, end, steps, latest[0][-1:], latest[1][-1:])
        return Placed(state.rendered, end, found, len(found) - len(kept), after)

    def of_runs(self, found: Sequence[Run], sound: Audio, length: int) -> Audio:
        """`length` samples of runs in order of time that read from `sound` and start where they are to start."""
        return self.between(tuple(found), sound, 0, length)

    def extents(self, found: Sequence[Run], sample_rate: int) -> tuple[Extent, ...]:
        """From where to where each run is heard, its fades included."""
        numbers = {id(run): number for number, run in enumerate(found)}
        heard = [Extent(run.start, run.end, 0, 0) for run in found]
        fade, edge = round(self.seconds * sample_rate), round(min(self.seconds, EDGE_SECONDS) * sample_rate)
        for crossing in _crossings(_with_gaps(tuple(found)), fade, edge):
            length = crossing.end - crossing.start
            ends, begins = numbers.get(id(crossing.outgoing)), numbers.get(id(crossing.incoming))
            if ends is not None:
                heard[ends] = replace(heard[ends], end=crossing.end, fade_out=length)
            if begins is not None:
                heard[begins] = replace(heard[begins], start=crossing.start, fade_in=length)
        return tuple(heard)

    def refined(self, found: Sequence[Run], sound: Audio) -> tuple[Run, ...]:
        """The runs, each starting where it fits best onto the one before it."""
        rate = sound.sample_rate
        return tuple(joined(tuple(found), sound, round(self.search_seconds * rate), round(self.seconds * rate)))

    def _runs(self, selection: Selection, memory: Memory, intervals: Seconds, state: RenderState) -> tuple[Run, ...]:
        """The pending runs and those of a further block; its first is the last pending one if that goes on."""
        before = len(state.segments)
        path = Selection(
            np.concatenate([state.segments, selection.segments]),
            np.concatenate([state.segments, selection.played]),
            np.concatenate([np.zeros(before), selection.costs]),
        )
        new = list(runs(path, memory, np.concatenate([state.intervals, intervals]), self.drift_seconds))
        offset = state.steps - before
        new = [replace(run, first=run.first + offset, stop=run.stop + offset) for run in new]
        pending = list(state.pending)
        if before:
            again = new.pop(0)
            while new and new[0].end <= pending[-1].end:  # the loops of a step that was too short
                again = new.pop(0)
            if again.end > pending[-1].end:
                pending[-1] = replace(pending[-1], stop=again.stop, end=again.end)
        if not pending:
            return self.refined(new, memory.audio)
        return (*pending[:-1], *self.refined([pending[-1], *new], memory.audio))

    def settled(self, found: tuple[Run, ...], rate: int) -> int:
        """Up to which sample no later block can change anything: the last run may go on, or end in a fade."""
        if not found:
            return 0
        fade = round(self.seconds * rate)
        open_run = found[-1]
        return (open_run.end if open_run.length >= 2 * fade else open_run.start) - fade

    def kept(self, found: tuple[Run, ...], end: int, rate: int) -> tuple[Run, ...]:
        """The runs on which sound from sample `end` on depends, and always the last."""
        fade = round(self.seconds * rate)
        passed = 0
        while passed < len(found) - 1 and found[passed + 1].start + 2 * fade <= end:
            passed += 1
        return found[passed:]

    def between(self, found: tuple[Run, ...], sound: Audio, start: int, end: int) -> Audio:
        """Response samples [start, end) of the runs, which are all on which these depend, in order of time."""
        rate = sound.sample_rate
        samples = _copied(found, sound, start, end)
        walk = arrays.Walk(sound.samples, samples)
        fade, edge = round(self.seconds * rate), round(min(self.seconds, EDGE_SECONDS) * rate)
        for crossing in _crossings(_with_gaps(found), fade, edge):
            first, stop = max(crossing.start, start), min(crossing.end, end)
            if first < stop:
                heard = crossing.heard(sound.samples, self.curve)
                samples[first - start : stop - start] = heard[first - crossing.start : stop - crossing.start]
                walk.read(heard)
        walk.end()
        return Audio(samples, rate)


@dataclass(frozen=True)
class HardCut(Crossfade):
    """Renders without any fade."""

    seconds: float = 0.0


def in_blocks(
    renderer: Renderer, selection: Selection, memory: Memory, intervals: Seconds, steps: int = BLOCK_STEPS
) -> Iterator[Rendering]:
    """A rendering in blocks of `steps`: end to end, the rendering at once, in constant room however long it is."""
    state = None
    for first in range(0, max(len(intervals), 1), steps):
        cut = slice(first, first + steps)
        block = Selection(selection.segments[cut], selection.played[cut], selection.costs[cut])
        rendering = renderer.render(block, memory, intervals[cut], state, last=first + steps >= len(intervals))
        state = rendering.state
        yield rendering


def _length(memory: Memory, intervals: Seconds) -> int:
    return round(float(intervals[-1, 1]) * memory.audio.sample_rate) if len(intervals) else 0


def _copied(found: tuple[Run, ...], sound: Audio, start: int, end: int) -> Floats:
    """Response samples [start, end) without any fade."""
    samples = arrays.zeros(max(end - start, 0), sound.channels)
    walk = arrays.Walk(sound.samples, samples)
    for run in found:
        if run.part is not None and run.laid is None:
            shift = run.source - run.start
            first, stop = max(run.start, start), min(run.end, end, run.part.end - shift)
            if first < stop:
                place = first - start
                for copied in arrays.blocks(sound.samples[first + shift : stop + shift]):
                    there = samples[place : place + len(copied)]
                    there[:] = copied if run.gain == 1 else copied * np.float32(run.gain)
                    place += len(copied)
                    walk.read(copied)
    walk.end()
    return samples


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

    def heard(self, memory: Floats, curve: str) -> NDArray[np.float64]:
        """Samples (frames, channels), in float64: rounded once, a mean of two values never lies outside them."""
        rising = _rising(self.end - self.start, curve)
        return self._read(self.outgoing, memory) * (1 - rising) + self._read(self.incoming, memory) * rising

    def _read(self, run: Run | None, memory: Floats) -> Floats:
        wanted = self.end - self.start
        if run is None or run.part is None:
            return np.zeros((wanted, memory.shape[1]), dtype=np.float32)
        first = run.source + self.start - run.start
        samples = memory[first : min(first + wanted, run.part.end)]
        samples = samples if run.gain == 1 else samples * np.float32(run.gain)
        return samples if len(samples) == wanted else np.pad(samples, ((0, wanted - len(samples)), (0, 0)))


@functools.lru_cache(maxsize=16)
def _rising(length: int, curve: str) -> NDArray[np.float64]:
    return np.asarray(CURVES[curve]((np.arange(length) + 0.5) / length))[:, None]


def _crossings(found: Iterator[Run], fade: int, edge: int) -> Iterator[_Crossing]:
    """All fades in order of time. Each run gives at most half of itself to either side, so they never overlap."""
    before = None
    for run in found:
        if before is not None:
            yield from _joint(before, run, fade, edge)
        elif run.lead > 0 and run.laid is None:
            yield _Crossing(run.start, run.start + min(edge, run.length // 2), None, run)
        before = run
    if before is not None and before.tail > 0 and before.laid is None:
        yield _Crossing(before.end - min(edge, before.length // 2), before.end, before, None)


def _joint(before: Run, after: Run, fade: int, edge: int) -> Iterator[_Crossing]:
    if before.laid is not None or after.laid is not None:
        yield from _beside_laid(before, after, edge)
        return
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


def _beside_laid(before: Run, after: Run, edge: int) -> Iterator[_Crossing]:
    """What is not laid fades over the laid item's own fade, so that both add up to one where their curves do."""
    joint = after.start
    if before.laid is None and before.part is not None and after.laid is not None:
        length = min(max(after.laid[0], edge), after.length)
        right = min(length - length // 2, max(before.tail, 0))
        left = min(length - right, before.length // 2)
        if left + right:
            yield _Crossing(joint - left, joint + right, before, None)
    if after.laid is None and after.part is not None and before.laid is not None:
        length = min(max(before.laid[1], edge), before.length)
        left = min(length // 2, after.lead)
        right = min(length - left, after.length // 2)
        if left + right:
            yield _Crossing(joint - left, joint + right, None, after)
