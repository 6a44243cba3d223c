"""The index of a folder of shards: where each track lies, of which piece and split it is, and its content's SHA-256.

It is written last, from what is in the shards, so a folder with an index is complete.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.corpus.splits import Split
from antiphon.dataset.encoding import ROUNDING_SECONDS, whole_segments
from antiphon.dataset.shards.encoding import FOOTER, footer_of, require_of
from antiphon.dataset.shards.multitracks import Trouble
from antiphon.dataset.shards.parquet import ParquetFile, Schema, Table, arrays_of, arrow, fitting, write
from antiphon.dataset.shards.plan import INDEX, REPORT, Plan, read_plan, shard_name
from antiphon.errors import BadData
from antiphon.files import whole_file
from antiphon.reading import json_of
from antiphon.types import Window

SPLIT_CODES = {"train": 0, "validation": 1, "test": 2}
"""Splits as numbers, in the order of `corpus.splits.SPLITS`."""


@dataclass(frozen=True)
class Place:
    """An excerpt of a multitrack: its split, and where it begins and ends in seconds."""

    split: str
    start: float
    end: float


def schema() -> Schema:
    """A row for each track of each excerpt: where it lies, and what it is. `excerpt` counts those of a row group, and
    `segments` the whole ones inside the excerpt."""
    pa = arrow()
    return pa.schema(
        [
            *((name, pa.int32()) for name in ("shard", "group", "row", "excerpt", "segments")),
            *((name, pa.string()) for name in ("multitrack", "piece", "track", "split", "sha256")),
            *((name, pa.float64()) for name in ("start", "end", "duration")),
        ]
    )


def places_of(division: Mapping[Split, Sequence[Window]]) -> dict[str, tuple[Place, ...]]:
    """The excerpts of each multitrack, by its name."""
    found: dict[str, list[Place]] = {}
    for split, windows in division.items():
        for window in windows:
            found.setdefault(window.multitrack.name, []).append(Place(split, window.start, window.end))
    return {name: tuple(sorted(each, key=lambda place: place.start)) for name, each in found.items()}


def names_in(folder: Path, plan: Plan) -> set[str]:
    """The multitracks of which something was encoded. Raises BadData for a shard that is missing or another's."""
    found: set[str] = set()
    for number in range(plan.shards):
        with ParquetFile(folder / shard_name(number)) as file:
            require_of(file, plan, number)
            for group in range(file.groups):
                found |= set(file.group(group, ["multitrack"])["multitrack"].to_pylist())
    return found


def write_index(
    folder: Path, plan: Plan, places: Mapping[str, Sequence[Place]], remarks: Sequence[Trouble] = ()
) -> None:
    """Write the index of a folder whose shards of segments are all there, and the report of what they lack; `remarks`
    are of no shard."""

    def rows_of(table: Table, shard: int, group: int) -> Table:
        return _group_rows(table, shard, group, plan, places)

    columns = ["multitrack", "piece", "track", "sha256", "duration", "starts", "ends"]
    write_index_of(folder, plan, rows_of, columns, remarks)


def write_index_of(
    folder: Path,
    plan: Plan,
    rows_of: Callable[[Table, int, int], Table],
    columns: Sequence[str],
    remarks: Sequence[Trouble] = (),
) -> None:
    """The same of any shards: `rows_of` some columns of a row group, of its shard's number and its own."""
    _write_report(folder, plan, remarks)
    rows = [0] * plan.shards
    write(folder / INDEX, schema(), _indexed(folder, plan, rows_of, columns, rows), lambda: _about(plan, rows))


def _indexed(
    folder: Path, plan: Plan, rows_of: Callable[[Table, int, int], Table], columns: Sequence[str], rows: list[int]
) -> Iterator[Table]:
    pa = arrow()
    for number in range(plan.shards):
        with ParquetFile(folder / shard_name(number)) as file:
            require_of(file, plan, number)
            tables = [rows_of(file.group(group, columns), number, group) for group in range(file.groups)]
            rows[number] = file.rows
        if tables:
            yield pa.concat_tables(tables)


def _group_rows(table: Table, shard: int, group: int, plan: Plan, places: Mapping[str, Sequence[Place]]) -> Table:
    pa = arrow()
    names = table["multitrack"].to_pylist()
    starts, ends = arrays_of(table["starts"]), arrays_of(table["ends"])
    found: list[tuple[int, int, int, Place]] = []
    numbers: dict[tuple[str, Place], int] = {}
    for row, name in enumerate(names):
        intervals = np.stack([starts[row], ends[row]], axis=1)
        whole = whole_segments(intervals, plan.perception)
        for place in places.get(name, ()):
            inside = (starts[row] >= place.start - ROUNDING_SECONDS) & (ends[row] <= place.end + ROUNDING_SECONDS)
            number = numbers.setdefault((name, place), len(numbers))
            found.append((row, number, int((inside & whole).sum()), place))
    rows = [row for row, *_ in found]
    taken = table.take(pa.array(rows, pa.int32()))
    columns = {
        "shard": [shard] * len(found),
        "group": [group] * len(found),
        "row": rows,
        "excerpt": [number for _, number, _, _ in found],
        "segments": [segments for _, _, segments, _ in found],
        **{name: taken[name].combine_chunks() for name in ("multitrack", "piece", "track", "sha256", "duration")},
        **{name: [getattr(place, name) for *_, place in found] for name in ("split", "start", "end")},
    }
    return pa.table({name: columns[name] for name in schema().names}, schema=schema())


def _about(plan: Plan, rows: Sequence[int]) -> dict[str, str]:
    return {FOOTER: json.dumps({"identity": plan.identity, "rows": list(rows)}, sort_keys=True)}


def _write_report(folder: Path, plan: Plan, remarks: Sequence[Trouble]) -> None:
    """A line for each trouble, in the order of the shards; an empty file where there was none."""
    with whole_file(folder / REPORT) as temporary, temporary.open("w", encoding="utf-8") as out:
        for remark in remarks:
            out.write(_line({"shard": None, **asdict(remark)}))
        for number in range(plan.shards):
            with ParquetFile(folder / shard_name(number)) as file:
                for trouble in footer_of(file).get("troubles", []):
                    out.write(_line({"shard": number, **trouble}))


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, sort_keys=True, ensure_ascii=False) + "\n"


@dataclass(frozen=True, eq=False)
class Excerpts:
    """Where the excerpts of a split lie: shard, row group and number in it, and the segments (n,) of the longest track
    of each."""

    shard: NDArray[np.int32]
    group: NDArray[np.int32]
    number: NDArray[np.int32]
    segments: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.shard)


@dataclass(frozen=True, eq=False)
class ShardFolder:
    """A folder of shards that is complete. Only the numbers of its index are in memory: 16 bytes for each excerpt."""

    path: Path
    plan: Plan
    rows: tuple[int, ...]
    numbers: Mapping[str, NDArray[np.int32]]
    tracks: int
    seconds: float

    def excerpts(self, split: str) -> Excerpts:
        """The excerpts of a split, in order."""
        of = self.numbers["split"] == SPLIT_CODES[split]
        return Excerpts(*(self.numbers[name][of] for name in ("shard", "group", "excerpt", "segments")))

    def file(self, shard: int) -> ParquetFile:
        """A shard, opened. Raises BadData where it is not the one that the index was made of."""
        file = ParquetFile(self.path / shard_name(shard))
        require_of(file, self.plan, shard)
        if file.rows != self.rows[shard]:
            raise BadData(f"{file.path}: {file.rows} tracks, the index knows {self.rows[shard]}; encode it again")
        return file


def open_shards(folder: Path) -> ShardFolder:
    """A folder of shards, to be read. Raises BadData where it is not complete, or its index is another's."""
    plan = read_plan(folder)
    path = folder / INDEX
    if not path.exists():
        raise BadData(f"{folder}: not complete (no {INDEX} in it); call `antiphon corpus encode` again, it goes on")
    with ParquetFile(path) as file:
        file.require(schema())
        about = _index_footer(file, plan)
        parts: list[dict[str, NDArray[Any]]] = []
        tracks, seconds = 0, 0.0
        for group in range(file.groups):
            names = ["shard", "group", "excerpt", "segments", "split", "multitrack", "track", "duration"]
            table = file.group(group, names)
            # A track of several excerpts has a row for each.
            own = table.group_by(["multitrack", "track"], use_threads=False).aggregate([("duration", "max")])
            with fitting(path):
                tracks, seconds = tracks + own.num_rows, seconds + float(np.sum(own["duration_max"].to_numpy()))
            with fitting(path):
                parts.append(_numbers(table, path, plan))
    numbers = {name: np.concatenate([part[name] for part in parts]) for name in (parts[0] if parts else ())}
    if not parts:
        raise BadData(f"{folder}: its shards hold nothing; {REPORT} says why")
    return ShardFolder(folder, plan, tuple(about), numbers, tracks, seconds)


def _index_footer(file: ParquetFile, plan: Plan) -> list[int]:
    tree = json_of(file.metadata(FOOTER) or "null", str(file.path))
    rows = tree.get("rows") if isinstance(tree, dict) else None
    if not isinstance(tree, dict) or tree.get("identity") != plan.identity:
        raise BadData(f"{file.path}: not the index of these shards")
    if not isinstance(rows, list) or len(rows) != plan.shards or not all(isinstance(each, int) for each in rows):
        raise BadData(f"{file.path}: damaged (it does not say how many tracks each shard holds)")
    return rows


def _numbers(table: Table, path: Path, plan: Plan) -> dict[str, NDArray[np.int32]]:
    """One entry for each excerpt, whose rows stand together."""
    names = ("shard", "group", "excerpt")
    found = {name: table[name].to_numpy().astype(np.int32) for name in (*names, "segments")}
    codes = [SPLIT_CODES.get(split, -1) for split in table["split"].to_pylist()]
    found["split"] = np.array(codes, dtype=np.int32)
    least = min((int(each.min()) for each in found.values()), default=0) if codes else 0
    if codes and (least < 0 or found["shard"].max() >= plan.shards):
        raise BadData(f"{path}: damaged (it names a shard or a split that is none)")
    place = np.stack([found[name] for name in names]).astype(np.int64)
    _, first, inverse = np.unique(place, axis=1, return_index=True, return_inverse=True)
    longest = np.zeros(len(first), dtype=np.int32)
    np.maximum.at(longest, inverse.ravel(), found["segments"])
    return {**{name: found[name][first] for name in (*names, "split")}, "segments": longest}
