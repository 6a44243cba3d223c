"""Tracks of a page to look at and to listen to: a waveform with coloured regions, and its sound inside the page."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from antiphon import arrays
from antiphon.audio import mono, mp3
from antiphon.pages.colours import colour
from antiphon.types import Audio, Floats, Grid, Ids, Seconds

WIDTH, HEIGHT = 1200, 110
"""Size of a drawing in its own units; the page stretches it."""

LONGEST_EMBEDDED = 900.0
"""Seconds of sound that a page carries for one track; longer ones are drawn but not embedded."""

MOST_REGIONS = 10_000
"""Segments of a track that a page colours: of more, none is as wide as a hair, and browsers take long."""

LONGEST_COLUMN = 300_000
"""A column of a waveform of so many samples is looked at as a whole: up to two hours at 44.1 kHz."""

NEAREST_MARKS = 4
"""Units of a drawing between two beats, or two bars, that are marked: nearer ones would be a grey surface."""

LOOKS, LOOK = 8, 1 << 13
"""How often a longer column is looked at, and for how many samples: to draw ten hours from disk would take as long as
to answer from them."""


LONGEST_KEPT, MOST_KEPT = 120.0, 8
"""Seconds of a sound, and how many sounds, whose encoding is kept for the next page: to encode them is a fifth of the
work of a short response."""

_KEPT: dict[tuple[bytes, tuple[int, ...], int], str] = {}


@dataclass(frozen=True, eq=False)
class Lane:
    """One track of the page: a sound, and coloured regions (n, 2) in seconds with a class and a sentence each; and the
    beats of its time, where they are known."""

    name: str
    about: str
    audio: Audio
    intervals: Seconds
    ids: Ids
    sentences: Sequence[str]
    grid: Grid | None = None


@dataclass(frozen=True)
class Region:
    """A coloured part of a waveform, and what it says when it is pointed at."""

    x: float
    width: float
    colour: str
    sentence: str


@dataclass(frozen=True)
class Mark:
    """A beat, and whether it begins a bar."""

    x: float
    is_bar: bool


@dataclass(frozen=True)
class DrawnLane:
    """What the template needs of a lane; `sound` is a data URI, empty where the sound is too long for a page."""

    name: str
    about: str
    outline: str
    regions: Sequence[Region]
    sound: str
    marks: Sequence[Mark] = ()
    width: int = WIDTH
    height: int = HEIGHT


def drawn(lane: Lane, rest: int, longest: float | None = None) -> DrawnLane:
    """A lane as it is drawn; `rest` is the id drawn grey. Of a sound longer than `longest` seconds, or than a
    page carries, none is embedded."""
    audio = lane.audio
    scale = WIDTH / max(audio.duration, 1e-9)
    regions = [
        Region(start * scale, (end - start) * scale, colour(int(token), rest), sentence)
        for (start, end), token, sentence in zip(lane.intervals, lane.ids, lane.sentences, strict=True)
        if len(lane.ids) <= MOST_REGIONS
    ]
    facts = f"{audio.duration:.1f} s, {audio.sample_rate / 1000:g} kHz, {_channels(audio.channels)}"
    if len(lane.ids) > MOST_REGIONS:
        facts += f"; {len(lane.ids)} segments, too many to colour"
    if len(audio.samples) > WIDTH * LONGEST_COLUMN:
        facts += "; drawn by a part of its samples"
    sound = sound_uri(audio) if audio.duration <= (LONGEST_EMBEDDED if longest is None else longest) else ""
    marks = marks_of(lane.grid, audio.duration)
    return DrawnLane(lane.name, f"{lane.about}; {facts}", _outline(audio), regions, sound, marks)


def marks_of(grid: Grid | None, duration: float, width: float = WIDTH) -> list[Mark]:
    """Where the beats lie in a drawing of so many seconds; bars alone where beats are too near, none where bars are."""
    if grid is None or duration <= 0:
        return []
    scale = width / duration
    beat = 60 / grid.bpm * scale
    step = 1 if beat >= NEAREST_MARKS else grid.beats_per_bar
    if beat * step < NEAREST_MARKS:
        return []
    beats = grid.beats(duration).tolist()
    return [Mark(beats[number] * scale, number % grid.beats_per_bar == 0) for number in range(0, len(beats), step)]


def sound_uri(audio: Audio) -> str:
    """A sound as a data URI. The last short ones are kept: who asks again has the same guide and the same memory."""
    if audio.duration > LONGEST_KEPT:
        return _encoded(audio)
    key = hashlib.sha256(np.ascontiguousarray(audio.samples).data).digest(), audio.samples.shape, audio.sample_rate
    found = _KEPT.pop(key, None) or _encoded(audio)
    _KEPT[key] = found
    for oldest in list(_KEPT)[:-MOST_KEPT]:
        del _KEPT[oldest]
    return found


def _encoded(audio: Audio) -> str:
    return "data:audio/mpeg;base64," + base64.b64encode(mp3(audio)).decode()


def _channels(count: int) -> str:
    return {1: "mono", 2: "stereo"}.get(count, f"{count} channels")


def _looked_at(first: int, stop: int) -> list[slice]:
    """Which of the samples from `first` to `stop` are looked at for a column of a waveform: all but in hours of
    sound."""
    if stop - first <= LONGEST_COLUMN:
        return [slice(first, stop)]
    return [slice(start, start + LOOK) for start in np.linspace(first, stop - LOOK, LOOKS).astype(np.int64).tolist()]


def _one_channel(samples: Floats, sample_rate: int) -> Floats:
    """A part of a sound in one channel; one that has no more is itself, for a page looks at thousands of parts."""
    return samples if samples.shape[1] == 1 else mono(Audio(samples, sample_rate)).samples


def _outline(audio: Audio) -> str:
    """The waveform as one closed path: highest and lowest sample of each column, the loudest filling the height."""
    samples = audio.samples
    edges = np.linspace(0, len(samples), min(WIDTH, len(samples)) + 1).astype(np.int64)
    high, low = np.zeros(len(edges) - 1, dtype=np.float32), np.zeros(len(edges) - 1, dtype=np.float32)
    walk = arrays.Walk(samples)
    for column, (first, stop) in enumerate(itertools.pairwise(edges)):
        looks = [_one_channel(samples[part], audio.sample_rate) for part in _looked_at(int(first), int(stop))]
        high[column], low[column] = max(look.max() for look in looks), min(look.min() for look in looks)
        for look in looks:
            walk.read(look)
    walk.end()
    edges = edges[:-1]
    loudest = max(float(high.max(initial=0)), -float(low.min(initial=0)), 1e-9)
    middle, x = HEIGHT / 2, np.arange(len(edges)) * WIDTH / len(edges)
    top = [f"{a:.1f},{middle - b * (middle - 2):.1f}" for a, b in zip(x, high / loudest, strict=True)]
    bottom = [f"{a:.1f},{middle - b * (middle - 2):.1f}" for a, b in zip(x, low / loudest, strict=True)]
    return "M" + " L".join(top + bottom[::-1]) + " Z"
