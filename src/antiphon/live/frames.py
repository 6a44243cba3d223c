"""Commands and events in frames of the device, and of a session that began at another frame."""

from __future__ import annotations

from dataclasses import replace

from antiphon.live.commands import Commit, LiveCommand, Plan, Play, TokenEvent
from antiphon.live.events import Control, Cue, GuideBlock, LiveEvent


def in_session(event: LiveEvent, origin: int) -> LiveEvent | None:
    """An event in frames of the session whose frame 0 is `origin`; of sound, what was before that is left out, None
    where that is all of it."""
    if isinstance(event, Control | Cue):
        return event
    if isinstance(event, GuideBlock):
        early = max(origin - event.frame, 0)
        return GuideBlock(event.samples[early:], event.frame + early - origin) if early < len(event.samples) else None
    return replace(event, frame=max(event.frame - origin, 0))


def shifted(command: LiveCommand, frames: int) -> LiveCommand:
    """A command of a session whose frame 0 is `frames`, in frames of the device."""
    if not frames:
        return command
    if isinstance(command, Play):
        runs = tuple(replace(run, start=run.start + frames, end=run.end + frames) for run in command.runs)
        return Play(command.start + frames, command.end + frames, runs)
    if isinstance(command, Plan):
        steps = tuple(replace(step, start=step.start + frames, end=step.end + frames) for step in command.steps)
        return Plan(steps)
    if isinstance(command, Commit):
        step = replace(command.step, start=command.step.start + frames, end=command.step.end + frames)
        return replace(command, step=step)
    if isinstance(command, TokenEvent):
        return replace(command, start=command.start + frames, end=command.end + frames)
    return replace(command, frame=command.frame + frames)
