"""Some of what an agent learned from, kept with it: fine-tuning rehearses it, so that what is new does not push it out.

Tokens of training pairs only, less than a megabyte: no sound can be made from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.types import Floats, Ids

REPLAY_BYTES = 900_000
"""No more than this is kept: an agent stays small enough to be sent by mail."""

REPLAY_WINDOWS = 8192
"""No more windows than this are kept, though there be room."""


Window = tuple[Ids, Ids, Floats]
"""Guide, target and durations (n,) of one window."""


@dataclass(frozen=True, eq=False)
class Replay:
    """Windows of training pairs: guide and target ids and durations in seconds (windows, n); each window ends at its
    entry of `lengths` (windows,), and what stands behind means nothing. The first `checked` windows are of pieces that
    the others are not of."""

    guide: Ids
    target: Ids
    durations: Floats
    lengths: Ids
    checked: int = 0

    def __post_init__(self) -> None:
        shape = self.guide.shape
        if not (len(shape) == 2 and self.target.shape == self.durations.shape == shape):
            raise ValueError(f"guide, target and durations must be of one shape (windows, n), got {shape}")
        if self.lengths.shape != shape[:1] or not np.all((self.lengths > 0) & (self.lengths <= shape[1])):
            raise ValueError("one length from 1 to n per window")
        if not 0 <= self.checked <= len(self.guide):
            raise ValueError("no more windows can be checked than there are")

    def __len__(self) -> int:
        return len(self.guide)

    def targets(self) -> Iterator[Ids]:
        """The target ids (n,) of each window."""
        return (ids[:length] for ids, length in zip(self.target, self.lengths, strict=True))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What is written: the first windows that fit into REPLAY_BYTES, ids in as few bytes as they need, one duration
        where all segments are alike."""
        small = np.min_scalar_type(int(max(self.guide.max(initial=0), self.target.max(initial=0))))
        alike = len(self) > 0 and bool(np.all(self._inside(self.durations) == self.durations[0, 0]))
        durations = self.durations[:1, :1] if alike else self.durations.astype(np.float16)
        width = self.guide.shape[1] * (2 * small.itemsize + (0 if alike else 2)) + 2
        kept = slice(REPLAY_BYTES // width)
        return {
            "guide": self.guide[kept].astype(small),
            "target": self.target[kept].astype(small),
            "durations": durations if alike else durations[kept],
            "lengths": self.lengths[kept].astype(np.uint16),
            "checked": np.array([min(self.checked, len(self.lengths[kept]))], dtype=np.int32),
        }

    def _inside(self, values: Floats) -> Floats:
        return values[np.arange(values.shape[1]) < self.lengths[:, None]]


def replay_of(arrays: Mapping[str, NDArray[Any]], classes: int) -> Replay:
    """What `Replay.arrays` wrote. Raises ValueError for anything else, KeyError where an array is missing."""
    guide, target = (np.asarray(arrays[name], dtype=np.int64) for name in ("guide", "target"))
    if max(guide.max(initial=0), target.max(initial=0)) >= classes:
        raise ValueError(f"it holds ids of {classes} or more")
    durations = np.broadcast_to(np.asarray(arrays["durations"], dtype=np.float32), guide.shape)
    lengths = np.asarray(arrays["lengths"], dtype=np.int64)
    return Replay(guide, target, durations, lengths, int(np.asarray(arrays["checked"]).reshape(1)[0]))


def replay_from(windows: Sequence[Window], checked: int = 0) -> Replay:
    """Windows of any length as one value."""
    longest = max((len(guide) for guide, _, _ in windows), default=1)
    ids = np.zeros((2, len(windows), longest), dtype=np.int64)
    durations = np.zeros((len(windows), longest), dtype=np.float32)
    for row, (guide, target, lasting) in enumerate(windows):
        ids[0, row, : len(guide)], ids[1, row, : len(target)] = guide, target
        durations[row, : len(lasting)] = lasting
    lengths = np.array([len(guide) for guide, _, _ in windows], dtype=np.int64)
    return Replay(ids[0], ids[1], durations, lengths, checked)
