"""Short free recordings of the Debian package sonic-pi-samples (CC0), and what happens to recordings on their way."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.signal import fftconvolve

from antiphon import audio
from antiphon.audio import peak, read, resampled, with_channels
from antiphon.types import Audio

SAMPLES = Path(os.environ.get("SONIC_PI_SAMPLES", "/usr/share/sonic-pi/samples"))
"""Where the package puts them; SONIC_PI_SAMPLES names a copy elsewhere."""

NAMES = (
    *("guit_em9", "guit_e_fifths", "ambi_piano", "ambi_glass_hum", "ambi_haunted_hum", "ambi_drone"),
    *("loop_amen_full", "loop_compus", "loop_tabla", "loop_safari", "loop_mika", "loop_garzul", "bass_voxy_c"),
)
"""What is played here: of each of these the package says CC0, one by one."""

MISSING = [name for name in NAMES if not (SAMPLES / f"{name}.flac").is_file()]

WHY_NOT = f"needs sonic-pi-samples (apt install sonic-pi-samples): {SAMPLES} lacks {', '.join(MISSING[:3])}"

RATE = 44100


def recording(*names: str) -> Audio:
    """Recordings one after the other, in stereo at 44.1 kHz."""
    parts = [with_channels(resampled(read(SAMPLES / f"{name}.flac"), RATE), 2).samples for name in names]
    return Audio(np.concatenate(parts), RATE, f"{names[0]}.flac")


PAIRS = {
    "guitar, glass": (("guit_em9", "guit_e_fifths"), ("ambi_glass_hum", "ambi_haunted_hum", "ambi_drone")),
    "drums, tabla": (("loop_amen_full", "loop_compus"), ("loop_tabla", "loop_safari", "loop_mika")),
    "bass, loops": (("bass_voxy_c", "loop_garzul"), ("ambi_drone", "loop_mika", "loop_compus", "loop_safari")),
}
"""Guides and memories."""

ONE_HARMONY = (("loop_tabla",), ("guit_em9", "guit_e_fifths", "ambi_piano", "ambi_drone"))
"""A guide that stays on one pitch, and a memory of which little has it."""


def reverb(sound: Audio) -> Audio:
    """A room in which sound decays by 60 dB in 0.8 s, 12 dB below the direct sound."""
    times = np.arange(round(0.8 * RATE)) / RATE
    tail = np.random.default_rng(0).normal(0, 1, len(times)) * 10 ** (-3 * times / 0.8)
    wet = fftconvolve(sound.samples, (tail / np.linalg.norm(tail))[:, None], axes=0)[: len(sound.samples)]
    return replace(sound, samples=(sound.samples + 0.25 * wet).astype(np.float32))


def noise(sound: Audio) -> Audio:
    """Hiss 35 dB below the recording."""
    level = 10 ** (-35 / 20) * float(np.sqrt(np.mean(sound.samples**2)))
    hiss = np.random.default_rng(0).normal(0, level, sound.samples.shape)
    return replace(sound, samples=(sound.samples + hiss).astype(np.float32))


def drift(sound: Audio) -> Audio:
    """A clock that is 100 millionths too slow: a millisecond in ten seconds."""
    places = np.arange(len(sound.samples)) * (1 + 100e-6)
    known = np.arange(len(sound.samples))
    return replace(
        sound, samples=np.stack([np.interp(places, known, each) for each in sound.samples.T], axis=1).astype(np.float32)
    )


def bleed(sound: Audio) -> Audio:
    """Another instrument in the same microphone, 25 dB below."""
    other = np.resize(recording("loop_safari").samples, sound.samples.shape)
    level = np.sqrt(np.mean(sound.samples**2) / np.mean(other**2)) * 10 ** (-25 / 20)
    return replace(sound, samples=(sound.samples + level * other).astype(np.float32))


def mp3(sound: Audio, folder: Path) -> Audio:
    """Out to an mp3 and back."""
    path = folder / "guide.mp3"
    path.write_bytes(audio.mp3(sound))
    return read(path)


def clipped(sound: Audio) -> Audio:
    """Recorded 9 dB too hot."""
    return replace(sound, samples=np.clip(sound.samples / peak(sound) * 10 ** (9 / 20), -1, 1).astype(np.float32))


DAMAGES: dict[str, Callable[[Audio], Audio]] = {
    "reverb": reverb,
    "noise": noise,
    "drift": drift,
    "bleed": bleed,
    "clipped": clipped,
}
"""What happens to recordings, by name."""
