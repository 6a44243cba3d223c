"""Sounds whose music is known."""

import numpy as np

from antiphon.types import Audio

A4, C4, E5 = 440.0, 261.626, 659.255


def tone(frequency, seconds, rate=22050, channels=1, *, level=0.3, silent_before=0.0):
    """A harmonic tone after some silence, the same in all channels."""
    time = np.arange(round(seconds * rate)) / rate
    wave = sum(np.sin(2 * np.pi * frequency * harmonic * time) / harmonic for harmonic in (1, 2, 3))
    wave = level * wave * (time >= silent_before)
    return Audio(np.repeat(wave[:, None], channels, axis=1).astype(np.float32), rate)


def melody(frequencies, seconds_each, rate=22050, channels=1):
    parts = [tone(frequency, seconds_each, rate, channels).samples for frequency in frequencies]
    return Audio(np.concatenate(parts), rate)


def silence(seconds, rate=22050, channels=1):
    return Audio(np.zeros((round(seconds * rate), channels), dtype=np.float32), rate)
