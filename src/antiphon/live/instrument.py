"""The instrument: sound, OSC and MIDI around the process that decides. One loop that waits for nothing but them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from time import monotonic
from typing import Any, Final, Literal

from antiphon import __version__
from antiphon.action.rendering.crossfade import Crossfade
from antiphon.errors import AntiphonError
from antiphon.live.commands import Commit, LiveCommand, Plan, Play, Silence, Status
from antiphon.live.decision_link import Answered, DecisionLink
from antiphon.live.decision_process import Failed, Ready
from antiphon.live.deck import Counts, Deck
from antiphon.live.devices import Device, Lost, SilentDevice, Wiring, reopened
from antiphon.live.events import Beat, Control, Cue, GuideToken, LiveEvent, Tempo
from antiphon.live.frames import in_session, shifted
from antiphon.live.guide_desk import GuideDesk
from antiphon.live.midi_clock import MidiInput
from antiphon.live.osc import (
    Asked,
    GuideAudio,
    Note,
    Ping,
    Refused,
    Subscribe,
    asked_by,
    said,
    said_of,
    said_of_silence,
)
from antiphon.live.osc_port import Host, OscPort
from antiphon.live.osc_table import SCHEMA
from antiphon.live.pulse import Pulse, is_tempo
from antiphon.live.stage_recording import Unrecorded
from antiphon.live.throttle import Throttle
from antiphon.types import Audio

Mode = Literal["sound", "spans"]

TURN_SECONDS: Final = 0.004
"""The longest wait for messages, after which the sound is looked after."""

HEARTBEAT_SECONDS: Final = 0.5
REOPEN_SECONDS: Final = 1.0
FILES_SECONDS: Final = 2.0

WITHOUT_SEGMENTS: Final = 1.0
"""The length of a segment where nobody decides yet."""

STOOD_STILL_SECONDS: Final = 1.0
"""A turn that took so long is said: the machine slept, or was stopped."""


@dataclass
class Tally:
    """What happened, counted."""

    gaps: int = 0
    late: int = 0
    xruns: int = 0
    lost: int = 0


class Instrument:
    """See the module. `say` hears every notice as a line; frames are the device's."""

    def __init__(
        self,
        link: DecisionLink,
        device: Device | SilentDevice,
        memory: Audio | None,
        *,
        port: OscPort | None = None,
        midi: MidiInput | None = None,
        files: tuple[Path, ...] = (),
        say: Callable[[str], None] = lambda words: None,
        record: Unrecorded | None = None,
    ) -> None:
        self.link = link
        self.device = device
        self.port = port
        self.midi = midi
        self.files = files
        self.tally = Tally()
        self._record = record or Unrecorded()
        self._renderer = Crossfade(link.ready.crossfade_seconds if link.ready is not None else 0.0)
        self._memory = memory
        self.deck = None if isinstance(device, SilentDevice) else self._deck_of(device)
        self._say = say
        self._origin = device.played
        self._record.session(self._origin)
        self._controls: dict[str, Control] = {}
        segment = link.ready.segment_seconds if link.ready is not None else WITHOUT_SEGMENTS
        self._pulse = Pulse(device.sample_rate, segment)
        self._playing = False
        self._guide = GuideDesk(device.sample_rate, device.played)
        self._throttle = Throttle()
        self._revision = 0
        self._shown: tuple[object, ...] = ()
        self._clock = _seconds()
        self._due = {"heartbeat": 0.0, "files": 0.0, "reopen": 0.0, "check": 0.0}
        self._gone: set[Path] = set()
        self._before: Deck | None = None
        self._stuck = False
        self._wiring: Wiring | None = None if isinstance(device, SilentDevice) else device.wiring

    @property
    def mode(self) -> Mode:
        """Who plays the sound."""
        return "sound" if self._memory is not None else "spans"

    def start(self) -> None:
        """Set the device going."""
        self._advance()
        self.device.start()
        self._clock = _seconds()

    def cue(self, *events: Cue | Control | Tempo | Beat) -> None:
        """As if it had come by OSC."""
        for event in events:
            self._do(event, self.device.played)

    def turn(self) -> None:
        """Once around: messages, guide, answers, sound, and what is due."""
        ends: list[Any] = [self.link.connection, *([self.port] if self.port is not None else [])]
        with contextlib.suppress(OSError):
            wait(ends, TURN_SECONDS)
        self._noticed_a_stop()
        self._messages()
        self._listen()
        self._answers()
        self._sound()
        self._what_is_due()

    def close(self) -> None:
        """Let go of everything."""
        self._record.close()
        self.device.close()
        self.link.close()
        if self.midi is not None:
            self.midi.close()
        if self.port is not None:
            self.port.close()

    def note(self, kind: str, words: str, count: int = 0) -> None:
        """Say something to the musician, here and by OSC."""
        self._say(words)
        self._record.noted(self.device.played, kind, words)
        if self.port is not None:
            self.port.tell(said("status", kind, words, count))

    # Messages

    def _messages(self) -> None:
        now = self.device.played
        if self.midi is not None:
            beats, notes = self.midi.arrived()
            for moment in beats:
                self._do(Beat(now - round((monotonic() - moment) * self.device.sample_rate)), now)
            for note in notes:
                self._do(note, now)
        if self.port is None:
            return
        for arrived in self.port.arrived():
            try:
                self._answer(asked_by(arrived.message, now), arrived.sender, now)
            except Refused as refused:
                self.port.refuse(refused, arrived.sender)

    def _answer(self, asked: Asked, sender: Host, now: int) -> None:
        assert self.port is not None
        host = (sender[0], sender[1])
        if isinstance(asked, Ping):
            self.port.tell(said("pong", asked.number), *(() if self.port.has(host[0]) else (host,)))
        elif isinstance(asked, Subscribe):
            self.port.subscribe(asked, host)
            self._hello()
        else:
            self._do(asked, now)
            if isinstance(asked, Control):
                self.port.tell(said("value", asked.name, _worded(asked.value)))

    def _do(self, asked: Asked, now: int) -> None:
        """Hand on what is asked, and keep what a further decision process has to know."""
        if isinstance(asked, GuideAudio):
            self._send(*self._guide.block(asked, now))
        elif isinstance(asked, Note):
            self._guide.note(asked)
        elif isinstance(asked, GuideToken) and self.link.ready is not None and asked.token >= self.link.ready.classes:
            raise Refused("value", f"token {asked.token}: the alphabet has {self.link.ready.classes} classes, from 0")
        elif isinstance(asked, Control | Cue | Beat | Tempo | GuideToken):
            self._keep(asked)
            self._send(*self._guide.rest(), asked)

    def _keep(self, asked: LiveEvent) -> None:
        if isinstance(asked, Control):
            self._controls[asked.name] = asked
        elif isinstance(asked, Tempo) and (asked.bpm is None or is_tempo(asked.bpm)):
            self._pulse = self._pulse.at_tempo(asked.bpm, asked.frame, asked.on_beat)
        elif isinstance(asked, Beat):
            self._pulse = self._pulse.with_beat(asked.frame)
        elif isinstance(asked, Cue) and asked.name in ("start", "stop", "panic"):
            self._playing = asked.name == "start"

    def _send(self, *events: LiveEvent) -> None:
        """Hand events, in frames of the device, to the session that decides now."""
        for event in events:
            if (told := in_session(event, self._origin)) is not None:
                self.link.send(told)

    # Guide

    def _listen(self) -> None:
        start, samples = self.device.heard()
        if len(samples):
            self._send(*self._guide.device(samples, start))
        elif isinstance(self.device, SilentDevice) or not self.device.wiring.inputs:
            self._send(*self._guide.time(self.device.played))

    # Answers

    def _answers(self) -> None:
        for answer in self.link.answers():
            if isinstance(answer, Failed):
                self.note("decision", f"another decision process cannot begin: {answer.words}")
            elif isinstance(answer, Ready):
                self._told_anew()
            elif isinstance(answer, Answered):
                self._record.answered(answer.events, answer.commands)
                self._carry_out([shifted(command, self._origin) for command in answer.commands])

    def _told_anew(self) -> None:
        """A new decision process is there: tell it the controls, the tempo, and what was heard a moment ago."""
        self._guide.rest()
        context = tuple(self._guide.context)
        self._origin = context[0].frame if context else self.device.played
        self._record.session(self._origin)
        self._send(*self._controls.values(), *self._tempo(), *context)
        if self._playing:
            self._send(Cue("start"))
        self._hello()
        held = sum(len(block.samples) for block in context) / self.device.sample_rate
        self.note("decision", f"the decision is there; it knows the controls and the last {held:.1f} s of the guide")

    def _tempo(self) -> list[LiveEvent]:
        """What a session that begins now has to be told so that its segments lie where they lay; a beat that is alone
        so far."""
        pulse = self._pulse
        if pulse.bpm is not None:
            return [Tempo(pulse.bpm, pulse.edge_from(self._origin), on_beat=True)]
        return [Beat(pulse.beat)] if pulse.beat is not None and pulse.beat > self._origin else []

    def _carry_out(self, commands: list[LiveCommand]) -> None:
        now, rate = self.device.played, self.device.sample_rate
        sounding: list[Play | Silence] = [each for each in commands if isinstance(each, Play | Silence)]
        if self.deck is not None and sounding:
            self.deck.obey(sounding)
            self._record.turned(len(sounding))
        for command in commands:
            self._tell(command, now, rate)

    def _tell(self, command: LiveCommand, now: int, rate: int) -> None:
        if isinstance(command, Status):
            self._pass_on(command)
            return
        if isinstance(command, Commit) and self.mode == "spans" and command.step.start < now:
            self.tally.late += 1
        if isinstance(command, Plan):
            shown = tuple((step.number, step.segment) for step in command.steps)
            if shown == self._shown:
                return
            self._shown = shown
            self._revision += 1
        if self.port is None:
            return
        if isinstance(command, Silence):
            self.port.tell(said_of_silence(command.frame, command.fade, now, rate))
        elif (packet := said_of(command, now, rate, self._revision)) is not None:
            self.port.tell(packet)

    def _pass_on(self, status: Status) -> None:
        """What the session says; of each kind at most once a second, since some of it comes with every block."""
        words = self._throttle.words(status.kind, status.words)
        if words is not None:
            self.note(status.kind, words, status.count)

    # Sound

    def _sound(self) -> None:
        if self.deck is None:
            return
        self._advance()
        self._record.sounded()
        if self.device.ran_dry():
            self.tally.gaps += 1
            self.note("gap", "the device ran dry: this program was not let run for seconds", self.tally.gaps)

    def _advance(self) -> None:
        if self.deck is not None:
            self.deck.advance()
            self._record.turned(0)

    # What is due

    def _what_is_due(self) -> None:
        now = monotonic()
        if now >= self._due["check"]:
            self._due["check"] = now + 0.1
            self._check_device()
        if now >= self._due["heartbeat"]:
            self._due["heartbeat"] = now + HEARTBEAT_SECONDS
            self._heartbeat()
        if now >= self._due["files"]:
            self._due["files"] = now + FILES_SECONDS
            self._check_files()
        if self._wiring is not None and self._is_lost and not self._stuck and now >= self._due["reopen"]:
            self._due["reopen"] = now + REOPEN_SECONDS
            self._reopen(self._wiring)

    def _check_device(self) -> None:
        try:
            self.device.check()
        except Lost as lost:
            self.lose(str(lost))
            return
        self.tally.xruns = max(self.tally.xruns, self.device.xruns)

    def lose(self, words: str) -> None:
        """The device is gone: let time go on without it until there is one again."""
        self.tally.lost += 1
        self._record.lost()
        lost, self.device = self.device, SilentDevice(self.device.sample_rate, self._now_without(self.device))
        self.device.xruns = self.tally.xruns
        self._before = self.deck
        self.deck = None
        self._due["reopen"] = monotonic() + REOPEN_SECONDS
        self._stuck = not lost.close()
        then = "it does not come back in this process: start again" if self._stuck else "it is looked for every second"
        self.note("device", f"{words}; {then}", self.tally.lost)

    def _now_without(self, device: Device | SilentDevice) -> int:
        """The frame that a device would be at now, had it gone on."""
        since = 0.0 if isinstance(device, SilentDevice) else monotonic() - device.moved
        return device.played + round(since * device.sample_rate)

    def _deck_of(self, device: Device, before: Deck | None = None) -> Deck | None:
        if self._memory is None:
            return None
        return Deck(self._record.watched(device), self._memory, self._renderer, before)

    def _reopen(self, wiring: Wiring) -> None:
        try:
            device = reopened(wiring, self.device.played)
        except AntiphonError:
            return
        device.begin_at(self.device.played)
        device.xruns = self.tally.xruns
        self.device, self._wiring = device, device.wiring
        self.deck = self._deck_of(device, self._before)
        self._advance()
        device.start()
        self.note("device", "the device is back", self.tally.lost)

    def _check_files(self) -> None:
        for path in self.files:
            if path not in self._gone and not path.exists():
                self._gone.add(path)
                self.note("memory", f"{path.name} is gone; it goes on sounding from what was read of it")

    def _noticed_a_stop(self) -> None:
        now, before = _seconds(), self._clock
        self._clock = now
        if now - before > STOOD_STILL_SECONDS:
            self.note("stop", f"this program stood still for {now - before:.1f} s; the machine slept, or was busy")

    def _heartbeat(self) -> None:
        if self.port is None:
            return
        now = self.device.played
        self.port.tell(
            said(
                "heartbeat",
                now / self.device.sample_rate,
                now,
                int(self._playing),
                "restarting" if self.link.health == "starting" else self.link.health,
                "lost" if self._is_lost else "none" if self._wiring is None else "well",
                self._bpm(),
                self.late,
                self.tally.gaps,
                self.device.xruns,
                self.port.refused,
            )
        )

    @property
    def _is_lost(self) -> bool:
        return self._wiring is not None and isinstance(self.device, SilentDevice)

    @property
    def late(self) -> int:
        """Spans that came after their time."""
        return self.tally.late + self.counts.late

    @property
    def counts(self) -> Counts:
        """Those of the deck, of the last one while its device is lost, or none."""
        deck = self.deck or self._before
        return Counts() if deck is None else deck.counts

    def _bpm(self) -> float:
        return self._pulse.bpm or 0.0

    def _hello(self) -> None:
        if self.port is not None and self.link.ready is not None:
            rate = self.device.sample_rate
            self.port.tell(said("hello", SCHEMA, __version__, self.mode, rate, self.link.ready.classes))


def _seconds() -> float:
    """Seconds that go on while a laptop sleeps, where the system counts them."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def _worded(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
