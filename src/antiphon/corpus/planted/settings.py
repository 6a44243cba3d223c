"""What a planted world is made of: its relation, its size, its noise and how it sounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from antiphon.errors import SettingsError

PlantedWorld = Literal[
    "copy",
    "delay",
    "transposition",
    "third-below",
    "call-and-response",
    "inverse-density",
    "contrary-motion",
    "chord-to-bass",
    "texture-follows",
    "texture-opposes",
    "independent",
]

PLANTED_WORLDS: tuple[PlantedWorld, ...] = get_args(PlantedWorld)

LICENCE = "CC0-1.0"
"""Of every planted world: all of it is generated, nothing of anybody's is in it."""

ATTACK_SECONDS, RELEASE_SECONDS = 0.01, 0.04
"""Each tone fades in and out within its segment, so that a repeated note is heard as two."""

LOWEST_SAMPLE_RATE = 8000
"""Hz: below it the highest band of a texture does not exist."""


@dataclass(frozen=True)
class PlantedSettings:
    """A world: its relation (`relations` defines each), and how much of it there is.

    `classes` is the number of notes of a melody (of the roots of chords; textures have classes of their own).
    `late` is the probability that a segment of B still holds what sounded before; `slip` that of a wrong class where
    the relation asks for one. In sound, all pitches are `semitones` higher; a tone starts up to `jitter_seconds` after
    its segment, over a hiss of `hiss_dbfs` (None: none). With `unseen_timbre` the test split sounds as no other does.
    """

    world: PlantedWorld
    pieces: int = 20
    segments: int = 60
    classes: int = 12
    seed: int = 0
    delay: int = 1
    late: float = 0.0
    slip: float = 0.0
    unseen_timbre: bool = False
    semitones: int = 0
    jitter_seconds: float = 0.0
    hiss_dbfs: float | None = None
    segment_seconds: float = 0.5
    sample_rate: int = 22050
    audio_format: Literal["wav", "flac"] = "wav"

    def __post_init__(self) -> None:
        sounding = self.segment_seconds - self.jitter_seconds
        checks = {
            f"world must be one of {', '.join(PLANTED_WORLDS)}": self.world in PLANTED_WORLDS,
            "pieces and segments must be 1 or more": self.pieces > 0 and self.segments > 0,
            "classes go from 2 to 32": 2 <= self.classes <= 32,
            "delay must not be negative": self.delay >= 0,
            "late and slip must be 0 or more": min(self.late, self.slip) >= 0,
            "late and slip must leave the relation right more often than not": (1 - self.late) * (1 - self.slip) > 0.5,
            "semitones go from -24 to 24": -24 <= self.semitones <= 24,
            "jitter_seconds must not be negative": self.jitter_seconds >= 0,
            "segment_seconds must leave room for attack and release": sounding > ATTACK_SECONDS + RELEASE_SECONDS,
            f"sample_rate must be {LOWEST_SAMPLE_RATE} or more": self.sample_rate >= LOWEST_SAMPLE_RATE,
            "audio_format must be wav or flac": self.audio_format in ("wav", "flac"),
        }
        for sentence, holds in checks.items():
            if not holds:
                raise SettingsError(f"planted world: {sentence}")
