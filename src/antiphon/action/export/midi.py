"""A response as a Standard MIDI File: what is heard on the first track, the classes on the second.

A tick is a millisecond of a second's worth of ticks, whatever the tempo: times are those of the response in seconds.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from math import exp

from antiphon.action.export.class_names import known_names
from antiphon.action.export.provenance_file import Provenance
from antiphon.action.export.sounds import Sound

NOTES, CHANNELS = 128, 16

LONGEST_TEXT = 127
"""Bytes of a text whose length one byte tells."""

DRUM_CHANNEL = 9
"""General MIDI's channel 10, counted from 0, on which sounds without a pitch are."""

LOUDEST_VELOCITY = 112
"""Of the loudest note of a response: forte, with room above."""

DECIBELS_PER_TENTH = 40.0
"""How much softer a velocity of a tenth is (General MIDI's recommended practice)."""

Change = tuple[int, int, bytes]


@dataclass(frozen=True)
class Note:
    """A note from `start` to `end` seconds, on a channel from 0 to 15, its key and velocity 0 to 127."""

    start: float
    end: float
    channel: int
    key: int
    velocity: int


def midi(provenance: Provenance, rest: int) -> bytes:
    """Two tracks in type 1. First, what is heard: the pitch of the memory's segment, or a drum on channel 10 where it
    has none; one note for as long as a copy goes on with it; velocity by loudness, the loudest being 112.

    Second, a note for each segment that is no rest: its class modulo 128 on channel class // 128, its velocity the
    probability that the decision gave to the class asked for; as a lyric the name of the class, where it has one.
    """
    bpm = provenance.tempo[-1].bpm
    ticks = round(60000 / bpm)
    # A quarter has whole ticks; its length is told so that a tick is a millisecond exactly.
    tempo = (0, 0, b"\xff\x51\x03" + (1000 * ticks).to_bytes(3, "big"))
    tracks = [
        _track("heard", [tempo, *_heard(provenance)]),
        _track("classes", _classes(provenance, rest)),
    ]
    return struct.pack(">4sIHHH", b"MThd", 6, 1, len(tracks), ticks) + b"".join(tracks)


def heard_notes(provenance: Provenance) -> Iterable[Note]:
    """What is heard, as notes: of each segment its pitch, or a drum; one for as long as a copy goes on with it."""
    notes: list[tuple[float, float, Sound]] = []
    runs: list[int] = []
    for event, sound in itertools.zip_longest(provenance.events, provenance.sounds):
        if event is None or sound is None:
            continue
        end = event.time + event.duration
        goes_on = runs and runs[-1] == event.run and abs(notes[-1][1] - event.time) < 1e-3
        if goes_on and (notes[-1][2].note, notes[-1][2].pitched) == (sound.note, sound.pitched):
            louder = max(notes[-1][2], sound, key=lambda each: each.level)
            notes[-1] = (notes[-1][0], end, louder)
        else:
            notes.append((event.time, end, sound))
            runs.append(event.run)
    loudest = max((sound.level for _, _, sound in notes), default=0.0)
    for start, end, sound in notes:
        velocity = round(LOUDEST_VELOCITY * 10 ** ((sound.level - loudest) / DECIBELS_PER_TENTH))
        channel = 0 if sound.pitched else DRUM_CHANNEL
        yield Note(start, end, channel, min(max(sound.note, 0), 127), min(max(velocity, 1), 127))


def _heard(provenance: Provenance) -> Iterable[Change]:
    for note in heard_notes(provenance):
        yield from _note(note.start, note.end, note.channel, note.key, note.velocity)


def _classes(provenance: Provenance, rest: int) -> Iterable[Change]:
    names = known_names(provenance.names)
    for event in provenance.events:
        if event.played != rest and event.played in names:
            text = names[event.played].encode()[:LONGEST_TEXT].decode(errors="ignore").encode()
            yield round(1000 * event.time), 1, b"\xff\x05" + bytes((len(text),)) + text
        if event.played != rest:
            velocity = 1 + round(126 * min(exp(event.log_probability), 1.0))
            channel, note = event.played // NOTES % CHANNELS, event.played % NOTES
            yield from _note(event.time, event.time + event.duration, channel, note, velocity)


def _note(start: float, end: float, channel: int, note: int, velocity: int) -> tuple[Change, Change]:
    first, last = round(1000 * start), round(1000 * end)
    struck = bytes((0x90 | channel, min(max(note, 0), 127), min(max(velocity, 1), 127)))
    return (first, 1, struck), (max(last, first + 1), 0, bytes((0x80 | channel, min(max(note, 0), 127), 0)))


def _track(name: str, changes: Iterable[Change]) -> bytes:
    title = name.encode("ascii")
    track = [_delta(0) + b"\xff\x03" + bytes((len(title),)) + title]
    now = 0
    for tick, _, message in sorted(changes):
        track.append(_delta(tick - now) + message)
        now = tick
    body = b"".join(track) + _delta(0) + b"\xff\x2f\x00"
    return struct.pack(">4sI", b"MTrk", len(body)) + body


def _delta(ticks: int) -> bytes:
    """A variable-length quantity: seven bits a byte, the last without its top bit."""
    digits = [ticks & 0x7F]
    while ticks := ticks >> 7:
        digits.append(ticks & 0x7F | 0x80)
    return bytes(reversed(digits))
