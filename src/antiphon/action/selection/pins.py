"""What stays where the musician put it: pinned runs keep their samples, and everything else is played around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from antiphon.action.selection.constraints import FREE, Constraints
from antiphon.errors import SettingsError
from antiphon.types import Edited, Ids, Memory, Run, Seconds


@dataclass(frozen=True, eq=False)
class PinnedSteps:
    """What pins mean to the steps of a response (n,): which memory `segments` are played, FREE where none is, and where
    it is `silent`."""

    segments: Ids
    silent: np.ndarray[tuple[int], np.dtype[np.bool_]]

    @property
    def constraints(self) -> Constraints:
        """The same, for a selection."""
        return Constraints(pinned=self.segments, silent=self.silent)

    def ids(self, memory: Memory, rest: int | None) -> Ids:
        """The same, for a decision: the pinned tokens, FREE where none is. Without a `rest` silence leaves it free."""
        found = np.where(self.segments == FREE, FREE, memory.tokens.ids[np.maximum(self.segments, 0)])
        return found if rest is None else np.where(self.silent, rest, found)


def pinned_steps(pins: Sequence[Run], memory: Memory, intervals: Seconds) -> PinnedSteps:
    """The steps over `intervals` (n, 2) whose middle lies in one of the pins, and what they play there."""
    rate = memory.audio.sample_rate
    segments = np.full(len(intervals), FREE, dtype=np.int64)
    silent = np.zeros(len(intervals), dtype=np.bool_)
    middles = _middles(intervals, rate)
    for pin in pins:
        inside = slice(*np.searchsorted(middles, [pin.start, pin.end]))
        if pin.part is None:
            silent[inside] = True
        else:
            heard = (middles[inside] + pin.source - pin.start) / rate
            found = np.searchsorted(memory.tokens.intervals[:, 0], heard, side="right") - 1
            segments[inside] = np.maximum(found, 0)
    return PinnedSteps(segments, silent)


def constraints_of(pins: Sequence[Run], edited: Edited, memory: Memory, intervals: Seconds) -> Constraints:
    """What pins and edits mean to a selection over `intervals` (n, 2). A pin wins over a class that is asked for."""
    fixed = replace(pinned_steps(pins, memory, intervals).constraints, dearer=edited.dearer)
    if edited.refused:
        fixed = replace(fixed, refused=pinned_steps(edited.refused, memory, intervals).segments)
    if edited.asked:
        fixed = replace(fixed, asked=asked_classes(edited, len(intervals)))
    return fixed


def asked_classes(edited: Edited, steps: int) -> Ids:
    """The classes (n,) that a musician asked for, FREE where none. Raises SettingsError for a step that is none."""
    found = np.full(steps, FREE, dtype=np.int64)
    for step, token in edited.asked:
        if not 0 <= step < steps:
            raise SettingsError(f"a class is asked for at step {step}; the response has {steps}")
        found[step] = token
    return found


def around(pins: Sequence[Run], free: Sequence[Run], intervals: Seconds, rate: int) -> tuple[Run, ...]:
    """The pins, which do not overlap, and of the `free` runs what lies between them, in order of time.

    A step belongs to the run that sounds in its middle.
    """
    if not pins:
        return tuple(free)
    ordered = sorted(pins, key=lambda pin: pin.start)
    edges = [0, *(edge for pin in ordered for edge in (pin.start, pin.end)), max(run.end for run in (*ordered, *free))]
    holes = list(zip(edges[::2], edges[1::2], strict=True))
    found, hole = list(ordered), 0
    for run in free:
        while hole < len(holes) and holes[hole][1] <= run.start:
            hole += 1
        for start, end in holes[hole:]:
            if start >= run.end:
                break
            piece = cut(run, start, end)
            if piece is not None:
                found.append(piece)
    middles = _middles(intervals, rate)
    return tuple(
        replace(run, first=int(first), stop=int(stop))
        for run in sorted(found, key=lambda run: run.start)
        for first, stop in [np.searchsorted(middles, [run.start, run.end])]
    )


def cut(run: Run, start: int, end: int) -> Run | None:
    """What a run plays between response samples `start` and `end`; None for nothing."""
    start, end = max(start, run.start), min(end, run.end)
    if start >= end:
        return None
    source = run.source + start - run.start if run.part else run.source
    return replace(run, start=start, end=end, source=source)


def _middles(intervals: Seconds, rate: int) -> Seconds:
    return np.asarray(np.round(intervals * rate).mean(axis=1))
