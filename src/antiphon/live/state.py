"""What a session keeps from one event to the next: its size does not grow with the hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from antiphon.agent.pair_following import PairHeard
from antiphon.decision.playing import Playing
from antiphon.live.guide_sounds import GuideSounds
from antiphon.live.hearing import Ear
from antiphon.live.pulse import Pulse
from antiphon.live.tuning import Tuning
from antiphon.live.voice import Voice
from antiphon.types import Floats, Selection

LEVELS_KEPT = 240
"""Segments by whose level a segment is soft or loud: two minutes of half a second."""


@dataclass(frozen=True)
class Room:
    """How many seconds were played beyond the density asked for, which silence has to pay; and whether it does now."""

    debt: float = 0.0
    pausing: bool = False

    def after(self, seconds: float, sounding: bool, density: float, phrase: float) -> Room:
        """After a segment of so many seconds. A phrase is played out, then what is owed is paid in one pause."""
        debt = self.debt + (1 - density if sounding else -density) * seconds
        debt = float(np.clip(debt, 0.0, phrase))
        if density <= 0 or self.pausing:
            return Room(debt, density <= 0 or debt > 1e-9)
        return Room(debt, density < 1 and debt >= (1 - density) * phrase - 1e-9)


@dataclass(frozen=True, eq=False)
class Heard:
    """Guide segments: `count` were heard; `edges` are the frames between those that are known to begin and were not
    heard yet; `unread` (n,) ids and `lasting` (n,) seconds were not given to the decision yet; `levels` of the last in
    dBFS as they came;
    `own`: the last ones in the alphabet of the agent's pair, where it has one. `sounds`: how the last ones that are
    over sounded, where the agent's pair follows later; `going` is the one, [start, end), of which only a first part
    was heard yet."""

    count: int = 0
    edges: tuple[int, ...] = (0,)
    unread: tuple[int, ...] = ()
    lasting: tuple[float, ...] = ()
    levels: Floats = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    told: Mapping[int, int] = field(default_factory=dict)
    own: PairHeard = field(default_factory=PairHeard)
    sounds: GuideSounds = field(default_factory=GuideSounds)
    going: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class SessionState:
    """`frame` is now; segment `number` begins at `edge` and is the first that is not committed. `relation` is what
    relates its level to the guide's, in dB."""

    ear: Ear
    tuning: Tuning
    pulse: Pulse
    decision: Playing
    voice: Voice
    frame: int = 0
    number: int = 0
    edge: int = 0
    heard: Heard = field(default_factory=Heard)
    selection: Selection | None = None
    room: Room = field(default_factory=Room)
    playing: bool = False
    keeping: bool = False
    jumping: bool = False
    rejected: NDArray[np.float64] | None = None
    relation: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)

    def counted(self, kind: str) -> SessionState:
        """With one more of a kind of status."""
        return replace(self, counts={**self.counts, kind: self.counts.get(kind, 0) + 1})
