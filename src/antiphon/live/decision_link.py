"""The instrument's end of the decision process: sends without ever waiting, sees that it lives, starts another one."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from time import monotonic
from typing import Final, Literal

from antiphon.live.commands import LiveCommand
from antiphon.live.decision_process import Done, Failed, Ready, Recipe, decide
from antiphon.live.events import GuideBlock, LiveEvent

Health = Literal["starting", "well", "stalled", "restarting"]

MOST_BYTES_UNDERWAY: Final = 64_000
"""What may lie in the pipe unanswered: well below what it holds, so that sending never waits."""

EVENT_BYTES: Final = 300
"""What an event takes in the pipe beside its samples, at most."""

LONGEST_WAITING_SECONDS: Final = 10.0
"""Guide that waits for a decision that stands still; what is older is left out."""

STALLED_SECONDS: Final = 0.75
"""No answer for so long is said."""

DEAD_SECONDS: Final = 6.0
"""No answer for so long: another process is started."""

RETRY_SECONDS: Final = 2.0
"""Until another one is tried where one ended before it was ready."""


@dataclass(frozen=True)
class Answered:
    """What a process made of events that it took in one piece, as they were sent."""

    events: tuple[LiveEvent, ...]
    commands: tuple[LiveCommand, ...]


@dataclass(frozen=True)
class _Batch:
    """Events that were sent together, when, and what they take in the pipe."""

    at: float
    size: int
    events: tuple[LiveEvent, ...]


Started = Callable[[Connection, Recipe], None]


@dataclass
class _Worker:
    """A process that decides, or will, and our end of its pipe."""

    process: SpawnProcess
    connection: Connection
    ready: Ready | None = None

    def end(self) -> None:
        """Close the pipe, and kill what does not end by that."""
        with contextlib.suppress(OSError):
            self.connection.close()
        if self.process.is_alive():
            self.process.kill()
            self.process.join(1.0)


class DecisionLink:
    """One decision process after another; the next one is loaded while the first decides, so that it is there at once.

    `note` hears what happens to them, in a kind and a sentence.
    """

    def __init__(self, recipe: Recipe, note: Callable[[str, str], None], target: Started = decide) -> None:
        self.health: Health = "starting"
        self.restarts = 0
        self.ready: Ready | None = None
        self.seconds: deque[float] = deque(maxlen=20_000)
        """How long the latest answers took."""
        self._recipe = recipe
        self._note = note
        self._target = target
        self._waiting: deque[tuple[float, tuple[LiveEvent, ...]]] = deque()
        self._underway: deque[_Batch] = deque()
        self._since = self._answered_at = monotonic()
        self._worker = self._begun()
        self._spare: _Worker | None = None
        self._spared_at = 0.0

    @property
    def process_id(self) -> int:
        """Of the process that decides now."""
        return self._worker.process.pid or 0

    @property
    def connection(self) -> Connection:
        """For `multiprocessing.connection.wait`."""
        return self._worker.connection

    @property
    def has_spare(self) -> bool:
        """Whether another process could decide at once."""
        return self._spare is not None and self._spare.ready is not None

    def send(self, *events: LiveEvent) -> None:
        """Give events in order; those that cannot go now wait."""
        self._waiting.append((monotonic(), events))
        self._flush()

    def answers(self) -> list[Answered | Ready | Failed]:
        """What came back since the last call; looks after the processes, too. `Ready` stands before the answers of each
        process."""
        found: list[Answered | Ready | Failed] = [self._answered(answer) for answer in _received(self._worker)]
        self._flush()
        if (promoted := self._watch()) is not None:
            found.append(promoted)
        return found

    def close(self) -> None:
        """End the processes."""
        for worker in (self._worker, self._spare):
            if worker is not None:
                with contextlib.suppress(OSError):
                    worker.connection.close()
        self._worker.process.join(0.5)
        for worker in (self._worker, self._spare):
            if worker is not None:
                worker.end()

    @property
    def failed_to_start(self) -> bool:
        """Whether the first process ended before it was ready."""
        return self.ready is None and not self._worker.process.is_alive()

    def _begun(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=self._target, args=(theirs, self._recipe), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _answered(self, answer: Done | Ready | Failed) -> Answered | Ready | Failed:
        if isinstance(answer, Ready):
            self._waiting.clear()  # it is of a time before this process
            self.ready, self.health = answer, "well"
        if not isinstance(answer, Done):
            return answer
        batches = [self._underway.popleft() for _ in range(answer.batches)]
        self.seconds.append(answer.seconds)
        self._answered_at = monotonic()
        if self.health == "stalled":
            self._note("decision", f"the decision goes on after {monotonic() - self._since:.1f} s")
            self.health = "well"
        return Answered(tuple(event for batch in batches for event in batch.events), answer.commands)

    def _flush(self) -> None:
        now = monotonic()
        while self._waiting and now - self._waiting[0][0] > LONGEST_WAITING_SECONDS:
            self._waiting.popleft()
        if self.health not in ("well", "stalled"):
            return
        underway = sum(batch.size for batch in self._underway)
        with contextlib.suppress(OSError):
            while self._waiting:
                size = sum(map(_size, self._waiting[0][1]))
                if self._underway and underway + size > MOST_BYTES_UNDERWAY:
                    return
                events = self._waiting.popleft()[1]
                self._worker.connection.send(events)
                self._underway.append(_Batch(now, size, events))
                underway += size

    def _watch(self) -> Ready | None:
        """Look after the process that decides and the next one; what the next one is, where it takes over."""
        now = monotonic()
        self._look_after_spare(now)
        if not self._worker.process.is_alive() and (self.health != "restarting" or now - self._since > RETRY_SECONDS):
            return self._again(f"the decision process ended ({_reason(self._worker.process.exitcode)})")
        if self._underway and self.health == "well" and now - self._asked_at > STALLED_SECONDS:
            self.health, self._since = "stalled", self._asked_at
            self._note("decision", "the decision stands still; the copy that sounds goes on")
        elif self.health == "stalled" and now - self._since > DEAD_SECONDS:
            return self._again(f"the decision has stood still for {DEAD_SECONDS:g} s")
        return None

    def _look_after_spare(self, now: float) -> None:
        if self._spare is None:
            if self.health == "well" and now - self._spared_at > RETRY_SECONDS:
                self._spare, self._spared_at = self._begun(), now
            return
        for answer in _received(self._spare):
            if isinstance(answer, Ready):
                self._spare.ready = answer
        if not self._spare.process.is_alive():
            self._spare.end()
            self._spare = None

    @property
    def _asked_at(self) -> float:
        """Since when an answer is due."""
        return max(self._underway[0].at, self._answered_at)

    def _again(self, words: str) -> Ready | None:
        if self.ready is None:  # it has never been there: nothing that another one would do better
            return None
        self.restarts += 1
        self._since = monotonic()
        self._underway.clear()
        self._waiting.clear()
        self._worker.end()
        spare, self._spare = self._spare, None
        self._worker = self._begun() if spare is None else spare
        self.health = "restarting"
        if self._worker.ready is None:
            self._note("decision", f"{words}; the copy that sounds goes on until another one is loaded")
            return None
        self._note("decision", f"{words}; another one takes over")
        self._answered(self._worker.ready)
        return self._worker.ready


def _received(worker: _Worker) -> list[Done | Ready | Failed]:
    found: list[Done | Ready | Failed] = []
    with contextlib.suppress(EOFError, OSError):
        while worker.connection.poll():
            found.append(worker.connection.recv())
    return found


def _size(event: LiveEvent) -> int:
    return EVENT_BYTES + (event.samples.nbytes if isinstance(event, GuideBlock) else 0)


def _reason(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
