"""How far a job is, by what its process tells: the time that is left, and of a training its loss and what the guide is
worth so far."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

TRAINING = "train"
"""What the trainer calls the stage of the network that hears; those of its opponents, which may be trained beside it,
begin with the same word."""

_STANDING = re.compile(r"(-?\d+(?:\.\d+)?) bits(?:, (-?\d+(?:\.\d+)?) by the guide)?")


@dataclass
class Pace:
    """How fast a stage goes."""

    began: float
    first: int
    left: float | None = None

    def at(self, done: int, total: int) -> None:
        """The stage is at `done` of `total` now."""
        passed = done - self.first
        if done >= total:
            self.left = 0.0
        elif passed > 0:
            self.left = (time.monotonic() - self.began) / passed * (total - done)


@dataclass
class Course:
    """What is shown of a job that runs: its task, how far it is, the seconds that are left (None: not known), and of a
    training the loss and what the guide is worth, in bits a segment."""

    task: str = ""
    done: int = 0
    total: int = 0
    loss: float | None = None
    worth: float | None = None
    _paces: dict[str, Pace] = field(default_factory=dict)

    @property
    def left(self) -> float | None:
        """Seconds until the slowest of the stages that run side by side is over."""
        lefts = [pace.left for pace in self._paces.values()]
        known = [left for left in lefts if left is not None]
        return max(known) or None if known and len(known) == len(lefts) else None

    def heard(self, task: str, done: int, total: int) -> None:
        """What the process tells."""
        stage, _, how = task.partition(": ")
        family = stage.partition(" ")[0]
        self._paces = {name: pace for name, pace in self._paces.items() if name.partition(" ")[0] == family}
        if stage not in self._paces or done < self._paces[stage].first:
            self._paces[stage] = Pace(time.monotonic(), done)
        self._paces[stage].at(done, total)
        if family == TRAINING and (found := _STANDING.fullmatch(how)):
            self.loss = float(found[1]) if stage == TRAINING else self.loss
            self.worth = self.worth if found[2] is None else float(found[2])
        if stage == TRAINING or not self._is_trained():
            self.task, self.done, self.total = task, done, total

    def _is_trained(self) -> bool:
        """Whether the network that hears is being trained: it is what is shown then."""
        pace = self._paces.get(TRAINING)
        return pace is not None and pace.left != 0.0
