"""What is played for what was asked for: a class that the memory lacks becomes the nearest one, a rest silence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.action.selection.candidates import LENGTH_TOLERANCE
from antiphon.errors import BadData
from antiphon.types import Ids, Memory, Seconds


def playable(
    memory: Memory, intervals: Seconds, classes: int, usable: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Which classes the memory can play over each interval (n, 2): bool (n, classes); `usable` (m,) segments only.

    A segment that is shorter than an interval can be played too, at a cost. Raises BadData for a memory that as a whole
    is shorter than an interval of middle length.
    """
    middle = float(np.median(intervals[:, 1] - intervals[:, 0])) if len(intervals) else 0.0
    if len(memory.tokens) == 0 or memory.audio.duration < middle - LENGTH_TOLERANCE:
        names = ", ".join(part.source or "the memory" for part in memory.parts)
        raise BadData(f"{names}: shorter than one segment ({middle:g} s)")
    there = np.zeros(classes, dtype=np.bool_)
    there[memory.tokens.ids if usable is None else memory.tokens.ids[usable]] = True
    return np.tile(there, (len(intervals), 1))


@dataclass(frozen=True, eq=False)
class Classes:
    """`distances` (classes, classes) between classes. One infinitely far from all others, the last, is the rest."""

    distances: NDArray[np.floating]

    def __post_init__(self) -> None:
        if self.distances.ndim != 2 or self.distances.shape[0] != self.distances.shape[1]:
            raise ValueError(f"class_distances must be (classes, classes), got {self.distances.shape}")

    def __len__(self) -> int:
        return len(self.distances)

    @property
    def rest(self) -> int | None:
        """The rest, if there is one."""
        has_rest = len(self) > 1 and bool(np.isinf(self.distances[-1, :-1]).all())
        return len(self) - 1 if has_rest else None

    def played(self, ids: Ids, available: NDArray[np.bool_]) -> Ids:
        """The ids (n,) with those not `available` (classes,) replaced by the nearest that is; a rest stays a rest.

        Raises BadData where only rests are available and a sound is asked for.
        """
        sounding = np.arange(len(self)) != (len(self) if self.rest is None else self.rest)
        lacking = np.flatnonzero(~available[ids] & sounding[ids])
        distances = np.where(available & sounding, self.distances[ids[lacking]], np.inf)
        if np.isinf(distances.min(axis=1, initial=np.inf)).any():
            raise BadData("the memory holds no sound, only rests, and the response asks for sound")
        played = ids.copy()
        played[lacking] = distances.argmin(axis=1)
        return played
