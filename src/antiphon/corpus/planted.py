"""Worlds whose relation between A and B is known, as tokens and as sound: what a model must find, or must not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from antiphon import audio
from antiphon.corpus.manifest import MANIFEST_NAME, Corpus, write_manifest
from antiphon.errors import SettingsError
from antiphon.files import whole_directory
from antiphon.interfaces import Progress, no_progress
from antiphon.types import Audio, Floats, Ids, Multitrack, Source, Track

PlantedWorld = Literal["copy", "delay", "independent"]

STEPS = np.array([-4, -2, -1, 0, 1, 2, 4])
"""Moves of a melody along the scale: by step, by third, a note again, at times a leap."""

STEP_PROBABILITIES = np.array([0.05, 0.1, 0.25, 0.2, 0.25, 0.1, 0.05])
"""How often each of `STEPS` is taken."""

LOWEST_PITCH = 57
"""MIDI pitch of class 0, the A below middle C."""

MINOR_SCALE = np.array([0, 2, 3, 5, 7, 8, 10])
"""Semitones above the tonic: classes are degrees of a scale, 12 of them an octave and a half."""

LEVEL = 0.3
"""Peak of a tone, so that two tracks mixed stay below full scale."""

TIMBRES: dict[str, Floats] = {
    "a": np.array([1, 0.5, 0.25, 0.12, 0.06], dtype=np.float32),
    "b": np.array([1, 0, 0.4, 0, 0.25, 0, 0.1], dtype=np.float32),
}
"""Amplitudes of the harmonics of each track: a string's, and a clarinet's without the even ones."""

ATTACK_SECONDS, RELEASE_SECONDS = 0.01, 0.04
"""Each tone fades in and out within its segment, so that a repeated note is heard as two."""


class PlantedPair(NamedTuple):
    """Class ids (segments,) of two simultaneous tracks."""

    a: Ids
    b: Ids


@dataclass(frozen=True)
class PlantedSettings:
    """Copy: B = A. Delay: B is A, `delay` segments later, after notes of its own. Independent: B knows nothing of A."""

    world: PlantedWorld
    pieces: int = 20
    segments: int = 60
    classes: int = 12
    seed: int = 0
    delay: int = 1
    segment_seconds: float = 0.5
    sample_rate: int = 22050

    def __post_init__(self) -> None:
        checks = {
            "pieces and segments must be 1 or more": self.pieces > 0 and self.segments > 0,
            "classes go from 2 to 32": 2 <= self.classes <= 32,
            "delay must not be negative": self.delay >= 0,
            "segment_seconds must leave room for attack and release": self.segment_seconds
            > ATTACK_SECONDS + RELEASE_SECONDS,
            "sample_rate must be above 0": self.sample_rate > 0,
        }
        for sentence, holds in checks.items():
            if not holds:
                raise SettingsError(f"planted world: {sentence}")


def planted_tokens(settings: PlantedSettings) -> tuple[PlantedPair, ...]:
    """The pieces of a world. A is a walk along the scale (what comes next is likely near), never drawn note by note."""
    return tuple(_pair(settings, piece) for piece in range(settings.pieces))


def planted_audio(ids: Ids, timbre: Floats, settings: PlantedSettings) -> Audio:
    """Tones (segments,) one after the other, each as long as a segment; mono. `timbre`: amplitudes of harmonics."""
    edges = np.round(np.arange(len(ids) + 1) * settings.segment_seconds * settings.sample_rate).astype(np.int64)
    tones = [
        _tone(int(each), int(frames), timbre, settings.sample_rate)
        for each, frames in zip(ids, np.diff(edges), strict=True)
    ]
    return Audio(np.concatenate(tones)[:, None], settings.sample_rate)


def build_planted(directory: Path, settings: PlantedSettings, progress: Progress = no_progress) -> Path:
    """Write a world into `directory` as a.wav and b.wav per piece, and return the manifest that names them."""
    multitracks = []
    for number, pair in enumerate(planted_tokens(settings)):
        name = f"{settings.world}-{number:03d}"
        with whole_directory(directory / name, ("a.wav", "b.wav")) as temporary:
            for track, ids in pair._asdict().items():
                audio.write(temporary / f"{track}.wav", planted_audio(ids, TIMBRES[track], settings))
        multitracks.append(_multitrack(directory / name))
        progress("planting", number + 1, settings.pieces)
    manifest = directory / MANIFEST_NAME
    write_manifest(manifest, Corpus(tuple(multitracks)))
    return manifest


def _pair(settings: PlantedSettings, piece: int) -> PlantedPair:
    a, own = (_melody(settings, np.random.default_rng([settings.seed, piece, track])) for track in (0, 1))
    if settings.world == "copy":
        return PlantedPair(a, a.copy())
    if settings.world == "delay":
        return PlantedPair(a, np.concatenate([own[: settings.delay], a])[: settings.segments])
    return PlantedPair(a, own)


def _melody(settings: PlantedSettings, generator: np.random.Generator) -> Ids:
    """A random walk that turns round at the ends of the scale."""
    steps = generator.choice(STEPS, settings.segments - 1, p=STEP_PROBABILITIES)
    ids = [int(generator.integers(settings.classes))]
    for step in steps:
        there = ids[-1] + int(step)
        ids.append(there if 0 <= there < settings.classes else int(np.clip(ids[-1] - step, 0, settings.classes - 1)))
    return np.array(ids, dtype=np.int64)


def _tone(class_id: int, frames: int, timbre: Floats, sample_rate: int) -> Floats:
    octave, degree = divmod(class_id, len(MINOR_SCALE))
    frequency = 440 * 2 ** ((LOWEST_PITCH + 12 * octave + MINOR_SCALE[degree] - 69) / 12)
    seconds = np.arange(frames) / sample_rate
    harmonics = frequency * np.arange(1, len(timbre) + 1)
    below_nyquist = np.where(harmonics < sample_rate / 2, timbre, 0)
    wave = below_nyquist @ np.sin(2 * np.pi * harmonics[:, None] * seconds)
    rise, fall = seconds / ATTACK_SECONDS, (seconds[-1] - seconds) / RELEASE_SECONDS
    envelope = np.clip(np.minimum(rise, fall), 0, 1)
    return np.asarray(wave * envelope * LEVEL / timbre.sum(), dtype=np.float32)


def _multitrack(folder: Path) -> Multitrack:
    tracks = tuple(
        Track(track, (Source(path),), audio.duration_of(path), f"synthetic {track}")
        for track in TIMBRES
        for path in [folder / f"{track}.wav"]
    )
    return Multitrack(folder.name, folder.name, tracks)
