"""What a session hears of its guide: tokens as soon as they are final, and how it sounds at this moment.

Samples of the session's rate and any channels come in; what is kept is as long as the encoder's window and a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from antiphon.action.selection.segment_sound import CHROMA, QUIETEST_DBFS, segment_sound
from antiphon.audio import channels_of, dbfs
from antiphon.live.resampling import Resampling
from antiphon.live.sound_check import SoundCheck
from antiphon.perception.streaming import TokenStream
from antiphon.types import Audio, Floats, Ids, Seconds, Segments, SegmentSound

RECENT_SECONDS = 1.0
"""So much of the guide is kept for how it sounds now."""

QUIET_CELL_SECONDS = 0.05
"""Whether the guide is silent is asked this often."""

NEVER = 1e9
"""Seconds for which a guide that has not begun has been silent."""


@dataclass(frozen=True, eq=False)
class Ear:
    """What was heard up to now. `origin` is the frame of the session at which `tokens` began to listen.

    `recent` are the last samples (n,) at the encoder's rate and at one loudness; `quiet` for how many seconds the guide
    has been below the `gate` in dBFS; `cell` the power and the length of the present cell.
    """

    sample_rate: int
    tokens: TokenStream
    resampling: Resampling
    check: SoundCheck
    gate: float
    origin: int = 0
    received: int = 0
    recent: Floats = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    quiet: float = NEVER
    cell: tuple[float, int] = (0.0, 0)

    def push(self, samples: Floats) -> Ear:
        """The ear after these samples (frames, channels) of the session's rate."""
        resampling, mono = self.resampling.push(channels_of(samples, 1)[:, 0])
        check, levelled = self.check.push(mono)
        kept = round(RECENT_SECONDS * check.sample_rate)
        ear = replace(
            self,
            tokens=self.tokens.fed(levelled) if len(levelled) else self.tokens,
            resampling=resampling,
            check=check,
            received=self.received + len(samples),
            recent=np.concatenate([self.recent, levelled])[-kept:],
        )
        return ear._with_cells(levelled)

    def push_silence(self, frames: int) -> Ear:
        """The ear after so many frames of silence."""
        ear, second = self, self.sample_rate
        for start in range(0, frames, second):
            ear = ear.push(np.zeros((min(second, frames - start), 1), dtype=np.float32))
        return ear

    @property
    def known(self) -> int:
        """All that ends by this frame of the session is final."""
        return self.origin + int(self.tokens.known * self.sample_rate + 1e-6)

    def over(self, edges: Ids) -> tuple[Ids, Floats, Ear]:
        """Ids and levels (n,) of the segments between `edges` (n + 1,), frames up to `known`; and the ear without
        them."""
        intervals = self._intervals(edges)
        tokens, level = self.tokens.over(intervals)
        return tokens.ids, level, replace(self, tokens=self.tokens.since(float(intervals[-1, 1])))

    def segments(self, edges: Ids) -> Segments:
        """What is heard of the same segments, before it is a class."""
        return self.tokens.segments(self._intervals(edges))

    def _intervals(self, edges: Ids) -> Seconds:
        seconds = (edges - self.origin) / self.sample_rate
        return np.stack([seconds[:-1], seconds[1:]], axis=1)

    @property
    def heard(self) -> int:
        """The frame of the session up to which sound has come."""
        return self.origin + self.received

    def sound_over(self, start: int, end: int) -> SegmentSound:
        """How frames [start, end) of the session sounded, one segment; of a long one, as much of it as is kept."""
        until = max(0, self.heard - end) / self.sample_rate
        return self._sound(until, (end - start) / self.sample_rate)

    def as_they_came(self, levels: Floats) -> Floats:
        """Levels (n,) in dBFS that are heard now, without the gain; what is silent has none."""
        came = np.where(levels > QUIETEST_DBFS, levels - self.check.decibels, -np.inf)
        return np.asarray(came, dtype=np.float32)

    def heard_now(self, levels: Floats) -> Floats:
        """Levels (n,) in dBFS as they came, as they would be heard by the gain of now: it changes as the ear learns how
        loud the guide is, and what was heard before is compared with what is heard now."""
        return np.asarray(np.maximum(levels + np.float32(self.check.decibels), np.float32(QUIETEST_DBFS)))

    def sound_now(self, seconds: float) -> SegmentSound:
        """How the last so many seconds sound, one segment."""
        return self._sound(0.0, seconds)

    @property
    def level_now(self) -> float:
        """The level of the last second in dBFS as it came, the sound check's gain taken away."""
        if not len(self.recent):
            return -200.0
        power = np.array([float(np.mean(self.recent.astype(np.float64) ** 2))], dtype=np.float32)
        return float(dbfs(power)[0]) - self.check.decibels

    def _sound(self, until: float, seconds: float) -> SegmentSound:
        """How so many seconds sound, which ended `until` seconds ago."""
        rate = self.check.sample_rate
        end = len(self.recent) / rate - until
        if end <= 0:
            return SegmentSound(np.zeros((1, CHROMA), dtype=np.float32), np.full(1, QUIETEST_DBFS, dtype=np.float32))
        interval = np.array([[max(0.0, end - seconds), end]])
        return segment_sound(Audio(self.recent[:, np.newaxis], rate), interval)

    def _with_cells(self, samples: Floats) -> Ear:
        """With `quiet` counted on, cell by cell."""
        length, limit = round(QUIET_CELL_SECONDS * self.check.sample_rate), 10 ** (self.gate / 10)
        (energy, filled), quiet = self.cell, self.quiet
        while len(samples):
            part, samples = samples[: length - filled], samples[length - filled :]
            energy, filled = energy + float(np.dot(part, part)), filled + len(part)
            if filled == length:
                quiet = quiet + QUIET_CELL_SECONDS if energy / length < limit else 0.0
                energy, filled = 0.0, 0
        return replace(self, cell=(energy, filled), quiet=min(quiet, NEVER))


def ear_of(tokens: TokenStream, sample_rate: int, *, gate: float, level: float | None, origin: int = 0) -> Ear:
    """An ear that has heard nothing. `level` is a gain in dB that is known from a sound check; None: by what comes."""
    rate = tokens.sample_rate
    return Ear(sample_rate, tokens, Resampling(sample_rate, rate), SoundCheck(rate, level), gate, origin)
