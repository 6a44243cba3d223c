"""Notes to sound without samples of any instrument: harmonics whose strengths, attack and decay are a program's own.

A third way of sounding beside the soundfonts, so that what is learned from scores depends on no library of samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.corpus.synthesis.performance import PlayedNote
from antiphon.types import Audio, Floats

ADDITIVE_VERSION = 1
"""Raised whenever the same notes would sound otherwise."""

RATE = 22050
"""Samples a second: what lies above half of it no encoder hears."""

HARMONICS = 8
"""Partials of a tone at most; those above half the rate are left out."""

RELEASE_SECONDS = 0.06
"""After its end a tone dies away in this time."""

LEVEL = 0.12
"""Peak of one tone at full velocity, so that ten at once stay below full scale."""

CONCERT_PITCH_HZ, CONCERT_PITCH = 440.0, 69


@dataclass(frozen=True, eq=False)
class Tone:
    """How a program sounds: strengths (HARMONICS,) that sum to 1, times in seconds, vibrato in semitones."""

    strengths: Floats
    attack_seconds: float
    decay_seconds: float
    vibrato_semitones: float
    vibrato_hz: float


def tone_of(program: int) -> Tone:
    """The tone of a General MIDI program: drawn with the program as the seed, and its own for good."""
    generator = np.random.default_rng([program, HARMONICS])
    slope = generator.uniform(0.5, 2.5)
    strengths = np.arange(1, HARMONICS + 1) ** -slope * generator.uniform(0.1, 1.0, HARMONICS)
    strengths[0] = max(strengths[0], 0.3)
    if generator.random() < 0.3:
        strengths[1::2] *= 0.1
    struck = generator.random() < 0.5
    return Tone(
        strengths=(strengths / strengths.sum()).astype(np.float32),
        attack_seconds=float(generator.uniform(0.002, 0.01) if struck else generator.uniform(0.02, 0.08)),
        decay_seconds=float(generator.uniform(0.3, 1.5) if struck else generator.uniform(4.0, 20.0)),
        vibrato_semitones=0.0 if struck else float(generator.uniform(0.0, 0.3)),
        vibrato_hz=float(generator.uniform(4.5, 6.5)),
    )


def played_additively(notes: Sequence[PlayedNote], program: int, seconds: float) -> Audio:
    """Mono sound of the notes at RATE, `seconds` long; what would sound on after that is cut."""
    tone = tone_of(program)
    samples = np.zeros(round(seconds * RATE) + 1, dtype=np.float32)
    for note in notes:
        start = round(note.onset * RATE)
        sound = _sounding(note, tone)[: len(samples) - start]
        samples[start : start + len(sound)] += sound
    return Audio(samples[:, np.newaxis], RATE, f"additive program {program}")


def _sounding(note: PlayedNote, tone: Tone) -> Floats:
    time = np.arange(round((note.duration + RELEASE_SECONDS) * RATE), dtype=np.float32) / RATE
    pitch_hz = CONCERT_PITCH_HZ * 2 ** ((note.pitch - CONCERT_PITCH) / 12)
    swing = pitch_hz * (2 ** (tone.vibrato_semitones / 12) - 1) / (2 * np.pi * tone.vibrato_hz)
    cycles = pitch_hz * time + swing * np.sin(2 * np.pi * tone.vibrato_hz * time)
    partials = min(HARMONICS, max(1, int(0.45 * RATE / pitch_hz)))
    wave = sum(
        strength * np.sin(2 * np.pi * np.float32(number) * cycles)
        for number, strength in enumerate(tone.strengths[:partials], 1)
    )
    shape = np.minimum(1, time / tone.attack_seconds) * np.exp(-time / tone.decay_seconds)
    shape *= np.clip((note.duration + RELEASE_SECONDS - time) / RELEASE_SECONDS, 0, 1)
    return np.asarray(wave * shape * (LEVEL * (note.velocity / 127) ** 1.5), dtype=np.float32)
