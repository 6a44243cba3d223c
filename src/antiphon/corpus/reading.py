"""The sound of a track: the sum of its sources, read and never written to."""

from __future__ import annotations

import numpy as np

from antiphon.audio import Header, header_of, read, resampled, with_channels
from antiphon.corpus.containers import CONTAINER_SUFFIXES, container_header, read_container
from antiphon.types import Audio, Source, Track


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
    if source.path.suffix.lower() in CONTAINER_SUFFIXES:
        return read_container(source, start, duration)
    return read(source.path, start, duration)


def source_header(source: Source) -> Header:
    """Length and rate of a source, from its header alone. Raises BadData as `read` does."""
    if source.path.suffix.lower() in CONTAINER_SUFFIXES:
        return container_header(source)
    return header_of(source.path)
