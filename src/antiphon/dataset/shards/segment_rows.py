"""Shards of segments: a row a track, with the vectors of its segments and their levels, and back again.

They hold what `dataset.encode` gives, so that any alphabet can be fitted on them; tokens come later (`token_rows`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antiphon.config import CorpusSettings, PerceptionSettings
from antiphon.corpus.track_audio import TrackSound
from antiphon.dataset.encoding import EncodedTrack, silent_windows, whole_segments
from antiphon.dataset.shards.multitracks import EncodedMultitrack
from antiphon.dataset.shards.parquet import Schema, Table, arrays_of, arrow, fitting, list_of
from antiphon.types import Multitrack, Segments, Source, Track

NAMES = ("multitrack", "piece", "artist", "licence", "track", "instrument")

MOST_FEATURE, MOST_LEVEL, MOST_SECONDS = 1e15, 200.0, 1e7
"""Beyond these no encoder, no level in dBFS and no recording goes: they are of a damaged file."""


def schema() -> Schema:
    """The columns. `vectors` are (segments, dimension), a row after the other; `starts` and `ends` in seconds, `level`
    in dBFS; `heard` is how a guide is heard that is heard late; `over` are a target's segments on a guide's intervals;
    `sha256` is of the files as they were."""
    pa = arrow()
    floats, doubles = pa.list_(pa.float32()), pa.list_(pa.float64())
    over = pa.list_(pa.struct([("guide", pa.string()), ("level", floats), ("vectors", floats)]))
    return pa.schema(
        [
            *((name, pa.string()) for name in NAMES),
            *(("sha256", pa.string()), ("duration", pa.float64()), ("sample_rate", pa.int32())),
            *(("only", pa.string()), ("answers", pa.bool_()), ("dimension", pa.int32())),
            *(("starts", doubles), ("ends", doubles), ("level", floats), ("vectors", floats)),
            *(("heard_level", floats), ("heard_vectors", floats), ("over", over)),
        ]
    )


def table_of(encoded: Sequence[EncodedMultitrack]) -> Table:
    """Encoded multitracks as rows, a track each."""
    pa = arrow()
    rows = [(each.multitrack, track) for each in encoded for track in each.tracks]
    tracks = [track for _, track in rows]
    names = {
        **{name: [getattr(multitrack, _field(name)) for multitrack, _ in rows] for name in NAMES[:4]},
        "track": [track.track.name for track in tracks],
        "instrument": [track.track.instrument for track in tracks],
        "sha256": [_digest(track.track) for track in tracks],
        "duration": [track.track.duration for track in tracks],
        "sample_rate": [track.track.sample_rate for track in tracks],
        "only": [track.only for track in tracks],
        "answers": [track.answers for track in tracks],
        "dimension": [track.segments.vectors.shape[1] for track in tracks],
    }
    columns = [pa.array(values, schema().field(name).type) for name, values in names.items()]
    heard = [track.heard for track in tracks]
    columns += [
        list_of([track.intervals[:, 0] for track in tracks], "float64"),
        list_of([track.intervals[:, 1] for track in tracks], "float64"),
        list_of([track.segments.level for track in tracks], "float32"),
        list_of([track.segments.vectors.ravel() for track in tracks], "float32"),
        list_of([None if each is None else each.level for each in heard], "float32"),
        list_of([None if each is None else each.vectors.ravel() for each in heard], "float32"),
        pa.array([_over(track) for track in tracks], schema().field("over").type),
    ]
    return pa.Table.from_arrays(columns, schema=schema())


def _field(name: str) -> str:
    return "name" if name == "multitrack" else name


def _digest(track: Track) -> str:
    return TrackSound(track).digest()


def _over(track: EncodedTrack) -> list[dict[str, Any]]:
    return [
        {"guide": guide, "level": each.level, "vectors": each.vectors.ravel()}
        for guide, each in sorted(track.over.items())
    ]


def encoded_of(
    table: Table, perception: PerceptionSettings, corpus: CorpusSettings, where: Path
) -> dict[str, tuple[EncodedTrack, ...]]:
    """The encoded tracks of a row group by multitrack name. Raises BadData, naming `where`, for rows that do not fit
    together."""
    with fitting(where):
        return _encoded_of(table, perception, corpus)


def _encoded_of(
    table: Table, perception: PerceptionSettings, corpus: CorpusSettings
) -> dict[str, tuple[EncodedTrack, ...]]:
    words = {name: table[name].to_pylist() for name in (*NAMES, "duration", "sample_rate", "only", "answers")}
    sizes = table["dimension"].to_pylist()
    names = ("starts", "ends", "level", "vectors", "heard_level", "heard_vectors")
    lists = {name: arrays_of(table[name]) for name in names}
    late = table["heard_level"].is_valid().to_pylist()
    over = table["over"].to_pylist()
    found: dict[str, list[EncodedTrack]] = {}
    for row in range(table.num_rows):
        intervals = np.stack([lists["starts"][row], lists["ends"][row]], axis=1)
        _require_in_time(intervals, words["duration"][row])
        segments = _segments(lists["vectors"][row], lists["level"][row], sizes[row])
        if len(segments.level) != len(intervals):
            raise ValueError(f"{len(segments.level)} segments in {len(intervals)} intervals")
        track = Track(
            name=words["track"][row],
            sources=(Source(Path(words["track"][row])),),
            duration=words["duration"][row],
            instrument=words["instrument"][row],
            sample_rate=words["sample_rate"][row],
        )
        found.setdefault(words["multitrack"][row], []).append(
            EncodedTrack(
                track,
                segments,
                intervals,
                whole_segments(intervals, perception),
                silent_windows(segments, intervals, corpus),
                over={each["guide"]: _held(each, sizes[row]) for each in over[row] or ()},
                only=words["only"][row],
                answers=words["answers"][row],
                heard=_segments(lists["heard_vectors"][row], lists["heard_level"][row], sizes[row])
                if late[row]
                else None,
            )
        )
    return {name: tuple(tracks) for name, tracks in found.items()}


def multitracks_of(table: Table) -> dict[str, Multitrack]:
    """The multitracks of a row group by name, with tracks that know no files."""
    columns = {name: table[name].to_pylist() for name in (*NAMES, "duration", "only")}
    found: dict[str, list[int]] = {}
    for row, name in enumerate(columns["multitrack"]):
        if not columns["only"][row]:
            found.setdefault(name, []).append(row)
    return {
        name: Multitrack(
            name,
            columns["piece"][rows[0]],
            tuple(
                Track(columns["track"][row], (Source(Path(columns["track"][row])),), columns["duration"][row])
                for row in rows
            ),
            columns["artist"][rows[0]],
            columns["licence"][rows[0]],
        )
        for name, rows in found.items()
    }


def _held(found: dict[str, Any], size: int) -> Segments:
    return _segments(np.asarray(found["vectors"], np.float32), np.asarray(found["level"], np.float32), size)


def _segments(vectors: NDArray[Any], level: NDArray[Any], size: int) -> Segments:
    found = Segments(np.asarray(vectors, np.float32).reshape(len(level), size), np.asarray(level, np.float32))
    if not (np.abs(found.vectors) <= MOST_FEATURE).all() or not (found.level <= MOST_LEVEL).all():
        raise ValueError("what was heard is not a number, or beyond what an encoder gives")
    return found


def _require_in_time(intervals: NDArray[Any], duration: float) -> None:
    if not 0 < duration <= MOST_SECONDS:
        raise ValueError(f"a track of {duration} s")
    if not (np.diff(intervals[:, 0]) >= 0).all() or not (intervals[:, 1] > intervals[:, 0]).all():
        raise ValueError("segments that are not one after the other")
    if not ((intervals >= 0) & (intervals <= MOST_SECONDS)).all():
        raise ValueError("segments outside their track")
