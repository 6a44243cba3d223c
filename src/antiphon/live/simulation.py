"""A session against a recording instead of a musician: event by event, and what would have been heard.

The sound goes through the same scheduler as on stage. Several sessions may hear the guide, one another, or both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from antiphon import arrays
from antiphon.live.commands import LiveCommand
from antiphon.live.events import GuideBlock, LiveEvent
from antiphon.live.scheduler import Schedule, Scheduler
from antiphon.live.session import Session
from antiphon.live.state import SessionState
from antiphon.types import Audio, Floats

BLOCK_FRAMES = 512
"""A block as a device has it."""


@dataclass(frozen=True, eq=False)
class Performed:
    """What came of a session: every command in order, the sound that was heard, and the frames that came by the rule
    because nothing was said in time."""

    commands: tuple[LiveCommand, ...]
    response: Audio
    late_frames: int = 0


@dataclass(frozen=True, eq=False)
class Performer:
    """A session, and what it hears: the guide, and which of the performers (by number) beside it, as they sounded a
    block ago."""

    session: Session
    hears_guide: bool = True
    hears: tuple[int, ...] = ()
    cues: tuple[tuple[int, LiveEvent], ...] = field(default_factory=tuple)


def performed(session: Session, events: Iterable[LiveEvent], frames: int) -> Performed:
    """A session fed with events; the sound of its first `frames`. Each block of sound is answered as it comes."""
    scheduler = Scheduler(session.memory, session.stock.renderer)
    state, schedule = session.start(), Schedule()
    commands: list[LiveCommand] = []
    sound = PlayedSound(session, frames)
    for event in events:
        state, told = session.step(state, event)
        commands += told
        schedule = scheduler.told(schedule, told)
        if isinstance(event, GuideBlock) and (count := min(state.frame, frames) - schedule.handed) > 0:
            schedule, samples = scheduler.frames(schedule, count)
            sound.write(samples)
    while (count := min(frames - schedule.handed, arrays.BLOCK_FRAMES)) > 0:
        schedule, samples = scheduler.frames(schedule, count)
        sound.write(samples)
    return Performed(tuple(commands), sound.whole(), schedule.late)


class PlayedSound:
    """What is heard of a session in so many frames, as it comes; that of a long one lies on the disk (`arrays`).

    Raises AntiphonError where the disk has no room for it.
    """

    def __init__(self, session: Session, frames: int) -> None:
        self._samples = arrays.zeros(frames, session.memory.audio.channels)
        self._rate = session.sample_rate
        self._walk, self._written = arrays.Walk(self._samples), 0

    def write(self, samples: Floats) -> None:
        """The next samples (n, channels)."""
        place = self._samples[self._written : self._written + len(samples)]
        place[:] = samples
        self._written += len(samples)
        self._walk.read(place)

    def whole(self) -> Audio:
        """All of it."""
        self._walk.end()
        return Audio(self._samples, self._rate)


def together(performers: Sequence[Performer], guide: Audio, *, block: int = BLOCK_FRAMES) -> tuple[Performed, ...]:
    """Several sessions in one process, each of the guide's sample rate: what each of them played."""
    rates = {each.session.sample_rate for each in performers} | {guide.sample_rate}
    if len(rates) > 1:
        raise ValueError(f"guide and memories must be at one rate, got {sorted(rates)}")
    schedulers = [Scheduler(each.session.memory, each.session.stock.renderer) for each in performers]
    states: list[SessionState] = [each.session.start() for each in performers]
    schedules = [Schedule() for _ in performers]
    commands: list[list[LiveCommand]] = [[] for _ in performers]
    sounds = [PlayedSound(each.session, len(guide.samples)) for each in performers]
    before: list[Floats] = [np.zeros((block, 1), dtype=np.float32) for _ in performers]
    for frame in range(0, len(guide.samples), block):
        here = guide.samples[frame : frame + block].mean(axis=1, keepdims=True)
        for number, each in enumerate(performers):
            heard = here * np.float32(each.hears_guide) + sum(before[other][: len(here)] for other in each.hears)
            due = [event for at, event in each.cues if frame <= at < frame + block]
            for event in (*due, GuideBlock(np.asarray(heard, dtype=np.float32), frame)):
                states[number], told = each.session.step(states[number], event)
                commands[number] += told
                schedules[number] = schedulers[number].told(schedules[number], told)
        for number in range(len(performers)):
            schedules[number], samples = schedulers[number].frames(schedules[number], len(here))
            sounds[number].write(samples)
            before[number] = np.pad(samples.mean(axis=1, keepdims=True), ((0, block - len(samples)), (0, 0)))
    return tuple(
        Performed(tuple(told), sound.whole(), schedule.late)
        for told, sound, schedule in zip(commands, sounds, schedules, strict=True)
    )


def blocks_of(guide: Audio, block: int = BLOCK_FRAMES) -> Iterator[GuideBlock]:
    """A recording as the events of a device."""
    for number, samples in enumerate(arrays.blocks(guide.samples, block)):
        yield GuideBlock(samples, number * block)


def with_cues(blocks: Iterable[GuideBlock], cues: Sequence[tuple[int, LiveEvent]]) -> Iterator[LiveEvent]:
    """Blocks with other events between them, each before the block in which its frame lies."""
    waiting = sorted(cues, key=lambda cue: cue[0])
    for block in blocks:
        while waiting and waiting[0][0] < block.frame + len(block.samples):
            yield waiting.pop(0)[1]
        yield block
