"""Helpers of the command-line tests: sounds to make, folders to compare, what a refusal looks like."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

RATE = 22050

FAST = (
    *("--training.max-epochs", "1", "--training.no-deaf", "--perception.alphabet-size", "8"),
    *("--decision.layers", "1", "--decision.guide-layers", "0"),
    *("--decision.dimension", "32", "--decision.feed-forward", "32"),
    *("--action.grid", "seconds"),
)


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


Call = Callable[..., Result]


def tones(seconds: float, rate: int = RATE, channels: int = 1, seed: int = 0) -> np.ndarray:
    """A note every half second (frames, channels)."""
    time = np.arange(round(seconds * rate)) / rate
    steps = np.random.default_rng(seed).choice([0, 3, 5, 7, 10, 12], int(2 * seconds) + 1)
    wave = 0.2 * np.sin(2 * np.pi * 220 * 2 ** (steps[(2 * time).astype(int)] / 12) * time)
    return np.repeat(wave[:, None], channels, axis=1)


def sound(path: Path, samples: np.ndarray, rate: int = RATE, subtype: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


def digests(folder: Path) -> dict[str, str]:
    """Every path below a folder, hidden ones too, and what is in it."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "/"
        for path in sorted(folder.rglob("*"))
    }


def refused(result: Result, code: int, *said: str) -> None:
    """Nothing on stdout; on stderr one line, from us, that holds all of `said`; and the exit code."""
    assert result.code == code, result
    assert result.out == ""
    assert result.err.startswith("antiphon: ")
    assert result.err.count("\n") == 1, result.err
    for text in said:
        assert text in result.err
