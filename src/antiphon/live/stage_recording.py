"""A performance on file as it goes on: all that a replay needs to come to the same sound, bit for bit.

`run.json` says who plays what. `events.jsonl` has, in the order in which they happened, what each decision process was
told and answered, and what the deck saw of the device whenever it wrote sound: the moments at which a decision came too
late, and the copy went on, are among them. `guide.wav` is what was heard, `response.wav` what was played. A thread
writes, so that no disk is waited for; what it wrote a quarter of a second ago stays readable, whatever ends the
program.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Final

from antiphon.live.commands import Commit, LiveCommand, Play, Silence
from antiphon.live.decision_process import merged
from antiphon.live.deck import Tape
from antiphon.live.events import GuideBlock, LiveEvent
from antiphon.live.growing_sound import GrowingSound
from antiphon.live.recording import Recorder
from antiphon.live.run_file import PLAYED, Committed
from antiphon.live.watched_tape import WatchedTape
from antiphon.types import Floats

FLUSH_SECONDS: Final = 0.25
"""How often what was recorded is put on file."""

MOST_WAITING_BYTES: Final = 64_000_000
"""Sound that waits for a disk that stands still: two minutes at 48 kHz. Then the recording ends, and the sound does
not."""

CLOSING_SECONDS: Final = 10.0
"""How long a disk is waited for at the end."""

PLAIN_LOOKS: Final = 2
"""A deck that only writes on looks at the device no more often than this."""


class Unrecorded:
    """Nothing is recorded."""

    def session(self, origin: int) -> None:
        """A decision process begins: its frame 0 is frame `origin` of the device."""

    def answered(self, events: Sequence[LiveEvent], commands: Sequence[LiveCommand]) -> None:
        """It answered events, in its own frames, by commands."""

    def watched(self, tape: Tape) -> Tape:
        """The tape that a new deck is to write on, before it has written anything."""
        return tape

    def turned(self, commands: int) -> None:
        """The deck was given so many commands, or none, and has written what it wanted."""

    def sounded(self) -> None:
        """Time went on: what was played is over."""

    def lost(self) -> None:
        """The device is gone, and the deck with it."""

    def noted(self, frame: int, kind: str, words: str) -> None:
        """Something was said to the musician at frame `frame`."""

    def close(self) -> None:
        """The performance is over."""


class StageRecorder(Unrecorded):
    """Writes into a directory that exists; to be closed. `say` hears, once, that the recording has ended too soon."""

    def __init__(self, directory: Path, sample_rate: int, say: Callable[[str], None] = lambda words: None) -> None:
        self._directory, self._rate, self._say = directory, sample_rate, say
        self._recorder = Recorder(directory, sample_rate)
        self._played: GrowingSound | None = None
        self._tape: WatchedTape | None = None
        self._over = 0
        """Frame up to which what was played is recorded."""
        self._written_on: int | None = None
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._given_bytes = self._taken_bytes = 0
        """Of sound that was given to the thread, and that it has taken: each is counted by one side alone."""
        self._failed = ""
        self._is_said = False
        self._thread = threading.Thread(target=self._write_all, daemon=True, name="recording")
        self._thread.start()

    def session(self, origin: int) -> None:
        """See `Unrecorded`."""
        self._line({"event": "session", "origin": origin})

    def answered(self, events: Sequence[LiveEvent], commands: Sequence[LiveCommand]) -> None:
        """See `Unrecorded`."""
        size = sum(event.samples.nbytes for event in events if isinstance(event, GuideBlock))

        def write() -> None:
            for event in merged(events):
                self._recorder.event(event)
            if any(isinstance(command, Commit | Play | Silence) for command in commands):
                committed = [Committed.of(command) for command in commands if isinstance(command, Commit)]
                self._recorder.line({"event": "answered", "commits": [each.model_dump() for each in committed]})

        self._do(write, size)

    def watched(self, tape: Tape) -> Tape:
        """See `Unrecorded`."""
        self._tape = WatchedTape(tape)
        channels, silent = tape.channels, tape.written - self._over
        self._over = tape.written
        self._line({"event": "deck", "first": tape.written, "channels": channels})
        self._do(lambda: self._play(None, channels, silent), 0)
        return self._tape

    def turned(self, commands: int) -> None:
        """See `Unrecorded`."""
        if self._tape is None:
            return
        looks = self._tape.taken()
        if not commands and len(looks) <= PLAIN_LOOKS:
            # Where a copy goes on, it is all one in how many pieces that is written.
            self._written_on = self._tape.written
            return
        self._write_on()
        self._line({"event": "laid", "commands": commands, "looks": list(looks)})

    def sounded(self) -> None:
        """See `Unrecorded`."""
        if self._tape is not None and self._tape.tape.played - self._over >= FLUSH_SECONDS * self._rate:
            self._keep_what_is_over(self._tape)

    def lost(self) -> None:
        """See `Unrecorded`."""
        if self._tape is None:
            return
        self._keep_what_is_over(self._tape)
        self._tape = None
        self._line({"event": "lost"})

    def noted(self, frame: int, kind: str, words: str) -> None:
        """See `Unrecorded`."""
        self._line({"event": "said", "frame": frame, "kind": kind, "words": words})

    def close(self) -> None:
        """See `Unrecorded`. May be called again."""
        if not self._thread.is_alive():
            return
        if self._tape is not None:
            self._keep_what_is_over(self._tape)
        self._line({"event": "end"})
        self._queue.put(None)
        self._thread.join(CLOSING_SECONDS)

    def _keep_what_is_over(self, tape: WatchedTape) -> None:
        start, end = self._over, min(tape.tape.played, tape.written)
        if end <= start:
            return
        self._write_on()
        samples, self._over = tape.read(start, end), end
        self._line({"event": "sounded", "until": end})
        self._do(lambda: self._play(samples, samples.shape[1], 0), samples.nbytes)

    def _write_on(self) -> None:
        if self._written_on is not None:
            self._line({"event": "on", "until": self._written_on})
            self._written_on = None

    def _line(self, row: dict[str, Any]) -> None:
        self._do(lambda: self._recorder.line(row), 0)

    def _do(self, write: Callable[[], None], size: int) -> None:
        """Have the thread write; unless it has failed, or is too far behind."""
        if self._given_bytes - self._taken_bytes + size > MOST_WAITING_BYTES and not self._failed:
            self._failed = "the disk does not take what is recorded"
        if self._failed:
            if not self._is_said:
                self._is_said = True
                self._say(f"the recording ends here: {self._failed}")
            return
        self._given_bytes += size

        def done() -> None:
            write()
            self._taken_bytes += size

        self._queue.put(done)

    # In the thread

    def _write_all(self) -> None:
        try:
            due = monotonic() + FLUSH_SECONDS
            while True:
                try:
                    write = self._queue.get(timeout=FLUSH_SECONDS)
                except Empty:
                    self._recorder.flush()
                    continue
                if write is None:
                    break
                write()
                if monotonic() >= due:
                    self._recorder.flush()
                    due = monotonic() + FLUSH_SECONDS
            self._recorder.close()
            if self._played is not None:
                self._played.close()
        except Exception as error:  # whatever it is, the sound goes on, and it is said
            self._failed = getattr(error, "strerror", None) or str(error) or type(error).__name__

    def _play(self, samples: Floats | None, channels: int, silent: int) -> None:
        """Put what was played behind the rest, or so many frames without a device; first of all, the lines that made
        it."""
        self._recorder.flush()
        if self._played is None:
            self._played = GrowingSound(self._directory / PLAYED, self._rate, channels)
        if silent > 0:
            self._played.write_silence(silent)
        if samples is not None:
            self._played.write(samples)
