"""MIDI clock: 24 ticks a beat, as beats with the times at which they were played."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from antiphon.errors import MissingExtra
from antiphon.live.osc import Note

TICKS_A_BEAT: Final = 24
TICK, START, CONTINUE, STOP = 0xF8, 0xFA, 0xFB, 0xFC
NOTE_OFF, NOTE_ON = 0x80, 0x90

MOST_LAG_SECONDS: Final = 0.05
"""A message that says it is older than that is taken to be so old: the driver's times and ours drift apart."""

CLIENT: Final = "antiphon"


@dataclass
class BeatCounter:
    """Ticks to beats. The first tick after START is a beat, and every 24th after it; the times are the ticks' own."""

    _ticks: int = 0

    def beats(self, status: int) -> bool:
        """Whether this message is a beat."""
        if status == START:
            self._ticks = 0
        if status != TICK:
            return False
        self._ticks += 1
        return (self._ticks - 1) % TICKS_A_BEAT == 0


class MidiInput:
    """A MIDI port: its clock, and its notes where they are the guide."""

    def __init__(self, name: str) -> None:
        """Open the port that `name` is a part of, or with `virtual` one of its own. Raises MissingExtra."""
        self._midi: Any = _opened(name)
        self._counter = BeatCounter()
        self._latest = monotonic()

    def arrived(self) -> tuple[list[float], list[Note]]:
        """The times of beats, on the clock of `monotonic`, and the notes, since the last call."""
        beats: list[float] = []
        notes: list[Note] = []
        now = monotonic()
        while (found := self._midi.get_message()) is not None:
            message, since = found
            self._latest = min(max(self._latest + since, now - MOST_LAG_SECONDS), now)
            if self._counter.beats(message[0]):
                beats.append(self._latest)
            if len(message) == 3 and message[0] & 0xF0 in (NOTE_ON, NOTE_OFF):
                notes.append(Note(message[1], message[2] if message[0] & 0xF0 == NOTE_ON else 0))
        return beats, notes

    def close(self) -> None:
        """Let go of the port."""
        self._midi.close_port()
        self._midi.delete()


def midi_ports() -> tuple[str, ...]:
    """The names of the ports that there are. Raises MissingExtra."""
    return tuple(_input().get_ports())


def _opened(name: str) -> Any:
    midi = _input()
    midi.ignore_types(sysex=True, timing=False, active_sense=True)
    if name == "virtual":
        midi.open_virtual_port("clock in")
        return midi
    there = midi.get_ports()
    number = next((number for number, port in enumerate(there) if name.lower() in port.lower()), None)
    if number is None:
        raise MissingExtra(f"no MIDI port {name!r}; there are: {', '.join(there) or 'none'}")
    midi.open_port(number)
    return midi


def _input() -> Any:
    try:
        import rtmidi
    except ModuleNotFoundError:
        raise MissingExtra(f"MIDI needs python-rtmidi: {how_to_get_midi(sys.version_info[:2])}") from None
    said = "none of its systems is here"
    for system in rtmidi.get_compiled_api():
        try:
            return rtmidi.MidiIn(system, name=CLIENT)
        except (rtmidi.SystemError, RuntimeError) as error:
            said = str(error)
    raise MissingExtra(f"this machine has no MIDI ({said})")


def how_to_get_midi(python: tuple[int, int]) -> str:
    """How the library comes to a version of Python: there are wheels of it up to 3.12, later ones build it."""
    if python < (3, 13):
        return "pip install 'antiphon[live]'"
    return "take Python 3.12, or build it (pip install python-rtmidi, with a C++ compiler); OSC works without"
