"""One file through libsndfile: exact in length and in where an excerpt begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import soundfile

from antiphon.errors import BadData
from antiphon.types import Floats

BLOCK_FRAMES = 2**16
"""Read or written at once: libsndfile's Vorbis encoder overflows its stack, and ends the process, on minutes of
sound."""


@dataclass(frozen=True)
class SndfileRecording:
    """A file whose header says how many `frames` it has, in Hz and channels."""

    path: Path
    sample_rate: int
    channels: int
    frames: int

    @property
    def identity(self) -> str:
        """What tells its sound from that of another reading of the same bytes: nothing."""
        return ""

    def samples(self, first: int, count: int) -> Floats:
        """Samples (count, channels) from frame `first`. Raises BadData where they cannot be read."""
        with soundfile.SoundFile(self.path) as stream:
            try:
                stream.seek(first)
                found: Floats = stream.read(count, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                raise self._damaged(error) from error
        if len(found) < count:
            raise BadData(f"{self.path}: truncated, {len(found)} of {count} frames could be read")
        return found

    def blocks(self) -> Iterator[Floats]:
        """All samples in blocks (frames, channels). Raises BadData as `samples` does."""
        with soundfile.SoundFile(self.path) as stream:
            wanted = self.frames
            while wanted > 0:
                try:
                    block = stream.read(min(BLOCK_FRAMES, wanted), dtype="float32", always_2d=True)
                except soundfile.LibsndfileError as error:
                    raise self._damaged(error) from error
                if not len(block):
                    read = self.frames - wanted
                    raise BadData(f"{self.path}: truncated, {read} of {self.frames} frames could be read")
                wanted -= len(block)
                yield block

    def _damaged(self, error: soundfile.LibsndfileError) -> BadData:
        return BadData(f"{self.path}: damaged audio ({error.error_string.rstrip('.')})")
