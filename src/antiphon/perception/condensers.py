"""Frames to one vector per segment (paper 4.1: the temporal mean).

Frames are assigned by their time stamps. Assigning them by a rounded number of frames per segment, as the paper's code
does, makes labels 0.59 s early by the end of a 15 s window.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.errors import SettingsError
from antiphon.interfaces import Condenser
from antiphon.perception.encoders.windows import joined
from antiphon.types import Features, Floats, Ids, Seconds


def mean_condenser(features: Features, intervals: Seconds) -> Floats:
    """The mean (n, dim) over the frames of each half-open interval (n, 2).

    A segment without a frame takes the one nearest to its middle. Raises ValueError where there is no frame at all.
    """
    first, end = _frames_of(features, intervals)
    sums = _reduced(np.add, features.values, first, end)
    return np.asarray(sums / (end - first)[:, None], dtype=np.float32)


def max_condenser(features: Features, intervals: Seconds) -> Floats:
    """The largest value of each dimension over the frames of each half-open interval; otherwise as `mean_condenser`."""
    first, end = _frames_of(features, intervals)
    return np.asarray(_reduced(np.maximum, features.values, first, end))


def energy_condenser(features: Features, intervals: Seconds) -> Floats:
    """The mean over the frames of each half-open interval, each weighted by its power: what is loudest counts most.

    Where all power is 0, and in everything else, as `mean_condenser`.
    """
    first, end = _frames_of(features, intervals)
    power = features.power.astype(np.float64)[:, np.newaxis]
    sums = _reduced(np.add, features.values * power, first, end)
    weights = _reduced(np.add, power, first, end)
    silent = weights == 0
    weighted = sums / np.where(silent, 1, weights)
    return np.where(silent, mean_condenser(features, intervals), weighted).astype(np.float32)


def make_condenser(name: str) -> Condenser:
    """The condenser called `name`. Raises SettingsError for an unknown one."""
    condensers: dict[str, Condenser] = {"mean": mean_condenser, "max": max_condenser, "energy": energy_condenser}
    if name not in condensers:
        raise SettingsError(f"setting condenser: {name!r} is unknown; known: {', '.join(condensers)}")
    return condensers[name]


def condensed(pieces: Iterable[Features], grids: Sequence[Seconds], condense: Condenser) -> list[Floats]:
    """Vectors (n, dim) of the segments of each grid (n, 2), in one walk over the pieces of a sound.

    Frames are held no longer than segments need them, and a segment across a seam is condensed from both sides of it.
    """
    waiting: Features | None = None
    done = [0] * len(grids)
    vectors: list[list[Floats]] = [[] for _ in grids]
    for piece in pieces:
        waiting = piece if waiting is None else joined((waiting, piece))
        known = waiting.times[-1] if len(waiting.times) else -np.inf
        for index, grid in enumerate(grids):
            ended = done[index] + leading(grid[done[index] :, 1] <= known)
            if ended > done[index]:
                vectors[index].append(condense(waiting, grid[done[index] : ended]))
                done[index] = ended
        starts = [float(grid[count, 0]) for grid, count in zip(grids, done, strict=True) if count < len(grid)]
        waiting = frames_from(waiting, min(starts, default=np.inf))
    if waiting is None:
        raise ValueError("there is no frame to condense")
    for index, grid in enumerate(grids):
        vectors[index].append(condense(waiting, grid[done[index] :]))
    return [np.concatenate(parts) for parts in vectors]


def frames_from(features: Features, start: float) -> Features:
    """The frames that segments from `start` on can need: those from there on, and the one before, if it is nearest."""
    first = max(0, int(np.searchsorted(features.times, start, side="left")) - 1)
    return Features(features.values[first:].copy(), features.times[first:], features.power[first:])


def leading(true: NDArray[np.bool_]) -> int:
    """How many are true before the first that is not."""
    return int(np.argmin(np.append(true, False)))


def _frames_of(features: Features, intervals: Seconds) -> tuple[Ids, Ids]:
    """First frame and end frame (n,) of each interval; at least one frame each."""
    times = features.times
    if not len(times):
        raise ValueError("there is no frame to condense")
    first = np.searchsorted(times, intervals[:, 0], side="left")
    end = np.searchsorted(times, intervals[:, 1], side="left")
    nearest = np.searchsorted((times[1:] + times[:-1]) / 2, intervals.mean(axis=1), side="left")
    empty = first == end
    return np.where(empty, nearest, first), np.where(empty, nearest + 1, end)


def _reduced(operation: np.ufunc, values: Floats | Seconds, first: Ids, end: Ids) -> Any:
    """`operation` over values[first:end] of each segment.

    reduceat takes pairs of edges and gives one result for each edge: every second one is a segment's, the others lie
    between segments. It accepts no edge after the last frame, hence the row that no segment contains.
    """
    padded = np.concatenate([values, values[-1:]])
    edges = np.stack([first, end], axis=1).ravel()
    return operation.reduceat(padded, edges, axis=0)[::2]
