"""A stage by hand, for tests of the instrument's own loop: time goes on as a test says, and sessions decide in this
process, late or never where a test wants that."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from multiprocessing import Pipe
from pathlib import Path
from time import monotonic

import numpy as np
from live_making import small_agent

from antiphon.checkpoint import save_json
from antiphon.files import sha256
from antiphon.live import instrument as instruments
from antiphon.live.decision_link import Answered
from antiphon.live.decision_process import RESERVE_SECONDS, Ready, Recipe, merged, stage_memory
from antiphon.live.devices import Lost, Wiring
from antiphon.live.events import Cue
from antiphon.live.instrument import Instrument
from antiphon.live.kept_memory import keep, kept, kept_audio
from antiphon.live.playing import run_file_of
from antiphon.live.recording import agent_id
from antiphon.live.run_file import RUN
from antiphon.live.session import Session
from antiphon.live.stage_recording import StageRecorder

BLOCK, GUARD = 256, 300


class HandDevice:
    """A device that is played as far as a test says, and a little on whenever somebody looks, as a real one is."""

    def __init__(self, sample_rate, guide, first=0, channels=2):
        self.sample_rate, self.channels, self.guard, self.xruns = sample_rate, channels, GUARD, 0
        self.wiring = Wiring("0", "0", sample_rate, tuple(range(1, channels + 1)), (1,))
        self.moved, self.is_there = monotonic(), True
        self._guide, self._recorded, self._now = guide, first, first
        self._first = first
        self._draws = random.Random(first)
        self.samples = np.zeros((0, channels), dtype=np.float32)

    @property
    def written(self):
        return self._first + len(self.samples)

    @property
    def played(self):
        self._now = min(self.written, self._now + self._draws.randint(0, 2))
        return self._now

    def begin_at(self, first):
        self._first = self._now = self._recorded = first

    def pass_by(self, frames):
        self._now, self.moved = min(self.written, self._now + frames), monotonic()

    def read(self, start, end):
        return self.samples[start - self._first : end - self._first].copy()

    def write(self, start, samples):
        place = start - self._first
        assert 0 <= place <= len(self.samples)
        kept = self.samples[place + len(samples) :]
        self.samples = np.concatenate([self.samples[:place], samples.astype(np.float32), kept])

    def heard(self):
        start, self._recorded = self._recorded, max(self._now, self._recorded)
        return start, self._guide[start : self._recorded].copy()

    def ran_dry(self):
        return False

    def check(self):
        if not self.is_there:
            raise Lost("the device takes nothing any more")

    def start(self):
        pass

    def close(self):
        return True


@dataclass
class HandLink:
    """Sessions that decide in this process, one after another, as far as `is_stalled` and `is_killed` let them."""

    make: object
    is_stalled: bool = False
    is_killed: bool = False
    restarts: int = 0
    health: str = "well"
    waiting: list = field(default_factory=list)

    def __post_init__(self):
        self.connection, self._other = Pipe()
        self.session = self.make()
        self.state = self.session.start()
        agent = self.session.agent
        settings = agent.settings
        self.ready = Ready(
            agent.alphabet.classes,
            settings.action.crossfade_seconds,
            "small",
            settings.perception.segment_seconds,
            agent_id(agent),
        )

    def send(self, *events):
        self.waiting += events

    def answers(self):
        if self.is_killed:
            self.is_killed, self.waiting, self.restarts = False, [], self.restarts + 1
            self.state = self.session.start()
            return [self.ready]
        if self.is_stalled or not self.waiting:
            return []
        events, self.waiting, commands = tuple(self.waiting), [], []
        for event in merged(events):
            self.state, found = self.session.step(self.state, event)
            commands += found
        return [Answered(events, tuple(commands))]

    def close(self):
        self.connection.close()


@dataclass
class HandStage:
    instrument: Instrument
    link: HandLink
    device: HandDevice
    said: list
    directory: Path

    def run(self, seconds):
        end = self.instrument.device.played + round(seconds * self.device.sample_rate)
        while self.instrument.device.played < end:
            if isinstance(self.instrument.device, HandDevice):
                self.instrument.device.pass_by(BLOCK)
            self.instrument.turn()


def hand_stage(folder, memory_file, guide, monkeypatch, agent=None, **options) -> HandStage:
    """A stage whose performance is recorded in `folder`; the agent, which is saved beside it, plays `memory_file`."""
    monkeypatch.setattr(instruments, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(instruments, "REOPEN_SECONDS", 0.02)
    agent, rate = agent or small_agent(), 22050
    home = folder.parent / "agent"
    agent.save(home)
    inside = folder.parent / "kept"
    inside.mkdir()
    keep(stage_memory(agent, [memory_file]), rate, 2, inside)
    link = HandLink(lambda: Session(agent, kept(inside), 5, reserve_seconds=RESERVE_SECONDS))
    device = HandDevice(rate, guide.samples)

    def reopened(wiring, first):
        return HandDevice(rate, guide.samples, first)

    monkeypatch.setattr(instruments, "reopened", reopened)
    folder.mkdir()
    recipe = Recipe(home, (memory_file,), rate, 2, 5, inside)
    save_json(folder / RUN, run_file_of(recipe, link.ready, [sha256(memory_file)], "sound"))
    said = []
    record = StageRecorder(folder, rate, said.append)
    instrument = Instrument(link, device, kept_audio(inside), say=said.append, record=record, **options)
    instrument.start()
    instrument.cue(Cue("start"))
    return HandStage(instrument, link, device, said, folder)
