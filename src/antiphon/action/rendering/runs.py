"""Runs: the unbroken copies of memory audio of which a response consists, and where exactly each of them starts.

A memory segment that is longer than its interval is cut there. One that is shorter sounds to its end and is then held:
the later half of it, in which no attack is left, is played again until the interval is full. Where segments are beats,
lengths differ by little: there a copy goes on as long as it does not drift.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from antiphon import arrays
from antiphon.action.selection.candidates import LENGTH_TOLERANCE
from antiphon.types import SILENCE, Audio, Ids, Memory, Run, Seconds, Selection

DRIFT_SECONDS = 0.02
"""A copy that goes on from beat to beat may come so much early or late: a joint is heard, and so little is not."""

_SAME_TIME = 1e-6
"""Seconds: far above the rounding of float64 times, far below a sample."""

SHORTEST_LOOP_SECONDS = 0.1
"""A held sound repeats at least this much of its segment: shorter loops are heard as a pitch of their own."""

_AS_GOOD = 1e-6
"""Correlations that differ by less than this are equal: rounding decides nothing."""


def runs(
    selection: Selection, memory: Memory, intervals: Seconds, drift_seconds: float = DRIFT_SECONDS
) -> tuple[Run, ...]:
    """The runs of a selection (n,) over the response's `intervals` (n, 2), silent ones included, in order of time.

    A run goes on as long as the memory is copied without a break. Going on to the next segment does break it where the
    memory's segment and the response's differ in length, as with onsets.
    """
    if len(intervals) != len(selection.segments):
        raise ValueError(f"{len(selection.segments)} segments cannot fill {len(intervals)} intervals")
    if len(intervals) == 0:
        return ()
    rate = memory.audio.sample_rate
    silent = selection.segments == SILENCE
    part = np.full(len(silent), SILENCE)
    part[~silent] = memory.part_of(selection.segments[~silent])
    heard = intervals.copy()
    heard[~silent] = memory.tokens.intervals[selection.segments[~silent]]
    ends = np.array([each.end for each in memory.parts])[part] / rate
    short = _is_short(heard, intervals, ends, drift_seconds) & ~silent
    shift = heard[:, 0] - intervals[:, 0]
    edges = np.round(intervals * rate).astype(np.int64)
    moved = (part[1:] != part[:-1]) | (np.abs(np.diff(shift)) > _SAME_TIME)
    follows = (selection.segments[1:] == selection.segments[:-1] + 1) & (part[1:] == part[:-1])
    follows &= np.abs(heard[1:, 0] - heard[:-1, 1]) < _SAME_TIME
    # From bucket to bucket and not from the run's start: what a block cannot know of the ones before it.
    bucket = np.floor(shift / drift_seconds)
    breaks = (moved & ~(follows & (np.diff(bucket) == 0))) | short[:-1] | (edges[1:, 0] != edges[:-1, 1])
    bounds = [0, *(np.flatnonzero(breaks) + 1).tolist(), len(silent)]
    sources = np.round(heard * rate).astype(np.int64)
    return tuple(
        piece
        for first, stop in itertools.pairwise(bounds)
        for piece in _held(
            Run(
                first,
                stop,
                int(edges[first, 0]),
                int(edges[stop - 1, 1]),
                0 if silent[first] else int(sources[first, 0]),
                None if silent[first] else memory.parts[part[first]],
            ),
            sources[stop - 1] if short[stop - 1] else None,
            round(SHORTEST_LOOP_SECONDS * rate),
        )
    )


def _is_short(heard: Seconds, intervals: Seconds, ends: Seconds, drift_seconds: float) -> NDArray[np.bool_]:
    """Which memory segments (n, 2) do not fill their intervals (n, 2): what is missing is more than may drift, or the
    part ends there (n,)."""
    missing = (intervals[:, 1] - intervals[:, 0]) - (heard[:, 1] - heard[:, 0])
    beyond = heard[:, 1] + missing > ends + _SAME_TIME
    return np.asarray((missing > drift_seconds) | ((missing > LENGTH_TOLERANCE) & beyond))


def _held(run: Run, last: Ids | None, shortest: int) -> Iterator[Run]:
    """The run itself; or, where its `last` segment [start, end) in memory samples is too short, the run and its loops.

    A segment that is shorter than `shortest` is repeated as a whole.
    """
    if last is None:
        yield run
        return
    start, end = int(last[0]), int(last[1])
    here = run.start + end - run.source
    yield replace(run, end=here)
    length = max((end - start) // 2, min(shortest, end - start), 1)
    while here < run.end:
        there = min(here + length, run.end)
        yield Run(run.stop, run.stop, here, there, end - length, run.part, gain=run.gain)
        here = there


def joined(found: Iterable[Run], sound: Audio, search: int, window: int) -> Iterator[Run]:
    """The runs, each starting up to `search` samples earlier in the memory, where it fits best onto the run before it.

    Best is the greatest normalised correlation over `window` samples around the joint; of equal ones the nearest. Never
    later: an attack that begins with its segment stays whole. Pinned runs stay where they are.
    """
    before, walk = None, arrays.Walk(sound.samples)
    for run in found:
        fitted = run
        if before is not None and before.part and run.part and before.end == run.start and not run.pinned:
            earlier = _best_fit(before, run, sound.samples, search, window)
            fitted = replace(run, source=run.source - earlier)
            walk.read(sound.samples[:search])
        yield fitted
        before = fitted


def _best_fit(before: Run, run: Run, samples: NDArray[np.float32], search: int, window: int) -> int:
    """By how many samples `run` had best start earlier, 0 to `search`.

    What is compared depends only on what is known when a run begins, so a run that goes on in a later block fits alike.
    """
    assert run.part is not None
    search = min(search, run.lead)
    left = min(window // 2, run.lead - search, before.length)
    right = min(window // 2, max(before.tail, 0), run.part.end - run.source)
    if search <= 0 or left + right < search:
        return 0
    end = before.source + before.length
    wanted = _mono(samples[end - left : end + right])
    there = _mono(samples[run.source - left - search : run.source + right])
    products = np.correlate(there, wanted, mode="valid")
    energy = np.concatenate([[0.0], np.cumsum(there.astype(np.float64) ** 2)])
    power = energy[len(wanted) :] - energy[: -len(wanted)]
    fits = np.where(power > 0, products / np.sqrt(np.maximum(power, 1e-30)), 0.0)[::-1]
    return int(np.flatnonzero(fits >= fits.max() - _AS_GOOD)[0])


def _mono(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(samples[:, 0] if samples.shape[1] == 1 else samples.sum(axis=1))
