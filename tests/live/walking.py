"""A small session for tests of the rim: it walks through the memory, and jumps at every segment whose guide sounds.

It satisfies the session's protocol, needs no agent, and starts in a moment.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np

from antiphon.live.commands import Commit, Plan, Play, Silence, Status, Step, TokenEvent
from antiphon.live.controls import Controls
from antiphon.live.decision_process import Done, Ready, merged
from antiphon.live.events import Control, Cue, GuideBlock, GuideToken
from antiphon.live.kept_memory import keep, kept
from antiphon.live.priority import DECISION, before_others
from antiphon.types import Audio, Event, Memory, MemoryPart, Run, Tokens

SEGMENT_SECONDS = 0.25
LEAD_SECONDS = 0.02
FADE_SECONDS = 0.01
STALL = "stall"
"""A value of the control `memory` that makes the process stand still for the seconds behind it, as `stall 2`."""


@dataclass(frozen=True)
class State:
    now: int = 0
    until: int = 0
    playing: bool = False
    number: int = 0
    run: Run | None = None
    loud: bool = False
    token: int = 0
    controls: Controls = field(default_factory=Controls)


@dataclass(frozen=True)
class Walking:
    memory: Memory

    @property
    def rate(self):
        return self.memory.audio.sample_rate

    def start(self):
        return State()

    def step(self, state, event):
        if isinstance(event, Control):
            if event.name == "memory" and str(event.value).startswith(STALL):
                time.sleep(float(str(event.value).split()[1]))
            return replace(state, controls=state.controls.set(event.name, event.value)), ()
        if isinstance(event, Cue):
            return self._cue(state, event.name)
        if isinstance(event, GuideToken):
            state = replace(state, loud=True, token=event.token)
        if isinstance(event, GuideBlock):
            loud = bool(len(event.samples)) and float(np.abs(event.samples).max()) > 0.1
            state = replace(state, loud=state.loud or loud, now=event.frame + len(event.samples))
        elif hasattr(event, "frame"):
            state = replace(state, now=max(state.now, event.frame))
        return self._on(state)

    def _cue(self, state, name):
        if name == "start":
            return replace(state, playing=True), (Status("playing", state.now, "it plays"),)
        if name in ("stop", "panic"):
            fade = round(FADE_SECONDS * self.rate)
            return replace(state, playing=False, until=state.now, run=None), (Silence(state.now, fade),)
        return state, ()

    def _on(self, state):
        commands = []
        lead, length = round(LEAD_SECONDS * self.rate), round(SEGMENT_SECONDS * self.rate)
        if not state.playing:
            return replace(state, until=state.now + lead), ()
        while state.until < state.now + lead:
            state, found = self._segment(state, length)
            commands += found
        return state, tuple(commands)

    def _segment(self, state, length):
        start, end = state.until, state.until + length
        part = self.memory.parts[0]
        jumps = state.run is None or state.loud or state.run.tail < length
        before = state.run
        if jumps:
            place = part.start + (state.number * 7919 * 13) % max(part.end - part.start - 2 * length, 1)
            run = Run(state.number, state.number + 1, start, end, place, part)
        else:
            run = replace(before, end=end, stop=state.number + 1)
        runs = (replace(before, end=start), run) if jumps and before is not None else (run,)
        source = (run.source + start - run.start) / self.rate
        event = Event(
            start / self.rate, length / self.rate, state.token, -0.7, state.token, part.source, source,
            source + length / self.rate, 0.0, state.number, round(source * self.rate),
        )  # fmt: skip
        step = Step(state.number, start, end, event, 0, 480, 480, not jumps)
        commands = (
            TokenEvent(state.number, start, end, state.token, -20.0),
            Play(start, end, (*runs[:-1], replace(run, end=end + length))),
            Commit(step, state.number),
            Plan((replace(step, number=step.number + 1, start=end, end=end + length),)),
        )
        return replace(state, until=end, number=state.number + 1, run=run, loud=False), commands


def memory_of(path, rate, channels, kept_directory):
    """A memory of one file, as it is kept for the processes."""
    import antiphon

    audio = antiphon.read(path)
    count = int(audio.duration / SEGMENT_SECONDS)
    edges = np.arange(count + 1) * SEGMENT_SECONDS
    tokens = Tokens(np.zeros(count, dtype=np.int64), np.stack([edges[:-1], edges[1:]], axis=1), "walking")
    memory = Memory(Audio(audio.samples, audio.sample_rate), tokens, (MemoryPart(str(path), 0, len(audio.samples)),))
    keep(memory, rate, channels, kept_directory)


def walk(connection, recipe):
    """The main function of a process that walks."""
    if kept(recipe.kept) is None:
        memory_of(recipe.memory[0], recipe.sample_rate, recipe.channels, recipe.kept)
    session = Walking(kept(recipe.kept))
    state = session.start()
    connection.send(Ready(64, 0.02, "walking"))
    before_others(DECISION)
    try:
        while True:
            events, batches = list(connection.recv()), 1
            while connection.poll() and batches < 64:
                events += connection.recv()
                batches += 1
            started, commands = time.perf_counter(), []
            for event in merged(events):
                state, found = session.step(state, event)
                commands += found
            connection.send(Done(batches, tuple(commands), time.perf_counter() - started))
    except (EOFError, OSError):
        return


def answer(connection, recipe):
    """The main function of a process that plays the memory's second second at once whenever it hears an impulse."""
    if kept(recipe.kept) is None:
        memory_of(recipe.memory[0], recipe.sample_rate, recipe.channels, recipe.kept)
    memory = kept(recipe.kept)
    part, rate = memory.parts[0], memory.audio.sample_rate
    connection.send(Ready(64, 0.0, "answering"))
    before_others(DECISION)
    try:
        while True:
            commands = []
            for event in connection.recv():
                if isinstance(event, GuideBlock) and float(np.abs(event.samples).max(initial=0)) > 0.5:
                    now = event.frame + len(event.samples)
                    silent = Run(1, 2, now + rate // 10, now + rate)
                    commands = [Play(now, now + rate // 5, (Run(0, 1, now, now + rate // 10, rate, part), silent))]
            connection.send(Done(1, tuple(commands), 0.0))
    except (EOFError, OSError):
        return
