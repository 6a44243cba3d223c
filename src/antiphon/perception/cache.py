"""Frames on disk by content: a new segmentation or alphabet never runs the encoder again."""

from __future__ import annotations

import hashlib
import os
import warnings
from pathlib import Path

import numpy as np
import platformdirs
import safetensors
import safetensors.numpy

from antiphon.audio import mono, resampled
from antiphon.errors import AntiphonError, AntiphonWarning, BadData
from antiphon.files import whole_file
from antiphon.interfaces import Encoder
from antiphon.types import Audio, Features

CACHE_VERSION = 1
"""Part of every key; raised when the same audio and encoder would give other frames (downmix, resampling, power)."""

DIRECTORY_VARIABLE = "ANTIPHON_CACHE"


def default_directory() -> Path:
    """Where frames are kept unless told otherwise: $ANTIPHON_CACHE, else `frames` in the user's cache directory."""
    named = os.environ.get(DIRECTORY_VARIABLE)
    return Path(named) if named else platformdirs.user_cache_path("antiphon") / "frames"


class FrameCache:
    """Frames of audio, one file each in `directory`; None keeps nothing.

    A file appears whole or not at all, so any number of processes may share a directory. One that is damaged is made
    again; a directory that cannot be written costs time and one AntiphonWarning, not the result.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._warned = False

    def frames(self, audio: Audio, encoder: Encoder) -> Features:
        """Frames of audio at any rate, in any channels: from disk where they are, else by the encoder.

        Raises BadData where the audio is too short for a frame, or the encoder's frames are not finite.
        """
        if self._directory is None:
            return _encoded(audio, encoder)
        path = self._directory / f"{_key(audio, encoder)}.safetensors"
        features = _read(path)
        if features is None:
            features = _encoded(audio, encoder)
            self._write(path, features)
        return features

    def _write(self, path: Path, features: Features) -> None:
        tensors = {name: np.ascontiguousarray(getattr(features, name)) for name in ("values", "times", "power")}
        try:
            with whole_file(path) as temporary:
                safetensors.numpy.save_file(tensors, temporary)
        except (AntiphonError, OSError, safetensors.SafetensorError) as error:
            if not self._warned:
                self._warned = True
                warnings.warn(f"frames are not kept: {error}", AntiphonWarning, stacklevel=3)


def _key(audio: Audio, encoder: Encoder) -> str:
    """Of the audio as decoded, so that a hit neither resamples nor loads the encoder."""
    about = f"{CACHE_VERSION} {audio.samples.shape} {audio.sample_rate} {encoder.identity}"
    digest = hashlib.blake2b(about.encode(), digest_size=20)
    digest.update(np.ascontiguousarray(audio.samples).data)
    return digest.hexdigest()


def _encoded(audio: Audio, encoder: Encoder) -> Features:
    prepared = resampled(mono(audio), encoder.sample_rate)
    name = audio.source or "audio"
    if not len(prepared.samples):
        raise BadData(f"{name}: {audio.duration:g} s is too short to hear anything in")
    features = encoder.encode(prepared)
    if not len(features.times):
        raise BadData(f"{name}: {audio.duration:g} s is too short for one frame of the encoder")
    if not np.isfinite(features.values).all():
        raise BadData(f"{name}: the encoder gave values that are not finite")
    return features


def _read(path: Path) -> Features | None:
    """The frames in a file; None where there is none that can be used."""
    try:
        tensors = safetensors.numpy.load_file(path)
        return Features(tensors["values"], tensors["times"], tensors["power"])
    except (OSError, KeyError, ValueError, safetensors.SafetensorError):
        return None
