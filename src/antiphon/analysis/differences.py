"""Where two answers to one guide differ: in time and in sound, since two alphabets have no class in common.

Pure functions. A span is a stretch of time inside one segment of each answer; where both are cut alike, spans are their
segments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from antiphon.types import SILENCE, Floats, Ids, Memory, Response, Seconds

Agreement = Literal["same", "near", "elsewhere", "one rests", "both rest"]
AGREEMENTS: tuple[Agreement, ...] = ("same", "near", "elsewhere", "one rests", "both rest")
"""What two answers do in a span: play the same place of the memory, one not more than a segment away from it, another
one, or nothing."""

SOUNDING_DBFS = -60.0
"""A span below this level has no harmony."""

LOUDER_DB = 20.0
"""Levels so far apart differ as much as harmonies that share no pitch class."""

MOST_MOMENTS = 6
"""Moments that are put into words."""

MOST_TURNS = 200
"""Ways round in time from which the agreement by chance is taken at most."""

SAME_TIME = 1e-6
"""Seconds: edges nearer than this are one."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spans:
    """Spans `intervals` (n, 2) in seconds, and in which segment of either answer each lies (n,)."""

    intervals: Seconds
    first: Ids
    second: Ids

    @property
    def durations(self) -> Seconds:
        """Length of each in seconds (n,)."""
        return self.intervals[:, 1] - self.intervals[:, 0]


@dataclass(frozen=True, eq=False)
class Heard:
    """What sounds in each span: `level` (n,) in dBFS and `chroma` (n, 12) from C, 0 to 1."""

    level: Numbers
    chroma: Numbers

    @property
    def sounds(self) -> NDArray[np.bool_]:
        """Whether a span sounds at all (n,)."""
        return np.asarray((self.level >= SOUNDING_DBFS) & (self.chroma.sum(axis=1) > 0))

    @property
    def strongest(self) -> Ids:
        """The strongest pitch class of each span, 12 where it is silent (n,)."""
        return np.where(self.sounds, self.chroma.argmax(axis=1), 12)


@dataclass(frozen=True, eq=False)
class Placed:
    """Where in the memory each span comes from: number of the file (n,), SILENCE for none, and second in it (n,)."""

    part: Ids
    second: Seconds


@dataclass(frozen=True, eq=False)
class Differences:
    """Two answers span by span: `agreement` (n,) indexes AGREEMENTS, `harmony` (n,) is the cosine of both chromas, and
    `louder` (n,) by how many dB the first is above the second; both nan where not both sound. `chance` is the share of
    time (0..1) in which they would play the same with either circularly shifted."""

    spans: Spans
    agreement: Ids
    harmony: Numbers
    louder: Numbers
    chance: float

    def share(self, name: Agreement) -> float:
        """Of the time, 0..1."""
        lasting = self.spans.durations
        return float(lasting[self.agreement == AGREEMENTS.index(name)].sum() / lasting.sum())

    @property
    def together(self) -> float:
        """Share of the time (0..1) in which both do the same: play one place, or rest."""
        return self.share("same") + self.share("both rest")


@dataclass(frozen=True)
class UnderGuide:
    """What either answer plays where the guide's strongest pitch class is `pitch_class` (0 to 11 from C, 12 silence).

    `alike` is the cosine of their mean chromas; `first` and `second` are their strongest pitch classes, at most three,
    levels in dBFS are means over spans that sound. Not a number where one of them rests throughout.
    """

    pitch_class: int
    seconds: float
    first: tuple[int, ...]
    second: tuple[int, ...]
    first_level: float
    second_level: float
    alike: float


def common_spans(first: Seconds, second: Seconds) -> Spans:
    """The time that segments (n, 2) and (m, 2) share, cut wherever one of them is."""
    edges = np.unique(np.concatenate([first.ravel(), second.ravel()]))
    edges = edges[np.diff(edges, prepend=-np.inf) > SAME_TIME]
    intervals = np.stack([edges[:-1], edges[1:]], axis=1)
    middles = intervals.mean(axis=1)
    inside = [_containing(grid, middles) for grid in (first, second)]
    kept = (inside[0] >= 0) & (inside[1] >= 0)
    return Spans(intervals[kept], inside[0][kept], inside[1][kept])


def placed(response: Response, memory: Memory, starts: Seconds, segments: Ids) -> Placed:
    """Where in the memory a response takes the spans from that begin at `starts` (n,), in its `segments` (n,)."""
    chosen = response.selection.segments[segments]
    sounding = chosen != SILENCE
    known = np.where(sounding, chosen, 0)
    part = memory.part_of(known)
    begins = np.array([each.start for each in memory.parts]) / memory.audio.sample_rate
    rates = np.array([each.rate for each in memory.parts])
    late = starts - response.guide.intervals[segments, 0]
    second = (memory.tokens.intervals[known, 0] + late - begins[part]) * rates[part]
    return Placed(np.where(sounding, part, SILENCE), np.where(sounding, second, np.nan))


def differences(spans: Spans, places: tuple[Placed, Placed], heard: tuple[Heard, Heard], reach: float) -> Differences:
    """Two answers side by side; `reach` are the seconds within which two places are near."""
    first, second = heard
    both = first.sounds & second.sounds
    norms = np.linalg.norm(first.chroma, axis=1) * np.linalg.norm(second.chroma, axis=1)
    cosine = (first.chroma * second.chroma).sum(axis=1) / np.maximum(norms, 1e-12)
    return Differences(
        spans,
        agreements(*places, spans.durations, reach),
        np.where(both, cosine, np.nan),
        np.where(both, first.level - second.level, np.nan),
        _chance(*places, spans.durations, reach),
    )


def agreements(first: Placed, second: Placed, durations: Seconds, reach: float) -> Ids:
    """Index into AGREEMENTS of each span (n,): places are the same that overlap by more than half of it."""
    rests = (first.part == SILENCE).astype(np.int64) + (second.part == SILENCE)
    apart = np.abs(first.second - second.second)
    here = first.part == second.part
    conditions = [rests == 2, rests == 1, here & (apart < durations / 2), here & (apart <= reach + SAME_TIME)]
    named: list[Agreement] = ["both rest", "one rests", "same", "near"]
    choices = [AGREEMENTS.index(name) for name in named]
    return np.asarray(np.select(conditions, choices, AGREEMENTS.index("elsewhere")), dtype=np.int64)


def under_guide(spans: Spans, guide: Heard, heard: tuple[Heard, Heard]) -> tuple[UnderGuide, ...]:
    """What both play under each pitch class of the guide, by how long it lasts, the longest first."""
    lasting = spans.durations
    rows = []
    for pitch_class in np.unique(guide.strongest).tolist():
        here = guide.strongest == pitch_class
        chromas = [_mean_chroma(each, here, lasting) for each in heard]
        levels = [
            float(each.level[here & each.sounds].mean()) if (here & each.sounds).any() else np.nan for each in heard
        ]
        norm = float(np.linalg.norm(chromas[0]) * np.linalg.norm(chromas[1]))
        alike = float(chromas[0] @ chromas[1]) / norm if norm > 0 else np.nan
        first, second = (strongest_classes(chroma) for chroma in chromas)
        rows.append(UnderGuide(pitch_class, float(lasting[here].sum()), first, second, levels[0], levels[1], alike))
    return tuple(sorted(rows, key=lambda row: (-row.seconds, row.pitch_class)))


def strongest_classes(chroma: Numbers) -> tuple[int, ...]:
    """Up to three pitch classes of a chroma (12,), the strongest first: those that reach half of the strongest."""
    order = [int(each) for each in np.argsort(-chroma, kind="stable")[:3]]
    return tuple(each for each in order if chroma[each] > 0 and chroma[each] >= chroma[order[0]] / 2)


def moments(found: Differences) -> tuple[int, ...]:
    """The spans in which two answers differ most, in order of difference: by harmony and level, or since one rests. No
    two of them lie within a second; where they do the same they do not differ."""
    alike = np.isin(found.agreement, [AGREEMENTS.index("same"), AGREEMENTS.index("both rest")])
    sounds = (1 - np.nan_to_num(found.harmony)) + np.minimum(np.abs(np.nan_to_num(found.louder)) / LOUDER_DB, 1)
    rests = np.where(found.agreement == AGREEMENTS.index("one rests"), 2.0, 0.0)
    value = np.where(alike, 0.0, np.where(np.isnan(found.harmony), rests, sounds))
    return tuple(_apart(np.argsort(-value, kind="stable"), value, found.spans.intervals[:, 0]))


def _apart(order: Ids, value: Numbers, starts: Seconds) -> Iterator[int]:
    taken: list[float] = []
    for index in order.tolist():
        if value[index] <= 0 or len(taken) == MOST_MOMENTS:
            return
        if all(abs(starts[index] - other) >= 1.0 for other in taken):
            taken.append(float(starts[index]))
            yield index


def _containing(grid: Seconds, times: Seconds) -> Ids:
    """The segment in which each time lies (n,), -1 for none."""
    index = np.searchsorted(grid[:, 0], times, side="right") - 1
    return np.where((index >= 0) & (times < grid[np.maximum(index, 0), 1]), index, -1)


def _chance(first: Placed, second: Placed, durations: Seconds, reach: float) -> float:
    """The mean share of time in which both do the same where the second is circularly shifted, by every number of
    spans, or by MOST_TURNS of them."""
    n = len(durations)
    if n < 2:
        return np.nan
    alike = [AGREEMENTS.index("same"), AGREEMENTS.index("both rest")]
    shares = []
    for turn in np.unique(np.linspace(1, n - 1, min(n - 1, MOST_TURNS)).round().astype(np.int64)).tolist():
        other = Placed(np.roll(second.part, turn), np.roll(second.second, turn))
        same = np.isin(agreements(first, other, durations, reach), alike)
        shares.append(float(durations[same].sum() / durations.sum()))
    return float(np.mean(shares))


def _mean_chroma(heard: Heard, here: NDArray[np.bool_], lasting: Seconds) -> Numbers:
    sounding = here & heard.sounds
    if not sounding.any():
        return np.zeros(12)
    return np.asarray(np.average(heard.chroma[sounding], axis=0, weights=lasting[sounding]))


def chroma_of(vectors: Floats, dimensions: slice, weight: float) -> Numbers:
    """Pitch-class posteriors (n, 12) out of condensed frames of the notes encoder, what every class has taken off: with
    it, two notes that have nothing in common would be alike by .4."""
    posteriors = vectors[:, dimensions].astype(np.float64) / weight
    return np.asarray(np.maximum(posteriors - np.median(posteriors, axis=1, keepdims=True), 0))
