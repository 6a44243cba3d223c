"""A tape of which it is known what the deck saw of it: the same commands and the same sights make the same sound again.

What a deck writes depends on its commands and on how far the device has played whenever it looks. `WatchedTape` notes
these looks; `AgainTape` shows them again, where nothing plays.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np

from antiphon.live.deck import Tape
from antiphon.types import Floats


class WatchedTape:
    """A tape that is played, and what was seen of it: `looks` are the values of `played` and `guard` in the order in
    which they were asked for, until they are `taken`."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self._looks: list[int] = []

    @property
    def sample_rate(self) -> int:
        """See `deck.Tape`."""
        return self.tape.sample_rate

    @property
    def channels(self) -> int:
        """See `deck.Tape`."""
        return self.tape.channels

    @property
    def played(self) -> int:
        """See `deck.Tape`."""
        return self._seen(self.tape.played)

    @property
    def guard(self) -> int:
        """See `deck.Tape`."""
        return self._seen(self.tape.guard)

    @property
    def written(self) -> int:
        """See `deck.Tape`."""
        return self.tape.written

    def read(self, start: int, end: int) -> Floats:
        """See `deck.Tape`."""
        return self.tape.read(start, end)

    def write(self, start: int, samples: Floats) -> None:
        """See `deck.Tape`."""
        self.tape.write(start, samples)

    def taken(self) -> tuple[int, ...]:
        """The looks since the last call."""
        looks, self._looks = tuple(self._looks), []
        return looks

    def _seen(self, value: int) -> int:
        self._looks.append(value)
        return value


class OtherLooks(Exception):
    """The deck looks more often, or less often, than it did."""


class AgainTape:
    """A tape that nobody plays: it shows the `looks` it is given, and keeps what was not heard yet. Frames are counted
    from `first` on."""

    def __init__(self, sample_rate: int, channels: int, first: int = 0) -> None:
        self.sample_rate = sample_rate
        self.channels = channels
        self.written = first
        self._looks: deque[int] = deque()
        self._first = first
        self._samples = np.zeros((0, channels), dtype=np.float32)

    @property
    def played(self) -> int:
        """See `deck.Tape`. Raises OtherLooks."""
        return self._look()

    @property
    def guard(self) -> int:
        """See `deck.Tape`. Raises OtherLooks."""
        return self._look()

    def read(self, start: int, end: int) -> Floats:
        """See `deck.Tape`. Raises OtherLooks for what is no longer there."""
        if start < self._first or end > self.written:
            raise OtherLooks
        return self._samples[start - self._first : end - self._first].copy()

    def write(self, start: int, samples: Floats) -> None:
        """See `deck.Tape`. Raises OtherLooks for a place that is behind or has a gap before it."""
        end = start + len(samples)
        if not self._first <= start <= self.written:
            raise OtherLooks
        place = start - self._first
        if end > self.written:
            more = np.zeros((end - self.written, self.channels), dtype=np.float32)
            self._samples = np.concatenate([self._samples, more])
            self.written = end
        self._samples[place : place + len(samples)] = samples

    def show(self, looks: Iterable[int]) -> None:
        """What is seen of it from now on. Raises OtherLooks where something was not looked at."""
        self.all_seen()
        self._looks.extend(looks)

    def all_seen(self) -> None:
        """Raise OtherLooks where something was not looked at."""
        if self._looks:
            raise OtherLooks

    def heard(self, start: int, end: int) -> Floats:
        """The samples of frames [start, end), which are over now."""
        samples = self.read(start, end)
        self._samples, self._first = self._samples[end - self._first :].copy(), end
        return samples

    def _look(self) -> int:
        if not self._looks:
            raise OtherLooks
        return self._looks.popleft()
