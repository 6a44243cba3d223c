"""The sound of a track: the sum of its sources, read and never written to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from antiphon.audio import (
    FileSound,
    Header,
    HeldSound,
    header_of,
    read,
    resampled,
    summed_blocks,
    with_channels,
)
from antiphon.corpus.containers import CONTAINER_SUFFIXES, container_header, read_container
from antiphon.files import sha256
from antiphon.interfaces import Sound
from antiphon.types import Audio, Floats, Source, Track


def read_track(track: Track, start: float = 0.0, duration: float | None = None) -> Audio:
    """A track's sound in the rate and channels of its first source, or `duration` seconds of it from `start`.

    Sources of one instrument are summed as they are, the shorter ones ending in silence. Raises BadData as `read` does.
    """
    parts = [read_source(source, start, duration) for source in track.sources]
    first = parts[0]
    if len(parts) == 1:
        return first
    alike = [with_channels(resampled(part, first.sample_rate), first.channels).samples for part in parts]
    total = np.zeros((max(map(len, alike)), first.channels), dtype=np.float32)
    for samples in alike:
        total[: len(samples)] += samples
    return Audio(total, first.sample_rate, first.source)


def read_source(source: Source, start: float = 0.0, duration: float | None = None) -> Audio:
    """One file, or one stream of a container, at its own rate and channels. Raises BadData as `read` does."""
    if _is_container(source):
        return read_container(source, start, duration)
    return read(source.path, start, duration)


def source_header(source: Source) -> Header:
    """Length and rate of a source, from its header alone. Raises BadData as `read` does."""
    if _is_container(source):
        return container_header(source)
    return header_of(source.path)


@dataclass(frozen=True)
class TrackSound:
    """A track to listen to block by block: what `read_track` reads, as mono. Raises BadData as `read` does."""

    track: Track

    @property
    def name(self) -> str:
        """The path of its first file."""
        return str(self.track.path)

    @property
    def duration(self) -> float:
        """Length in seconds of its longest source, from the headers and not from the manifest."""
        return max(source_header(source).duration for source in self.track.sources)

    def digest(self) -> str:
        """Of the bytes of its files as they are now: a hash in the manifest would not notice that one was changed."""
        digests = [_source_digest(source) for source in self.track.sources]
        if len(digests) == 1:
            return digests[0]
        return hashlib.sha256(" ".join(digests).encode()).hexdigest()

    def blocks(self, sample_rate: int) -> Iterator[Floats]:
        """Mono blocks (frames,) at `sample_rate`: the sum of its sources."""
        parts = [_source_sound(source).blocks(sample_rate) for source in self.track.sources]
        return parts[0] if len(parts) == 1 else summed_blocks(parts)


def file_sound(path: str | Path) -> Sound:
    """A file to listen to block by block; of a container, its first stream. Raises BadData as `read` does."""
    return TrackSound(Track(Path(path).stem, (Source(Path(path)),), duration=0.0))


def _source_digest(source: Source) -> str:
    if _is_container(source):
        container_header(source)  # Refuses what is no container, in the words in which reading it does.
        return f"{sha256(source.path)} {source.stream}"
    return FileSound(source.path).digest()


def _source_sound(source: Source) -> Sound:
    """A stream of a container is decoded whole: stems are as long as a song."""
    return HeldSound(read_container(source)) if _is_container(source) else FileSound(source.path)


def _is_container(source: Source) -> bool:
    return source.path.suffix.lower() in CONTAINER_SUFFIXES
