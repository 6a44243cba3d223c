"""Corpora with one fault each: clean melodies, and what can happen to a recording."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
import soxr

from antiphon.audio import duration_of
from antiphon.config import Settings
from antiphon.corpus.checking import Finding, Report, check
from antiphon.corpus.manifest import Corpus
from antiphon.types import Multitrack, Source, Track

RATE = 22050
SECONDS = 30

SMALL = Settings.model_validate({"perception": {"alphabet_size": 4}})
"""K that half a minute can afford."""


@cache
def melody(seed: int, seconds: float = SECONDS) -> np.ndarray:
    """Notes of half a second on a scale, decaying, with a breath between them and harmonics up to 4 kHz."""
    draw = np.random.default_rng(seed)
    time = np.arange(round(0.5 * RATE)) / RATE
    notes = []
    for step in draw.integers(0, 24, round(2 * seconds)):
        frequency = 110 * 2 ** (step / 12) * (1 + 0.003 * draw.standard_normal())
        harmonics = np.arange(1, int(4000 / frequency))
        phases = draw.uniform(0, 2 * np.pi, len(harmonics))
        wave = (np.sin(2 * np.pi * frequency * harmonics * time[:, None] + phases) / harmonics).sum(axis=1)
        notes.append(wave * np.exp(-4 * time) * np.minimum(1, time / 0.005) * (time < 0.47))
    samples = np.concatenate(notes)
    return 0.4 * samples / np.abs(samples).max()


def later(samples: np.ndarray, seconds: float) -> np.ndarray:
    """The same sound, shifted, as long as before."""
    return np.concatenate([np.zeros(round(seconds * RATE)), samples])[: len(samples)]


def slower(samples: np.ndarray, ppm: int) -> np.ndarray:
    return soxr.resample(samples, 1_000_000, 1_000_000 + ppm)


def multitrack(folder: Path, tracks: Mapping[str, np.ndarray], piece: str = "", suffix: str = "wav") -> Multitrack:
    """Tracks as files of a folder; the folder's name is that of the multitrack."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for name, samples in tracks.items():
        path = folder / f"{name}.{suffix}"
        soundfile.write(path, samples, RATE)
        found.append(Track(name, (Source(path),), duration_of(path)))
    return Multitrack(folder.name, piece or folder.name, tuple(found))


def clean(folder: Path, pieces: int = 4) -> list[Multitrack]:
    """Pieces of two tracks in which nothing is wrong."""
    return [
        multitrack(folder / f"clean {piece}", {"a": melody(10 * piece + 100), "b": melody(10 * piece + 101)})
        for piece in range(pieces)
    ]


def report_of(multitracks: Sequence[Multitrack], settings: Settings = SMALL, **given: str) -> Report:
    return check(Corpus(tuple(multitracks), given), settings)


def serious(report: Report) -> list[Finding]:
    """What is more than a note."""
    return [finding for finding in report.findings if finding.severity != "note"]


def only(report: Report) -> Finding:
    """The one finding that is more than a note."""
    (finding,) = serious(report)
    return finding
