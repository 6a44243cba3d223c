"""Shards of segments, a row group after the other: what was heard in them, and how it is divided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from antiphon.dataset.encoding import EncodedTrack
from antiphon.dataset.preparing import within
from antiphon.dataset.shards.index import Place, ShardFolder
from antiphon.dataset.shards.parquet import ParquetFile, Table, fitting
from antiphon.dataset.shards.plan import INDEX
from antiphon.dataset.shards.segment_rows import encoded_of, multitracks_of
from antiphon.types import Segments, Window

GroupPlaces = Mapping[int, Mapping[str, tuple[Place, ...]]]
"""Of a shard: by row group and multitrack, its excerpts."""


@dataclass(frozen=True, eq=False)
class HeardGroup:
    """A row group: its encoded tracks by multitrack name, and the excerpts of each, in the order of both."""

    encoded: Mapping[str, tuple[EncodedTrack, ...]]
    windows: tuple[tuple[Place, Window], ...]
    sha256: Mapping[tuple[str, str], str]


def shard_places(folder: ShardFolder) -> Iterator[tuple[int, GroupPlaces]]:
    """Each shard that holds something, and where its excerpts are, read from the index as it goes."""
    columns = ["shard", "group", "multitrack", "split", "start", "end"]
    with ParquetFile(folder.path / INDEX) as file:
        for number in range(file.groups):
            rows = [file.group(number, columns)[name].to_pylist() for name in columns]
            found: dict[int, dict[str, dict[Place, None]]] = {}
            for _, group, name, *place in zip(*rows, strict=True):
                found.setdefault(group, {}).setdefault(name, {})[Place(*place)] = None
            if rows[0]:
                groups = {
                    group: {name: tuple(places) for name, places in names.items()} for group, names in found.items()
                }
                yield rows[0][0], groups


def heard_groups(folder: ShardFolder, shard: int, places: GroupPlaces) -> Iterator[HeardGroup]:
    """The row groups of a shard of segments. Raises BadData where one is damaged."""
    with folder.file(shard) as file:
        for group in range(file.groups):
            yield _group(folder, file.group(group), places.get(group, {}), file)


def _group(folder: ShardFolder, table: Table, places: Mapping[str, tuple[Place, ...]], file: ParquetFile) -> HeardGroup:
    encoded = encoded_of(table, folder.plan.perception, folder.plan.corpus, file.path)
    with fitting(file.path):
        multitracks = multitracks_of(table)
        windows = tuple(
            (place, Window(multitracks[name], place.start, place.end))
            for name in encoded
            for place in places.get(name, ())
            if name in multitracks
        )
    names = zip(*(table[name].to_pylist() for name in ("multitrack", "track", "sha256")), strict=True)
    return HeardGroup(encoded, windows, {(name, track): digest for name, track, digest in names})


def training_parts(folder: ShardFolder) -> Iterator[Segments]:
    """What an alphabet is fitted on, a track of an excerpt of the training split after the other: mixes are not."""
    for shard, places in shard_places(folder):
        for group in heard_groups(folder, shard, places):
            for place, window in group.windows:
                for track in group.encoded[window.multitrack.name] if place.split == "train" else ():
                    mask = within(track, window)
                    if not track.only and np.any(mask):
                        yield Segments(track.segments.vectors[mask], track.segments.level[mask])
