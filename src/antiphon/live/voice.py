"""From one committed segment to the next: the runs that sound, their gain, and how far they are settled.

The runs are those of the offline renderer, which is given one segment after the other. A gain that changes within a
copy divides it there, and both halves are faded into one another: a short ramp.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from antiphon.action.rendering.crossfade import Crossfade, RenderState
from antiphon.live.commands import Play
from antiphon.types import Memory, Run, Seconds, Selection

SILENT_FADE_SECONDS = 0.02
"""Fade of what is taken back at once."""


@dataclass(frozen=True, eq=False)
class Voice:
    """What sounds: the renderer's state."""

    state: RenderState


def silent_voice(frame: int, steps: int) -> Voice:
    """Nothing sounds before `frame`, where step number `steps` begins."""
    return Voice(RenderState((), frame, steps, np.empty(0, dtype=np.int64), np.empty((0, 2))))


def spoken(
    renderer: Crossfade, memory: Memory, voice: Voice, step: Selection, *, interval: Seconds, gain: float
) -> tuple[Voice, Play | None, Run]:
    """The voice with one more step (1,) over `interval` (1, 2), what is settled now, and the run that plays it."""
    before, rate, number = voice.state.pending, memory.audio.sample_rate, voice.state.steps
    placed = renderer.placed(step, memory, interval, voice.state, last=False)
    found = _with_gain(placed.runs, before, gain)
    end = max(placed.start, renderer.settled(found, rate))
    kept = renderer.kept(found, end, rate)
    own = next(run for run in found if run.first <= number < run.stop)
    play = Play(placed.start, end, found) if end > placed.start else None
    return Voice(replace(placed.state, pending=kept, rendered=end)), play, own


def _with_gain(found: tuple[Run, ...], before: tuple[Run, ...], gain: float) -> tuple[Run, ...]:
    """The runs, of which those that are not said yet have the gain; one that goes on is divided where it changes."""
    runs = list(found[: max(0, len(before) - 1)])
    if before:
        old, now = before[-1], found[len(before) - 1]
        if now.end > old.end and now.part is not None and now.gain != gain:
            runs.append(replace(now, stop=old.stop, end=old.end))
            runs.append(replace(now, first=old.stop, start=old.end, source=now.source + old.length, gain=gain))
        else:
            runs.append(now)
    runs += [replace(run, gain=gain) if run.part is not None else run for run in found[len(before) :]]
    return tuple(runs)
