"""Peak memory on long material, as docs/budgets.md promises it: each command in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import antiphon

pytestmark = [pytest.mark.long, pytest.mark.timeout(7200)]

RATE = 44100
BOUND_MB, LIVE_MB = 1500, 700

BASE = Path(antiphon.__file__).parent / "base_agent"

MEASURED = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(code, used // (1 << 20 if sys.platform == "darwin" else 1 << 10))
"""


def music(path: Path, seconds: int, seed: int) -> Path:
    """Four decaying notes in every second of a stereo file, and now and then a rest."""
    draws, time = np.random.default_rng(seed), np.arange(RATE) / RATE
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        for _ in range(seconds):
            hertz = 110 * 2 ** (draws.integers(0, 36, 4) / 12)
            since = time - draws.integers(0, 4, 4)[:, None] / 4
            notes = 0.1 * np.sin(2 * np.pi * hertz[:, None] * time) * np.where(since >= 0, np.exp(-3 * since), 0)
            wave = notes.sum(axis=0) * (draws.random() < 0.95)
            file.write(np.stack([wave, 0.7 * wave], axis=1))
    return path


def peak_mb(*command) -> int:
    """The most memory that a command of Antiphon had at once, in MB, that of files it had mapped included."""
    line = [sys.executable, "-c", MEASURED, sys.executable, "-m", "antiphon", *map(str, command)]
    code, used = subprocess.run(line, capture_output=True, text=True, check=True).stdout.split()
    assert code == "0"
    return int(used)


@pytest.fixture(scope="module")
def hour(tmp_path_factory):
    return music(tmp_path_factory.mktemp("hour") / "hour.wav", 3600, seed=1)


@pytest.mark.skipif(sys.platform == "win32", reason="resource is not there")
def test_an_hour_and_a_memory_of_two_stay_within_the_budget(hour, tmp_path, monkeypatch):
    monkeypatch.setenv("ANTIPHON_CACHE", str(tmp_path / "cache"))
    memory = music(tmp_path / "memory.wav", 7200, seed=2)
    assert peak_mb("respond", hour, "--memory", memory, "-o", tmp_path / "response") < BOUND_MB
    length = soundfile.info(tmp_path / "response" / "response.wav").frames
    assert abs(length - 3600 * RATE) <= 1
    assert peak_mb("tokenize", hour, "--agent", BASE) < BOUND_MB
    (tmp_path / "corpus" / "piece").mkdir(parents=True)
    os.link(hour, tmp_path / "corpus" / "piece" / "a.wav")
    music(tmp_path / "corpus" / "piece" / "b.wav", 3600, seed=3)
    assert peak_mb("corpus", "check", tmp_path / "corpus") < BOUND_MB


@pytest.mark.skipif(sys.platform == "win32", reason="resource is not there")
def test_ten_minutes_with_a_guide_cost_little_more_than_one(tmp_path, monkeypatch):
    """What is as long as the sound lies on the disk; it took 1.1 GB in memory."""
    monkeypatch.setenv("ANTIPHON_CACHE", str(tmp_path / "cache"))
    guide, memory = music(tmp_path / "guide.wav", 600, seed=4), music(tmp_path / "memory.wav", 600, seed=5)
    assert peak_mb("live", "--guide", guide, "-m", memory, "-o", tmp_path / "run") < LIVE_MB
