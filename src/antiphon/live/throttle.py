"""Word that comes often is said seldom: of each kind at most one a second, with how many more there were."""

from __future__ import annotations

from collections import Counter
from time import monotonic
from typing import Final

SECONDS_BETWEEN_WORDS: Final = 1.0
"""The least time between two of one kind."""

NEVER: Final = -1e9
"""When a kind was said that was not said yet."""


class Throttle:
    """What is to be said now, by kind."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}
        self._unsaid: Counter[str] = Counter()

    def words(self, kind: str, words: str) -> str | None:
        """What to say now; None where the same kind was said a moment ago."""
        now = monotonic()
        if now - self._said.get(kind, NEVER) < SECONDS_BETWEEN_WORDS:
            self._unsaid[kind] += 1
            return None
        self._said[kind] = now
        before = self._unsaid.pop(kind, 0)
        return words + (f" (and {before} more like it)" if before else "")
