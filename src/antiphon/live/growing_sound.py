"""A WAV file of 32-bit floats that is whole after every write: what was written stays readable, whatever ends the
program."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

import numpy as np

from antiphon.types import Floats

FLOAT_BYTES: Final = 4
"""Of a sample."""

FLOAT_FORMAT: Final = 3
"""The number of IEEE floats in a WAV header."""

HEADER: Final = struct.Struct("<4sI4s4sIQQQI4sIHHIIHHH4sI")
"""RIFF, room for the sizes of a large file, the format with an empty extension, and the beginning of the samples."""

SIZES_BYTES, FORMAT_BYTES, CHUNK_BYTES = 28, 18, 8

ELSEWHERE: Final = 2**32 - 1
"""The size in a header that stands in the chunk of sizes."""

MOST_BYTES = ELSEWHERE - 1
"""What a size in a WAV header can say; a larger file is RF64 (EBU Tech 3306), whose sizes stand in a chunk of their
own."""


class GrowingSound:
    """Writes samples behind one another; to be closed."""

    def __init__(self, path: Path, sample_rate: int, channels: int) -> None:
        self.channels = channels
        self.frames = 0
        self._rate = sample_rate
        self._file = path.open("wb", buffering=0)
        self._head()

    def write(self, samples: Floats) -> None:
        """Put samples (frames, channels) behind the others."""
        if samples.ndim != 2 or samples.shape[1] != self.channels:
            raise ValueError(f"samples are (frames, {self.channels}), got {samples.shape}")
        data = memoryview(np.ascontiguousarray(samples, dtype="<f4").tobytes())
        while data:
            data = data[self._file.write(data) :]
        self.frames += len(samples)
        self._head()

    def write_silence(self, frames: int) -> None:
        """Put so many frames of silence behind the others."""
        for start in range(0, frames, self._rate):
            self.write(np.zeros((min(self._rate, frames - start), self.channels), dtype=np.float32))

    def close(self) -> None:
        """Let go of the file. May be called again."""
        self._file.close()

    def _head(self) -> None:
        frame = FLOAT_BYTES * self.channels
        size = self.frames * frame
        rest = HEADER.size - CHUNK_BYTES
        large = rest + size > MOST_BYTES
        sizes = (rest + size, size, self.frames) if large else (0, 0, 0)
        head = HEADER.pack(
            *(b"RF64" if large else b"RIFF", ELSEWHERE if large else rest + size, b"WAVE"),
            *(b"ds64" if large else b"JUNK", SIZES_BYTES, *sizes, 0),
            *(b"fmt ", FORMAT_BYTES, FLOAT_FORMAT, self.channels, self._rate, self._rate * frame, frame),
            *(8 * FLOAT_BYTES, 0, b"data", ELSEWHERE if large else size),
        )
        end = self._file.tell()
        self._file.seek(0)
        self._file.write(head)
        self._file.seek(max(end, HEADER.size))
