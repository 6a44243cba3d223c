"""The sound of a track: the sum of its sources, read and never written to."""

from __future__ import annotations

import numpy as np

from antiphon.audio import read, resampled, with_channels
from antiphon.types import Audio, Track


def read_track(track: Track, start: float = 0.0, duration: float | None = None) -> Audio:
    """A track's sound in the rate and channels of its first source, or `duration` seconds of it from `start`.

    Sources of one instrument are summed as they are, the shorter ones ending in silence. Raises BadData as `read` does.
    """
    parts = [read(source.path, start, duration) for source in track.sources]
    first = parts[0]
    if len(parts) == 1:
        return first
    alike = [with_channels(resampled(part, first.sample_rate), first.channels).samples for part in parts]
    total = np.zeros((max(map(len, alike)), first.channels), dtype=np.float32)
    for samples in alike:
        total[: len(samples)] += samples
    return Audio(total, first.sample_rate, first.source)
