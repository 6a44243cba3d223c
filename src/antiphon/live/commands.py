"""What a live session asks for: sound at its time, and word of what it plans, commits and cannot do.

Frames are those of the session (`events`). Of one step of the session the commands come in the order in which they are
to be carried out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from antiphon.types import Event, Run

StatusKind = Literal["late", "refused", "gap", "old", "level", "changed", "playing", "stopped", "resting", "beat"]


@dataclass(frozen=True)
class Play:
    """Frames [start, end) of the response are these runs of the memory, in order of time, faded where they meet.

    `runs` count frames of the session, and are all on which the span depends: `Crossfade.between` renders them.
    Spans follow one another without a gap. Where the next one is not there in time, the last run goes on in the memory.
    """

    start: int
    end: int
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Silence:
    """Nothing of what was to be played from `frame` on is: a fade of `fade` frames from there, then silence, until a
    further `Play`."""

    frame: int
    fade: int


@dataclass(frozen=True)
class Step:
    """One segment of the response, as planned or committed: its number, frames [start, end), and the event of
    provenance.json: time, token, log-probability, source file and span, cost; its `run` is counted when all is over.

    `fade_in` and `fade_out` are frames over which a host that plays the memory itself fades it; `follows` says that it
    goes on in the memory from the segment before it. `segment` is the memory's, -1 for silence.
    """

    number: int
    start: int
    end: int
    event: Event
    segment: int
    fade_in: int
    fade_out: int
    follows: bool
    gain: float = 1.0


@dataclass(frozen=True)
class Plan:
    """What would be played next if nothing more were heard, from the first segment that is not committed on."""

    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Commit:
    """This segment will be played and does not change any more. `late`: there was no decision in time, and the copy
    went on in the memory. `heard` guide segments were known."""

    step: Step
    heard: int
    late: bool = False


@dataclass(frozen=True)
class TokenEvent:
    """Guide segment `number`, frames [start, end), was heard as `token`, a level in dBFS beside it."""

    number: int
    start: int
    end: int
    token: int
    level: float


@dataclass(frozen=True)
class Status:
    """Word for the musician: what kind, at which frame, in a sentence; `count` says how often it has happened."""

    kind: StatusKind
    frame: int
    words: str
    count: int = 0


LiveCommand = Play | Silence | Plan | Commit | TokenEvent | Status
