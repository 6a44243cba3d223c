"""What is played: notes, beats and keys in seconds. Every kind of score becomes this one value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from antiphon.errors import BadData

SHORTEST_SECONDS = 0.02
"""A note is at least this long, whatever a score or a humanisation makes of it."""

GREATEST_DEVIATION = 3.0
"""Standard deviations after which a humanised value is cut off: nobody is that late."""


@dataclass(frozen=True)
class PlayedNote:
    """A note that sounds: onset and duration in seconds, MIDI pitch, MIDI velocity 1 to 127."""

    onset: float
    duration: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Beat:
    """A beat of the score's meter: its time in seconds, its number in the bar from 1."""

    time: float
    number: int


@dataclass(frozen=True)
class Label:
    """A key or a chord from `time` in seconds on, in mir_eval's and POP909's spelling, such as `Gb:maj`."""

    time: float
    name: str


@dataclass(frozen=True)
class Part:
    """What one player plays: the track's name, the role that its instrument is drawn for, the notes by onset."""

    name: str
    role: str
    notes: tuple[PlayedNote, ...]


@dataclass(frozen=True)
class Performance:
    """A score as it is played: parts, beats, keys, the length in seconds of the music, chords if known."""

    parts: tuple[Part, ...]
    beats: tuple[Beat, ...]
    keys: tuple[Label, ...]
    seconds: float
    chords: tuple[Label, ...] = ()


def played_by_two(performance: Performance, longest_seconds: float) -> Performance:
    """The performance without parts that hold no note.

    Raises BadData where fewer than two parts are left, for then nothing answers anything, or where it lasts longer than
    `longest_seconds`.
    """
    parts = tuple(part for part in performance.parts if part.notes)
    if len(parts) < 2:
        raise BadData("fewer than two parts with notes")
    if performance.seconds > longest_seconds:
        raise BadData(f"longer than {longest_seconds / 60:.0f} minutes")
    return replace(performance, parts=parts)


def changes(labels: Iterable[Label]) -> tuple[Label, ...]:
    """The labels without those that repeat the one before."""
    kept: list[Label] = []
    for label in labels:
        if not kept or kept[-1].name != label.name:
            kept.append(label)
    return tuple(kept)


def untangled(notes: Iterable[PlayedNote]) -> tuple[PlayedNote, ...]:
    """Notes by onset, of which no two of one pitch sound at once: on one MIDI channel the first to end would end both.

    Of two that start together the longer stays; one that is struck again ends there.
    """
    by_pitch: dict[int, list[PlayedNote]] = defaultdict(list)
    for note in sorted(notes, key=lambda note: (note.onset, -note.duration)):
        same = by_pitch[note.pitch]
        if same and note.onset - same[-1].onset < SHORTEST_SECONDS:
            continue
        if same and same[-1].onset + same[-1].duration > note.onset:
            same[-1] = replace(same[-1], duration=note.onset - same[-1].onset)
        same.append(note)
    return tuple(
        sorted((note for same in by_pitch.values() for note in same), key=lambda note: (note.onset, note.pitch))
    )


def humanised(
    performance: Performance, timing_ms: float, velocity_spread: float, generator: np.random.Generator
) -> Performance:
    """The performance with every onset and velocity moved by a normal draw of these standard deviations.

    `timing_ms` is in milliseconds, `velocity_spread` in MIDI steps. The notes that come back are those that sound; the
    beats stay where the score has them. Itself where both are 0.
    """
    if timing_ms == 0 and velocity_spread == 0:
        return performance
    parts = []
    for part in performance.parts:
        draws = np.clip(generator.standard_normal((len(part.notes), 2)), -GREATEST_DEVIATION, GREATEST_DEVIATION)
        moved = [
            replace(
                note,
                onset=max(0.0, note.onset + float(timing) * timing_ms / 1000),
                velocity=int(np.clip(round(note.velocity + float(force) * velocity_spread), 1, 127)),
            )
            for note, (timing, force) in zip(part.notes, draws, strict=True)
        ]
        parts.append(replace(part, notes=untangled(moved)))
    return replace(performance, parts=tuple(parts))
