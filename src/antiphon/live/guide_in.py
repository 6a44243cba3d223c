"""Guides that come as messages: blocks of sound, and notes, which are sounded inside and heard like any guide."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import soxr

from antiphon.live.osc import GuideAudio, Note
from antiphon.types import Floats

ASTRAY_SECONDS: Final = 0.25
"""A sender's clock that is off by so much is set anew."""

PARTIALS: Final = 6
DECAY_SECONDS: Final = 1.2
RELEASE_SECONDS: Final = 0.06
ATTACK_SECONDS: Final = 0.004
LOUDEST: Final = 0.15
"""Amplitude of the first partial at velocity 127."""


@dataclass
class NetworkGuide:
    """Blocks of a sender who counts on its own, at a rate of its own, as blocks of the session."""

    sample_rate: int
    resets: int = 0
    _anchor: tuple[int, int] | None = None
    """The sender's frame that came first, and the session's frame of it."""
    _next: int = 0
    _given: int = 0
    _rate: int = 0
    _stream: Any = None

    def block(self, asked: GuideAudio, now: int) -> tuple[int, Floats]:
        """The session's frame of the first sample, and samples (frames, 1) at the session's rate.

        The first block ends now. Later ones lie where the sender's count puts them, until that is off by
        ASTRAY_SECONDS: then they are set anew, and `resets` counts.
        """
        length = round(len(asked.samples) * self.sample_rate / asked.sample_rate)
        place = self._place(asked)
        if place is None or abs(place + length - now) > ASTRAY_SECONDS * self.sample_rate:
            self.resets += self._anchor is not None
            self._anchor = asked.frame, now - length
            self._stream = None
            place = now - length
        if self._stream is None or asked.frame != self._next or asked.sample_rate != self._rate:
            self._stream = soxr.ResampleStream(asked.sample_rate, self.sample_rate, 1, dtype="float32", quality="HQ")
            self._given = place
        self._rate, self._next = asked.sample_rate, asked.frame + len(asked.samples)
        same = asked.sample_rate == self.sample_rate
        samples = asked.samples if same else self._stream.resample_chunk(asked.samples)
        start = place if same else self._given
        self._given = start + len(samples)
        return start, samples.reshape(-1, 1)

    def _place(self, asked: GuideAudio) -> int | None:
        if self._anchor is None or asked.sample_rate != self._rate:
            return None
        first, frame = self._anchor
        return frame + round((asked.frame - first) * self.sample_rate / asked.sample_rate)


@dataclass
class _Sounding:
    pitch: int
    level: float
    age: int = 0
    released: int | None = None


@dataclass
class PlainInstrument:
    """Notes to sound: six partials that fade, with no attack of their own. The agent hears it, nobody else."""

    sample_rate: int
    _notes: list[_Sounding] = field(default_factory=list)

    @property
    def is_silent(self) -> bool:
        """Whether nothing sounds."""
        return not self._notes

    def play(self, note: Note) -> None:
        """Begin or end a note from the next sample on."""
        for sounding in self._notes:
            if sounding.pitch == note.pitch and sounding.released is None:
                sounding.released = sounding.age
        if note.velocity:
            self._notes.append(_Sounding(note.pitch, LOUDEST * (note.velocity / 127) ** 2))

    def sound(self, frames: int) -> Floats:
        """The next samples (frames, 1)."""
        found = np.zeros(frames, dtype=np.float64)
        for note in self._notes:
            found += self._partials(note, frames)
            note.age += frames
        end = round(RELEASE_SECONDS * self.sample_rate)
        self._notes = [
            note
            for note in self._notes
            if (note.released is None or note.age < note.released + end)
            and note.age < 8 * DECAY_SECONDS * self.sample_rate
        ]
        return found.astype(np.float32)[:, np.newaxis]

    def _partials(self, note: _Sounding, frames: int) -> np.ndarray:
        times = (note.age + np.arange(frames)) / self.sample_rate
        frequency = 440.0 * 2 ** ((note.pitch - 69) / 12)
        found = np.zeros(frames)
        for number in range(1, PARTIALS + 1):
            if number * frequency < self.sample_rate / 2.2:
                fading = np.exp(-times * number**0.5 / DECAY_SECONDS)
                found += fading * np.sin(2 * np.pi * number * frequency * times) / number**1.3
        rising = np.minimum(times / ATTACK_SECONDS, 1.0)
        falling = np.ones(frames)
        if note.released is not None:
            falling = np.clip(1 - (times - note.released / self.sample_rate) / RELEASE_SECONDS, 0.0, 1.0)
        return np.asarray(note.level * rising * falling * found)
