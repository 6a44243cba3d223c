"""Written time to played time: quarter notes to seconds, ties joined, grace notes given a length."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.corpus.synthesis.performance import SHORTEST_SECONDS, PlayedNote, untangled

GRACE_SECONDS = 0.09
"""Length of a grace note, taken from the time before its main note: about a thirty-second at 84 BPM."""

SLOWEST_BPM, FASTEST_BPM = 10.0, 400.0
"""Tempo marks beyond these are slips of the encoding, and are not followed."""

TOUCHING_QUARTERS = 1e-3
"""Two tied notes touch where they are nearer than this."""


@dataclass(frozen=True)
class WrittenNote:
    """A note on paper: onset and duration in quarters of played order, duration 0 for a grace note, and its tie."""

    onset: float
    duration: float
    pitch: int
    velocity: int
    tied_from: bool = False
    tied_on: bool = False


@dataclass(frozen=True)
class Tempo:
    """From `quarter` on, so many quarter notes a minute."""

    quarter: float
    bpm: float


class Clock:
    """Seconds of a position in quarters: the tempo marks applied, each until the next."""

    def __init__(self, tempos: Sequence[Tempo], default_bpm: float) -> None:
        """`default_bpm` holds before the first mark; marks that nobody can play are passed over."""
        marks = {0.0: default_bpm}
        for tempo in sorted(tempos, key=lambda tempo: tempo.quarter):
            if SLOWEST_BPM <= tempo.bpm <= FASTEST_BPM:
                marks[tempo.quarter] = tempo.bpm
        self._quarters = np.array(list(marks))
        self._pace = 60 / np.array(list(marks.values()))
        self._seconds = np.concatenate([[0.0], np.cumsum(np.diff(self._quarters) * self._pace[:-1])])

    def __call__(self, quarter: float) -> float:
        """The second at which `quarter`, 0 or more, is reached."""
        index = int(np.searchsorted(self._quarters, quarter, side="right")) - 1
        return float(self._seconds[index] + (quarter - self._quarters[index]) * self._pace[index])


def played(notes: Iterable[WrittenNote], clock: Clock) -> tuple[PlayedNote, ...]:
    """The notes of a part in seconds: ties joined, grace notes played just before their main note."""
    notes = sorted(notes, key=lambda note: note.onset)
    graces = [note for note in notes if note.duration <= 0]
    sounding = [_timed(note, clock) for note in _joined([note for note in notes if note.duration > 0])]
    return untangled(sounding + _graces(graces, clock))


def _timed(note: WrittenNote, clock: Clock) -> PlayedNote:
    onset = clock(note.onset)
    duration = max(clock(note.onset + note.duration) - onset, SHORTEST_SECONDS)
    return PlayedNote(onset, duration, note.pitch, note.velocity)


def _joined(notes: Sequence[WrittenNote]) -> list[WrittenNote]:
    """Tied notes of one pitch that touch, as one note; a tie that leads nowhere is a note by itself."""
    joined: list[WrittenNote] = []
    waiting: dict[int, int] = {}
    for note in notes:
        index = waiting.pop(note.pitch, None) if note.tied_from else None
        if index is not None:
            first = joined[index]
            if abs(first.onset + first.duration - note.onset) < TOUCHING_QUARTERS:
                length = first.duration + note.duration
                joined[index] = WrittenNote(first.onset, length, first.pitch, first.velocity)
            else:
                index = None
        if index is None:
            index = len(joined)
            joined.append(note)
        if note.tied_on:
            waiting[note.pitch] = index
    return joined


def _graces(graces: Sequence[WrittenNote], clock: Clock) -> list[PlayedNote]:
    """One after the other up to the beat; at the very start of the piece, where there is no time before, from it on."""
    moments: dict[float, list[WrittenNote]] = {}
    for grace in graces:
        moments.setdefault(grace.onset, []).append(grace)
    sounding = []
    for quarter, together in moments.items():
        main = clock(quarter)
        before = len(together) * GRACE_SECONDS
        start = main - before if main >= before else main
        sounding += [
            PlayedNote(start + index * GRACE_SECONDS, GRACE_SECONDS, grace.pitch, grace.velocity)
            for index, grace in enumerate(together)
        ]
    return sounding
