"""The division into train, validation and test (paper 5.1: 80, 10 and 10 %).

By piece, never by window: two takes of one work, or two excerpts of one take, would let a model be tested on what it
has learned by heart. Where there are too few pieces for that, along time.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from typing import Literal, get_args

from antiphon.config import CorpusSettings
from antiphon.errors import BadData
from antiphon.types import Multitrack, Window

Split = Literal["train", "validation", "test"]

SPLITS: tuple[Split, ...] = get_args(Split)

SplitBy = Literal["piece", "artist", "take"]

MINIMUM_PIECES = 3
"""One piece for each split; with fewer, the division is along time."""

Division = dict[Split, tuple[Window, ...]]


def divide(
    multitracks: Sequence[Multitrack], settings: CorpusSettings, given: Mapping[str, Split] | None = None
) -> Division:
    """The windows of each split; each window is a whole multitrack, or its part in time where there are too few.

    All multitracks of a piece (of an artist, or each for itself: `settings.split_by`) go to one split, drawn with
    `settings.seed` and independent of the order of `multitracks`. `given` (multitrack name to split, as in a manifest)
    wins over the draw. Raises BadData where it spreads one piece over two splits, and for an unknown artist.
    """
    ordered = sorted(multitracks, key=lambda multitrack: multitrack.name)
    group_of = _groups(ordered, settings.split_by)
    split_of = _given_by_group(ordered, group_of, given or {}, settings.split_by)
    undecided = set(group_of.values()) - split_of.keys()
    if not split_of and len(undecided) < MINIMUM_PIECES:
        return _along_time(ordered, settings)
    split_of |= _drawn(undecided, list(split_of.values()), settings)
    return {
        split: tuple(Window(each, 0.0, each.duration) for each in ordered if split_of[group_of[each.name]] == split)
        for split in SPLITS
    }


def _groups(multitracks: Sequence[Multitrack], split_by: SplitBy) -> dict[str, str]:
    """From the name of each multitrack to what it must not be divided from."""
    if split_by == "take":
        return {each.name: each.name for each in multitracks}
    if split_by == "piece":
        return {each.name: each.piece for each in multitracks}
    if nameless := [each.name for each in multitracks if not each.artist]:
        raise BadData(
            f"setting corpus.split_by = artist, but the corpus does not name the artist of {len(nameless)} multitracks "
            f"({', '.join(nameless[:3])}); divide by piece, or name them in a manifest"
        )
    return {each.name: each.artist for each in multitracks}


def _drawn(undecided: Set[str], decided: Sequence[Split], settings: CorpusSettings) -> dict[str, Split]:
    """A split for each undecided piece, so that together with the decided ones the shares are met."""
    validation, test = _counts(len(undecided) + len(decided), settings)
    first = max(0, validation - decided.count("validation"))
    second = first + max(0, test - decided.count("test"))
    order = sorted(undecided, key=lambda piece: _rank(piece, settings.seed))
    return {
        piece: "validation" if index < first else "test" if index < second else "train"
        for index, piece in enumerate(order)
    }


def _given_by_group(
    multitracks: Sequence[Multitrack], group_of: Mapping[str, str], given: Mapping[str, Split], split_by: SplitBy
) -> dict[str, Split]:
    splits: dict[str, set[Split]] = defaultdict(set)
    for multitrack in multitracks:
        if multitrack.name in given:
            splits[group_of[multitrack.name]].add(given[multitrack.name])
    for group, found in splits.items():
        if len(found) > 1:
            where = " and in ".join(sorted(found))
            raise BadData(f"{split_by} {group!r} is in {where}; all of one {split_by} goes to one split")
    return {group: found.pop() for group, found in splits.items()}


def _counts(pieces: int, settings: CorpusSettings) -> tuple[int, int]:
    """How many pieces validate and test: the shares, but one at least, and one at least is left to learn from."""
    validation = min(_at_least_one(settings.validation_share, pieces), max(pieces - 2, 0))
    test = min(_at_least_one(_test_share(settings), pieces), max(pieces - validation - 1, 0))
    return validation, test


def _at_least_one(share: float, pieces: int) -> int:
    return max(1, round(share * pieces)) if share > 0 else 0


def _test_share(settings: CorpusSettings) -> float:
    return max(0.0, round(1 - settings.train_share - settings.validation_share, 9))


def _rank(piece: str, seed: int) -> bytes:
    """A place in the draw that depends on nothing but the piece and the seed: a new piece moves few others."""
    return hashlib.sha256(f"{seed}:{piece}".encode()).digest()


def _along_time(multitracks: Sequence[Multitrack], settings: CorpusSettings) -> Division:
    shares = (settings.train_share, settings.validation_share, _test_share(settings))
    edges = list(itertools.accumulate(shares, initial=0.0))
    return {
        split: tuple(
            Window(each, start * _shared_duration(each), end * _shared_duration(each))
            for each in multitracks
            if end > start
        )
        for split, (start, end) in zip(SPLITS, itertools.pairwise(edges), strict=True)
    }


def _shared_duration(multitrack: Multitrack) -> float:
    """Until when two tracks go on: past it there is no relation, and a test that lies there would be empty."""
    return sorted(track.duration for track in multitrack.tracks)[-2:][0]
