"""Shards of tokens: a row for each track of each excerpt, with its classes in every key, and back again.

They are what a training streams: two bytes a segment and key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.dataset.excerpts import TokenExcerpt
from antiphon.dataset.shards.index import Place
from antiphon.dataset.shards.index import schema as index_schema
from antiphon.dataset.shards.parquet import Schema, Table, arrays_of, arrow
from antiphon.errors import BadData
from antiphon.types import Ids

MOST_CLASSES = 2**16
"""Classes that an id of two bytes can name."""

NAMES = ("multitrack", "piece", "track", "split", "sha256", "only")


@dataclass(frozen=True, eq=False)
class TokenRows:
    """An excerpt as rows: the same excerpt in each key, where it lies in its multitrack, and for each of its tracks the
    SHA-256 and the seconds of what it was made of."""

    keys: tuple[TokenExcerpt, ...]
    place: Place
    sha256: Mapping[str, str]
    duration: Mapping[str, float]
    alike: bool
    """Whether all segments are equally long; their lengths are then not written."""


def schema() -> Schema:
    """The columns. `ids` are (keys, segments); `heard` those of a guide that is heard late; `over` a target's ids on a
    guide's segments; `lengths` of the segments in seconds, nothing where all are alike; `excerpt` counts those of a row
    group; `only` is the one target of a guide that is a mix."""
    pa = arrow()
    ids = pa.list_(pa.list_(pa.uint16()))
    return pa.schema(
        [
            *((name, pa.string()) for name in NAMES),
            *(("start", pa.float64()), ("end", pa.float64()), ("duration", pa.float64())),
            *(("excerpt", pa.int32()), ("answers", pa.bool_()), ("ids", ids), ("heard", ids)),
            *(
                ("over", pa.list_(pa.struct([("guide", pa.string()), ("ids", ids)]))),
                ("lengths", pa.list_(pa.float32())),
            ),
        ]
    )


def table_of(excerpts: Sequence[TokenRows]) -> Table:
    """Excerpts as rows of one group."""
    pa = arrow()
    rows = [(number, each, track) for number, each in enumerate(excerpts) for track in range(len(each.keys[0].ids))]
    found: dict[str, list[Any]] = {name: [] for name in schema().names}
    for number, each, track in rows:
        for name, value in _row(number, each, track).items():
            found[name].append(value)
    ids = _nested([[key.ids[track] for key in each.keys] for _, each, track in rows])
    columns = [ids if name == "ids" else pa.array(found[name], schema().field(name).type) for name in schema().names]
    return pa.Table.from_arrays(columns, schema=schema())


def _row(number: int, each: TokenRows, track: int) -> dict[str, Any]:
    """All of a row but its ids."""
    first = each.keys[0]
    name = first.tracks[track]
    guides = [guide for guide, target in first.over if target == track]
    return {
        "multitrack": first.name,
        "piece": first.piece,
        "track": name,
        "split": each.place.split,
        "sha256": each.sha256[name],
        "only": first.tracks[first.only[track]] if track in first.only else "",
        "start": each.place.start,
        "end": each.place.end,
        "duration": each.duration[name],
        "excerpt": number,
        "answers": track not in first.unanswering,
        "heard": [key.heard[track].astype(np.uint16) for key in each.keys] if first.heard else None,
        "over": [
            {
                "guide": first.tracks[guide],
                "ids": [key.over[guide, track].astype(np.uint16) for key in each.keys],
            }
            for guide in guides
        ],
        "lengths": None if each.alike else first.durations[track].astype(np.float32),
    }


def _nested(rows: Sequence[Sequence[Ids]]) -> Any:
    """A column of lists of lists of ids."""
    pa = arrow()
    flat = [ids for row in rows for ids in row]
    inner = np.cumsum([0, *(len(ids) for ids in flat)])
    outer = np.cumsum([0, *(len(row) for row in rows)])
    values = np.concatenate([np.zeros(0, np.uint16), *(ids.astype(np.uint16) for ids in flat)])
    lists = pa.ListArray.from_arrays(pa.array(inner, pa.int32()), pa.array(values, pa.uint16()))
    return pa.ListArray.from_arrays(pa.array(outer, pa.int32()), lists)


def index_rows(table: Table, shard: int, group: int) -> Table:
    """What the index says of a row group."""
    pa = arrow()
    column = table["ids"].combine_chunks()
    lengths = np.diff(column.values.offsets.to_numpy())
    first = column.offsets.to_numpy()[:-1]
    count = table.num_rows
    found = {
        "shard": np.full(count, shard, np.int32),
        "group": np.full(count, group, np.int32),
        "row": np.arange(count, dtype=np.int32),
        "segments": lengths[first].astype(np.int32) if count else np.zeros(0, np.int32),
    }
    names = index_schema().names
    columns = [found[name] if name in found else table[name].combine_chunks() for name in names]
    return pa.Table.from_arrays([pa.array(each) for each in columns], schema=index_schema())


class TokenGroup:
    """The excerpts of a row group, each made when it is asked for. Raises BadData, naming `where`, for rows that do not
    fit together."""

    def __init__(self, table: Table, keys: int, classes: int, segment_seconds: float, where: Path) -> None:
        self._where, self._seconds = where, segment_seconds
        column = table["ids"].combine_chunks()
        self._ids = arrays_of(column.values)
        first = column.offsets.to_numpy()
        values = column.values.values
        if (np.diff(first) != keys).any() or (len(values) and int(values.to_numpy().max()) >= classes):
            raise BadData(f"{where}: damaged (not {keys} keys of {classes} classes)")
        self._first = first
        self._keys = keys
        numbers = table["excerpt"].to_numpy()
        self._bounds = np.searchsorted(numbers, np.arange(int(numbers[-1]) + 2 if len(numbers) else 1))
        self._table = table

    @property
    def excerpts(self) -> int:
        """How many there are."""
        return len(self._bounds) - 1

    @cached_property
    def _words(self) -> dict[str, list[Any]]:
        names = ("multitrack", "piece", "track", "only", "answers")
        return {name: self._table[name].to_pylist() for name in names}

    @cached_property
    def _lengths(self) -> list[Any]:
        return list(self._table["lengths"].to_pylist())

    @cached_property
    def _heard(self) -> list[Any]:
        return list(self._table["heard"].to_pylist())

    @cached_property
    def _over(self) -> list[Any]:
        return list(self._table["over"].to_pylist())

    def excerpt(self, number: int, key: int = 0) -> TokenExcerpt:
        """An excerpt in one of its keys."""
        if not 0 <= number < self.excerpts:
            raise BadData(f"{self._where}: damaged, a row group has no excerpt {number}; encode it again")
        rows = range(int(self._bounds[number]), int(self._bounds[number + 1]))
        words = self._words
        tracks = tuple(words["track"][row] for row in rows)
        place = {name: index for index, name in enumerate(tracks)}
        ids = tuple(self._ids[self._first[row] + key].astype(np.int64) for row in rows)
        try:
            return TokenExcerpt(
                name=words["multitrack"][rows[0]],
                piece=words["piece"][rows[0]],
                tracks=tracks,
                ids=ids,
                durations=tuple(self._durations(row, len(each)) for row, each in zip(rows, ids, strict=True)),
                over={
                    (place[each["guide"]], index): np.asarray(each["ids"][key], np.int64)
                    for index, row in enumerate(rows)
                    for each in self._over[row] or ()
                },
                only={index: place[words["only"][row]] for index, row in enumerate(rows) if words["only"][row]},
                unanswering=frozenset(index for index, row in enumerate(rows) if not words["answers"][row]),
                heard=tuple(np.asarray(self._heard[row][key], np.int64) for row in rows)
                if self._heard[rows[0]] is not None
                else (),
            )
        except (KeyError, IndexError, TypeError) as error:
            raise BadData(f"{self._where}: damaged (rows of excerpt {number} do not fit together)") from error

    def _durations(self, row: int, count: int) -> NDArray[np.float64]:
        found = self._lengths[row]
        if found is None:
            return np.full(count, self._seconds)
        return np.asarray(found, dtype=np.float64)
