"""The segments of a memory in two dimensions: alike ones lie side by side, the same vectors always at the same places.

The plane is that of the two greatest principal components (Pearson, 1901) of the vectors of what sounds. Half of each
coordinate is its rank, so that a dense middle does not lie on one spot; order along both axes stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.agent import Agent
from antiphon.agent.memory import grids_in
from antiphon.types import Floats, Ids, Memory, Seconds

MOST_SEGMENTS = 20_000
"""Of a longer memory every second, third ... segment is placed."""

Places = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MemoryMap:
    """Segments of a memory: `places` (n, 2) in 0..1, their classes `ids` (n,), the file that each is of (`parts` (n,)),
    and its span (n, 2) in seconds of that file. `left_out` counts those that are not placed."""

    places: Places
    ids: Ids
    parts: Ids
    spans: Seconds
    left_out: int = 0


def map_of(agent: Agent, memory: Memory) -> MemoryMap:
    """The map of a memory as an agent hears it. Frames come from the cache where it has them."""
    intervals, rate = memory.tokens.intervals, memory.audio.sample_rate
    parts = memory.part_of(np.arange(len(intervals)))
    starts = np.array([part.start / rate for part in memory.parts])
    vectors = [agent.perception.segments(recording, grid)[0].vectors for recording, grid in grids_in(memory)]
    sounding = memory.tokens.ids != (agent.alphabet.rest if agent.alphabet.has_rest else -1)
    places = projected(np.concatenate(vectors) / agent.alphabet.scale, sounding)
    rates = np.array([part.rate for part in memory.parts])
    spans = (intervals - starts[parts, None]) * rates[parts, None]
    kept = slice(None, None, -(-len(places) // MOST_SEGMENTS) or 1)
    left_out = len(places) - len(places[kept])
    return MemoryMap(places[kept], memory.tokens.ids[kept], parts[kept], spans[kept], left_out)


def projected(vectors: Floats, sounding: NDArray[np.bool_] | None = None) -> Places:
    """Vectors (n, dim) as points (n, 2) in 0..1; the plane is that of the `sounding` ones (n,), of all without."""
    wide = vectors.astype(np.float64)
    chosen = wide if sounding is None or not sounding.any() else wide[sounding]
    middle = chosen.mean(axis=0) if len(chosen) else np.zeros(wide.shape[1])
    covariance = (chosen - middle).T @ (chosen - middle)
    _, axes = np.linalg.eigh(covariance)
    plane = axes[:, ::-1][:, :2]
    # An axis has no direction of its own: its greatest part points up.
    plane = plane * np.sign(plane[np.abs(plane).argmax(axis=0), np.arange(plane.shape[1])])
    points = (wide - middle) @ plane
    if points.shape[1] < 2:
        points = np.hstack([points, np.zeros((len(points), 1))])
    return (_stretched(points) + _ranked(points)) / 2


def _stretched(points: Places) -> Places:
    """Each axis over 0..1."""
    low, high = points.min(axis=0, initial=np.inf), points.max(axis=0, initial=-np.inf)
    return np.asarray((points - low) / np.where(high > low, high - low, 1.0))


def _ranked(points: Places) -> Places:
    """The place of each point in the order along each axis, over 0..1; equals in the order in which they come."""
    order = np.argsort(np.argsort(points, axis=0, kind="stable"), axis=0, kind="stable")
    return np.asarray(order / max(len(points) - 1, 1))
