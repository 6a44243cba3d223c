"""Where segments begin and end (paper 4: uniform segmentation)."""

from __future__ import annotations

import numpy as np

from antiphon.errors import BadData
from antiphon.types import Seconds

SHORTEST_REST_OF_A_FILE = 1e-3
"""Seconds: a leftover below this belongs to the segment before it."""


def uniform_intervals(duration: float, segment_seconds: float) -> Seconds:
    """Intervals (n, 2) in seconds that tile [0, duration): segment k starts at exactly k * segment_seconds.

    The last ends at `duration` and may be shorter, or longer by less than a millisecond. Raises BadData where there is
    no duration.
    """
    if duration <= 0:
        raise BadData("there is no audio to cut into segments: its duration is 0 s")
    count = int(np.floor(duration / segment_seconds))
    if duration - count * segment_seconds >= SHORTEST_REST_OF_A_FILE:
        count += 1
    edges = np.arange(max(count, 1) + 1) * segment_seconds
    edges[-1] = duration
    return np.stack([edges[:-1], edges[1:]], axis=1)
