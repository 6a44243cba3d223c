"""Tracks that hold others: no player answers a bus of which it is a part."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from antiphon.corpus.sums import Powers, Sum, blocks_together, excerpts_of, powers_of, sentence, sums_of, suspects
from antiphon.corpus.track_audio import TrackSound
from antiphon.errors import AntiphonWarning
from antiphon.types import Floats, Seconds, Segments, Track

GRID_SECONDS = 0.5
"""Blocks of power that all tracks share, whatever their segments are."""

RATE = 8000
"""Hz at which suspects are listened to: sound up to 4 kHz holds the notes."""

FEWEST = 3
"""Tracks of a multitrack from which one can be the sum of two others."""


class Encoded(Protocol):
    """What is asked of an encoded track."""

    @property
    def track(self) -> Track:
        """Where its sound is."""

    @property
    def segments(self) -> Segments:
        """Its levels."""

    @property
    def intervals(self) -> Seconds:
        """Where they lie."""


def sums_among(encoded: Sequence[Encoded]) -> list[Sum]:
    """Which of the tracks of a multitrack are sums or copies of others; only where their levels make one a suspect is
    anything listened to. Raises BadData for an unreadable file."""
    if len(encoded) < FEWEST:
        return []
    among = suspects(powers_of([_grid_powers(each) for each in encoded]))
    if not among:
        return []
    total = round(max(each.track.duration for each in encoded) * RATE)
    return sums_of(np.stack([_excerpts(each.track, total) for each in encoded]), among, RATE)


def held_in(encoded: Mapping[str, Sequence[Encoded]], leave_out: bool) -> set[tuple[str, str]]:
    """The tracks, by the names of multitrack and track, that others make up, each named in a warning. Copies are named
    and stay; without `leave_out` all stay."""
    out: set[tuple[str, str]] = set()
    sums: list[str] = []
    copies: list[str] = []
    for name, tracks in encoded.items():
        names = [each.track.name for each in tracks]
        for found in sums_among(tracks):
            is_sum = len(found.members) > 1
            (sums if is_sum else copies).append(f"{name}: {sentence(names, found)}")
            out |= {(name, names[found.total])} if is_sum else set()
    if sums:
        done = "left out because it holds the answer" if leave_out else "kept by setting corpus.leave_out_sums"
        warnings.warn(f"{done}: {'; '.join(sums)}", AntiphonWarning, stacklevel=4)
    if copies:
        warnings.warn(f"one sound twice, keep one of them: {'; '.join(copies)}", AntiphonWarning, stacklevel=4)
    return out if leave_out else set()


def _grid_powers(encoded: Encoded) -> Powers:
    """Mean square (blocks,) over blocks of GRID_SECONDS, from levels over any intervals."""
    intervals = encoded.intervals
    if not len(intervals):
        return np.zeros(0)
    powers = 10 ** (encoded.segments.level.astype(np.float64) / 10)
    edges: NDArray[np.float64] = np.arange(0.0, float(intervals[-1, 1]) + GRID_SECONDS, GRID_SECONDS)
    energy = np.concatenate([[0.0], np.cumsum(powers * np.diff(intervals, axis=1)[:, 0])])
    times = np.concatenate([[0.0], intervals[:, 1]])
    return np.asarray(np.diff(np.interp(edges, times, energy)) / GRID_SECONDS)


def _excerpts(track: Track, total: int) -> Floats:
    return excerpts_of(blocks_together(TrackSound(track).blocks(RATE), total), total, RATE)
