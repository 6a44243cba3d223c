"""Where segments begin and end (paper 4.1: uniform; onsets and beats beside it).

Onsets and beats are found in the onset strength that comes with what was heard, and lie on its grid of 10 ms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from antiphon.config import PerceptionSettings
from antiphon.errors import BadData
from antiphon.interfaces import Segmenter
from antiphon.perception.beat_tracking import tempo_of, tracked_beats
from antiphon.perception.envelope import CELLS_PER_SECOND
from antiphon.types import Floats, Ids, Seconds

SHORTEST_REST_OF_A_FILE = 1e-3
"""Seconds: a leftover below this belongs to the segment before it."""

ONSET_DB = 1.5
"""An onset rises this much above the strength around it: a sine that sets in by 15. On 24 rendered chorale voices 62 %
of the notes were found within 50 ms and 71 % of the onsets were notes; at 1 dB 71 and 65 %, at 2 dB 52 and 80 %. A
minute of white noise at 22,050 Hz has 2 at 1.5 dB, 17 at 1 dB."""

NEIGHBOUR_CELLS = 3
"""An onset is the strongest of its neighbours so far before and after."""

AROUND_CELLS = 15
"""The strength around an onset is the mean over so many cells before and after."""

TEMPO_SECONDS = 300
"""Over how long one tempo is taken to last. A recording of hours has more than one."""


def uniform_intervals(duration: float, segment_seconds: float) -> Seconds:
    """Intervals (n, 2) in seconds that tile [0, duration): segment k starts at exactly k * segment_seconds.

    The last ends at `duration` and may be shorter, or longer by less than a millisecond. Raises BadData where there is
    no duration.
    """
    _require_duration(duration)
    count = int(np.floor(duration / segment_seconds))
    if duration - count * segment_seconds >= SHORTEST_REST_OF_A_FILE:
        count += 1
    edges = np.arange(max(count, 1) + 1) * segment_seconds
    edges[-1] = duration
    return np.stack([edges[:-1], edges[1:]], axis=1)


def heard_intervals(intervals: Seconds, settings: PerceptionSettings) -> Seconds:
    """Where a guide is heard (n, 2) that is to be answered over `intervals` (n, 2); before 0 there is silence."""
    ends = intervals[:, 1] - settings.guide_delay_seconds
    return np.stack([ends - settings.heard_seconds, ends], axis=1)


def onset_cells(onsets: Floats) -> Ids:
    """The cells (n,) at which something begins, by onset strength (cells,): peaks above what is around them."""
    near = np.pad(onsets, NEIGHBOUR_CELLS, constant_values=-np.inf)
    strongest = np.lib.stride_tricks.sliding_window_view(near, 2 * NEIGHBOUR_CELLS + 1).max(axis=1)
    peaks = np.flatnonzero((onsets == strongest) & (onsets >= _around(onsets) + onsets.dtype.type(ONSET_DB)))
    kept: list[int] = []
    for peak in peaks:
        if not kept or peak - kept[-1] > NEIGHBOUR_CELLS:
            kept.append(int(peak))
    return np.array(kept, dtype=np.int64)


def beat_cells(onsets: Floats) -> Ids:
    """The cells (n,) of the beats, five minutes at a time, each at its own tempo (Ellis, 2007)."""
    beats = []
    for first in range(0, len(onsets), TEMPO_SECONDS * CELLS_PER_SECOND):
        part = onsets[first : first + TEMPO_SECONDS * CELLS_PER_SECOND].astype(np.float64)
        if part[1:].any():
            beats.append(first + tracked_beats(part, tempo_of(part)))
    return np.concatenate([np.zeros(0, dtype=np.int64), *beats])


def steady_beat_cells(onsets: Floats, tempo_bpm: float) -> Ids:
    """The cells (n,) of beats at exactly this tempo, where the onsets are strongest on all of them together."""
    period = 60 * CELLS_PER_SECOND / tempo_bpm
    counts = np.arange(int(np.ceil(len(onsets) / period)) + 1)
    phases = np.arange(int(np.ceil(period)))
    padded = np.append(onsets, np.float32(0))

    beats = np.round(phases[:, np.newaxis] + counts * period).astype(np.int64)
    strengths = padded[np.minimum(beats, len(onsets))].sum(axis=1)
    best: Ids = beats[np.argmax(strengths)]
    return best[best < len(onsets)]


def bounded_intervals(cells: Ids, duration: float, minimum_seconds: float, maximum_seconds: float) -> Seconds:
    """Intervals (n, 2) that tile [0, duration), cut at these cells as far as the bounds allow.

    A cut that makes a segment shorter than the minimum is left out; a segment longer than the maximum is divided
    evenly, on the grid of the cells: a part may be longer by less than one of them. A sound shorter than the minimum is
    one segment. Raises BadData where there is no duration.
    """
    _require_duration(duration)
    shortest = round(minimum_seconds * CELLS_PER_SECOND)
    longest = round(maximum_seconds * CELLS_PER_SECOND)
    kept = [0]
    for cell in cells:
        if cell - kept[-1] >= shortest and duration * CELLS_PER_SECOND - cell >= shortest:
            kept.append(int(cell))
    edges = [0.0]
    for start, end in zip(kept, [*kept[1:], duration * CELLS_PER_SECOND], strict=True):
        parts = max(1, int(np.ceil((end - start) / longest - 1e-9)))
        edges += [(start + (end - start) * part // parts) / CELLS_PER_SECOND for part in range(1, parts)]
        edges.append(end / CELLS_PER_SECOND)
    edges[-1] = duration
    return np.stack([edges[:-1], edges[1:]], axis=1)


@dataclass(frozen=True)
class UniformSegmenter:
    """Segments of one length, whatever sounds."""

    segment_seconds: float

    def __call__(self, duration: float, onsets: Callable[[], Floats]) -> Seconds:
        """As `uniform_intervals`; the onsets are not asked for."""
        return uniform_intervals(duration, self.segment_seconds)


@dataclass(frozen=True)
class OnsetSegmenter:
    """A segment from each onset to the next."""

    minimum_seconds: float
    maximum_seconds: float

    def __call__(self, duration: float, onsets: Callable[[], Floats]) -> Seconds:
        """As `bounded_intervals`, cut at `onset_cells`."""
        _require_duration(duration)
        return bounded_intervals(onset_cells(onsets()), duration, self.minimum_seconds, self.maximum_seconds)


@dataclass(frozen=True)
class BeatSegmenter:
    """A segment from each beat to the next. A tempo that is given wins over what is heard."""

    minimum_seconds: float
    maximum_seconds: float
    tempo_bpm: float | None

    def __call__(self, duration: float, onsets: Callable[[], Floats]) -> Seconds:
        """As `bounded_intervals`, cut at `beat_cells`, or at `steady_beat_cells` where the tempo is given."""
        _require_duration(duration)
        strength = onsets()
        cells = beat_cells(strength) if self.tempo_bpm is None else steady_beat_cells(strength, self.tempo_bpm)
        return bounded_intervals(cells, duration, self.minimum_seconds, self.maximum_seconds)


def make_segmenter(settings: PerceptionSettings) -> Segmenter:
    """The segmenter that `settings.segmenter` asks for."""
    bounds = (settings.minimum_seconds, settings.maximum_seconds)
    segmenters: dict[str, Segmenter] = {
        "uniform": UniformSegmenter(settings.segment_seconds),
        "onset": OnsetSegmenter(*bounds),
        "beat": BeatSegmenter(*bounds, settings.tempo_bpm),
    }
    return segmenters[settings.segmenter]


def _around(onsets: Floats) -> Floats:
    """The mean (cells,) of the strength around each cell, over what there is of it at the ends."""
    padded = np.pad(onsets, AROUND_CELLS)
    total = np.zeros_like(onsets)
    # One after the other, so that the sum does not depend on how a machine adds many.
    for first in range(2 * AROUND_CELLS + 1):
        total += padded[first : first + len(onsets)]
    cells = np.arange(len(onsets))
    counted = np.minimum(cells + AROUND_CELLS + 1, len(onsets)) - np.maximum(cells - AROUND_CELLS, 0)
    return np.asarray(total / counted, dtype=onsets.dtype)


def _require_duration(duration: float) -> None:
    if duration <= 0:
        raise BadData("there is no audio to cut into segments: its duration is 0 s")
