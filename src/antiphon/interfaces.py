"""The seams: small structural protocols. A user's class satisfies one without importing anything of ours.

A protocol stands here once two implementations exist.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from antiphon.types import Audio, Features, Floats, Ids, Memory, Seconds, Segments, Selection

Progress = Callable[[str, int, int], None]
"""`progress(task, done, total)`: called by whatever takes long; the command line draws it."""


def no_progress(task: str, done: int, total: int) -> None:
    """Say nothing: the default of every library function."""


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
        """Frames of mono audio at `sample_rate`. A frame's time is the centre of what it describes."""
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

    def step(self, state: Any, heard: Ids, previous: Ids | None) -> tuple[Any, Floats]:
        """The next state, and log-probabilities (guides, classes) in nats of the token to play now.

        `heard` (guides, m) are the guide tokens that became visible since the last step; `previous` (guides,) are the
        tokens just played, None at the first step.
        """
        ...


class Renderer(Protocol):
    """A selection to sound (paper equation 4)."""

    def __call__(self, selection: Selection, memory: Memory, intervals: Seconds) -> Audio:
        """Audio at the memory's own rate and channels that covers `intervals` (n, 2) from 0 to their end."""
        ...
