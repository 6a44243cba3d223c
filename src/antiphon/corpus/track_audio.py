"""The sound of a track: the sum of its sources, read and never written to."""

from __future__ import annotations

import hashlib
import math
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
from antiphon.decoding.by_libsndfile import BLOCK_FRAMES
from antiphon.interfaces import Sound
from antiphon.types import Audio, Floats, Source, Track


def read_track(track: Track, start: float = 0.0, duration: float | None = None) -> Audio:
    """A track's sound in the rate and channels of its first source, or `duration` seconds of it from `start`.

    Sources of one instrument are summed as they are, each from its own start, the shorter ones ending in silence. The
    two sides of a stereo recording become its two channels. Raises BadData as `read` does.
    """
    return _summed(track, [_read_placed(source, start, duration) for source in track.sources])


def track_excerpts(track: Track, seconds: float) -> Iterator[Audio]:
    """What `read_track` reads, in one pass, in excerpts of `seconds`, the last one shorter. Raises as `read` does."""
    if any(source.start for source in track.sources):
        for number in range(math.ceil(TrackSound(track).duration / seconds - 1e-9)):
            yield read_track(track, number * seconds, seconds)
        return
    parts = [excerpts(source.path, seconds, source.stream) for source in track.sources]
    like = None
    for together in zip_longest(*parts):
        like = next(part for part in together if part is not None) if like is None else like
        ended = replace(like, samples=like.samples[:0])
        yield _summed(track, [ended if part is None else part for part in together])


def _summed(track: Track, parts: Sequence[Audio]) -> Audio:
    """The sources of a track, each at its place, in the rate and channels of the first."""
    first = parts[0]
    channels = 2 if _is_sided(track) else first.channels
    if len(parts) == 1 and channels == first.channels:
        return first
    alike = [
        _on_side(with_channels(resampled(part, first.sample_rate), _kept(part, source, channels)), source, channels)
        for part, source in zip(parts, track.sources, strict=True)
    ]
    total = np.zeros((max(map(len, alike)), channels), dtype=np.float32)
    for samples in alike:
        total[: len(samples)] += samples
    return Audio(total, first.sample_rate, first.source)


def _read_placed(source: Source, start: float, duration: float | None) -> Audio:
    """A source's sound over that stretch of its multitrack: silent before it begins."""
    if not source.start:
        return read_source(source, start, duration)
    rate = source_header(source).sample_rate
    # Whole frames of the multitrack, so that one excerpt goes on where another ends.
    waiting = (round(source.start * rate) - round(start * rate)) / rate
    if waiting <= 0:
        return read_source(source, -waiting, duration)
    sounding = None if duration is None else max(duration - waiting, 0.0)
    part = read_source(source, 0.0, sounding)
    silent = round((waiting if duration is None else min(waiting, duration)) * rate)
    return replace(part, samples=np.concatenate([np.zeros((silent, part.channels), dtype=np.float32), part.samples]))


def _is_sided(track: Track) -> bool:
    return any(source.side for source in track.sources)


def _kept(part: Audio, source: Source, channels: int) -> int:
    """How many channels a source keeps: a stereo file that is called left holds its place itself."""
    return 1 if source.side and part.channels == 1 else channels


def _on_side(part: Audio, source: Source, channels: int) -> Floats:
    """Samples (frames, channels) of a source; one side is silent on the other."""
    if not source.side or part.channels > 1:
        return part.samples
    samples = np.zeros((len(part.samples), channels), dtype=np.float32)
    samples[:, 0 if source.side == "left" else 1] = part.samples[:, 0]
    return samples


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
        """When its last source ends, in seconds, from the files and not from the manifest."""
        return max(source.start + source_header(source).duration for source in self.track.sources)

    def digest(self) -> str:
        """Of the bytes of its files as they are now: a hash in the manifest would not notice that one was changed."""
        digests = [_source_digest(source) for source in self.track.sources]
        if len(digests) == 1:
            return digests[0]
        return hashlib.sha256(" ".join(digests).encode()).hexdigest()

    def blocks(self, sample_rate: int) -> Iterator[Floats]:
        """Mono blocks (frames,) at `sample_rate`: the sum of its sources."""
        parts = [_placed_blocks(source, sample_rate) for source in self.track.sources]
        return parts[0] if len(parts) == 1 else summed_blocks(parts)


def file_sound(path: str | Path) -> Sound:
    """A file to listen to block by block; of a container, its first stream. Raises BadData as `read` does."""
    return TrackSound(Track(Path(path).stem, (Source(Path(path)),), duration=0.0))


def _placed_blocks(source: Source, sample_rate: int) -> Iterator[Floats]:
    """Mono blocks (frames,) of a source from the beginning of its multitrack; one side of two is half of their mean."""
    waiting = round(source.start * sample_rate)
    while waiting > 0:
        yield np.zeros(min(waiting, BLOCK_FRAMES), dtype=np.float32)
        waiting -= BLOCK_FRAMES
    is_half = bool(source.side) and read_source(source, 0.0, 0.0).channels == 1
    gain = np.float32(0.5 if is_half else 1.0)
    for block in FileSound(source.path, source.stream).blocks(sample_rate):
        yield block * gain if is_half else block


def _source_digest(source: Source) -> str:
    place = f" {source.side} {source.start}" if source.side or source.start else ""
    return f"{FileSound(source.path, source.stream).digest()}{place}"
