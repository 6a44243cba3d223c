"""What a live session is told: sound with its time, beats, controls and cues.

Time is counted in frames of the session's own sample rate since its start, which is what an audio device counts. No
event carries a time of day. An event that makes no sense is answered by a `Status`, never by an exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from antiphon.types import Floats

CueName = Literal["start", "stop", "panic", "keep", "release", "reject", "jump"]

CUES: dict[CueName, str] = {
    "start": "plays from the next segment on; what was heard before counts",
    "stop": "ends after what is committed, with a fade; it goes on listening",
    "panic": "is silent at once: what is committed is taken back too",
    "keep": "stays in the copy that sounds now, until release, reject or jump",
    "release": "ends keep",
    "reject": "leaves the copy that sounds now, and does not come back to it in this session",
    "jump": "leaves the copy that sounds now at the next segment that is not committed",
}
"""The cues, and what each does."""


@dataclass(frozen=True, eq=False)
class GuideBlock:
    """Guide samples (frames, channels) that begin at `frame`; any number of them, also none. Its end is now.

    Where a block is missing there is silence; what was heard already is left out. Samples that are no numbers, or whose
    squares are none, are heard as silence.
    """

    samples: Floats
    frame: int


@dataclass(frozen=True)
class Tick:
    """It is `frame` now, and no guide sound came: time goes on in silence, or by tokens."""

    frame: int


@dataclass(frozen=True)
class GuideToken:
    """The guide of the segment in which `frame` lies, as a token of the agent's alphabet: it wins over what is heard
    there."""

    token: int
    frame: int


@dataclass(frozen=True)
class Tempo:
    """The tempo is `bpm` from `frame` on, at which a beat lies where `on_beat`; None: no tempo, segments are free."""

    bpm: float | None
    frame: int
    on_beat: bool = False


@dataclass(frozen=True)
class Beat:
    """A beat is at `frame`: a tap, or what a clock says. Two make a tempo."""

    frame: int


@dataclass(frozen=True)
class Control:
    """A dial is turned (`controls.DIALS`), or a choice made (`controls.CHOICES`). Holds from the next segment that is
    not committed."""

    name: str
    value: float | str


@dataclass(frozen=True)
class Cue:
    """One of `CUES`."""

    name: str


LiveEvent = GuideBlock | Tick | GuideToken | Tempo | Beat | Control | Cue
