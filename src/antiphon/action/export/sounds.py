"""What is heard in each segment of a response: its pitch with its register, or none, and how loud it is.

For the names of items and the notes of a MIDI file: an estimate from the sound itself, one note for each segment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon import arrays
from antiphon.audio import mono
from antiphon.types import Audio, Event, Run

PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

LOWEST, HIGHEST = 24, 108
"""MIDI numbers between which a pitch is looked for: C1 to C8."""

STEPS = 5
"""Places a semitone at which a pitch is looked for."""

HARMONICS = 8
"""Partials that count for a pitch."""

PARTIAL_WEIGHT = 0.8
"""What a partial counts beside the one below it: less, else a sound would be heard an octave below itself."""

PITCHED = 0.4
"""Share of a sound's power that lies on the partials of its pitch, from which on it has one; noise has a fifth."""

MOST_SAMPLES = 16384
"""A longer segment is judged by its beginning."""

QUIET_DBFS = -120.0
"""The level of silence."""

BASS_DRUM, SNARE, HI_HAT = 36, 38, 42
"""General MIDI's drums for sounds without a pitch, by where their power lies."""

DARK_HZ, BRIGHT_HZ = 200.0, 4000.0
"""Centroids below which a sound without a pitch is a bass drum, above which it is a hi-hat."""


@dataclass(frozen=True)
class Sound:
    """A segment as it is heard: a MIDI number, a pitch or else a drum of General MIDI, and the level in dBFS."""

    note: int
    pitched: bool
    level: float

    @property
    def name(self) -> str:
        """A3, C#4, or noise."""
        return pitch_name(self.note) if self.pitched else "noise"


def pitch_name(pitch: int) -> str:
    """A MIDI number as musicians write it: 60 is C4."""
    return f"{PITCH_CLASSES[pitch % 12]}{pitch // 12 - 1}"


def sounds_of(events: Sequence[Event], runs: Sequence[Run], memory: Audio) -> tuple[Sound | None, ...]:
    """What is heard in each event (n,) of a response whose `runs` read from `memory`; None for silence."""
    known: dict[tuple[int, int], Sound] = {}
    found: list[Sound | None] = []
    walk = arrays.Walk(memory.samples)
    for event in events:
        part = runs[event.run].part if 0 <= event.run < len(runs) else None
        if part is None or event.source_stop <= event.source_first:
            found.append(None)
            continue
        span = (part.start + event.source_first, part.start + event.source_stop)
        if span not in known:
            excerpt = Audio(memory.samples[slice(*span)][:MOST_SAMPLES], memory.sample_rate)
            known[span] = sound_of(mono(excerpt).samples[:, 0], memory.sample_rate)
            walk.read(excerpt.samples)
        found.append(known[span])
    return tuple(found)


def sound_of(samples: NDArray[np.float32], rate: int) -> Sound:
    """What is heard in samples (n,)."""
    power = float(np.mean(samples**2)) if len(samples) else 0.0
    level = max(10 * np.log10(max(power, 1e-30)), QUIET_DBFS)
    if power < 1e-12 or len(samples) < 64:
        return Sound(SNARE, False, round(float(level), 2))
    size = 1 << int(np.ceil(np.log2(2 * len(samples))))
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), size))
    frequencies = np.fft.rfftfreq(size, 1 / rate)
    spectrum[frequencies < 20.0] = 0.0
    note, share = _pitch(spectrum, frequencies)
    if share >= PITCHED:
        return Sound(note, True, round(float(level), 2))
    centroid = float((frequencies * spectrum**2).sum() / max((spectrum**2).sum(), 1e-30))
    drum = BASS_DRUM if centroid < DARK_HZ else HI_HAT if centroid > BRIGHT_HZ else SNARE
    return Sound(drum, False, round(float(level), 2))


def _pitch(spectrum: NDArray[np.floating[Any]], frequencies: NDArray[np.floating[Any]]) -> tuple[int, float]:
    """The MIDI number whose partials are strongest, and which share of the power lies on them."""
    places = np.arange(LOWEST * STEPS, (HIGHEST + 12 * 3) * STEPS + 1)
    hertz = 440.0 * 2 ** ((places / STEPS - 69) / 12)
    heard = np.interp(hertz, frequencies, spectrum, right=0.0)
    heard = np.maximum(heard, np.maximum(np.append(heard[1:], 0.0), np.append(0.0, heard[:-1])))
    count = (HIGHEST - LOWEST) * STEPS + 1
    score = np.zeros(count)
    for partial in range(1, HARMONICS + 1):
        offset = round(12 * STEPS * np.log2(partial))
        score += PARTIAL_WEIGHT ** (partial - 1) * heard[offset : offset + count]
    best = float(hertz[int(np.argmax(score))])
    nearest = np.clip(np.round(frequencies / best), 1, HARMONICS)
    cents = 1200 * np.abs(np.log2(np.maximum(frequencies, 1.0) / (nearest * best)))
    wide = np.maximum(cents <= 50, np.abs(frequencies - nearest * best) <= 4 * (frequencies[1]))
    power = spectrum**2
    return round(69 + 12 * float(np.log2(best / 440.0))), float(power[wide].sum() / max(power.sum(), 1e-30))
