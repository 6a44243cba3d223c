"""Where a label can be played in a memory: which segments carry it, what comes before each, how its edges sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.action.selection.concatenation_cost import Boundaries
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
class Groups:
    """Members 0..m-1 by boundary class: `order` (m,) puts them side by side.

    Group k begins there at `starts[k]` and has `sizes[k]` members (groups,); `present` (groups,) are the classes that
    have members, `classes` (m,) the class of each member.
    """

    classes: Ids
    order: Ids
    starts: Ids
    sizes: Ids
    present: Ids

    @classmethod
    def of(cls, classes: Ids) -> Groups:
        """The groups of members with these `classes` (m,)."""
        # Numbers of 16 bits are sorted by their digits: ten times as fast.
        small = classes.astype(np.uint16) if len(classes) and 0 <= classes.min() <= classes.max() < 1 << 16 else classes
        order = np.argsort(small, kind="stable")
        ordered = classes[order]
        starts = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))
        return cls(classes, order, starts, np.diff(starts, append=len(order)), ordered[starts])


@dataclass(frozen=True, eq=False)
class Candidates:
    """Memory segments (m,) in ascending order that can be played at one step; the one before each, and its label.

    `predecessors` is the number of memory segments, an index past the last, where there is no context. `left` and
    `right` group the candidates by how they begin and end. `durations` (m,) in seconds; `shortest` is the least.
    """

    segments: Ids
    predecessors: Ids
    labels_before: Ids
    left: Groups
    right: Groups
    durations: Seconds
    shortest: float


class CandidateIndex:
    """Looks up the candidates of a label in a memory, each label once. `usable` (n,) leaves segments out."""

    def __init__(self, memory: Memory, boundaries: Boundaries, usable: NDArray[np.bool_] | None = None) -> None:
        ids = memory.tokens.ids
        self.count = len(ids)
        usable_segments = np.arange(len(ids)) if usable is None else np.flatnonzero(usable)
        self._order = usable_segments[np.argsort(ids[usable_segments], kind="stable")]
        self._sorted_ids = ids[self._order]
        self._durations = memory.tokens.durations
        self._labels_before = labels_before(memory)
        self._boundaries = boundaries
        self._known: dict[int, Candidates] = {}

    def of(self, label: int) -> Candidates:
        """The usable segments with this label."""
        if label not in self._known:
            first, stop = np.searchsorted(self._sorted_ids, [label, label + 1])
            self._known[label] = self.among(self._order[first:stop])
        return self._known[label]

    def among(self, segments: Ids | Sequence[int]) -> Candidates:
        """These segments (m,) as the candidates of a step, whatever their labels."""
        segments = np.asarray(segments, dtype=np.int64)
        before, durations = self._labels_before[segments], self._durations[segments]
        return Candidates(
            segments,
            np.where(before == NO_LABEL, self.count, segments - 1),
            before,
            Groups.of(self._boundaries.left[segments]),
            Groups.of(self._boundaries.right[segments]),
            durations,
            float(durations.min(initial=np.inf)),
        )
