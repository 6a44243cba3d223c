"""How the last segments of the guide sounded: what a partner goes by that follows some segments later."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from antiphon.action.selection.lagged_relation import LAGS
from antiphon.action.selection.segment_sound import CHROMA
from antiphon.types import Floats, SegmentSound

KEPT = 4 * LAGS
"""A partner may be later by so many segments: on beats they are shorter than those of its pair."""


@dataclass(frozen=True, eq=False)
class GuideSounds:
    """Chroma (n, 24) and level (n,) of the last guide segments that are over, in dBFS as they came; segment `count` is
    the next."""

    count: int = 0
    chroma: Floats = field(default_factory=lambda: np.zeros((0, CHROMA), dtype=np.float32))
    level: Floats = field(default_factory=lambda: np.zeros(0, dtype=np.float32))

    def then(self, sound: SegmentSound) -> GuideSounds:
        """With one more segment that is over."""
        chroma, level = np.concatenate([self.chroma, sound.chroma]), np.append(self.level, sound.level)
        return GuideSounds(self.count + 1, chroma[-KEPT:], level[-KEPT:])

    def going_on(self, now: SegmentSound, first: int, stop: int) -> SegmentSound:
        """How segments `first` to `stop` - 1 sound: those that are over as they did, the others as it does `now`, a
        sound of one segment. How high they lie is left out."""
        places = np.arange(first, stop) - (self.count - len(self.level))
        over = (places >= 0) & (places < len(self.level))
        chroma, level = np.repeat(now.chroma, len(places), axis=0), np.repeat(now.level, len(places))
        chroma[over], level[over] = self.chroma[places[over]], self.level[places[over]]
        return replace(now, chroma=chroma, level=level, register=None)
