"""Where a label can be played in a memory: which segments carry it, which are long enough, what comes before them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from antiphon.types import Ids, Memory, Seconds

LENGTH_TOLERANCE = 1e-3
"""Seconds by which a memory segment may be shorter than the interval it fills: less than any fade."""

NO_LABEL = -1
"""Stands before the first segment of a part, where there is no context."""


def labels_before(memory: Memory) -> Ids:
    """The label (n,) of the segment before each memory segment (n,), NO_LABEL where a part begins."""
    ids = memory.tokens.ids
    part = memory.part_of(np.arange(len(ids)))
    before = np.full(len(ids), NO_LABEL, dtype=np.int64)
    goes_on = part[1:] == part[:-1]
    before[1:][goes_on] = ids[:-1][goes_on]
    return before


@dataclass(frozen=True, eq=False)
class Candidates:
    """Memory segments (m,) in ascending order that can be played at one step; the one before each, and its label.

    `predecessors` is the number of memory segments, an index past the last, where there is no context.
    """

    segments: Ids
    predecessors: Ids
    labels_before: Ids


class Places:
    """Looks up the candidates of a label in a memory, each combination of label and length once."""

    def __init__(self, memory: Memory) -> None:
        ids, self._durations = memory.tokens.ids, memory.tokens.durations
        self._order = np.argsort(ids, kind="stable")
        self._sorted_ids = ids[self._order]
        self._sorted_durations = np.sort(self._durations)
        self._labels_before = labels_before(memory)
        self._known: dict[tuple[int, int], Candidates] = {}

    def of(self, label: int, seconds: float) -> Candidates:
        """The segments with this label that last at least `seconds` (less the tolerance)."""
        shortest = seconds - LENGTH_TOLERANCE
        too_short = int(np.searchsorted(self._sorted_durations, shortest))
        # The number of segments that are too short says which ones are, so float noise in `seconds` costs no look-up.
        key = (label, too_short)
        if key not in self._known:
            self._known[key] = self._find(label, shortest)
        return self._known[key]

    def _find(self, label: int, shortest: float) -> Candidates:
        first, stop = np.searchsorted(self._sorted_ids, [label, label + 1])
        segments = self._order[first:stop]
        segments = segments[self._durations[segments] >= shortest]
        before = self._labels_before[segments]
        return Candidates(segments, np.where(before == NO_LABEL, len(self._order), segments - 1), before)


def longest_of_each_class(memory: Memory, classes: int) -> Seconds:
    """Length in seconds (classes,) of the longest memory segment of each class, -inf for a class that is not there."""
    longest = np.full(classes, -np.inf)
    np.maximum.at(longest, memory.tokens.ids, memory.tokens.durations)
    return longest
