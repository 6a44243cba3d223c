"""Which multitracks go into which shard: decided before the first is encoded, by the corpus and the settings alone.

So a shard is the same whoever writes it, and whoever comes later knows which ones are missing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from antiphon import __version__
from antiphon.checkpoint import load_json, save_json
from antiphon.config import CorpusSettings, PerceptionSettings
from antiphon.errors import AntiphonError, BadData, SettingsError
from antiphon.files import LOCK_INSIDE
from antiphon.reading import first_fault
from antiphon.types import Multitrack

SHARDS_VERSION = 1
"""Version of the folder's format; raised whenever a field or a column changes its meaning."""

PLAN, INDEX, REPORT = "shards.json", "index.parquet", "report.jsonl"
"""What a folder of shards holds beside them: what they are of, where each track lies, and what could not be encoded."""

ALPHABET = "alphabet.safetensors"
"""Beside shards of tokens: the alphabet that they are said in."""

SHARD_HOURS = 8.0
"""Hours of tracks in a shard, at most: 5 MB of 24 dimensions at half a second, and no more than that is lost where a
machine is."""

FEWEST_SHARDS = 32
"""A small corpus is divided into as many at least, so that there is something for every process."""

GROUP_SECONDS = 3600.0
"""Seconds of tracks in a row group, at most; a multitrack is never divided. It is what a training reads at once."""

Kind = Literal["segments", "tokens"]


class Plan(BaseModel):
    """shards.json: the kind of shards, how they were heard, and how many there are. `identity` is a hash of all that
    they depend on, and stands in each of them too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    antiphon: str = Field(max_length=100)
    kind: Kind
    identity: str = Field(pattern=r"^[0-9a-f]{64}$")
    shards: int = Field(ge=0, le=10_000_000)
    recipe: str = Field(max_length=100_000)
    perception: PerceptionSettings
    corpus: CorpusSettings
    alphabet: dict[str, Any] | None = None
    keys: tuple[int, ...] = Field((0,), min_length=1, max_length=100)
    """Tokens: the semitones by which each of a track's sequences is moved; the first is as it was played."""


@dataclass(frozen=True)
class Division:
    """A corpus in shards of whole multitracks, in the order of their names."""

    shards: tuple[tuple[Multitrack, ...], ...]


def shard_name(number: int) -> str:
    """The file of a shard."""
    return f"shard-{number:06d}.parquet"


def divided(multitracks: Sequence[Multitrack], hours: float = SHARD_HOURS) -> Division:
    """A corpus in shards of at most `hours` of tracks, a multitrack in one; in FEWEST_SHARDS at least."""
    ordered = sorted(multitracks, key=lambda each: each.name)
    most = min(3600 * hours, sum(map(_seconds, ordered)) / FEWEST_SHARDS)
    return Division(tuple(grouped(ordered, [_seconds(each) for each in ordered], most)))


def grouped(items: Sequence[Any], sizes: Sequence[float], most: float) -> list[tuple[Any, ...]]:
    """Items one after the other in groups, each of one item or of no more than `most` in all."""
    groups: list[list[Any]] = []
    held = 0.0
    for item, size in zip(items, sizes, strict=True):
        if not groups or held + size > most:
            groups.append([])
            held = 0.0
        groups[-1].append(item)
        held += size
    return [tuple(group) for group in groups]


def planned(
    multitracks: Sequence[Multitrack],
    division: Division,
    recipe: str,
    perception: PerceptionSettings,
    corpus: CorpusSettings,
) -> Plan:
    """The plan of a corpus: the same for the same names, settings and Antiphon, wherever the corpus lies."""
    paths = [str(source.path) for each in multitracks for track in each.tracks for source in track.sources]
    top = os.path.commonpath([os.path.abspath(path) for path in paths]) if paths else ""
    shards = [[_described(each, top) for each in shard] for shard in division.shards]
    about = [SHARDS_VERSION, __version__, recipe, perception.model_dump(mode="json"), corpus.model_dump(mode="json")]
    digest = hashlib.sha256(json.dumps([about, shards], sort_keys=True).encode()).hexdigest()
    return Plan(
        version=SHARDS_VERSION,
        antiphon=__version__,
        kind="segments",
        identity=digest,
        shards=len(division.shards),
        recipe=recipe,
        perception=perception,
        corpus=corpus,
    )


def _described(multitrack: Multitrack, top: str) -> list[Any]:
    tracks = [
        [
            *(track.name, track.instrument, track.duration, track.answers),
            [[os.path.relpath(each.path, top), each.stream, each.side, each.start] for each in track.sources],
        ]
        for track in multitrack.tracks
    ]
    return [multitrack.name, multitrack.piece, multitrack.artist, multitrack.licence, tracks]


def _seconds(multitrack: Multitrack) -> float:
    return sum(track.duration for track in multitrack.tracks)


def begin(folder: Path, plan: Plan) -> None:
    """Write the plan into an empty folder; where it lies there already, go on.

    Raises AntiphonError where the folder holds something else, and SettingsError where it holds another plan, naming
    what differs.
    """
    if folder.exists() and not folder.is_dir():
        raise AntiphonError(f"cannot write {folder}: it is a file, not a directory")
    held = {path.name for path in folder.iterdir()} - {LOCK_INSIDE} if folder.is_dir() else set()
    if PLAN not in held:
        if others := sorted(name for name in held if not name.startswith(".")):
            raise AntiphonError(f"{folder} holds files of its own ({', '.join(others[:3])}); choose another directory")
        save_json(folder / PLAN, plan.model_dump(mode="json"))
        return
    found = read_plan(folder)
    if found != plan:
        fields = (name for name in Plan.model_fields if getattr(found, name) != getattr(plan, name))
        what = ", ".join(name for name in fields if name != "identity") or "multitracks or files"
        raise SettingsError(f"{folder} holds shards of something else (other {what}); choose another directory")


def read_plan(folder: Path) -> Plan:
    """The plan of a folder of shards. Raises BadData, naming it, where there is none that can be read."""
    path = folder / PLAN
    if not path.is_file():
        raise BadData(f"{folder}: not a folder of shards (no {PLAN} in it)")
    tree = load_json(path)
    if not isinstance(tree, dict) or tree.get("version") != SHARDS_VERSION:
        raise BadData(f"{path}: not shards of version {SHARDS_VERSION}, which this Antiphon reads")
    try:
        return Plan.model_validate(tree)
    except ValidationError as error:
        raise BadData(f"{path}: {first_fault(error)}") from error


def is_shards(path: Path) -> bool:
    """Whether a path is a folder of shards."""
    return (path / PLAN).is_file()
