"""Tracks of a page to look at and to listen to: a waveform with coloured regions, and its sound inside the page."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

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

MOST_SOUND = 6_500_000
"""Bytes of all sounds of a page, before they are written as text, which makes them a third longer: 9 MB there."""

PLENTY, FEWEST_KILOBITS = 160.0, 32.0
"""Kilobits a second that any stereo sound does with, and the fewest that are taken: less is no music."""

TICK_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
"""What may lie between two marks of a scale."""

Part = Literal["answer", "version", "memory"]
"""What a lane is to the page's transport: what sounds together; of several versions of it the one that is chosen; what
has a time of its own."""

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

_KEPT: dict[tuple[bytes, tuple[int, ...], int, float | None], str] = {}


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
    part: Part = "answer"


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
    seconds: float = 0.0
    sample_rate: int = 0
    part: Part = "answer"

    @property
    def ticks(self) -> list[Tick]:
        """The scale below the waveform."""
        return ticks_of(self.seconds)


def drawn(lane: Lane, rest: int, longest: float | None = None, kilobits: float | None = None) -> DrawnLane:
    """A lane as it is drawn; `rest` is the id drawn grey. Of a sound longer than `longest` seconds, or than a
    page carries, none is embedded; with `kilobits` it takes about so many a second."""
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
    carried = audio.duration <= (LONGEST_EMBEDDED if longest is None else longest)
    sound = sound_uri(audio, kilobits) if carried else ""
    marks = marks_of(lane.grid, audio.duration)
    about = (f"{lane.about}; {facts}", _outline(audio), regions, sound, marks)
    return DrawnLane(lane.name, *about, seconds=audio.duration, sample_rate=audio.sample_rate, part=lane.part)


def all_drawn(lanes: Sequence[Lane], rest: int) -> list[DrawnLane]:
    """The lanes of a page, whose sounds together take no more than a page should: many minutes at fewer bits a
    second."""
    carried = sum(lane.audio.duration for lane in lanes if lane.audio.duration <= LONGEST_EMBEDDED)
    kilobits = 8e-3 * MOST_SOUND / max(carried, 1e-9)
    allowed = None if kilobits >= PLENTY else max(kilobits, FEWEST_KILOBITS)
    # Half of the time that a short response takes is the encoder of its page, which Python waits for and does not run.
    with ThreadPoolExecutor(max_workers=max(1, len(lanes))) as threads:
        return list(threads.map(lambda lane: drawn(lane, rest, kilobits=allowed), lanes))


@dataclass(frozen=True)
class Tick:
    """A mark of a scale: where it stands, in percent of its length, and what it says."""

    percent: float
    label: str


def ticks_of(seconds: float, most: int = 8) -> list[Tick]:
    """A scale of so many seconds with at most `most` marks after the first."""
    step = next((each for each in TICK_SECONDS if seconds / each <= most), 3600.0)
    return [
        Tick(100 * step * number / seconds, f"{step * number:g} s")
        for number in range(int(seconds / step + 1e-9) + 1)
        if seconds > 0
    ]


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


def sound_uri(audio: Audio, kilobits: float | None = None) -> str:
    """A sound as a data URI; with `kilobits` of about so many a second. The last short ones are kept: who asks again
    has the same guide and the same memory."""
    if audio.duration > LONGEST_KEPT:
        return _encoded(audio, kilobits)
    key = (
        hashlib.sha256(np.ascontiguousarray(audio.samples).data).digest(),
        audio.samples.shape,
        audio.sample_rate,
        kilobits,
    )
    found = _KEPT.pop(key, None) or _encoded(audio, kilobits)
    _KEPT[key] = found
    for oldest in list(_KEPT)[:-MOST_KEPT]:
        _KEPT.pop(oldest, None)
    return found


def _encoded(audio: Audio, kilobits: float | None) -> str:
    return "data:audio/mpeg;base64," + base64.b64encode(mp3(audio, kilobits)).decode()


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
