"""The bytes that a seed stands for: SHA-256 of every file that `train`, `respond` and `demo` write.

    python tests/golden/fingerprints.py OUT.json [--demo]      # of the Antiphon that this Python imports
    python tests/golden/fingerprints.py AFTER.json --against BEFORE.json

A change that keeps behaviour keeps these bytes, on one machine with one set of versions. Pages are left out: they are
for the eye. Run it before and after a change; the second form exits with 1 and names what differs.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

RATE = 22_050
SOUNDS_AND_DATA = {".wav", ".flac", ".json", ".jsonl", ".safetensors", ".mid", ".txt", ".rpp", ".svl", ".coll"}


def melody(path: Path, seed: int, seconds: int, semitones: int = 0) -> None:
    """A line of half-second tones drawn by `seed`, moved by `semitones`."""
    pitches = np.random.default_rng(seed).integers(57, 70, size=2 * seconds) + semitones
    time = np.arange(RATE // 2) / RATE
    tones = [0.3 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time) * np.exp(-2 * time) for pitch in pitches]
    soundfile.write(path, np.concatenate(tones), RATE)


def run(*words: object, folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "antiphon", *map(str, words)], cwd=folder, check=True, capture_output=True)


def made(folder: Path, demo: bool) -> None:
    """Everything that is compared, written into `folder`."""
    melody(folder / "guide.wav", 1, 60)
    melody(folder / "partner.wav", 1, 60, semitones=-4)
    melody(folder / "memory.wav", 2, 40)
    small = ("--training.max-epochs", 2, "--perception.alphabet-size", 16)
    run("train", "--pair", "guide.wav", "partner.wav", "-o", "agent", *small, folder=folder)
    common = ("guide.wav", "--memory", "memory.wav", "--seed", 3)
    run("respond", *common, "--agent", "agent", "--takes", 2, "--export", "all", "-o", "by-pair", folder=folder)
    run("respond", *common, "-o", "by-base", folder=folder)
    run("respond", "--from", "by-pair/session.rpp", "-o", "again", folder=folder)
    if demo:
        run("demo", "demo", folder=folder)


def fingerprints(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of sound or data below `folder`, by its path there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in SOUNDS_AND_DATA)
    here = str(folder).encode()
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes().replace(here, b"")).hexdigest()
        for path in files
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--against", type=Path)
    given = parser.parse_args()
    if not given.against:
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
            os.environ["ANTIPHON_CACHE"] = cache
            made(Path(folder), given.demo)
            found = fingerprints(Path(folder))
        given.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        return 0
    now, before = (json.loads(path.read_text(encoding="utf-8")) for path in (given.output, given.against))
    different = sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))
    sys.stdout.write("".join(f"{name}\n" for name in different) or f"{len(now)} files, the same bytes\n")
    return 1 if different else 0


if __name__ == "__main__":
    raise SystemExit(main())
