"""A performance to stems: humanised, an instrument for each part, sound, room, noise, one gain for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from antiphon import audio
from antiphon.corpus.synthesis.instruments import drawn_programs
from antiphon.corpus.synthesis.performance import Part, Performance, humanised
from antiphon.corpus.synthesis.room import impulse_response, in_room, with_noise
from antiphon.corpus.synthesis.settings import RenderSettings
from antiphon.corpus.synthesis.soundfont import LOUDEST, Clipped, Synthesizer
from antiphon.corpus.synthesis.variation import tilted, varied
from antiphon.types import Audio

RELEASE_SECONDS = 1.0
"""Sound after the last note, so that it dies away and is not cut."""

QUIETER_VOLUMES = (LOUDEST, 50, 25)
"""Channel volumes tried in turn for a piece that clips inside the renderer; each halves the last, by 12 dB."""


@dataclass(frozen=True, eq=False)
class Stems:
    """Mono sound by track, all of the same length and rate; what was played on which General MIDI program."""

    sounds: Mapping[str, Audio]
    programs: Mapping[str, int]
    performance: Performance


def render(
    name: str, performance: Performance, settings: RenderSettings, given: Mapping[str, int] | None = None
) -> Stems:
    """The stems of a piece. All draws depend on the seed and on `name` alone, so pieces can be made in any order.

    `given` are General MIDI programs by name or role of a part; None: those of the settings. The others are drawn.
    Raises BadData where the soundfont stays silent or clips at any volume.
    """
    notes_draw, programs_draw, room_draw, noise_draw = (
        np.random.default_rng([settings.seed, purpose, *name.encode()]) for purpose in range(4)
    )
    tilts: Mapping[str, float] = {}
    if settings.varied:
        own = varied(name, performance, settings)
        settings, performance, given, tilts = own.settings, own.performance, own.programs, own.tilt_db
    performance = humanised(performance, settings.timing_ms, settings.velocity_spread, notes_draw)
    programs = drawn_programs(performance.parts, settings.programs if given is None else given, programs_draw)
    sounds = play_together(
        performance.parts, programs, performance.seconds + RELEASE_SECONDS, settings.synthesizer, settings.sample_rate
    )
    if settings.room_seconds > 0:
        response = impulse_response(settings.room_seconds, settings.room_level_db, settings.sample_rate, room_draw)
        sounds = [in_room(sound, response) for sound in sounds]
    if tilts:
        sounds = [tilted(sound, tilts[part.name]) for sound, part in zip(sounds, performance.parts, strict=True)]
    sounds = amplified(sounds, settings.gain_db)
    if settings.noise_dbfs is not None:
        sounds = amplified([with_noise(sound, settings.noise_dbfs, noise_draw) for sound in sounds], 0.0)
    names = [part.name for part in performance.parts]
    return Stems(dict(zip(names, sounds, strict=True)), dict(zip(names, programs, strict=True)), performance)


def play_together(
    parts: Sequence[Part],
    programs: Sequence[int],
    seconds: float,
    synthesizer: Synthesizer,
    sample_rate: int,
) -> list[Audio]:
    """The sound of each part, exactly `seconds` long at `sample_rate`; where one clips, all are played more quietly."""
    frames = round(seconds * sample_rate)
    for volume in QUIETER_VOLUMES:
        try:
            played = [
                synthesizer.play(part.notes, program, seconds, volume)
                for part, program in zip(parts, programs, strict=True)
            ]
        except Clipped:
            if volume == QUIETER_VOLUMES[-1]:
                raise
            continue
        break
    sounds = []
    for sound in played:
        samples = audio.resampled(sound, sample_rate).samples[:frames]
        sounds.append(Audio(np.pad(samples, ((0, frames - len(samples)), (0, 0))), sample_rate, sound.source))
    return sounds


def amplified(sounds: Sequence[Audio], gain_db: float) -> list[Audio]:
    """The sounds with one gain, turned down together should one pass full scale."""
    loudest = max(audio.peak(sound) for sound in sounds)
    gain = np.float32(min(10 ** (gain_db / 20), 1 / max(loudest, 1e-9)))
    return [Audio(sound.samples * gain, sound.sample_rate, sound.source) for sound in sounds]
