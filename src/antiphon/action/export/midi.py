"""The tokens of a response as a Standard MIDI File: token = note, velocity = confidence."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import exp

from antiphon.types import Event

TICKS_PER_QUARTER = 1000
QUARTER_MICROSECONDS = 1_000_000
"""A quarter note lasts a second, so that a tick is a millisecond."""

NOTES, CHANNELS = 128, 16


def midi(events: Sequence[Event], rest: int) -> bytes:
    """One note per segment that is no rest: its token modulo 128, on channel token // 128 (from 0, modulo 16).

    Velocity 1 to 127 is the probability that the decision gave to the token asked for.
    """
    changes: list[tuple[int, int, bytes]] = []
    for event in events:
        if event.played == rest:
            continue
        start, end = round(1000 * event.time), round(1000 * (event.time + event.duration))
        channel, note = event.played // NOTES % CHANNELS, event.played % NOTES
        velocity = 1 + round(126 * min(exp(event.log_probability), 1.0))
        changes.append((start, 1, bytes((0x90 | channel, note, velocity))))
        changes.append((max(end, start + 1), 0, bytes((0x80 | channel, note, 0))))
    track = [_delta(0) + b"\xff\x51\x03" + QUARTER_MICROSECONDS.to_bytes(3, "big")]
    now = 0
    for tick, _, message in sorted(changes):
        track.append(_delta(tick - now) + message)
        now = tick
    body = b"".join(track) + _delta(0) + b"\xff\x2f\x00"
    header = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, TICKS_PER_QUARTER)
    return header + struct.pack(">4sI", b"MTrk", len(body)) + body


def _delta(ticks: int) -> bytes:
    """A variable-length quantity: seven bits a byte, the last without its top bit."""
    digits = [ticks & 0x7F]
    while ticks := ticks >> 7:
        digits.append(ticks & 0x7F | 0x80)
    return bytes(reversed(digits))
