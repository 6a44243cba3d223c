"""Whether a recording has a clear beat, and where it lies: one steady tempo, or beats that are followed one by one.

A steady tempo is the frequency at which the onset strength repeats itself, its harmonics together (a Fourier tempogram;
Grosche and Müller, 2011), and the phase at which most of it falls on the beats. What was played to no click is followed
by dynamic programming (Ellis, 2007). A beat is clear where far more onsets lie on its eighths than would by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from antiphon.perception.envelope import CELLS_PER_SECOND
from antiphon.perception.segmenters import beat_cells, onset_cells
from antiphon.types import Floats, Seconds

SLOWEST_BPM, FASTEST_BPM = 60.0, 200.0

HARMONICS = (1, 2, 4)
"""Beats, eighths and sixteenths count towards a tempo."""

ON_TIME_SECONDS = 0.025
"""So near a beat or an eighth an onset is on it."""

CLEAR, CLEAR_IF_FOLLOWED = 0.4, 0.7
"""A beat is clear where this share of the onset strength that would not be on its eighths by chance is on them. Beats
that are followed one by one run after the onsets, and have to be better."""

FEWEST_ONSETS = 12
"""Fewer onsets have a beat by chance."""

_FREQUENCIES = 512
"""Tried at once."""

_FINE_SECONDS = 0.002
_RESOLUTION = 0.15
"""Tempi are tried this many cycles of the whole recording apart, and around the best one so many times finer."""
_FINER = 10


@dataclass(frozen=True, eq=False)
class Beats:
    """Times (n,) in seconds of the beats of a recording, the share of its onset strength that is on time, and whether
    the tempo is steady."""

    times: Seconds
    on_time: float
    is_steady: bool = True

    @property
    def clarity(self) -> float:
        """How much of what would not be on time by chance is, 1 at most."""
        by_chance = min(2 * ON_TIME_SECONDS / (self.period / 2), 0.99)
        return (self.on_time - by_chance) / (1 - by_chance)

    @property
    def is_clear(self) -> bool:
        """Whether far more is on time than would be by chance."""
        return len(self.times) > 2 and self.clarity >= (CLEAR if self.is_steady else CLEAR_IF_FOLLOWED)

    @cached_property
    def period(self) -> float:
        """The middle time from a beat to the next, in seconds."""
        return float(np.median(np.diff(self.times)))

    @property
    def precision(self) -> float:
        """By which share the tempo may be wrong: a beat's onsets say no better where in all of its length it lies."""
        return ON_TIME_SECONDS / max(float(self.times[-1] - self.times[0]), self.period)

    @property
    def bpm(self) -> float:
        """Beats a minute."""
        return 60 / self.period

    def intervals(self, duration: float, segment_seconds: float, minimum_seconds: float = 0.1) -> Seconds:
        """Intervals (n, 2) that tile [0, duration), each a beat, or so many, or such a part of one, that it lasts as
        nearly as possible `segment_seconds`. What is left at either end may be shorter, but not than the minimum."""
        power = round(float(np.log2(segment_seconds / self.period)))
        beats = self._extended(duration)
        if power >= 0:
            edges = beats[:: 2**power]
        else:
            parts = 2**-power
            steps = np.arange(parts) / parts
            edges = np.append((beats[:-1, np.newaxis] + np.diff(beats)[:, np.newaxis] * steps).ravel(), beats[-1])
        inside = edges[(edges >= minimum_seconds) & (edges <= duration - minimum_seconds)]
        edges = np.concatenate([[0.0], inside, [duration]])
        return np.stack([edges[:-1], edges[1:]], axis=1)

    def _extended(self, duration: float) -> Seconds:
        """The beats, gone on with at their period to both ends of the recording and beyond."""
        before = int(np.ceil(self.times[0] / self.period)) + 1
        after = int(np.ceil(max(duration - self.times[-1], 0.0) / self.period)) + 1
        start = self.times[0] - self.period * np.arange(before, 0, -1)
        return np.concatenate([start, self.times, self.times[-1] + self.period * np.arange(1, after + 1)])


def beats_of(onsets: Floats, tempo_bpm: float | None = None) -> Beats | None:
    """The beats of a recording by its onset strength (cells,) every 10 ms; None where it has too few onsets.

    `tempo_bpm` is a tempo that is known, which is then kept.
    """
    found = onset_cells(onsets)
    if len(found) < FEWEST_ONSETS:
        return None
    strengths, times = onsets[found].astype(np.float64), (found + 0.5) / CELLS_PER_SECOND
    steady = _steady(times, strengths, len(onsets) / CELLS_PER_SECOND, tempo_bpm)
    if tempo_bpm is not None or steady.is_clear:
        return steady
    cells = beat_cells(onsets)
    if len(cells) < 3:
        return steady
    times_followed = np.unique((cells + 0.5) / CELLS_PER_SECOND)
    followed = Beats(times_followed, on_time(times, strengths, times_followed), is_steady=False)
    return followed if followed.is_clear else steady


def on_time(times: Seconds, strengths: Seconds, beats: Seconds) -> float:
    """The share of onsets at `times` (n,), by their strengths (n,), that lie within 25 ms of the beats' eighths."""
    eighths = np.sort(np.concatenate([beats, (beats[1:] + beats[:-1]) / 2]))
    after = np.clip(np.searchsorted(eighths, times), 1, len(eighths) - 1)
    away = np.minimum(np.abs(times - eighths[after - 1]), np.abs(times - eighths[after]))
    return float(strengths[away <= ON_TIME_SECONDS].sum() / strengths.sum())


def _steady(times: Seconds, strengths: Seconds, duration: float, tempo_bpm: float | None) -> Beats:
    """Beats at one tempo: that at which most onset strength is in phase, by beats, eighths and sixteenths together."""
    if tempo_bpm is None:
        step = _RESOLUTION / max(duration, 1.0)
        frequencies = np.arange(SLOWEST_BPM / 60, FASTEST_BPM / 60, step)
        # Nobody taps a quarter of what is played nor four times as fast: near 120 is likelier (Parncutt, 1994).
        likely = np.exp(-0.5 * (np.log2(frequencies / 2) / 0.8) ** 2)
        best = frequencies[np.argmax(_scores(times, strengths, frequencies) * likely)]
        near = best + np.linspace(-step, step, 2 * _FINER + 1)
        frequency = float(near[np.argmax(_scores(times, strengths, near))])
    else:
        frequency = tempo_bpm / 60
    period = 1 / frequency
    phases = np.arange(0, period, _FINE_SECONDS)
    away = np.abs((times[:, np.newaxis] - phases + period / 2) % period - period / 2)
    weights = (strengths[:, np.newaxis] * np.exp(-0.5 * (away / ON_TIME_SECONDS) ** 2)).sum(axis=0)
    beats = np.arange(phases[int(np.argmax(weights))], duration, period)
    return Beats(beats, on_time(times, strengths, beats) if len(beats) > 2 else 0.0)


def _scores(times: Seconds, strengths: Seconds, frequencies: Seconds) -> Seconds:
    """How much onset strength is in phase at each frequency (n,), by beats, eighths and sixteenths together."""
    found = [np.abs(_in_phase(times, strengths, frequencies * harmonic)) / harmonic for harmonic in HARMONICS]
    return np.asarray(np.sum(found, axis=0))


def _in_phase(times: Seconds, strengths: Seconds, frequencies: Seconds) -> NDArray[np.complex128]:
    found = np.empty(len(frequencies), dtype=np.complex128)
    for first in range(0, len(frequencies), _FREQUENCIES):
        turned = np.exp(-2j * np.pi * frequencies[first : first + _FREQUENCIES, np.newaxis] * times)
        found[first : first + _FREQUENCIES] = turned @ strengths
    return found
