"""Training windows over a sequence of tokens (paper 5.1: 15 s every 10 s), counted in segments."""

from __future__ import annotations

import numpy as np

from antiphon.types import Ids


def starts(segments: int, window: int, hop: int) -> Ids:
    """Indices (n,) at which windows of `window` segments start, one every `hop`, over `segments` segments.

    The last window may be shorter: it is there as soon as the one before leaves segments out, and no longer. A sequence
    shorter than a window is one window; an empty one is none. Raises ValueError for a window or a hop below 1.
    """
    if window < 1 or hop < 1:
        raise ValueError(f"window and hop must be at least one segment, got {window} and {hop}")
    indices = np.arange(0, max(segments - window, 0) + hop, hop, dtype=np.int64)
    return indices[indices < segments]
