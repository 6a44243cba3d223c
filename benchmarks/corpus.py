"""Scanning and reading a corpus, side by side with the plain way in the same run: `python benchmarks/corpus.py`.

The plain way is librosa's: `pip install librosa`.
"""

import os
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import soundfile

from antiphon.audio import mono, read, resampled, write
from antiphon.config import CorpusSettings
from antiphon.corpus.layouts import scan
from antiphon.corpus.track_audio import read_track
from antiphon.types import Audio, Source, Track

TRACKS = 5
SIZES = (250, 500, 1000)
SECONDS = 180
WINDOW = 15.0
RATE = 44100
TARGET_RATE = 16000
REPETITIONS = 3


def seconds(work: Callable[[], object]) -> float:
    """The fastest of a few runs."""
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def tree(folder: Path, multitracks: int, source: Path) -> None:
    """Multitracks of TRACKS tracks each, all of them links to one file: only their number counts here."""
    for number in range(multitracks):
        place = folder / f"piece {number:04d}"
        place.mkdir(parents=True)
        for track in range(TRACKS):
            os.link(source, place / f"track {track}.wav")


def scans(work: Path, short: Path) -> None:
    print(f"{'scan':34}{'files':>8}{'seconds':>10}{'us a file':>11}")
    for size in SIZES:
        folder = work / f"corpus {size}"
        tree(folder, size, short)
        spent = seconds(lambda folder=folder: scan(folder, CorpusSettings()))
        files = size * TRACKS
        print(f"{f'{size} multitracks x {TRACKS}, headers only':34}{files:8}{spent:10.3f}{1e6 * spent / files:11.0f}")
    headers = seconds(lambda: [soundfile.info(path) for path in folder.rglob("*.wav")])
    print(f"{'  soundfile.info of the same':34}{files:8}{headers:10.3f}{1e6 * headers / files:11.0f}")


def windows(work: Path, sound: Audio) -> None:
    print(f"\n{f'15 s out of {SECONDS} s':34}{'all, ms':>10}{'seek, ms':>10}{'ratio':>8}")
    for suffix in ("wav", "flac", "ogg", "mp3"):
        path = work / f"long.{suffix}"
        write(path, sound)
        track = Track("x", (Source(path),), SECONDS)
        everything = seconds(lambda path=path: read(path))
        seeking = seconds(lambda track=track: read_track(track, 100.0, WINDOW))
        print(f"{suffix:34}{1e3 * everything:10.1f}{1e3 * seeking:10.1f}{everything / seeking:7.1f}x")


def loading(work: Path) -> None:
    label = f"stereo {RATE} to mono {TARGET_RATE} Hz"
    print(f"\n{label:34}{'librosa, s':>12}{'ours, s':>10}{'ratio':>8}")
    for suffix in ("wav", "flac"):
        path = str(work / f"long.{suffix}")
        theirs = seconds(lambda path=path: librosa.load(path, sr=TARGET_RATE))
        ours = seconds(lambda path=path: resampled(mono(read(path)), TARGET_RATE))
        print(f"{suffix:34}{theirs:12.3f}{ours:10.3f}{theirs / ours:7.1f}x")


def main() -> None:
    warnings.simplefilter("ignore")
    generator = np.random.default_rng(0)
    noise = generator.normal(0, 0.05, (SECONDS * RATE, 2)).cumsum(axis=1).astype(np.float32)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        write(work / "short.wav", Audio(noise[:RATE], RATE))
        scans(work, work / "short.wav")
        windows(work, Audio(np.clip(noise, -0.9, 0.9), RATE))
        loading(work)


if __name__ == "__main__":
    main()
