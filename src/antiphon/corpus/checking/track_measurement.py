"""One pass through a track: what its samples say at its own rate, and a copy of it small enough to compare."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import soxr

from antiphon.audio import interval_power
from antiphon.corpus.track_audio import track_excerpts
from antiphon.errors import BadData
from antiphon.types import Audio, Floats, Seconds, Track

BLOCK_SECONDS = 60
"""Decoded at once: 23 MB of stereo at 48 kHz, whatever the length of the file."""

ANALYSIS_RATE = 8000
"""Hz of the copy that is compared: sound up to 4 kHz holds the notes, and 1 sample is 0.125 ms."""

KEPT_SECONDS = 1200
"""Of the copy: 20 minutes are 38 MB a track. Levels and hashes cover the whole file, comparisons these minutes."""

FULL_SCALE = 1 - 2**-15
"""Magnitude of the largest sample that 16 bits can hold on both sides."""

CLIPPED_RUN = 4
"""Samples at full scale in a row that count as clipped: a 40 Hz tone peaking at full scale holds it for 3
at 44.1 kHz."""

STEADY_SHARE = 0.5
"""Of its median, which an offset keeps in every segment. The lowest notes leave a mean of their own, of 0.001."""


@dataclass(frozen=True, eq=False)
class MeasuredTrack:
    """What was measured on one track.

    `levels` (n,) are mean squares of segments of `segment_seconds`; `offset` is the steady mean of the channel that has
    most of it, 0 without; `content` hashes the decoded samples; `copy` (m,) is the sound as mono at ANALYSIS_RATE.
    """

    track: Track
    sample_rate: int
    duration: float
    clipped_runs: int
    offset: float
    levels: Floats
    content: bytes
    copy: Floats


def summarize(track: Track, segment_seconds: float) -> MeasuredTrack:
    """Decode a track once, block by block. Raises BadData as `audio.read` does, and where it holds no sample at all."""
    digest = hashlib.blake2b(digest_size=16)
    means: list[Floats] = []
    levels: list[Floats] = []
    copies: list[Floats] = []
    frames, runs, start, rate, resampler = 0, 0, 0, 0, None
    for audio in track_excerpts(track, BLOCK_SECONDS):
        block, rate = audio.samples, audio.sample_rate
        resampler = resampler or soxr.ResampleStream(rate, ANALYSIS_RATE, 1, dtype="float32", quality="HQ")
        digest.update(block.tobytes())
        runs += _clipped_runs(block)
        intervals = _segments(audio, start, segment_seconds)
        levels.append(interval_power(audio, intervals))
        means.append(_means(audio, intervals))
        if start < KEPT_SECONDS:
            copies.append(resampler.resample_chunk(np.ascontiguousarray(block.mean(axis=1, dtype=np.float32))))
        frames += len(block)
        start += BLOCK_SECONDS
    if resampler is None:
        raise BadData(f"{track.path}: holds no audio")
    copies.append(resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True))
    return MeasuredTrack(
        track=track,
        sample_rate=rate,
        duration=frames / rate,
        clipped_runs=runs,
        offset=_steady(np.concatenate(means)),
        levels=np.concatenate(levels),
        content=digest.digest(),
        copy=np.concatenate(copies),
    )


def _segments(audio: Audio, start: float, segment_seconds: float) -> Seconds:
    """Intervals (n, 2) of the segments that start in this block, from its start; the last may be cut by its end."""
    first = np.ceil(round(start / segment_seconds, 6)) * segment_seconds - start
    starts = np.arange(first, audio.duration - 1e-6, segment_seconds)
    return np.stack([starts, starts + segment_seconds], axis=1)


def _means(audio: Audio, intervals: Seconds) -> Floats:
    """Mean (n, channels) of the samples of each interval."""
    edges = np.round(intervals * audio.sample_rate).astype(np.int64)
    means = [audio.samples[start:end].mean(axis=0, dtype=np.float64) for start, end in edges]
    return np.array(means, dtype=np.float32).reshape(len(edges), audio.channels)


def _steady(means: Floats) -> float:
    """The offset that all segments (n, channels) have: that of a converter is there in silence too. One that comes and
    goes with the notes belongs to them; sampled instruments have such."""
    typical = np.median(means, axis=0)
    steady = np.all(means * np.sign(typical) > STEADY_SHARE * np.abs(typical), axis=0)
    return float(np.abs(np.where(steady, typical, 0)).max(initial=0.0))


def _clipped_runs(block: Floats) -> int:
    """How often CLIPPED_RUN samples or more of one channel stay at full scale."""
    if np.abs(block).max() < FULL_SCALE:
        return 0
    runs = 0
    for channel in block.T:
        for loud in (channel >= FULL_SCALE, channel <= -FULL_SCALE):
            edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.view(np.int8), [0]])))
            runs += int(np.count_nonzero(edges[1::2] - edges[::2] >= CLIPPED_RUN))
    return runs
