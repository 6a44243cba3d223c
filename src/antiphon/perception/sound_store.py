"""Long recordings on disk as they are played: decoded once, then mapped, so that a memory of hours needs no memory.

A file holds one or several recordings end to end, at one rate and in as many channels: float32 samples after a header
of safetensors. It appears whole or not at all, under a key of what was decoded.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
import safetensors

from antiphon import arrays
from antiphon.audio import (
    FileSound,
    HeldSound,
    Shape,
    channels_of,
    read,
    resampled_blocks,
    sample_blocks,
    shape_of,
    with_known_digest,
)
from antiphon.errors import AntiphonError, AntiphonWarning, BadData, MissingExtra
from antiphon.files import whole_file
from antiphon.types import Audio, Floats

STORE_VERSION = 1
"""Part of every key; raised when the same files would give other samples."""

KIND = "samples of long recordings"
"""What `antiphon cache` calls these files."""

HEADER_BYTES, HEADER_BYTES_A_PART = 4096, 128
"""Room for the header, which is known only after the samples."""


def recordings_of(paths: Sequence[Path], directory: Path | None) -> tuple[Audio, ...]:
    """The files as audio; where they are long all together, mapped from a file in `directory`, made if need be.

    Those that are mapped are all at the rate and in the channels of the first. Without a directory, or one that cannot
    be written (an AntiphonWarning), they are read as `audio.read` does. Raises as that does.
    """
    shapes = [shape_of(path) for path in paths]
    rate, channels = shapes[0].sample_rate, shapes[0].channels
    frames = sum(-(-shape.frames * rate // shape.sample_rate) for shape in shapes)
    if directory is None or not arrays.is_large(frames, channels):
        return tuple(read(path) for path in paths)
    before = [_state(path) for path in paths]
    place = directory / f"{_key(paths, shapes[0])}-samples.safetensors"
    found = _opened(place, paths, shapes[0])
    if found is None:
        try:
            _write(place, paths, shapes)
        except (BadData, MissingExtra):
            raise
        except AntiphonError as error:
            warnings.warn(f"samples are not kept: {error}", AntiphonWarning, stacklevel=2)
            return tuple(read(path) for path in paths)
        found = _opened(place, paths, shapes[0])
    for path, state in zip(paths, before, strict=True):
        if _state(path) != state:
            raise BadData(f"{path}: changed while it was read")
    return found or tuple(read(path) for path in paths)


def _state(path: Path) -> tuple[int, ...]:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _key(paths: Sequence[Path], first: Shape) -> str:
    about = [STORE_VERSION, first.sample_rate, first.channels, *(FileSound(path).digest() for path in paths)]
    return hashlib.blake2b(repr(about).encode(), digest_size=20).hexdigest()


def _write(place: Path, paths: Sequence[Path], shapes: Sequence[Shape]) -> None:
    """Decode the files one after another into `place`. Raises as `read` does, AntiphonError where there is no room."""
    first = shapes[0]
    reserved = HEADER_BYTES + HEADER_BYTES_A_PART * len(paths)
    with whole_file(place) as temporary, temporary.open("r+b") as file:
        file.write(bytes(reserved))
        frames = [
            _append(file, _alike(path, shape, first), first.channels) for path, shape in zip(paths, shapes, strict=True)
        ]
        file.flush()
        digests = _digests(temporary, reserved, frames, first)
        file.seek(0)
        file.write(_header(reserved, frames, digests, first))


def _digests(place: Path, offset: int, frames: Sequence[int], first: Shape) -> list[str]:
    """The digest of each recording in a file, by which perception knows it."""
    samples = arrays.mapped(place, offset, sum(frames), first.channels)
    parts = np.split(samples, np.cumsum(frames)[:-1])
    return [HeldSound(Audio(part, first.sample_rate)).digest() for part in parts]


def _append(file: BinaryIO, blocks: Iterator[Floats], channels: int) -> int:
    """Write blocks (frames, channels); return how many frames they had."""
    count = 0
    for block in blocks:
        file.write(np.ascontiguousarray(channels_of(block, channels), dtype="<f4").data)
        count += len(block)
    return count


def _alike(path: Path, shape: Shape, first: Shape) -> Iterator[Floats]:
    """Blocks (frames, channels) of a file at the rate of the first one."""
    return resampled_blocks(sample_blocks(path), shape.sample_rate, first.sample_rate, shape.channels)


def _header(reserved: int, frames: Sequence[int], digests: Sequence[str], first: Shape) -> bytes:
    about = {
        "kind": KIND,
        "frames": json.dumps(list(frames), separators=(",", ":")),
        "digests": json.dumps(list(digests), separators=(",", ":")),
        "sample_rate": str(first.sample_rate),
    }
    shape = [sum(frames), first.channels]
    tensor = {"dtype": "F32", "shape": shape, "data_offsets": [0, 4 * shape[0] * shape[1]]}
    text = json.dumps({"__metadata__": about, "samples": tensor}, separators=(",", ":")).encode()
    room = reserved - 8
    return room.to_bytes(8, "little") + text.ljust(room)


def _opened(place: Path, paths: Sequence[Path], first: Shape) -> tuple[Audio, ...] | None:
    """The recordings of a file, mapped; None where there is none that can be used."""
    try:
        with safetensors.safe_open(place, framework="numpy") as file:
            about = file.metadata()
            count, channels = file.get_slice("samples").get_shape()
        frames, digests = json.loads(about["frames"]), json.loads(about["digests"])
        if channels != first.channels or sum(frames) != count or not len(frames) == len(digests) == len(paths):
            return None
        samples = arrays.mapped(place, place.stat().st_size - 4 * count * channels, count, channels)
    except (OSError, KeyError, TypeError, ValueError, safetensors.SafetensorError):
        return None
    with suppress(OSError):
        os.utime(place)
    edges = np.concatenate([[0], np.cumsum(frames)]).tolist()
    return tuple(
        with_known_digest(Audio(samples[start:end], first.sample_rate, str(path)), digest)
        for path, digest, start, end in zip(paths, digests, edges, edges[1:], strict=False)
    )
