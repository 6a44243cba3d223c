"""What sounds next, written seconds ahead and rewritten in place: sound goes on whatever becomes of the decision.

The device plays a ring of some seconds, the tape, by itself. The deck keeps it full: spans that are committed, and
after the last of them the copy that sounds, going on in the memory. A new span is written over what was only going on.
So a decision that is late, stalled or dead is heard as a longer phrase, and a Python that pauses is not heard at all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np

from antiphon.action.rendering.crossfade import CURVES, SMOOTH, Crossfade
from antiphon.live.commands import Play, Silence
from antiphon.types import Audio, Floats, Run

AHEAD_SECONDS: Final = 3.0
"""How far ahead the tape is kept written."""

LATE_SECONDS: Final = 0.005
"""Fade into a span that came after its time; those in time have the fades of the response."""

TURN_SECONDS: Final = 0.02
"""Fade where a copy comes to the end of its file and goes on at its start."""


class Tape(Protocol):
    """A ring of samples that something plays, frame after frame, and that may be written ahead of it."""

    @property
    def sample_rate(self) -> int:
        """Frames a second."""
        ...

    @property
    def channels(self) -> int:
        """Channels that are played."""
        ...

    @property
    def played(self) -> int:
        """Frames that have been taken out to be played."""
        ...

    @property
    def guard(self) -> int:
        """Frames ahead of `played` that may be taken out while something is written: too late to change."""
        ...

    @property
    def written(self) -> int:
        """Frames that have been written, so that there is sound up to there."""
        ...

    def read(self, start: int, end: int) -> Floats:
        """What is written in frames [start, end), as a copy."""
        ...

    def write(self, start: int, samples: Floats) -> None:
        """Samples (frames, channels) from `start` on, at most `written`; what was written after them stays."""
        ...


@dataclass
class Counts:
    """What went wrong, counted: spans that were `late`, by how much at most, and writes that the device overtook."""

    spans: int = 0
    late: int = 0
    latest: float = 0.0
    torn: int = 0


class Deck:
    """Keeps a tape written: see the module. Frames are the tape's."""

    def __init__(self, tape: Tape, memory: Audio, renderer: Crossfade, before: Deck | None = None) -> None:
        """`renderer` is the session's; `before` is the deck of a device that was lost: its copy goes on."""
        if memory.sample_rate != tape.sample_rate or memory.channels != tape.channels:
            raise ValueError("the memory has to be at the rate and in the channels of the device")
        self.tape = tape
        self.memory = memory
        self.renderer = renderer
        self.counts: Counts = Counts() if before is None else before.counts
        self._run: Run | None = None if before is None else before.sounding
        self._until = 0
        """Frame up to which there are committed spans."""
        self._waiting: deque[Play] = deque()

    @property
    def sounding(self) -> Run | None:
        """The copy that goes on where nothing else comes; None: silence."""
        return self._run

    def obey(self, commands: Sequence[Play | Silence]) -> None:
        """Carry out the commands of one answer, in their order. Those that are past are only gone on from, and those
        that are further ahead than the tape is written wait."""
        plays = [each for each in commands if isinstance(each, Play)]
        for command in commands:
            if isinstance(command, Silence):
                self._silence(command)
            elif command.end > self._earliest() or command is plays[-1]:
                self._waiting.append(command)
        self._play_what_is_near()

    def advance(self) -> None:
        """Write on until the tape is full ahead of what is played."""
        self._play_what_is_near()
        self.go_on(self._horizon())

    def go_on(self, until: int) -> None:
        """Write on what sounds, up to a frame."""
        if self.tape.written < until:
            self.tape.write(self.tape.written, self._going_on(self.tape.written, until))

    def _horizon(self) -> int:
        return self.tape.played + round(AHEAD_SECONDS * self.tape.sample_rate)

    def _play_what_is_near(self) -> None:
        while self._waiting and self._waiting[0].start < self._horizon():
            play = self._waiting.popleft()
            cut = self._horizon()
            if play.end > cut > play.start:
                self._waiting.appendleft(replace(play, start=cut))
                play = replace(play, end=cut)
            self._play(play)

    def _earliest(self) -> int:
        return self.tape.played + self.tape.guard

    def _play(self, play: Play) -> None:
        self.counts.spans += 1
        if play.start > self.tape.written:
            self.tape.write(self.tape.written, self._going_on(self.tape.written, play.start))
        cut = self._run is not None and play.start != self._until
        # Another session that takes over begins in the past, and knows nothing of the copy that sounds: that goes on
        # until the new one does.
        if cut and play.start < self._until:
            begins = next((run.start for run in play.runs if run.part is not None), play.end)
            play = replace(play, start=min(max(play.start, begins), play.end))
            if play.start == play.end:
                return
        self._run = play.runs[-1] if play.runs and play.runs[-1].part is not None else None
        span = self.renderer.between(play.runs, self.memory, play.start, play.end).samples
        after = max(self.tape.written, play.end, self._earliest() + round(AHEAD_SECONDS * self.tape.sample_rate / 2))
        fade = round(LATE_SECONDS * self.tape.sample_rate) if cut else 0
        late = self._rewrite(play.start, np.concatenate([span, self._going_on(play.end, after)]), fade)
        if late and self._until:
            self.counts.late += 1
            self.counts.latest = max(self.counts.latest, late / self.tape.sample_rate)
        self._until = play.end

    def _silence(self, command: Silence) -> None:
        self._run = None
        self._until = 0
        self._waiting.clear()
        if command.frame < self.tape.written:
            silent = np.zeros((self.tape.written - command.frame, self.tape.channels), dtype=np.float32)
            self._rewrite(command.frame, silent, fade=max(command.fade, 1))

    def _rewrite(self, start: int, samples: Floats, fade: int = 0) -> int:
        """Write over what is there, in one piece, and by a fade from it where one is asked for, or where that comes
        too late. How many frames too late it comes is looked at last of all, so that nothing is overtaken."""
        length = fade or round(LATE_SECONDS * self.tape.sample_rate)
        late = max(self._earliest() - start, 0)
        start, samples = start + late, samples[late:]
        length = min(length if late or fade else 0, len(samples), self.tape.written - start)
        if length > 0:
            rising = CURVES[SMOOTH]((np.arange(length) + 0.5) / length)[:, np.newaxis]
            before = self.tape.read(start, start + length)
            samples[:length] = before * (1 - rising) + samples[:length] * rising
        self.tape.write(start, samples)
        if self.tape.played > start:
            self.counts.torn += 1
        return late

    def _going_on(self, start: int, end: int) -> Floats:
        if self._run is None or self._run.part is None:
            return np.zeros((max(end - start, 0), self.tape.channels), dtype=np.float32)
        turn = round(TURN_SECONDS * self.tape.sample_rate)
        return going_on(self._run, self.memory.samples, start, end, turn)


def going_on(run: Run, memory: Floats, start: int, end: int, turn: int) -> Floats:
    """Frames [start, end) of a copy that goes on beyond its end: to the end of its file, then from its start, turning
    over `turn` frames, as often as need be. Nothing is before the run's own start."""
    part = run.part
    if part is None:
        raise ValueError("silence does not go on")
    turn = min(turn, (part.end - part.start) // 2)
    around = part.end - part.start - turn  # frames from one turn to the next
    rising = np.asarray(CURVES[SMOOTH]((np.arange(turn) + 0.5) / max(turn, 1)), dtype=np.float32)[:, np.newaxis]
    found = np.zeros((max(end - start, 0), memory.shape[1]), dtype=np.float32)
    begins = run.source - run.start - part.start  # of response frame 0, in rounds laid end to end
    first = max(start + begins, 0)
    while first < end + begins:
        number, place = divmod(first, around)
        count = min(around - place, end + begins - first)
        sound = memory[part.start + place : part.start + place + count].astype(np.float32)
        if number and place < turn:
            weights = rising[place : min(turn, place + count)]
            before = memory[part.start + place + around :][: len(weights)]
            sound[: len(weights)] = sound[: len(weights)] * weights + before * (1 - weights)
        found[first - begins - start :][:count] = sound if run.gain == 1 else sound * np.float32(run.gain)
        first += count
    return found
