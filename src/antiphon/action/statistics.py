"""What can be said about a response in numbers: its level, its holes, its joints."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from antiphon import arrays, audio
from antiphon.action.selection.candidates import labels_before
from antiphon.types import SILENCE, Audio, Ids, Memory, Response, Run, Seconds

BLOCK_SECONDS = 0.05
"""Length of the blocks of which `silent_share` is counted."""

BLOCKS_AT_ONCE = 64
"""So many are measured together."""

SILENT_BELOW_DBFS = -60.0
"""A block below this level is silent."""


@dataclass(frozen=True)
class ResponseStatistics:
    """Levels in dBFS over all channels, `peak` of any sample, shares 0..1, and counts.

    `clipped_samples` pass full scale. `runs` are unbroken copies of the memory; a joint is where two of them meet
    without silence between, and its context is shared where the memory's label before the new run is the one just
    played. `substitutes` are labels played as another. `gain_db` is what the whole response was turned down (or to the
    guide's loudness) by. `distinct` memory segments out of `usable` are played, the commonest at `commonest_share` of
    the steps that sound. Copies are as long as they sound unbroken.
    """

    rms_dbfs: float
    peak: float
    silent_share: float
    clipped_samples: int
    runs: int
    hard_joints: int
    shared_context_joints: int
    substitutes: int
    gain_db: float
    distinct: int
    usable: int
    commonest_share: float
    median_copy_seconds: float
    longest_copy_seconds: float
    joins_per_second: float

    @property
    def said(self) -> str:
        """How varied the response is, in a sentence."""
        if not self.distinct:
            return f"none of {self.usable} memory segments is played: the response is silent"
        most = f"the most used {100 * self.commonest_share:.0f} % of the time"
        copies = f"{self.median_copy_seconds:.1f} s in the middle, {self.longest_copy_seconds:.1f} s the longest"
        joins = f"{self.joins_per_second:.1f} joins a second"
        return f"{self.distinct} of {self.usable} memory segments, {most}; copies of {copies}; {joins}"


def response_statistics(response: Response, memory: Memory) -> ResponseStatistics:
    """The statistics of a response that was played from `memory`."""
    specification, selection = response.specification, response.selection
    sounding = [run for run in response.runs if run.part is not None and run.first < run.stop]
    joints = [after.first for after in sounding if _follows_sound(response, after)]
    steps = np.array(joints, dtype=np.int64)
    shared = int(np.count_nonzero(labels_before(memory)[selection.segments[steps]] == selection.played[steps - 1]))
    power, lengths = _block_power(response.audio)
    rms = np.array([np.average(power, weights=lengths) if len(power) else 0.0], dtype=np.float32)
    copies = [run.length / response.audio.sample_rate for run in sounding]
    return ResponseStatistics(
        rms_dbfs=float(audio.dbfs(rms)[0]),
        peak=audio.peak(response.audio),
        silent_share=float(np.mean(power < 10 ** (SILENT_BELOW_DBFS / 10))) if len(power) else 0.0,
        clipped_samples=sum(
            int(np.count_nonzero(np.abs(samples) > 1)) for samples in arrays.blocks(response.audio.samples)
        ),
        runs=len(sounding),
        hard_joints=len(joints) - shared,
        shared_context_joints=shared,
        substitutes=int(np.count_nonzero(selection.played != specification.tokens.ids)),
        gain_db=20 * math.log10(response.gain),
        **_variety(selection.segments, memory),
        median_copy_seconds=float(np.median(copies)) if copies else 0.0,
        longest_copy_seconds=max(copies, default=0.0),
        joins_per_second=len(joints) / response.audio.duration if response.audio.duration else 0.0,
    )


class _Variety(TypedDict):
    distinct: int
    usable: int
    commonest_share: float


def _variety(segments: Ids, memory: Memory) -> _Variety:
    """How many segments of the memory a path (n,) plays, out of how many, and how much of it is the commonest one."""
    counts = np.bincount(segments[segments != SILENCE], minlength=1)
    share = float(counts.max() / counts.sum()) if counts.sum() else 0.0
    return _Variety(distinct=int(np.count_nonzero(counts)), usable=len(memory.tokens), commonest_share=share)


def _follows_sound(response: Response, run: Run) -> bool:
    """Whether another run sounds right up to this one."""
    if run.first == 0 or response.selection.segments[run.first - 1] == SILENCE:
        return False
    edges = response.specification.tokens.intervals
    return bool(edges[run.first, 0] - edges[run.first - 1, 1] < 1e-6)


def _block_power(sound: Audio) -> tuple[Seconds, Seconds]:
    """Mean square (blocks,) of each block over all channels, and the blocks' lengths (blocks,) in samples."""
    size = max(1, round(BLOCK_SECONDS * sound.sample_rate))
    starts = np.arange(0, len(sound.samples), size)
    lengths = np.diff(np.append(starts, len(sound.samples))).astype(np.float64)
    totals = [np.empty(0)]
    for samples in arrays.blocks(sound.samples, size * BLOCKS_AT_ONCE):
        squares = np.einsum("fc,fc->f", samples, samples)
        totals.append(np.add.reduceat(squares, np.arange(0, len(samples), size), dtype=np.float64))
    return np.concatenate(totals) / (lengths * sound.channels), lengths
