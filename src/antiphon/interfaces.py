"""The seams: small structural protocols. A user's class satisfies one without importing anything of ours.

A protocol stands here once two implementations exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from antiphon.types import Audio, Features, Floats, Ids, Memory, Rendering, Seconds, Segments, Selection, Specification

Progress = Callable[[str, int, int], None]
"""`progress(task, done, total)`: called by whatever takes long; the command line draws it. What stands behind a colon
in `task` is how it goes so far (`train: 2.913 bits, 0.61 by the guide`), and may change from call to call."""


def no_progress(task: str, done: int, total: int) -> None:
    """Say nothing: the default of every library function."""


class Sound(Protocol):
    """What perception listens to: a recording that need not fit into memory."""

    @property
    def name(self) -> str:
        """How messages name it."""
        ...

    @property
    def duration(self) -> float:
        """Length in seconds."""
        ...

    def digest(self) -> str:
        """A hash of the content, under which what was heard is kept: another recording has another one."""
        ...

    def blocks(self, sample_rate: int) -> Iterator[Floats]:
        """The sound as mono at `sample_rate`, in blocks (frames,) of any length, from its start to its end."""
        ...


class FrameStream(Protocol):
    """The frames of a sound that arrives in blocks. State in, state out: `push` gives the next stream and leaves this
    one as it was."""

    @property
    def until(self) -> float:
        """All frames before this time in seconds have been given."""
        ...

    def push(self, samples: Floats) -> tuple[FrameStream, tuple[Features, ...]]:
        """The stream after these samples (samples,), and the frames that are final now, in pieces."""
        ...

    def finish(self) -> tuple[Features, ...]:
        """The frames that are left where nothing more comes."""
        ...


class Encoder(Protocol):
    """Audio to frames (paper 4.1)."""

    @property
    def identity(self) -> str:
        """Everything on which the frames depend: name, weights, settings. Part of the alphabet and of the cache key."""
        ...

    @property
    def sample_rate(self) -> int:
        """The rate at which `encode` wants its audio."""
        ...

    @property
    def lookahead_seconds(self) -> float:
        """How far into the future a frame looks."""
        ...

    @property
    def standardize(self) -> bool:
        """Whether the alphabet divides each dimension by its standard deviation over the corpus."""
        ...

    def encode(self, audio: Audio) -> Features:
        """Frames of mono audio at `sample_rate`. A frame's time is the centre of what it describes.

        An encoder that also has `stream() -> FrameStream`, with the same frames, hears long and live audio in blocks;
        for one that has not, the whole audio is collected first.
        """
        ...


class Segmenter(Protocol):
    """Where segments begin and end (paper 4.1)."""

    def __call__(self, duration: float, onsets: Callable[[], Floats]) -> Seconds:
        """Intervals (n, 2) in seconds that tile [0, duration).

        `onsets()` listens to the sound and gives its onset strength (cells,) every 10 ms.
        """
        ...


class Condenser(Protocol):
    """Frames to one vector per segment (paper 4.1)."""

    def __call__(self, features: Features, intervals: Seconds) -> Floats:
        """Vectors (n, dim) of the segments `intervals` (n, 2)."""
        ...


class Quantizer(Protocol):
    """Segment vectors to ids of the alphabet (paper equation 2)."""

    def __call__(self, segments: Segments) -> Ids:
        """Ids (n,)."""
        ...


class DecisionModel(Protocol):
    """p(y_t | y_<t, x) (paper equation 3) for several guides side by side, one step at a time.

    The same `step` gives log-probabilities for bits per token, offline generation and a live agent.
    """

    @property
    def classes(self) -> int:
        """How many ids it chooses from."""
        ...

    def start(self, guides: int) -> Any:
        """The state before anything was heard or played, for `guides` sequences side by side."""
        ...

    def step(
        self, state: Any, heard: Ids, previous: Ids | None, durations: Seconds | None = None
    ) -> tuple[Any, Floats]:
        """The next state, and log-probabilities (guides, classes) in nats of the token to play now.

        `heard` (guides, m) are the guide tokens that became visible since the last step, `durations` (guides, m) the
        lengths of their segments in seconds; `previous` (guides,) are the tokens just played, None at the first step.
        """
        ...


class Selector(Protocol):
    """Which memory segments realise a specification (paper 3.3)."""

    def select(self, specification: Specification, memory: Memory, state: Selection | None = None) -> Selection:
        """A path through the memory that plays `specification` (n,), going on from `state` if there is one."""
        ...


class Renderer(Protocol):
    """A selection to sound (paper equation 4)."""

    def render(
        self, selection: Selection, memory: Memory, intervals: Seconds, state: Any = None, *, last: bool = True
    ) -> Rendering:
        """Audio at the memory's own rate and channels that covers `intervals` (n, 2) from 0 to their end.

        With the `state` of an earlier block it goes on from there, the intervals too; blocks but the `last` hold back
        what depends on the next. End to end, blocks are bit for bit what the whole at once is.
        """
        ...
