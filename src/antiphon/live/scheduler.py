"""From commands to samples, block by block, as an audio device takes them: what has been said is played, and where
nothing was said in time the copy goes on in the memory. Pure: it may be called ahead of time, in another thread or
process, and over again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from antiphon.action.rendering.crossfade import Crossfade
from antiphon.live.commands import LiveCommand, Play, Silence
from antiphon.types import Audio, Floats, Memory, Run

BRIDGE_SECONDS = 0.01
"""Fade from a copy that went on to what was said too late."""


@dataclass(frozen=True)
class Schedule:
    """`plays` in order of time that are not over; `handed` frames were given out, `late` of them by the rule.

    `bridge` frames from `joined` on fade from the run that went on (`went_on`) to what was said after all; from frame
    `silent` on, with a fade of `fade`, nothing sounds until frame `resumed`, if it is known.
    """

    plays: tuple[Play, ...] = ()
    handed: int = 0
    late: int = 0
    went_on: Play | None = None
    joined: int = -1
    silent: int | None = None
    fade: int = 0
    resumed: int | None = None

    @property
    def until(self) -> int:
        """The frame up to which it is known what sounds."""
        return self.plays[-1].end if self.plays else self.handed


@dataclass(frozen=True, eq=False)
class Scheduler:
    """Plays commands from a memory, with the session's renderer (`Session.stock.renderer`)."""

    memory: Memory
    renderer: Crossfade

    def told(self, state: Schedule, commands: tuple[LiveCommand, ...]) -> Schedule:
        """The schedule after these commands of a session; those that are not sound change nothing."""
        for command in commands:
            if isinstance(command, Play):
                state = self._with_play(state, command)
            elif isinstance(command, Silence):
                at = max(command.frame, state.handed)
                state = replace(state, silent=at, fade=command.fade, resumed=None)
        return state

    def frames(self, state: Schedule, count: int) -> tuple[Schedule, Floats]:
        """The next `count` frames (count, channels), and the schedule after them."""
        start, end = state.handed, state.handed + count
        known = min(end, state.until) if state.plays else start
        parts = [self._sound(play, max(start, play.start), min(end, play.end)) for play in state.plays]
        samples = np.concatenate([part for part in parts if len(part)] or [self._nothing(0)])
        missing = end - max(start, known)
        silenced = state.silent is not None and state.resumed is None and state.silent + state.fade <= max(start, known)
        if missing and state.plays and not silenced:
            last = state.plays[-1]
            samples = np.concatenate([samples, self._gone_on(last, max(start, known), end)])
            sounding = bool(last.runs) and last.runs[-1].part is not None
            state = replace(state, late=state.late + missing * sounding)
        elif missing:
            samples = np.concatenate([samples, self._nothing(missing)])
        samples = self._bridged(state, samples, start)
        samples = self._faded(state, samples, start)
        # The last one is kept: it is what goes on.
        kept = tuple(play for play in state.plays[:-1] if play.end > end) + state.plays[-1:]
        if state.resumed is not None and end >= state.resumed:
            state = replace(state, silent=None, resumed=None)
        return replace(state, plays=kept, handed=end), samples

    def _with_play(self, state: Schedule, play: Play) -> Schedule:
        if state.silent is not None and state.resumed is None:
            # What was said before is faded out; a further span begins anew.
            begin = max(play.start, state.silent + state.fade)
            if play.start > state.until:
                state = replace(state, plays=(*state.plays, self._rest(state.until, play.start)))
            state = replace(state, resumed=begin)
        if play.end <= state.handed:
            return replace(state, plays=(replace(play, start=play.end),))
        if play.start < state.handed and state.plays and state.until < state.handed:
            return replace(state, plays=(play,), went_on=state.plays[-1], joined=state.handed)
        return replace(state, plays=(*state.plays, play))

    def _rest(self, start: int, end: int) -> Play:
        return Play(start, max(start, end), (Run(0, 0, start, max(start, end)),))

    def _sound(self, play: Play, start: int, end: int) -> Floats:
        if end <= start:
            return self._nothing(0)
        return self.renderer.between(play.runs, self.memory.audio, start, end).samples

    def _gone_on(self, play: Play, start: int, end: int) -> Floats:
        """Frames [start, end) after a span, its last run going on in the memory, from the beginning at its end."""
        runs = list(play.runs)
        while runs and runs[-1].end < end + round(self.renderer.seconds * self.memory.audio.sample_rate) * 2:
            last = runs[-1]
            if last.part is None:
                runs[-1] = replace(last, end=end * 2)
            elif last.tail > 0:
                runs[-1] = replace(last, end=last.end + last.tail)
            else:
                length = last.part.end - last.part.start
                runs.append(
                    replace(last, first=last.stop, start=last.end, end=last.end + length, source=last.part.start)
                )
        return (
            self.renderer.between(tuple(runs), self.memory.audio, start, end).samples
            if runs
            else self._nothing(end - start)
        )

    def _bridged(self, state: Schedule, samples: Floats, start: int) -> Floats:
        """With the fade from what went on."""
        length = round(BRIDGE_SECONDS * self.memory.audio.sample_rate)
        first, stop = max(start, state.joined), min(start + len(samples), state.joined + length)
        if state.went_on is None or state.joined < 0 or stop <= first:
            return samples
        rising = ((np.arange(first, stop) - state.joined + 0.5) / length)[:, np.newaxis].astype(np.float32)
        before = self._gone_on(state.went_on, first, stop)
        mixed = samples.copy()
        here = slice(first - start, stop - start)
        mixed[here] = before * (1 - rising) + samples[here] * rising
        return mixed

    def _faded(self, state: Schedule, samples: Floats, start: int) -> Floats:
        """With the fade to silence where that was asked for."""
        if state.silent is None or state.silent >= start + len(samples):
            return samples
        frames = np.arange(start, start + len(samples))
        falling = np.clip(1 - (frames - state.silent) / max(1, state.fade), 0, 1)
        if state.resumed is not None:
            falling[frames >= state.resumed] = 1
        return np.asarray(samples * falling[:, np.newaxis].astype(np.float32), dtype=np.float32)

    def _nothing(self, count: int) -> Floats:
        return np.zeros((count, self.memory.audio.channels), dtype=np.float32)


def played(scheduler: Scheduler, commands: tuple[LiveCommand, ...], frames: int) -> Audio:
    """The sound (frames, channels) of commands that were all given in time."""
    _, samples = scheduler.frames(scheduler.told(Schedule(), commands), frames)
    return Audio(samples, scheduler.memory.audio.sample_rate)
