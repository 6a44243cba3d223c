"""What the corpus tests stand on: small audio files, and multitracks without any."""

from pathlib import Path

import numpy as np

from antiphon import audio
from antiphon.types import Audio, Multitrack, Source, Track


def noise(path: Path, seconds: float = 0.1) -> Path:
    samples = np.random.default_rng(0).uniform(-0.1, 0.1, (round(seconds * 8000), 1)).astype(np.float32)
    audio.write(path, Audio(samples, 8000))
    return path


def take(name: str, piece: str = "", durations: tuple[float, ...] = (60.0, 60.0)) -> Multitrack:
    tracks = tuple(
        Track(f"track {i}", (Source(Path(f"{name}-{i}.wav")),), seconds) for i, seconds in enumerate(durations)
    )
    return Multitrack(name, piece or name, tracks)
