"""A rendering of its own for each piece, so that nothing but the notes is common to them.

What is drawn: how it is synthesised, the instruments (far beyond those that suit a role), an octave now and then, the
tempo, the players' timing and force, a room, noise, and the balance of low and high. The draws of a piece depend on the
seed and on its name alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from antiphon.corpus.synthesis.performance import Part, Performance
from antiphon.corpus.synthesis.settings import RenderSettings
from antiphon.corpus.synthesis.soundfont import RendererName
from antiphon.types import Audio

PURPOSE = 4
"""Distinguishes these draws from those of the notes, programs, room and noise."""

SLOWEST, FASTEST = 0.8, 1.25
"""Factors of the tempo, drawn evenly on a logarithmic scale."""

OCTAVES = (-1, 0, 0, 0, 0, 0, 1)
"""By how many octaves a melody is moved; the accompaniment stays."""

LOWEST_PITCH, HIGHEST_PITCH = 28, 100
"""Melodies are not moved beyond these: E1, the lowest of a bass, to E7."""

TILT_DB = 9.0
"""The spectrum rises or falls by at most this much from 100 Hz to 10 kHz."""

MELODIC = (
    # accordion and harmonica, guitars, basses, strings, choir, brass, saxophones, reeds, flutes, synthesizer leads
    *(21, 22, 24, 25, 26, 27, 28, 29, 32, 33, 34, 35, 40, 41, 42, 48, 52, 53, 54, 56, 57, 58, 59, 60, 61),
    *(64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 79, 80, 81, 84, 85),
)
HARMONIC = (
    # pianos, harpsichord, celesta to marimba, organs, guitars, harp, strings, choir, brass section, pads
    *(0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 16, 17, 18, 19, 20, 21, 24, 25, 26, 27, 28, 29, 30, 46),
    *(48, 49, 50, 51, 52, 61, 62, 88, 89, 90, 91, 92, 94),
)
"""General MIDI programs, from 0: for one voice, and for several at once."""


@dataclass(frozen=True, eq=False)
class Varied:
    """How one piece is rendered: the settings, its performance, programs by part, and the tilt of its spectrum."""

    settings: RenderSettings
    performance: Performance
    programs: Mapping[str, int]
    tilt_db: Mapping[str, float]


def varied(name: str, performance: Performance, settings: RenderSettings) -> Varied:
    """The rendering that is drawn for the piece `name`; what `settings` give of it is replaced."""
    draw = np.random.default_rng([settings.seed, PURPOSE, *name.encode()])
    ways: list[tuple[RendererName, Path | None]] = [
        ("additive", None),
        *((settings.renderer, each) for each in (settings.soundfont, *settings.soundfonts) for _ in range(2)),
    ]
    renderer, soundfont = ways[int(draw.integers(len(ways)))]
    pace = float(np.exp(draw.uniform(np.log(SLOWEST), np.log(FASTEST))))
    own = replace(
        settings,
        varied=False,
        renderer=renderer,
        soundfont=soundfont,
        soundfonts=(),
        timing_ms=float(draw.uniform(0, 20)),
        velocity_spread=float(draw.uniform(0, 14)),
        room_seconds=float(draw.choice((0.0, 0.3, 0.6, 1.2, 2.0))),
        room_level_db=float(draw.uniform(-18, -3)),
        noise_dbfs=None if draw.random() < 0.4 else float(draw.uniform(-75, -45)),
    )
    parts = performance.parts
    shifted = tuple(part if is_harmonic(part) else in_octave(part, int(draw.choice(OCTAVES))) for part in parts)
    programs = {part.name: int(draw.choice(HARMONIC if is_harmonic(part) else MELODIC)) for part in parts}
    tilts = {part.name: float(draw.uniform(-TILT_DB, TILT_DB)) for part in parts}
    return Varied(own, at_pace(replace(performance, parts=shifted), pace), programs, tilts)


def is_harmonic(part: Part) -> bool:
    """Whether it is played by an instrument of several voices: a tenth of its notes begin together with another."""
    onsets = np.round([note.onset for note in part.notes], 3)
    return part.role == "piano" or len(np.unique(onsets)) < 0.9 * len(onsets)


def in_octave(part: Part, octaves: int) -> Part:
    """The part so many octaves higher; as it was where it would leave what instruments play."""
    pitches = [note.pitch + 12 * octaves for note in part.notes]
    if not octaves or min(pitches) < LOWEST_PITCH or max(pitches) > HIGHEST_PITCH:
        return part
    return replace(
        part, notes=tuple(replace(note, pitch=pitch) for note, pitch in zip(part.notes, pitches, strict=True))
    )


def at_pace(performance: Performance, pace: float) -> Performance:
    """The performance `pace` times as fast: all times divided by it."""
    return Performance(
        parts=tuple(
            replace(
                part,
                notes=tuple(
                    replace(note, onset=note.onset / pace, duration=note.duration / pace) for note in part.notes
                ),
            )
            for part in performance.parts
        ),
        beats=tuple(replace(beat, time=beat.time / pace) for beat in performance.beats),
        keys=tuple(replace(key, time=key.time / pace) for key in performance.keys),
        seconds=performance.seconds / pace,
        chords=tuple(replace(chord, time=chord.time / pace) for chord in performance.chords),
    )


def tilted(sound: Audio, tilt_db: float) -> Audio:
    """The sound with its spectrum raised evenly by `tilt_db` from 100 Hz to 10 kHz, on a logarithmic scale; 1 kHz keeps
    its level."""
    from scipy import fft

    frames = len(sound.samples)
    length = fft.next_fast_len(frames, real=True)
    hertz = np.clip(fft.rfftfreq(length, 1 / sound.sample_rate), 100, 10_000)
    gain = (10 ** (tilt_db * (np.log10(hertz) - 3) / 2 / 20)).astype(np.float32)
    samples = fft.irfft(fft.rfft(sound.samples[:, 0], length) * gain, length)[:frames]
    return Audio(samples[:, np.newaxis].astype(np.float32), sound.sample_rate, sound.source)
