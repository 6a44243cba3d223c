"""The sound of a track: the sum of its sources, read and never written to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

import numpy as np

from antiphon.audio import (
    FileSound,
    Header,
    excerpts,
    header_of,
    read,
    resampled,
    summed_blocks,
    with_channels,
)
from antiphon.interfaces import Sound
from antiphon.types import Audio, Floats, Source, Track


def read_track(track: Track, start: float = 0.0, duration: float | None = None) -> Audio:
    """A track's sound in the rate and channels of its first source, or `duration` seconds of it from `start`.

    Sources of one instrument are summed as they are, the shorter ones ending in silence. Raises BadData as `read` does.
    """
    return _summed([read_source(source, start, duration) for source in track.sources])


def track_excerpts(track: Track, seconds: float) -> Iterator[Audio]:
    """What `read_track` reads, in one pass, in excerpts of `seconds`, the last one shorter. Raises as `read` does."""
    parts = [excerpts(source.path, seconds, source.stream) for source in track.sources]
    like = None
    for first, *others in zip_longest(*parts):
        like = first or like
        assert like is not None, "a recording holds samples"
        ended = replace(like, samples=like.samples[:0])
        yield _summed([first or ended, *(other for other in others if other is not None)])


def _summed(parts: Sequence[Audio]) -> Audio:
    """Simultaneous sounds, as they are, in the rate and channels of the first."""
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
    return read(source.path, start, duration, source.stream)


def source_header(source: Source) -> Header:
    """Length and rate of a source. Raises BadData as `read` does."""
    return header_of(source.path, source.stream)


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
        """Length in seconds of its longest source, from the files and not from the manifest."""
        return max(source_header(source).duration for source in self.track.sources)

    def digest(self) -> str:
        """Of the bytes of its files as they are now: a hash in the manifest would not notice that one was changed."""
        digests = [FileSound(source.path, source.stream).digest() for source in self.track.sources]
        if len(digests) == 1:
            return digests[0]
        return hashlib.sha256(" ".join(digests).encode()).hexdigest()

    def blocks(self, sample_rate: int) -> Iterator[Floats]:
        """Mono blocks (frames,) at `sample_rate`: the sum of its sources."""
        parts = [FileSound(source.path, source.stream).blocks(sample_rate) for source in self.track.sources]
        return parts[0] if len(parts) == 1 else summed_blocks(parts)


def file_sound(path: str | Path) -> Sound:
    """A file to listen to block by block; of a container, its first stream. Raises BadData as `read` does."""
    return TrackSound(Track(Path(path).stem, (Source(Path(path)),), duration=0.0))
