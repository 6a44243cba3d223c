"""A corpus as a file: JSON lines, one multitrack each. What was found once, curated by hand or split on purpose."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, ValidationError, model_serializer

from antiphon.corpus.splits import Split
from antiphon.errors import AntiphonError, BadData
from antiphon.files import sha256, whole_file
from antiphon.interfaces import Progress, no_progress
from antiphon.reading import bytes_of, first_fault, json_of
from antiphon.types import Multitrack, Side, Source, Track

MANIFEST_VERSION = 1
"""Version of a line; raised whenever a field changes its meaning."""

MANIFEST_NAME = "manifest.jsonl"
"""The manifest of a folder that was built, or that was once scanned into itself."""

MOST_SECONDS, MOST_RATE, MOST_STREAMS = 1e7, 100_000_000, 10_000
"""No recording is longer than 115 days, none is faster, no film has more sounds: what says so is damaged."""

Name = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True)
class LeftOut:
    """A track that a scan leaves out: where it was found, why, and the family of its instrument where it says one."""

    where: str
    reason: str
    family: str = ""


@dataclass(frozen=True)
class Corpus:
    """Multitracks, the split of those that have one already, by name, and what a scan left out of them."""

    multitracks: tuple[Multitrack, ...]
    splits: Mapping[str, Split] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _SourceLine(_Model):
    path: Name
    stream: int = Field(0, ge=0, le=MOST_STREAMS)
    sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$")
    side: Side = ""
    start: float = Field(0.0, ge=0)

    @model_serializer(mode="wrap")
    def _as_before(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What no session asks for is not written: the line of any other corpus reads as it always did."""
        written: dict[str, Any] = handler(self)
        return {key: value for key, value in written.items() if value or key not in ("side", "start")}


class _TrackLine(_Model):
    name: Name
    instrument: str = ""
    sources: tuple[_SourceLine, ...] = Field(min_length=1)
    duration: float = Field(gt=0, le=MOST_SECONDS)
    sample_rate: int = Field(0, ge=0, le=MOST_RATE)


class _Line(_Model):
    version: int
    name: Name
    piece: Name
    artist: str = ""
    licence: str = ""
    split: Split | None = None
    tracks: tuple[_TrackLine, ...] = Field(min_length=2)


def write_manifest(path: Path, corpus: Corpus) -> None:
    """Write `corpus` to `path`, whole or not at all.

    Tracks below the manifest's own folder are named relative to it, so that the folder can move as one. Raises
    AntiphonError where `path` is there and is not a manifest: it is somebody's.
    """
    if path.exists():
        try:
            read_manifest(path)
        except BadData as error:
            raise AntiphonError(f"{path} is there and is not a manifest; choose another name") from error
    folder = Path(os.path.abspath(path.parent))
    lines = [_line(multitrack, corpus.splits.get(multitrack.name), folder) for multitrack in corpus.multitracks]
    text = "".join(json.dumps(line.model_dump(), ensure_ascii=False) + "\n" for line in lines)
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def with_hashes(corpus: Corpus, workers: int = 1, progress: Progress = no_progress) -> Corpus:
    """The corpus with the SHA-256 of every file, each read once. Raises BadData for a file that can't be read."""
    paths = sorted({source.path for each in corpus.multitracks for track in each.tracks for source in track.sources})
    hashes: dict[Path, str] = {}
    with ThreadPoolExecutor(workers) as pool:
        try:
            for done, (path, digest) in enumerate(zip(paths, pool.map(_hash, paths), strict=True), 1):
                hashes[path] = digest
                progress("hash", done, len(paths))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise

    def hashed(track: Track) -> Track:
        return replace(track, sources=tuple(replace(each, sha256=hashes[each.path]) for each in track.sources))

    multitracks = tuple(replace(each, tracks=tuple(map(hashed, each.tracks))) for each in corpus.multitracks)
    return replace(corpus, multitracks=multitracks)


def _hash(path: Path) -> str:
    try:
        if not path.is_file():
            raise BadData(f"{path}: {'not a file' if path.exists() else 'no such file'}")
        return sha256(path)
    except OSError as error:
        raise BadData(f"{path}: {error.strerror or error}") from error


def read_manifest(path: Path) -> Corpus:
    """The corpus that `path` describes; the audio itself is not looked at.

    Raises BadData, naming file and line, for anything that is missing, malformed, of another version, or named twice.
    """
    try:
        text = bytes_of(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadData(f"{path}: not a manifest (not UTF-8 text); two recordings are given by --pair A B") from error
    folder = Path(os.path.abspath(path.parent))
    multitracks: dict[str, Multitrack] = {}
    splits: dict[str, Split] = {}
    for number, content in enumerate(text.split("\n"), 1):
        if not content.strip():
            continue
        where = f"{path}, line {number}"
        line = _parsed(content, where)
        if line.name in multitracks:
            raise BadData(f"{where}: a second multitrack named {line.name!r}")
        multitracks[line.name] = _multitrack(line, folder)
        if line.split:
            splits[line.name] = line.split
    if not multitracks:
        raise BadData(f"{path}: an empty manifest")
    return Corpus(tuple(multitracks.values()), splits)


def _line(multitrack: Multitrack, split: Split | None, folder: Path) -> _Line:
    tracks = tuple(
        _TrackLine(
            name=track.name,
            instrument=track.instrument,
            sources=tuple(
                _SourceLine(**{**vars(source), "path": _stored(source.path, folder)}) for source in track.sources
            ),
            duration=track.duration,
            sample_rate=track.sample_rate,
        )
        for track in multitrack.tracks
    )
    return _Line(
        version=MANIFEST_VERSION,
        name=multitrack.name,
        piece=multitrack.piece,
        artist=multitrack.artist,
        licence=multitrack.licence,
        split=split,
        tracks=tracks,
    )


def _stored(path: Path, folder: Path) -> str:
    absolute = Path(os.path.abspath(path))
    return absolute.relative_to(folder).as_posix() if absolute.is_relative_to(folder) else str(absolute)


def _parsed(content: str, where: str) -> _Line:
    tree: Any = json_of(content, where)
    if not isinstance(tree, dict):
        raise BadData(f"{where}: a JSON object is needed")
    version = tree.get("version")
    if version != MANIFEST_VERSION:
        raise BadData(f"{where}: version {version!r} of a manifest, this Antiphon reads {MANIFEST_VERSION}")
    try:
        return _Line.model_validate(tree)
    except ValidationError as error:
        raise BadData(f"{where}: {first_fault(error)}") from error


def _multitrack(line: _Line, folder: Path) -> Multitrack:
    tracks = tuple(
        Track(
            name=track.name,
            sources=tuple(Source(**{**dict(source), "path": folder / source.path}) for source in track.sources),
            duration=track.duration,
            instrument=track.instrument,
            sample_rate=track.sample_rate,
        )
        for track in line.tracks
    )
    return Multitrack(line.name, line.piece, tracks, line.artist, line.licence)
