"""An agent that plays with a musician: what it hears in, what is to be played out, and nothing else.

There is no clock, no device and no thread in it. A session in blocks of any size is the offline code, fed as the sound
comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from antiphon.agent import Agent
from antiphon.live.commands import LiveCommand
from antiphon.live.events import LiveEvent
from antiphon.types import Memory


@dataclass(frozen=True, eq=False)
class Session:
    """What does not change while it plays; `sample_rate`, the memory's, is that of all frames."""

    agent: Agent
    memory: Memory
    seed: int = 0

    @property
    def sample_rate(self) -> int:
        """Frames a second, of events and commands alike."""
        return self.memory.audio.sample_rate

    def start(self) -> Any:
        """The state before anything was heard."""
        raise NotImplementedError

    def step(self, state: Any, event: LiveEvent) -> tuple[Any, tuple[LiveCommand, ...]]:
        """The next state, and what is to be done. Never raises for an event, whatever it says."""
        raise NotImplementedError
