"""An instrument on a stage for tests: a real JACK server, a real second process, and an ear that records all."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import walking

from antiphon.live.decision_link import DecisionLink
from antiphon.live.decision_process import Recipe
from antiphon.live.devices import Device, SilentDevice, wired
from antiphon.live.instrument import Instrument
from antiphon.live.kept_memory import kept_audio
from antiphon.live.osc_port import OscPort
from antiphon.live.playing import wait_for
from antiphon.live.priority import INSTRUMENT, before_others

RATE = 48_000


@dataclass
class Ear:
    """What hears the instrument's output, in the same server."""

    device: Device
    ports: frozenset[str]
    blocks: list[np.ndarray] = field(default_factory=list)
    first: int | None = None

    def listen(self):
        start, samples = self.device.heard()
        if len(samples):
            self.first = start if self.first is None else self.first
            self.blocks.append(samples)

    @property
    def samples(self):
        return np.concatenate(self.blocks)[:, 0]


@dataclass
class Stage:
    instrument: Instrument
    said: list[str]
    ear: Ear | None = None
    jack: object = None

    def run(self, seconds, at=None):
        """Turn for so long; `at` are functions of the stage by the second at which they are called, once each."""
        todo = sorted((at or {}).items())
        started = time.monotonic()
        while (now := time.monotonic() - started) < seconds:
            self.instrument.turn()
            if self.ear is not None:
                self.ear.listen()
            while todo and todo[0][0] <= now:
                todo.pop(0)[1](self)

    def rewire(self):
        """The ear hears the instrument, which alone plays; and where the ear plays, the instrument alone hears it."""
        plays, hears = sorted(ports(self.jack, True)), sorted(ports(self.jack, False))
        theirs = [name for name in hears if name in self.ear.ports]
        self.jack.rewire(next(name for name in plays if name not in self.ear.ports), theirs[0])
        if any(name in self.ear.ports for name in plays):
            ours = next(name for name in hears if name not in self.ear.ports)
            self.jack.rewire(next(name for name in plays if name in self.ear.ports), ours)

    def heard(self, words):
        return [each for each in self.said if words in each]


def ports(jack, is_output):
    return {port.name for port in jack.wires.get_ports("PortAudio.*", is_output=is_output, is_input=not is_output)}


def open_stage(memory, directory, jack=None, *, target=walking.walk, agent=None, plays=False):
    """An instrument that was started, on a JACK server with an ear, or without one; `plays`: the ear is its guide."""
    said: list[str] = []
    Path(directory).mkdir(exist_ok=True)
    recipe = Recipe(agent, (Path(memory),), RATE, 2, 0, Path(directory))
    holder: list[Instrument] = []
    link = DecisionLink(
        recipe, lambda kind, words: holder[0].note(kind, words) if holder else said.append(words), target
    )
    wait_for(link)
    osc = OscPort(port=0, note=said.append)
    device = SilentDevice(RATE) if jack is None else Device(wired("default", "default"))
    sound = kept_audio(Path(directory)) if jack is not None else None
    instrument = Instrument(link, device, sound, port=osc, files=(Path(memory),), say=said.append)
    holder.append(instrument)
    before_others(INSTRUMENT)
    instrument.start()
    stage = Stage(instrument, said, jack=jack)
    if jack is not None:
        before = ports(jack, True) | ports(jack, False)
        ear = Device(wired("default" if plays else None, "default"))
        if plays:
            ear.write(0, np.zeros((3 * RATE, ear.channels), dtype=np.float32))
        ear.start()
        stage.ear = Ear(ear, frozenset((ports(jack, True) | ports(jack, False)) - before))
        stage.rewire()
    return stage


def close_stage(stage):
    stage.instrument.close()
    if stage.ear is not None:
        stage.ear.device.close()


def gaps(samples, level=0.02, window=240):
    """Stretches of 5 ms that are silent."""
    count = len(samples) // window
    loud = np.sqrt(np.mean(samples[: count * window].reshape(count, window) ** 2, axis=1)) > level
    return int((~loud).sum())
