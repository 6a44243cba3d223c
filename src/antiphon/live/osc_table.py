"""The OSC address space: one table of what is understood and of what is said.

From it come the page docs/osc.md (`osc_page`), the check of every message that comes in, and the form of every message
that goes out (`osc`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from antiphon.live.controls import CHOICES, DIALS, Choice, Dial
from antiphon.live.events import CUES
from antiphon.live.pulse import FASTEST_BPM, SLOWEST_BPM

SCHEMA: Final = 1
"""Version of the address space; raised whenever an address or an argument changes its meaning."""

ROOT: Final = "/antiphon/"

LOOPBACK: Final = "127.0.0.1"
"""Where messages and pages are served unless another address is named: nobody on the network reaches it."""

DEFAULT_PORT: Final = 9000
"""The UDP port that they come to unless another is named."""

Kind = Literal["int", "float", "text", "blob"]

TAGS: Final[dict[Kind, str]] = {"int": "i", "float": "f", "text": "s", "blob": "b"}
"""The OSC type of each kind of argument."""


@dataclass(frozen=True)
class Argued:
    """One argument: its name, kind, and, for a number, what it may be."""

    name: str
    kind: Kind
    words: str
    low: float = -math.inf
    high: float = math.inf
    can_be_off: bool = False


@dataclass(frozen=True)
class Address:
    """One address below /antiphon/, what it takes or carries, and what it is for."""

    name: str
    arguments: tuple[Argued, ...]
    words: str

    @property
    def path(self) -> str:
        """The address as it is sent."""
        return ROOT + self.name


def _dial(each: Dial) -> Address:
    argument = Argued("value", "float", each.unit or "a number", each.low, each.high, can_be_off=each.can_be_off)
    return Address(each.name, (argument,), each.words)


def _choice(each: Choice) -> Address:
    words = ", ".join(each.options) or "a text"
    if each.name in SPANS:
        words += "; or two numbers, start and end in seconds"
    return Address(each.name, (Argued("value", "text", words),), each.words)


SPANS: Final = frozenset({"region", "taboo"})
"""Choices that may be made by two numbers."""

_RATE = Argued("rate", "int", "frames a second", 1000, 768_000)
_BEATS = Argued("bpm", "float", "beats a minute", SLOWEST_BPM, FASTEST_BPM, can_be_off=True)
_MOST_TOKEN = (1 << 16) - 1

UNDERSTOOD: Final[tuple[Address, ...]] = (
    *(Address(name, (), words) for name, words in CUES.items()),
    *map(_dial, DIALS),
    *map(_choice, CHOICES),
    Address("tempo", (_BEATS,), "the tempo from now on; off: none, segments are free"),
    Address("beat", (), "a beat is now; two make a tempo"),
    Address("tap", (), "the same, by hand"),
    Address(
        "guide/token",
        (Argued("token", "int", "class of the agent's alphabet, the rest included", 0, _MOST_TOKEN),),
        "what the guide plays now, as a token",
    ),
    Address(
        "guide/note",
        (
            Argued("pitch", "int", "MIDI pitch", 0, 127),
            Argued("velocity", "int", "MIDI velocity; 0 ends the note", 0, 127),
        ),
        "a note of the guide: sounded by a plain instrument inside, and heard like any guide",
    ),
    Address(
        "guide/block",
        (
            Argued("frame", "int", "of the sender's count, which may start anywhere", 0, 1e18),
            _RATE,
            Argued("samples", "blob", "one channel of float32, big-endian as all numbers of OSC are"),
        ),
        "guide sound; a block that is missing is heard as silence",
    ),
    Address(
        "subscribe", (Argued("port", "int", "UDP port", 1, 65_535),), "events go to this port of the sender's host"
    ),
    Address("unsubscribe", (Argued("port", "int", "UDP port", 1, 65_535),), "they no longer do"),
    Address("ping", (Argued("number", "int", "any", -(1 << 31), (1 << 31) - 1),), "is answered by pong"),
)
"""Every address that is understood."""

_TIME = Argued("time", "float", "s since the start; 32 bits, so for order and display, not for scheduling")
_IN = Argued("in", "float", "s from when this was sent until it begins; negative where that is past")
_FRAME = Argued("frame", "int", "the same time to the sample, at the session's rate")
_STEP: Final = (
    Argued("number", "int", "of the segment of the response, from 0"),
    _TIME,
    _IN,
    _FRAME,
    Argued("duration", "float", "s"),
    Argued("token", "int", "what was asked for"),
    Argued("probability", "float", "with which it was drawn, 0 to 1"),
    Argued("played", "int", "the class of what is played: another one where the memory lacks the token"),
    Argued("file", "text", "of the memory; empty: silence"),
    Argued("source", "float", "s in that file where it begins"),
    Argued("source_frame", "int", "the same in frames at the session's rate"),
    Argued("fade_in", "float", "s, half before the start"),
    Argued("fade_out", "float", "s, half after the end"),
    Argued("gain", "float", "factor"),
    Argued("follows", "int", "1: goes on in the memory from the segment before, without a fade"),
)

SAID: Final[tuple[Address, ...]] = (
    Address(
        "hello",
        (
            Argued("schema", "int", f"version of this page, {SCHEMA}"),
            Argued("version", "text", "of Antiphon"),
            Argued("mode", "text", "sound: Antiphon plays; spans: the host does"),
            _RATE,
            Argued("classes", "int", "of the alphabet, the rest included"),
        ),
        "the answer to subscribe; and to all after a restart",
    ),
    Address("plan", (Argued("revision", "int", "counts"), Argued("steps", "int", "how many follow")), "a new plan"),
    Address("plan/step", (Argued("revision", "int", "the plan's"), *_STEP), "one segment of it, in the same bundle"),
    Address(
        "commit",
        (
            *_STEP,
            Argued("heard", "int", "guide segments known"),
            Argued("late", "int", "1: no decision in time, the copy goes on"),
        ),
        "this segment is played and does not change any more",
    ),
    Address(
        "silence", (_TIME, _IN, _FRAME, Argued("fade", "float", "s")), "from then on nothing that was committed is"
    ),
    Address(
        "token",
        (
            Argued("number", "int", "of the segment of the guide"),
            _TIME,
            Argued("duration", "float", "s"),
            Argued("token", "int", "as which it was heard"),
            Argued("level", "float", "dBFS"),
        ),
        "a segment of the guide was heard",
    ),
    Address(
        "status",
        (
            Argued("kind", "text", "late, gap, device, decision ..."),
            Argued("words", "text", "a sentence"),
            Argued("count", "int", "how often"),
        ),
        "word for the musician",
    ),
    Address(
        "error",
        (Argued("code", "text", "packet, address, argument, value, time, port"), Argued("words", "text", "a sentence")),
        "something was not done; at most one a second of each code",
    ),
    Address(
        "value",
        (Argued("name", "text", "of the control"), Argued("value", "text", "what it is set to")),
        "a control was set",
    ),
    Address("pong", (Argued("number", "int", "the ping's"),), "the answer to ping"),
    Address(
        "heartbeat",
        (
            _TIME,
            _FRAME,
            Argued("playing", "int", "1 between start and stop"),
            Argued("decision", "text", "well, stalled or restarting"),
            Argued("device", "text", "well, lost or none"),
            Argued("bpm", "float", "0: no tempo"),
            Argued("late", "int", "spans that came after their time"),
            Argued("gaps", "int", "times that the device ran dry"),
            Argued("xruns", "int", "blocks that the device reports as lost"),
            Argued("errors", "int", "messages that were refused"),
        ),
        "twice a second",
    ),
)
"""Every address that is sent."""
