"""The values that pass between the modules: frozen, validated in structure, free of any framework.

Time is in seconds, intervals are half-open and of shape (n, 2) as in mir_eval. Seconds and not frames, because
perception runs at the encoder's rate and synthesis at the file's own.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Seconds = NDArray[np.float64]
Ids = NDArray[np.int64]

SILENCE = -1
"""Index in a Selection that stands for no memory segment at all."""

EVENT_VERSION = 2
"""Version of the JSON event; raised whenever a field of `Event` changes its meaning."""


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def _require_intervals(intervals: Seconds) -> None:
    _require(intervals.ndim == 2 and intervals.shape[1] == 2, f"intervals must be (n, 2), got {intervals.shape}")
    _require(bool(np.all(intervals[:, 1] > intervals[:, 0])), "every interval must end after it starts")
    _require(bool(np.all(intervals[1:, 0] >= intervals[:-1, 0])), "intervals must be in order of time")


NOTEBOOK = "antiphon.pages.notebook"
"""Who draws values in a notebook. It stands above them: it is known by its name, and loaded when one is first shown."""


class ShownInNotebooks:
    """A value that a notebook shows as lanes and players."""

    def _repr_html_(self) -> str:
        return str(importlib.import_module(NOTEBOOK).html_of(self))


@dataclass(frozen=True, eq=False)
class Audio:
    """Sound: float32 samples (frames, channels) in -1..1, at `sample_rate` Hz, and the file it came from."""

    samples: Floats
    sample_rate: int
    source: str = ""

    def __post_init__(self) -> None:
        _require(self.samples.ndim == 2, f"samples must be (frames, channels), got {self.samples.shape}")
        _require(self.samples.dtype == np.float32, f"samples must be float32, got {self.samples.dtype}")
        _require(self.sample_rate > 0, f"sample rate must be positive, got {self.sample_rate}")

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[1])


Side = Literal["", "left", "right"]


@dataclass(frozen=True)
class Source:
    """A file that holds a track or a part of it; `stream` counts the audio streams of a container of several.

    `sha256` is the hash of the file's bytes, empty as long as nobody asked for it. `side` says which channel of a
    stereo track a mono file is, empty where it is all of them. `start` is when its sound begins, in seconds after the
    multitrack does.
    """

    path: Path
    stream: int = 0
    sha256: str = ""
    side: Side = ""
    start: float = 0.0

    def __post_init__(self) -> None:
        _require(self.start >= 0, f"a source must not start before its multitrack, got {self.start} s")


@dataclass(frozen=True)
class Track:
    """One stem of a multitrack: its name, its instrument in the field's words, its length in seconds.

    Its sound is the sum of its `sources`, takes and layers of one instrument, each from its own start and, where it is
    one side of a stereo recording, on that side. `duration` is when the last of them ends. `sample_rate` is that of the
    first one in Hz, 0 where it is unknown. Not `answers`: it is a guide only, the A of a pair.
    """

    name: str
    sources: tuple[Source, ...]
    duration: float
    instrument: str = ""
    sample_rate: int = 0
    answers: bool = True

    def __post_init__(self) -> None:
        _require(len(self.sources) > 0, "a track needs a source")

    @property
    def path(self) -> Path:
        """Its first file, by which messages name it."""
        return self.sources[0].path


@dataclass(frozen=True)
class Multitrack:
    """The simultaneous stems of one recording. `piece` is what splits and statistics count.

    `artist` and `licence` are as the corpus says, empty where it doesn't.
    """

    name: str
    piece: str
    tracks: tuple[Track, ...]
    artist: str = ""
    licence: str = ""

    @property
    def duration(self) -> float:
        """Length in seconds of its longest track."""
        return max(track.duration for track in self.tracks)


@dataclass(frozen=True)
class Window:
    """An excerpt [start, end) in seconds, shared by all tracks of a multitrack."""

    multitrack: Multitrack
    start: float
    end: float

    def __post_init__(self) -> None:
        _require(0 <= self.start < self.end, f"window must be 0 <= start < end, got {self.start}, {self.end}")


@dataclass(frozen=True, eq=False)
class Features:
    """Encoder frames: `values` (frames, dim), centre `times` (frames,) in seconds, `power` (frames,) mean square."""

    values: Floats
    times: Seconds
    power: Floats

    def __post_init__(self) -> None:
        _require(self.values.ndim == 2, f"values must be (frames, dim), got {self.values.shape}")
        _require(self.times.shape == (len(self.values),), "one time stamp per frame")
        _require(self.power.shape == (len(self.values),), "one power per frame")
        _require(bool(np.all(np.diff(self.times) > 0)), "frame times must increase")


@dataclass(frozen=True, eq=False)
class Segments:
    """One condensed vector per segment (n, dim), and its level (n,) in dBFS."""

    vectors: Floats
    level: Floats

    def __post_init__(self) -> None:
        _require(self.vectors.ndim == 2, f"vectors must be (n, dim), got {self.vectors.shape}")
        _require(self.level.shape == (len(self.vectors),), "one level per segment")


@dataclass(frozen=True, eq=False)
class Alphabet(ShownInNotebooks):
    """The codebook C_K (paper 3.1): `centroids` (K, dim) in units of `scale` (dim,), and what it is made of.

    `has_rest` adds the class of silent segments, id K: those below `rest_dbfs`. `recipe` says everything else on which
    labels depend (encoder, weights, segmentation, condenser); `id` is a hash of all of it.
    """

    centroids: Floats
    scale: Floats
    rest_dbfs: float
    has_rest: bool
    recipe: str
    id: str

    def __post_init__(self) -> None:
        _require(self.centroids.ndim == 2 and len(self.centroids) > 0, "centroids must be (K, dim) with K > 0")
        _require(self.scale.shape == (self.centroids.shape[1],), "one scale per dimension")
        _require(bool(np.all(self.scale > 0)), "scales must be positive")

    @property
    def size(self) -> int:
        """K, the number of centroids."""
        return len(self.centroids)

    @property
    def classes(self) -> int:
        """How many ids a token can have: K, and one more with the rest."""
        return self.size + int(self.has_rest)

    @property
    def rest(self) -> int:
        """The id of the rest, K."""
        return self.size


@dataclass(frozen=True, eq=False)
class Tokens(ShownInNotebooks):
    """The symbolic sequence x_q (paper equation 2): `ids` (n,) over `intervals` (n, 2) seconds."""

    ids: Ids
    intervals: Seconds
    alphabet_id: str

    def __post_init__(self) -> None:
        _require(self.ids.ndim == 1, f"ids must be (n,), got {self.ids.shape}")
        _require(self.intervals.shape == (len(self.ids), 2), "one interval per id")
        _require_intervals(self.intervals)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def durations(self) -> Seconds:
        """Length of each segment in seconds (n,)."""
        return self.intervals[:, 1] - self.intervals[:, 0]


@dataclass(frozen=True, eq=False)
class Specification:
    """What the decision asks for (paper 3.2): tokens, and the log-probability (n,) with which each was drawn (nats).

    `distributions` (n, classes) are the log-probabilities of all classes at each step, None where only the tokens are
    asked for.
    """

    tokens: Tokens
    log_probabilities: Seconds
    distributions: Floats | None = None

    def __post_init__(self) -> None:
        _require(self.log_probabilities.shape == (len(self.tokens),), "one log-probability per token")
        if self.distributions is not None:
            _require(
                self.distributions.ndim == 2 and len(self.distributions) == len(self.tokens),
                "one distribution per token",
            )


@dataclass(frozen=True, eq=False)
class SegmentSound:
    """How segments sound: `chroma` (n, dim), of which each row has length 1 or, where nothing sounds, 0, so that a
    product of two rows is their correlation; and `level` (n,) in dBFS.

    `before` (m,) are levels that were heard earlier, by which these are judged too. `classes` (n, classes) say how
    probable each class of a further alphabet is, that of a pair; None where there is none. `activity` (n,) is how busy
    they are: the mean strength of their onsets, in octaves above 1 dB; None where it was not asked for. `register` (n,)
    is how high they lie, in octaves; None where that was not heard, and followed as closely as `register_weight` says.
    `level_scale`, `activity_scale` and `register_scale` are mean and spread by which these are judged, where those are
    not their own.
    """

    chroma: Floats
    level: Floats
    before: Floats = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    classes: Floats | None = None
    activity: Floats | None = None
    level_scale: tuple[float, float] | None = None
    activity_scale: tuple[float, float] | None = None
    register: Floats | None = None
    register_scale: tuple[float, float] | None = None
    register_weight: float = 0.0

    def __post_init__(self) -> None:
        _require(self.chroma.ndim == 2, f"chroma must be (n, dim), got {self.chroma.shape}")
        _require(self.level.shape == (len(self.chroma),), "one level per segment")
        _require(self.activity is None or self.activity.shape == self.level.shape, "one activity per segment")
        _require(self.register is None or self.register.shape == self.level.shape, "one register per segment")


@dataclass(frozen=True, eq=False)
class PairAlphabet:
    """An alphabet of the tracks of pairs, and the pairs in it: ids of guide and target (n,) each."""

    alphabet: Alphabet
    pairs: tuple[tuple[Ids, Ids], ...]


@dataclass(frozen=True, eq=False)
class Boundaries:
    """Classes of the left and the right edge of each memory segment (n,), and `prices` (classes, classes).

    `prices[c, d]` is that of a cut after a right edge of class c into a left edge of class d: 0 for edges alike, 1 for
    a cut between two places taken at random, on average.
    """

    left: Ids
    right: Ids
    prices: Seconds

    def __post_init__(self) -> None:
        shapes, square = f"{self.left.shape}, {self.right.shape}", self.prices.shape
        alike = self.left.shape == self.right.shape and self.left.ndim == 1
        _require(alike, f"one left and one right class per segment, got {shapes}")
        _require(len(square) == 2 and square[0] == square[1], f"prices must be (classes, classes), got {square}")
        _require(
            bool(np.isfinite(self.prices).all() and (self.prices >= 0).all()), "prices must be finite and 0 or more"
        )


@dataclass(frozen=True)
class MemoryPart:
    """One file of a memory: where it lies in the memory's audio, [start, end) in samples.

    Of the file `rate` seconds pass in a second of the memory: more than 1 where it is played faster, at its own pitch.
    """

    source: str
    start: int
    end: int
    rate: float = 1.0

    def __post_init__(self) -> None:
        _require(0 < self.rate < float("inf"), f"a file is played at a rate above 0, got {self.rate}")


@dataclass(frozen=True, eq=False)
class Memory(ShownInNotebooks):
    """Audio and tokens used as corpus for concatenative synthesis (paper 4.3). Segments never cross two parts.

    `class_probabilities` (segments, classes) say how near each segment lies to every class, `sound` how it sounds, and
    `boundaries` how its edges do; None where nobody measured.
    """

    audio: Audio
    tokens: Tokens
    parts: tuple[MemoryPart, ...]
    class_probabilities: Floats | None = None
    sound: SegmentSound | None = None
    boundaries: Boundaries | None = None

    def __post_init__(self) -> None:
        rows = [] if self.class_probabilities is None else [len(self.class_probabilities)]
        rows += [] if self.sound is None else [len(self.sound.level)]
        rows += [] if self.boundaries is None else [len(self.boundaries.left)]
        _require(
            all(count == len(self.tokens) for count in rows),
            "one class distribution, one sound and two edges per segment",
        )
        _require(len(self.parts) > 0 and self.parts[0].start == 0, "the first part starts the memory")
        _require(self.parts[-1].end == len(self.audio.samples), "the last part ends the memory")
        _require(
            all(before.end == after.start for before, after in zip(self.parts, self.parts[1:], strict=False)),
            "parts lie end to end",
        )

    def part_of(self, segments: Sequence[int] | Ids) -> Ids:
        """The index of the part (n,) in which each memory segment (n,) lies."""
        starts = np.array([part.start for part in self.parts]) / self.audio.sample_rate
        middles = self.tokens.intervals[np.asarray(segments, dtype=np.int64)].mean(axis=1)
        return np.asarray(np.searchsorted(starts, middles, side="right") - 1, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Selection:
    """A path through the memory: `segments` (n,) memory indices or SILENCE, `played` (n,) their ids, `costs` (n,).

    `played` differs from the specification where the memory lacks the label asked for (a substitute). `last_run` counts
    the segments of the copy with which it ends, those of earlier blocks included (0: count them), and `used` are the
    segments that were played, each as often as it was, where coming back to one costs something. `gap` is what it costs
    above the cheapest path, where it need not be that. `relaxed` are the settings that could not be kept, in words.
    """

    segments: Ids
    played: Ids
    costs: Seconds
    last_run: int = 0
    used: Ids = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    gap: float = 0.0
    relaxed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require(self.segments.ndim == 1, f"segments must be (n,), got {self.segments.shape}")
        _require(self.played.shape == self.segments.shape, "one played id per segment")
        _require(self.costs.shape == self.segments.shape, "one cost per segment")


@dataclass(frozen=True)
class Run:
    """An unbroken copy: response samples [start, end) are memory samples from `source` on; silence without `part`.

    It realises the selection's steps [first, stop). A copy that only holds the sound of the step before it realises
    none. `pinned`: the user put it there. `laid`: its time belongs to a `Laid` item, whose sound it leaves to that; the
    two numbers are the samples over which what comes before fades out and what comes after fades in. `gain` is what its
    samples are multiplied by.
    """

    first: int
    stop: int
    start: int
    end: int
    source: int = 0
    part: MemoryPart | None = None
    pinned: bool = False
    laid: tuple[int, int] | None = None
    gain: float = 1.0

    @property
    def length(self) -> int:
        """Length in samples."""
        return self.end - self.start

    @property
    def lead(self) -> int:
        """How many samples its part holds before it. Silence has no end."""
        return sys.maxsize if self.part is None else self.source - self.part.start

    @property
    def tail(self) -> int:
        """How many samples its part holds after it; negative if the part ends too soon. Silence has no end."""
        return sys.maxsize if self.part is None else self.part.end - self.source - self.length


@dataclass(frozen=True)
class Fade:
    """The first or last samples of an item, and by which of REAPER's curves, 0 to 6, they rise or fall."""

    length: int = 0
    shape: int = 0


@dataclass(frozen=True, eq=False)
class Laid:
    """An item as a musician laid it over a response, heard as it is: response samples [start, end) from `source` on.

    `source` counts samples of `sound`, which is at the response's rate and channels; before its start and after its end
    there is silence, or, with `loop`, the sound again. A negative `gain` turns the polarity. `file` is the number of
    the sound's file among those of the response's inputs.
    """

    start: int
    end: int
    source: int
    sound: Audio
    file: int
    gain: float = 1.0
    fade_in: Fade = field(default_factory=Fade)
    fade_out: Fade = field(default_factory=Fade)
    loop: bool = False


@dataclass(frozen=True, eq=False)
class Edited:
    """What a musician changed beside the pins: items that were `laid`; runs that are `refused`: deleted where they
    were, and not to be played there again; the token that is `asked` for at a step, as (step, token); and what each
    segment (m,) of the memory is `dearer` by, wherever it is played."""

    laid: tuple[Laid, ...] = ()
    refused: tuple[Run, ...] = ()
    asked: tuple[tuple[int, int], ...] = ()
    dearer: Seconds | None = None


@dataclass(frozen=True)
class Grid:
    """Beats of a guide: `bpm`, the time of its first downbeat in seconds, and how many make a bar."""

    bpm: float
    first_beat: float = 0.0
    beats_per_bar: int = 4

    def __post_init__(self) -> None:
        _require(1 <= self.bpm <= 960, f"a tempo is 1 to 960 beats a minute, got {self.bpm}")
        _require(self.first_beat >= 0, f"the first beat comes at 0 s or later, got {self.first_beat}")
        _require(self.beats_per_bar >= 1, f"a bar has a beat or more, got {self.beats_per_bar}")

    def beats(self, duration: float) -> Seconds:
        """Times (n,) of the beats in so many seconds; the first of them, and each `beats_per_bar` on, begins a bar."""
        return np.arange(self.first_beat, duration, 60 / self.bpm)


@dataclass(frozen=True, eq=False)
class Rendering:
    """Sound, the runs of which it consists, and what a renderer needs to go on from there."""

    audio: Audio
    runs: tuple[Run, ...]
    state: Any = None


@dataclass(frozen=True)
class Event:
    """One segment of a response, as written to provenance.json: seconds, ids, nats.

    `source_first` and `source_stop` are its span in samples of the source file as it was played, at the response's
    rate; `source_start` and `source_end` count seconds of the file itself, however fast it was played. `run` counts
    unbroken copies and silences. `rivals` are the most probable other tokens with their log-probabilities; `heard`
    says of guide segments by how much hiding each lowers the log-probability of `token`; both are empty where nobody
    asked. `candidates` counts the memory segments that could have been played, and `runner_up` is what the whole path
    would cost at least, above its own cost, with another one of them; None where there is none, or nobody asked. Where
    coming back to a segment has a price, that is the price at the path as it is, and may be less than 0.
    """

    time: float
    duration: float
    token: int
    log_probability: float
    played: int
    source: str
    source_start: float
    source_end: float
    cost: float
    run: int
    source_first: int = 0
    source_stop: int = 0
    pinned: bool = False
    rivals: tuple[tuple[int, float], ...] = ()
    heard: tuple[tuple[int, float], ...] = ()
    candidates: int = 0
    runner_up: float | None = None
    version: int = EVENT_VERSION


@dataclass(frozen=True, eq=False)
class Response(ShownInNotebooks):
    """The rendered audio, with every step that led to it. `gain` is what its samples were multiplied by at the end;
    `guide_sound` how the guide's segments sound, where the selection followed that; `memory` the memory as it was
    played, and `grid` the guide's beats, where segments are beats; `timing` says in a sentence whether it is in time,
    and if not, why."""

    audio: Audio
    guide: Tokens
    specification: Specification
    selection: Selection
    events: tuple[Event, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    runs: tuple[Run, ...] = ()
    gain: float = 1.0
    guide_sound: SegmentSound | None = None
    memory: Memory | None = None
    grid: Grid | None = None
    laid: tuple[Laid, ...] = ()
    timing: str = ""
