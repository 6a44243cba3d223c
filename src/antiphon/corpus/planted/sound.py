"""Planted tokens as sound: tones, chords and bursts of noise, one segment each, by voices that differ by track."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from antiphon.corpus.planted.relations import CHORD_FORMS, COLOURS, DENSITIES, relation_of
from antiphon.corpus.planted.settings import ATTACK_SECONDS, RELEASE_SECONDS, PlantedSettings
from antiphon.types import Audio, Floats, Ids

Part = Literal["a", "b"]

LOWEST_PITCH = 57
"""MIDI pitch of class 0, the A below middle C."""

OCTAVE = 12

MINOR_SCALE = (0, 2, 3, 5, 7, 8, 10)
"""Semitones above the tonic: classes are degrees of a scale, 12 of them an octave and a half."""

TRIADS = ((0, 2, 4), (2, 4, 7), (4, 7, 9))
"""Degrees above the root of a triad's root position and inversions."""

LEVEL = 0.3
"""Peak of a tone, so that two tracks mixed stay below full scale."""

BURST_DBFS = (-48.0, -40.0, -32.0, -24.0)
"""Level (mean square) of a texture's energy classes."""

BANDS_HZ = ((100.0, 500.0), (500.0, 1500.0), (1500.0, 3900.0))
"""Where a texture's colours lie."""


@dataclass(frozen=True, eq=False)
class Voice:
    """Amplitudes of the harmonics of a tone; share of a noise's samples that sound: 1 is a hiss, less a crackle."""

    harmonics: Floats
    grain: float


VOICES: dict[Part, Voice] = {
    "a": Voice(np.array([1, 0.5, 0.25, 0.12, 0.06], dtype=np.float32), grain=1.0),
    "b": Voice(np.array([1, 0, 0.4, 0, 0.25, 0, 0.1], dtype=np.float32), grain=0.2),
}
"""A string's harmonics and a hiss; a clarinet's, without the even ones, and a crackle."""

UNSEEN_VOICES: dict[Part, Voice] = {
    "a": Voice(np.array([0.4, 1, 0.7, 0.5, 0.3, 0.2], dtype=np.float32), grain=0.05),
    "b": Voice(np.array([1, 0.1, 0.02], dtype=np.float32), grain=0.5),
}
"""An oboe's harmonics, whose second is the strongest; nearly a sine. No training piece of such a world has them."""


@dataclass(frozen=True)
class Tones:
    """Simultaneous MIDI `pitches`, none for silence, `times` times in a segment."""

    pitches: tuple[int, ...]
    times: int = 1


@dataclass(frozen=True)
class Burst:
    """Noise of a level in dBFS within a band in Hz."""

    dbfs: float
    band: tuple[float, float]


def planted_audio(
    ids: Ids, part: Part, settings: PlantedSettings, voice: Voice, generator: np.random.Generator
) -> Audio:
    """The tokens (segments,) of track `part` one after the other, each as long as a segment; mono.

    Phases, jitter and noise come from `generator`: two generators give two renderings of one piece.
    """
    rate = settings.sample_rate
    edges = np.round(np.arange(len(ids) + 1) * settings.segment_seconds * rate).astype(np.int64)
    score = _score_of(part, settings)
    pieces: list[Floats] = []
    for each, frames in zip(ids.tolist(), np.diff(edges).tolist(), strict=True):
        lag = int(generator.uniform(0, settings.jitter_seconds) * rate)
        what = _moved(score(each), settings.semitones)
        sound = (
            _tones(what, frames - lag, voice, rate, generator)
            if isinstance(what, Tones)
            else _burst(what, frames - lag, voice, rate, generator)
        )
        pieces += [np.zeros(lag, dtype=np.float32), sound]
    samples = np.concatenate(pieces)
    if settings.hiss_dbfs is not None:
        hiss = generator.standard_normal(len(samples), dtype=np.float32)
        samples += hiss * np.float32(10 ** (settings.hiss_dbfs / 20))
    return Audio(np.clip(samples, -1, 1)[:, None], rate)


def _score_of(part: Part, settings: PlantedSettings) -> Callable[[int], Tones | Burst]:
    """What an id of a world's track stands for."""
    free = relation_of(settings).process.answer_free.size
    scores: dict[tuple[str, Part], Callable[[int], Tones | Burst]] = {
        ("transposition", part): lambda each: Tones((LOWEST_PITCH + each,)),
        ("call-and-response", part): lambda each: Tones((_degree(each),) if each < settings.classes else ()),
        ("inverse-density", part): lambda each: Tones((_degree(each % free),), DENSITIES[each // free]),
        ("chord-to-bass", "a"): lambda each: Tones(
            tuple(_degree(each // CHORD_FORMS + above) for above in TRIADS[each % CHORD_FORMS])
        ),
        ("chord-to-bass", "b"): lambda each: Tones((_degree(each) - OCTAVE,)),
        ("texture-follows", part): _texture,
        ("texture-opposes", part): _texture,
    }
    return scores.get((settings.world, part), lambda each: Tones((_degree(each),)))


def _moved(what: Tones | Burst, semitones: int) -> Tones | Burst:
    """In another key; noise has none."""
    if isinstance(what, Burst):
        return what
    return Tones(tuple(pitch + semitones for pitch in what.pitches), what.times)


def _texture(each: int) -> Burst:
    return Burst(BURST_DBFS[each // COLOURS], BANDS_HZ[each % COLOURS])


def _degree(degree: int) -> int:
    """MIDI pitch of a degree of the scale, counted from 0."""
    octave, within = divmod(degree, len(MINOR_SCALE))
    return LOWEST_PITCH + OCTAVE * octave + MINOR_SCALE[within]


def _tones(tones: Tones, frames: int, voice: Voice, rate: int, generator: np.random.Generator) -> Floats:
    edges = np.round(np.linspace(0, frames, tones.times + 1)).astype(np.int64)
    return np.concatenate([_chord(tones.pitches, length, voice, rate, generator) for length in np.diff(edges).tolist()])


def _chord(pitches: tuple[int, ...], frames: int, voice: Voice, rate: int, generator: np.random.Generator) -> Floats:
    """Peak LEVEL at most, however many pitches; the phases of the harmonics are drawn."""
    wave = np.zeros(frames)
    for pitch in pitches:
        harmonics = 440 * 2 ** ((pitch - 69) / 12) * np.arange(1, len(voice.harmonics) + 1)
        amplitudes = np.where(harmonics < rate / 2, voice.harmonics, 0)
        phases = generator.uniform(0, 2 * np.pi, len(harmonics))
        turns = 2 * np.pi * harmonics[:, None] * np.arange(frames) / rate
        wave += amplitudes @ np.sin(turns + phases[:, None])
    loudest = max(len(pitches), 1) * voice.harmonics.sum()
    return np.asarray(wave * _envelope(frames, rate) * LEVEL / loudest, dtype=np.float32)


def _burst(burst: Burst, frames: int, voice: Voice, rate: int, generator: np.random.Generator) -> Floats:
    """Noise of exactly the level asked for, before it fades in and out."""
    grains = generator.standard_normal(frames) * (generator.random(frames) < voice.grain)
    frequencies = np.fft.rfftfreq(frames, 1 / rate)
    low, high = burst.band
    noise = np.fft.irfft(np.where((frequencies >= low) & (frequencies < high), np.fft.rfft(grains), 0), frames)
    power = max(float(np.mean(noise**2)), np.finfo(np.float64).tiny)
    return np.asarray(noise * _envelope(frames, rate) * 10 ** (burst.dbfs / 20) / np.sqrt(power), dtype=np.float32)


def _envelope(frames: int, rate: int) -> Floats:
    seconds = np.arange(frames) / rate
    rise, fall = seconds / ATTACK_SECONDS, (seconds[-1] - seconds) / RELEASE_SECONDS
    return np.asarray(np.clip(np.minimum(rise, fall), 0, 1), dtype=np.float32)
