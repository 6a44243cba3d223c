"""What was heard, on disk by content: a new segmentation, condenser or alphabet neither decodes nor encodes again."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

from antiphon.errors import AntiphonError, AntiphonWarning
from antiphon.files import cache_directory, whole_file
from antiphon.interfaces import Encoder, Sound
from antiphon.perception.block_encoding import Piece, encode_in_blocks, envelope_in_blocks
from antiphon.perception.envelope import Envelope, joined_envelope
from antiphon.types import Features, Floats

CACHE_VERSION = 2
"""Part of every key; raised when the same audio and encoder would give other frames (downmix, resampling, power)."""


def default_directory() -> Path:
    """Where frames are kept unless told otherwise: see `files.cache_directory`."""
    return cache_directory()


class FrameCache:
    """What was heard in sounds, a file for each five minutes in `directory`; None keeps nothing.

    A file appears whole or not at all, so any number of processes may share a directory. One that is damaged is made
    again; a directory that cannot be written costs time and one AntiphonWarning, not the result. Its time of change is
    that of its last use.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._warned = False

    @property
    def directory(self) -> Path | None:
        """Where things are kept; None where nothing is."""
        return self._directory

    def pieces(self, sound: Sound, encoder: Encoder) -> Iterator[Piece]:
        """All that is heard in a sound, piece by piece: from disk where it is there, else by the encoder.

        Raises BadData as `antiphon.perception.block_encoding.listen` does.
        """
        if self._directory is None:
            yield from encode_in_blocks(sound, encoder)
            return
        key = key_of(sound, encoder)
        number = 0
        while piece := _read(_path(self._directory, key, number)):
            yield piece
            number += 1
            if piece.last:
                return
        for index, piece in enumerate(encode_in_blocks(sound, encoder)):
            if index >= number:
                self._write(_path(self._directory, key, index), piece, encoder)
                yield piece

    def onsets(self, sound: Sound, encoder: Encoder) -> Floats:
        """The onset strength (cells,) of a sound every 10 ms: from disk where it is, else without the encoder."""
        if self._directory is not None:
            key, parts, number = key_of(sound, encoder), [], 0
            while found := _read_envelope(_path(self._directory, key, number)):
                envelope, last = found
                parts.append(envelope)
                number += 1
                if last:
                    return joined_envelope(parts).onsets
        return envelope_in_blocks(sound, encoder.sample_rate).onsets

    def _write(self, path: Path, piece: Piece, encoder: Encoder) -> None:
        features, envelope = piece.features, piece.envelope
        tensors = {"values": features.values, "times": features.times, "power": features.power}
        tensors |= {"cell_power": envelope.power, "cell_onsets": envelope.onsets}
        about = {"encoder": encoder.identity, "last": str(piece.last)}
        try:
            with whole_file(path) as temporary:
                contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
                safetensors.numpy.save_file(contiguous, temporary, about)
        except (AntiphonError, OSError, safetensors.SafetensorError) as error:
            if not self._warned:
                self._warned = True
                warnings.warn(f"frames are not kept: {error}", AntiphonWarning, stacklevel=3)


def key_of(sound: Sound, encoder: Encoder) -> str:
    """The name under which a sound is kept: of its content and of what listens, so that a hit decodes nothing."""
    about = f"{CACHE_VERSION} {sound.digest()} {encoder.identity}"
    return hashlib.blake2b(about.encode(), digest_size=20).hexdigest()


def _path(directory: Path, key: str, number: int) -> Path:
    return directory / f"{key}-{number:04d}.safetensors"


def _read(path: Path) -> Piece | None:
    """The piece in a file; None where there is none that can be used."""
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            values, times, power = (file.get_tensor(name) for name in ("values", "times", "power"))
            envelope = Envelope(file.get_tensor("cell_power"), file.get_tensor("cell_onsets"))
            piece = Piece(Features(values, times, power), envelope, file.metadata()["last"] == "True")
    except (OSError, KeyError, TypeError, ValueError, safetensors.SafetensorError):
        return None
    with suppress(OSError):
        os.utime(path)
    return piece


def _read_envelope(path: Path) -> tuple[Envelope, bool] | None:
    """The envelope of the piece in a file, and whether it is the last; None where there is none that can be used."""
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            envelope = Envelope(file.get_tensor("cell_power"), file.get_tensor("cell_onsets"))
            return envelope, file.metadata()["last"] == "True"
    except (OSError, KeyError, TypeError, ValueError, safetensors.SafetensorError):
        return None
