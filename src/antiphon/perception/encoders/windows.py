"""Where the windows of an encoder lie: on a grid from time 0, so that a whole file, a file in blocks and a live stream
are heard alike.

Nothing here depends on how the samples arrive: encoding a file is one push and a finish.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from antiphon.errors import SettingsError
from antiphon.interfaces import FrameStream
from antiphon.types import Features, Floats, Seconds


@dataclass(frozen=True)
class WindowPlan:
    """Windows of `window` frames every `hop`, and the frames that are kept from each.

    Frame f is computed from `field` samples, the first of them `f * stride - lead`, and its time is `centre` samples
    after that one. Window j ends after frame `first_end + j * hop`; its last `tail` frames are kept from the next one.

    With `padded` there are zeros before the sound and after it, and every window is whole. Without, windows begin no
    earlier than the sound does, and the last one ends where the sound ends: it keeps what follows the kept range of the
    one before.
    """

    sample_rate: int
    stride: int
    field: int
    window: int
    hop: int
    tail: int
    first_end: int
    padded: bool
    lead: int = 0
    centre: int = 0

    @property
    def lookahead_seconds(self) -> float:
        """The longest time from that of a frame to the end of what has to be there before the frame is final."""
        kept = max(self.hop + self.tail, self.first_end) + self._awaited
        return ((kept - 1) * self.stride + self.field - self.centre) / self.sample_rate

    @property
    def identity(self) -> dict[str, int]:
        """What frames depend on of all this, by name."""
        return {"window_frames": self.window, "hop_frames": self.hop, "tail_frames": self.tail}

    def frames_in(self, samples: int) -> int:
        """How many frames so many samples have: at least one where there is any sample."""
        if self.padded:
            return -(-samples // self.stride)
        return 1 + max(0, samples - self.field) // self.stride if samples else 0

    def frames_of(self, index: int) -> tuple[int, int]:
        """First frame and end frame of window `index`."""
        end = self.first_end + index * self.hop
        return end - self.window if self.padded else max(0, end - self.window), end

    def samples_of(self, first: int, end: int) -> tuple[int, int]:
        """First sample and end sample of what the frames `first` to `end` are computed from."""
        return first * self.stride - self.lead, (end - 1) * self.stride + self.field - self.lead

    def is_complete(self, index: int, received: int) -> bool:
        """Whether so many samples are enough to know all of window `index`, and which of its frames to keep."""
        return self.samples_of(*self.frames_of(index))[1] + self._awaited * self.stride <= received

    def times(self, first: int, end: int) -> Seconds:
        """The times of the frames `first` to `end`."""
        return (np.arange(first, end) * self.stride - self.lead + self.centre) / self.sample_rate

    def within(self, lookahead_seconds: float, margin: int) -> WindowPlan:
        """The plan in which no frame looks further ahead than that: shorter hops, frames kept from the window's end.

        `margin` is how many frames at the end of a window cannot be kept. The same plan where it already looks no
        further. Raises SettingsError, with the smallest lookahead that is possible.
        """
        if self.lookahead_seconds <= lookahead_seconds:
            return self
        available = int(np.floor(lookahead_seconds * self.sample_rate + 1e-6)) + self.centre - self.field
        hop = min(available // self.stride + 1 - margin, self.hop)
        if hop < 1:
            smallest = (margin * self.stride + self.field - self.centre) / self.sample_rate
            raise SettingsError(
                f"setting perception.encoder.lookahead_seconds: this encoder looks at least {smallest:.4f} s ahead "
                f"(given: {lookahead_seconds:g})"
            )
        return replace(self, hop=hop, tail=margin, first_end=hop + margin)

    @property
    def _awaited(self) -> int:
        """Frames that must follow a window before it is run: only then is it known not to be the last one."""
        return int(self.tail > 0 and not self.padded)


@dataclass(frozen=True, eq=False)
class WindowedFrames:
    """A sound that arrives in blocks, to frames: `push` and `finish` give what is final and leave this one as it was.

    `hear` makes the frames (frames, dim) of one window out of its samples. `samples` are those, from sample `begin` of
    the sound on, that windows still to come will need.
    """

    plan: WindowPlan
    hear: Callable[[Floats], Floats]
    samples: Floats = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    begin: int = 0
    windows: int = 0
    kept: int = 0

    def push(self, samples: Floats) -> tuple[WindowedFrames, tuple[Features, ...]]:
        """The stream after these mono samples (samples,), and the frames that are final now, window by window."""
        stream = replace(self, samples=np.concatenate([self.samples, samples]))
        pieces = []
        while self.plan.is_complete(stream.windows, stream.received):
            first, end = self.plan.frames_of(stream.windows)
            pieces.append(stream._kept_of(first, end, end - self.plan.tail))
            stream = replace(stream, windows=stream.windows + 1, kept=end - self.plan.tail)
        return stream._without_past(), tuple(pieces)

    def finish(self) -> tuple[Features, ...]:
        """The frames that are left where nothing more comes."""
        frames = self.plan.frames_in(self.received)
        if not self.plan.padded:
            if self.kept == frames:
                return ()
            return (self._kept_of(max(0, frames - self.plan.window), frames, frames),)
        stream, pieces = self, []
        while stream.kept < frames:
            first, end = self.plan.frames_of(stream.windows)
            kept = min(end - self.plan.tail, frames)
            pieces.append(stream._kept_of(first, end, kept))
            stream = replace(stream, windows=stream.windows + 1, kept=kept)
        return tuple(pieces)

    @property
    def until(self) -> float:
        """All frames before this time in seconds have been given."""
        return float(self.plan.times(self.kept, self.kept + 1)[0])

    @property
    def received(self) -> int:
        """How many samples have come in."""
        return self.begin + len(self.samples)

    def _kept_of(self, first: int, end: int, kept: int) -> Features:
        """The window of the frames `first` to `end`: its frames from the first one not yet kept up to `kept`."""
        start, stop = self.plan.samples_of(first, end)
        window = excerpt(self.samples, start - self.begin, stop - self.begin)
        values = self.hear(window)[self.kept - first : kept - first]
        power = frame_power(window, self.plan)[self.kept - first : kept - first]
        return Features(values, self.plan.times(self.kept, kept), power)

    def _without_past(self) -> WindowedFrames:
        # One hop further back than the next window: a last window that ends with the sound begins up to there.
        first, _ = self.plan.frames_of(self.windows)
        needed = max(self.begin, self.plan.samples_of(first - self.plan.hop, first)[0])
        return replace(self, samples=self.samples[needed - self.begin :].copy(), begin=needed)


def excerpt(samples: Floats, start: int, end: int) -> Floats:
    """The samples `start` to `end`, with zeros where there are none."""
    inside = samples[max(0, start) : max(0, end)]
    before = min(max(0, -start), end - start)
    return np.pad(inside, (before, end - start - before - len(inside)))


def frame_power(window: Floats, plan: WindowPlan) -> Floats:
    """Mean square (frames,) of a window's samples, over one stride around the time of each of its frames."""
    frames = 1 + (len(window) - plan.field) // plan.stride
    start = plan.centre - plan.stride // 2
    around = excerpt(window, start, start + frames * plan.stride).reshape(frames, plan.stride)
    return np.asarray(np.square(around).mean(axis=1), dtype=np.float32)


def whole(stream: FrameStream, samples: Floats) -> Features:
    """All frames of a stream that gets its sound at once."""
    ended, pieces = stream.push(samples)
    return joined((*pieces, *ended.finish()))


def joined(pieces: Sequence[Features]) -> Features:
    """Pieces that follow one another, as one."""
    if len(pieces) == 1:
        return pieces[0]
    return Features(
        np.concatenate([piece.values for piece in pieces]),
        np.concatenate([piece.times for piece in pieces]),
        np.concatenate([piece.power for piece in pieces]),
    )
