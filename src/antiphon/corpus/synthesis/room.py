"""What a recording adds to an instrument: a room, and noise. Both synthetic, seeded, and off unless asked for."""

from __future__ import annotations

import numpy as np

from antiphon.types import Audio, Floats

DECAY = 6.907755
"""Natural logarithm of 1000: the room's sound falls by 60 dB over its reverberation time (ISO 3382-1)."""

LONGEST_ROOM_SECONDS = 10.0
"""A cathedral; more is a slip."""


def impulse_response(room_seconds: float, level_db: float, sample_rate: int, generator: np.random.Generator) -> Floats:
    """The direct sound, and exponentially decaying noise of `level_db` relative to it in energy.

    `room_seconds` is the reverberation time, after which the room has fallen by 60 dB; samples (frames,).
    """
    frames = max(round(room_seconds * sample_rate), 2)
    time = np.arange(frames) / sample_rate
    tail = generator.standard_normal(frames) * np.exp(-DECAY * time / room_seconds)
    tail[0] = 0.0
    tail *= 10 ** (level_db / 20) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return tail.astype(np.float32)


def in_room(sound: Audio, response: Floats) -> Audio:
    """Mono sound in a room, as long as it was; what rings on after its end is cut."""
    from scipy.signal import fftconvolve

    wet = fftconvolve(sound.samples[:, 0], response)[: len(sound.samples), None]
    return Audio(np.ascontiguousarray(wet, dtype=np.float32), sound.sample_rate, sound.source)


def with_noise(sound: Audio, noise_dbfs: float, generator: np.random.Generator) -> Audio:
    """The sound and white noise of `noise_dbfs` (root mean square)."""
    noise = generator.standard_normal(sound.samples.shape).astype(np.float32) * np.float32(10 ** (noise_dbfs / 20))
    return Audio(sound.samples + noise, sound.sample_rate, sound.source)
