"""What the decision learns from: the tokens of simultaneous tracks, and the ordered pairs of them (paper 5.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

import numpy as np

from antiphon.types import Ids, Seconds


@dataclass(frozen=True, eq=False)
class TokenPair:
    """Guide and target on the guide's time grid: ids (n,) each, and how long each segment lasts (n,).

    Durations are in seconds, or 1 throughout where the excerpt does not say them: segments are then alike.
    """

    guide: Ids
    target: Ids
    durations: Seconds

    def __len__(self) -> int:
        return len(self.guide)


@dataclass(frozen=True, eq=False)
class TokenExcerpt:
    """The tokens of all tracks of a window: ids per track, each (n,); tracks may end at different times.

    Tracks share one grid, or each has its own: `over` then holds the target's ids on the guide's grid by (guide,
    target). `durations` are those of each track's own segments. `only` maps a guide to the one target that it may be a
    guide to: a mix of all tracks but that one. Where there are such guides there are no others, and they are nobody's
    target. Nor are `unanswering` tracks. `heard` are the ids of each track where it is a guide, on the same grid, if
    they are others: of a guide that is heard late.
    """

    name: str
    piece: str
    tracks: tuple[str, ...]
    ids: tuple[Ids, ...]
    durations: tuple[Seconds, ...] = ()
    over: Mapping[tuple[int, int], Ids] = field(default_factory=dict)
    only: Mapping[int, int] = field(default_factory=dict)
    unanswering: Set[int] = frozenset()
    heard: tuple[Ids, ...] = ()

    @property
    def guides(self) -> tuple[Ids, ...]:
        """The ids of each track as a guide."""
        return self.heard or self.ids

    def pair(self, guide: int, target: int) -> TokenPair:
        """Two tracks' ids over the time they share."""
        answer = self.over.get((guide, target), self.ids[target])
        shared = min(len(self.ids[guide]), len(answer))
        durations = self.durations[guide][:shared] if self.durations else np.ones(shared)
        return TokenPair(self.guides[guide][:shared], answer[:shared], durations)

    def ordered_pairs(self) -> Iterator[tuple[int, int]]:
        """All (guide, target) of different tracks that share at least one segment, and the target may be one."""
        for guide in range(len(self.ids)):
            for target in range(len(self.ids)):
                heard = self.only[guide] == target if guide in self.only else not self.only
                answers = guide != target and target not in self.only and target not in self.unanswering
                if heard and answers and len(self.pair(guide, target)) > 0:
                    yield guide, target


def undelayed(excerpts: Sequence[TokenExcerpt]) -> tuple[TokenExcerpt, ...]:
    """The same excerpts, whose guides are heard at once."""
    return tuple(replace(each, heard=()) for each in excerpts)
