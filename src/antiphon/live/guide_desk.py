"""What the guide plays, however it comes, as blocks of sound in frames of the device; the latest seconds are kept."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import Final

import numpy as np

from antiphon.audio import channels_of
from antiphon.live.events import GuideBlock, LiveEvent, Tick
from antiphon.live.guide_in import NetworkGuide, PlainInstrument
from antiphon.live.osc import GuideAudio, Note
from antiphon.types import Floats

BLOCK_SECONDS: Final = 0.01
"""Guide sound goes to the decision in blocks of at least this."""

QUIET_SECONDS: Final = 0.25
"""Time goes on without guide blocks once none has come for so long."""

CONTEXT_SECONDS: Final = 8.0
"""Guide that a new decision process is told before it plays."""


class GuideDesk:
    """Collects what comes by the device, by the network and as notes; what is enough for a block is given back."""

    def __init__(self, sample_rate: int, now: int) -> None:
        self.context: deque[GuideBlock] = deque()
        self._rate = sample_rate
        self._network = NetworkGuide(sample_rate)
        self._notes = PlainInstrument(sample_rate)
        self._by_notes = False
        self._collected: list[Floats] = []
        self._channels: int | None = None
        """Those of the first block, in which all others are heard: a record has no others."""
        self._frame = now
        self._told = now
        self._latest = -1e9

    def note(self, note: Note) -> None:
        """A note begins or ends now."""
        self._by_notes = True
        self._notes.play(note)

    def block(self, asked: GuideAudio, now: int) -> list[GuideBlock]:
        """A block came by the network."""
        self._latest = monotonic()
        frame, samples = self._network.block(asked, now)
        return self._heard(samples, frame)

    def device(self, samples: Floats, frame: int) -> list[GuideBlock]:
        """The device heard this; notes are mixed in."""
        if self._by_notes and not self._notes.is_silent:
            samples = samples + self._notes.sound(len(samples))
        return self._heard(samples, frame)

    def time(self, now: int) -> list[LiveEvent]:
        """It is `now`, and no device hears: notes sound on, or time does."""
        waited = now - self._told
        if waited < round(BLOCK_SECONDS * self._rate):
            return []
        if self._by_notes:
            return [*self._heard(self._notes.sound(waited), self._told)]
        if monotonic() - self._latest <= QUIET_SECONDS:
            return []
        self._told = now
        return [Tick(now)]

    def rest(self) -> list[GuideBlock]:
        """What was collected and is no whole block yet."""
        if not self._collected:
            return []
        samples = self._collected[0] if len(self._collected) == 1 else np.concatenate(self._collected)
        self._collected = []
        block = GuideBlock(samples, self._frame)
        self.context.append(block)
        while self.context[0].frame < self._frame - CONTEXT_SECONDS * self._rate:
            self.context.popleft()
        return [block]

    def _heard(self, samples: Floats, frame: int) -> list[GuideBlock]:
        done: list[GuideBlock] = []
        self._channels = self._channels or samples.shape[1]
        samples = channels_of(samples, self._channels)
        if self._collected and self._frame + sum(map(len, self._collected)) != frame:
            done += self.rest()
        if not self._collected:
            self._frame = frame
        self._collected.append(samples)
        self._told = max(self._told, frame + len(samples))
        if sum(map(len, self._collected)) >= round(BLOCK_SECONDS * self._rate):
            done += self.rest()
        return done
