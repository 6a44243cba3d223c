"""What was heard of a live run, numbered, so that each page that asks is told all that it has not been told."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

MOST_KEPT: Final = 3000
"""Entries that are kept: some ten minutes of a run, for a page that comes later."""

Message = tuple[str, Mapping[str, Any]]
"""A name and what it says. The names are those of the OSC table, and `run` for what becomes of the process."""


@dataclass(frozen=True)
class Entry:
    """What came at once: the messages of a packet."""

    number: int
    messages: Sequence[Message]


@dataclass
class Log:
    """Entries in order; the oldest go."""

    _kept: deque[Entry] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _next: int = 1
    closed: bool = False

    def add(self, *messages: Message) -> None:
        """Something came."""
        with self._lock:
            self._kept.append(Entry(self._next, messages))
            self._next += 1

    def close(self) -> None:
        """Nobody is to listen any longer."""
        self.closed = True

    def clear(self) -> None:
        """Another run begins; numbers go on."""
        with self._lock:
            self._kept.clear()

    def after(self, number: int) -> list[Entry]:
        """Everything since an entry. A number of another studio's, which is too high, means from the first on."""
        with self._lock:
            first = number if number < self._next else 0
            if not self._kept or self._kept[-1].number <= first:
                return []
            return [each for each in self._kept if each.number > first]
