"""Sounds of the project as a page takes them: files that browsers play, excerpts, loudness, a folder as a zip."""

from __future__ import annotations

import io
import os
import tempfile
import wave
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from antiphon import audio
from antiphon.action.rendering.loudness import loudness, true_peak
from antiphon.checkpoint import load_json, save_json
from antiphon.files import identity
from antiphon.studio.derived import kept
from antiphon.studio.project import Project
from antiphon.types import Audio

PLAYED = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a"})
"""Suffixes that every browser plays; other sounds are sent as wav."""


def playable(project: Project, path: Path) -> Path:
    """The file itself, or where a browser may not play it the same as wav, made once and kept."""
    if path.suffix.lower() in PLAYED:
        return path
    return kept(project, ("played", identity(path)), ".wav", lambda place: audio.write(place, audio.read(path)))


def wave_bytes(sound: Audio) -> bytes:
    """A short sound as the bytes of a 16-bit wav."""
    samples = np.round(np.clip(sound.samples, -1, 1) * 32767).astype("<i2").tobytes()
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(sound.channels)
        file.setsampwidth(2)
        file.setframerate(sound.sample_rate)
        file.writeframes(samples)
    return buffer.getvalue()


def loudness_of(project: Project, path: Path) -> dict[str, Any]:
    """Integrated loudness in LUFS (None: nothing passes the gate) and true peak of a sound, measured once."""

    def make(place: Path) -> None:
        sound = audio.read(path)
        save_json(place, {"lufs": loudness([sound]), "peak": true_peak([sound])})

    found: dict[str, Any] = load_json(kept(project, ("loudness", identity(path)), ".json", make))
    return found


def zipped(project: Project, directory: Path) -> Path:
    """The folder of a response as a zip, which whoever sends it removes."""
    (project.own / "zips").mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix=".zip", dir=project.own / "zips")
    with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(directory.rglob("*")):
            inside = path.relative_to(directory)
            if path.is_file() and not path.is_symlink() and not any(part.startswith(".") for part in inside.parts):
                archive.write(path, f"{directory.name}/{inside.as_posix()}")
    return Path(name)
