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


def stems_container(path: Path, levels: tuple[float, ...], seconds: float = 1.0, rate: int = 44100) -> Path:
    """A file of several AAC streams, as Native Instruments' stems are: a tone of its own for each of `levels`."""
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="mp4") as container:
        streams = [container.add_stream("aac", rate=rate, layout="stereo", bit_rate=256000) for _ in levels]
        for number, (stream, level) in enumerate(zip(streams, levels, strict=True)):
            block = np.repeat(stem_tone(number, level, seconds, rate)[None], 2, axis=0)
            for start in range(0, block.shape[1], 1024):
                frame = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(block[:, start : start + 1024]), format="fltp", layout="stereo"
                )
                frame.sample_rate, frame.pts = rate, start
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


def stem_tone(number: int, level: float, seconds: float, rate: int) -> np.ndarray:
    """The tone (frames,) of stream `number`, with a swell from nothing so that no codec has an edge to smear."""
    times = np.arange(round(seconds * rate)) / rate
    swell = np.sin(np.pi * times / seconds) ** 2
    return (level * swell * np.sin(2 * np.pi * 220 * (number + 1) * times)).astype(np.float32)
