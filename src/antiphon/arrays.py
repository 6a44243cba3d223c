"""Samples as long as a recording: in memory where they are few, else in a file that is mapped and read as an array.

What is read of a mapped file counts as memory of the process until it is given back. So whoever walks over an array
takes `blocks`, or counts by a `Walk` what it reads here and there.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.errors import AntiphonError
from antiphon.files import cache_directory
from antiphon.types import Floats

LARGEST_IN_RAM = 1 << 27
"""Bytes up to which samples are kept in memory: six minutes of stereo at 44.1 kHz."""

BLOCK_FRAMES = 1 << 16
"""Frames that are worked on at once."""

GIVEN_BACK = 1 << 25
"""Bytes after which what was read of a mapped file is given back."""

TOUCHED = 1 << 17
"""Bytes that a short excerpt counts for: the system maps its neighbourhood too."""


def is_large(frames: int, channels: int) -> bool:
    """Whether so many samples are kept on disk."""
    return 4 * frames * channels > LARGEST_IN_RAM


def zeros(frames: int, channels: int) -> Floats:
    """Silence (frames, channels) to be written to; of a large array the file goes when the array does.

    Raises AntiphonError where the disk has no room for it.
    """
    shape = max(frames, 0), channels
    if not is_large(*shape):
        return np.zeros(shape, dtype=np.float32)
    directory = cache_directory()
    try:
        with suppress(OSError):
            directory.mkdir(parents=True, exist_ok=True)
        place = directory if os.access(directory, os.W_OK) else Path(tempfile.gettempdir())
        with tempfile.TemporaryFile(dir=place) as file:
            _reserve(file.fileno(), 4 * frames * channels)
            return np.asarray(np.memmap(file, dtype=np.float32, mode="r+", shape=shape))
    except OSError as error:
        size = 4 * frames * channels / 1e9
        raise AntiphonError(f"{directory}: no room for {size:.1f} GB of sound ({error.strerror or error})") from error


def mapped(path: Path, offset: int, frames: int, channels: int) -> Floats:
    """Samples (frames, channels) that lie in a file from a byte on, to be read only."""
    return np.asarray(np.memmap(path, dtype=np.float32, mode="r", offset=offset, shape=(frames, channels)))


def blocks(samples: Floats, frames: int = BLOCK_FRAMES) -> Iterator[Floats]:
    """The samples (n, channels) in blocks of so many frames, the last one shorter."""
    walk = Walk(samples)
    for start in range(0, len(samples), frames):
        block = samples[start : start + frames]
        yield block
        walk.read(block)
    walk.end()


def copied(samples: Floats) -> Floats:
    """The same samples (n, channels) in an array of their own."""
    found = zeros(*samples.shape)
    write_to(found, blocks(samples))
    return found


def write_to(samples: Floats, parts: Iterable[Floats]) -> int:
    """Write blocks (frames, channels) end to end into samples (n, channels); return how many frames there were."""
    walk, place = Walk(samples), 0
    for block in parts:
        samples[place : place + len(block)] = block
        place += len(block)
        walk.read(block)
    walk.end()
    return place


def are_equal(some: Floats, others: Floats) -> bool:
    """Whether two arrays (n, channels) hold the same."""
    pairs = zip(blocks(some), blocks(others), strict=False)
    return some.shape == others.shape and all(np.array_equal(one, other) for one, other in pairs)


def end_to_end(parts: list[Floats]) -> Floats:
    """The parts (n, channels) as one array; without a copy where they lie so already."""
    if len(parts) == 1:
        return parts[0]
    if (whole := _side_by_side(parts)) is not None:
        return whole
    found = zeros(sum(map(len, parts)), parts[0].shape[1])
    write_to(found, (block for part in parts for block in blocks(part)))
    return found


class Walk:
    """Counts what is read or written of arrays here and there, and gives memory back to the system in time."""

    def __init__(self, *arrays: NDArray[Any]) -> None:
        self._maps = [found for array in arrays if (found := _map_of(array)) is not None]
        self._bytes = 0

    def read(self, excerpt: NDArray[Any]) -> None:
        """`excerpt` was read or written, or something as large."""
        self._bytes += max(excerpt.nbytes, TOUCHED)
        if self._bytes >= GIVEN_BACK:
            self.end()

    def end(self) -> None:
        """Nothing is read any more for now. What the arrays hold stays in their files."""
        self._bytes = 0
        for found in self._maps:
            if hasattr(found, "madvise"):
                found.madvise(mmap.MADV_DONTNEED)


def _map_of(array: Any) -> mmap.mmap | None:
    while array is not None and not isinstance(array, mmap.mmap):
        array = array.obj if isinstance(array, memoryview) else getattr(array, "base", None)
    return array


def _side_by_side(parts: list[Floats]) -> Floats | None:
    """The array of which all parts are consecutive rows; None where they are not."""
    base = _map_of(parts[0])
    if base is None or any(_map_of(part) is not base or not part.flags.c_contiguous for part in parts):
        return None
    places = [part.__array_interface__["data"][0] for part in parts]
    if any(place + part.nbytes != after for place, part, after in zip(places, parts, places[1:], strict=False)):
        return None
    offset = places[0] - np.frombuffer(base, dtype=np.uint8).__array_interface__["data"][0]
    count = sum(part.size for part in parts)
    flat: Floats = np.frombuffer(base, dtype=np.float32, count=count, offset=offset)
    return flat.reshape(-1, parts[0].shape[1])


def _reserve(descriptor: int, size: int) -> None:
    """Take room on the disk at once: a mapped file that finds none later ends the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    empty = bytes(1 << 20)
    for start in range(0, size, len(empty)):
        os.write(descriptor, empty[: size - start])
