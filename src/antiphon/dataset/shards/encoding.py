"""A shard, encoded: by whichever process, always the same bytes; there whole, or not at all."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from antiphon.config import PerceptionSettings
from antiphon.dataset.shards.multitracks import EncodedMultitrack, Trouble, encode_multitrack
from antiphon.dataset.shards.parquet import ParquetFile, Table, write
from antiphon.dataset.shards.plan import GROUP_SECONDS, Plan, shard_name
from antiphon.dataset.shards.segment_rows import schema, table_of
from antiphon.errors import BadData
from antiphon.interfaces import Encoder
from antiphon.perception.cache import FrameCache, default_directory
from antiphon.perception.encoders import make_encoder
from antiphon.perception.perception import Perception
from antiphon.reading import json_of
from antiphon.types import Multitrack

FOOTER = "antiphon"
"""Where a shard says, at its end, which one of which plan it is, and what could not be encoded."""


@dataclass(frozen=True)
class ShardJob:
    """A shard to be encoded, and all that is needed for it. `device` is where an encoder that can choose computes."""

    folder: Path
    plan: Plan
    number: int
    multitracks: tuple[Multitrack, ...]
    keep_frames: bool = False
    device: str = "cpu"

    @property
    def path(self) -> Path:
        """Its file."""
        return self.folder / shard_name(self.number)


@dataclass(frozen=True)
class ShardDone:
    """A shard that is there: its number, how many seconds of tracks it took in, and the processor's and the clock's
    seconds that were spent."""

    number: int
    heard_seconds: float
    cpu_seconds: float
    wall_seconds: float


def is_done(job: ShardJob) -> bool:
    """Whether the shard is there, and is the one of this plan; a damaged one is encoded again."""
    if not job.path.exists():
        return False
    try:
        with ParquetFile(job.path) as file:
            file.require(schema())
            return _is_of(footer_of(file), job.plan, job.number)
    except BadData:
        return False


def footer_of(file: ParquetFile) -> dict[str, Any]:
    """What a shard says of itself. Raises BadData where it says nothing."""
    tree = json_of(file.metadata(FOOTER) or "null", str(file.path))
    if not isinstance(tree, dict):
        raise BadData(f"{file.path}: not a shard of Antiphon's")
    return tree


def _is_of(footer: Mapping[str, Any], plan: Plan, number: int) -> bool:
    return footer.get("identity") == plan.identity and footer.get("number") == number


def require_of(file: ParquetFile, plan: Plan, number: int) -> None:
    """Raise BadData, naming it, for a shard of another plan or at another's place."""
    if not _is_of(footer_of(file), plan, number):
        raise BadData(f"{file.path}: not shard {number} of this folder; it was put there from another")


def footer(plan: Plan, number: int, troubles: list[Trouble]) -> dict[str, str]:
    """What is to stand at a shard's end."""
    about = {"identity": plan.identity, "number": number, "troubles": [asdict(each) for each in troubles]}
    return {FOOTER: json.dumps(about, sort_keys=True)}


def encode_shard(job: ShardJob) -> ShardDone:
    """Encode a shard's multitracks and write it. Raises AntiphonError where it cannot be written; what cannot be read
    is told of in it."""
    perception = _perception(job.plan.perception, job.keep_frames, job.device)
    return write_shard(job, (encode_multitrack(each, perception, job.plan.corpus) for each in job.multitracks))


def write_shard(job: ShardJob, encoded: Iterator[EncodedMultitrack]) -> ShardDone:
    """Write a shard of multitracks as they come."""
    begun, cpu = time.perf_counter(), time.process_time()
    troubles: list[Trouble] = []
    heard = [0.0]

    def tables() -> Iterator[Table]:
        for group in _groups(encoded):
            troubles.extend(trouble for each in group for trouble in each.troubles)
            heard[0] += sum(track.track.duration for each in group for track in each.tracks)
            table = table_of(group)
            if table.num_rows:
                yield table

    write(job.path, schema(), tables(), lambda: footer(job.plan, job.number, troubles))
    return ShardDone(job.number, heard[0], time.process_time() - cpu, time.perf_counter() - begun)


def _groups(encoded: Iterator[EncodedMultitrack]) -> Iterator[list[EncodedMultitrack]]:
    """Multitracks in groups of no more than GROUP_SECONDS of tracks, none divided; no more than one group is held."""
    group: list[EncodedMultitrack] = []
    seconds = 0.0
    for each in encoded:
        length = sum(track.track.duration for track in each.tracks)
        if group and seconds + length > GROUP_SECONDS:
            yield group
            group, seconds = [], 0.0
        group.append(each)
        seconds += length
    if group:
        yield group


@lru_cache(maxsize=1)
def _perception(settings: PerceptionSettings, keep_frames: bool, device: str) -> Perception:
    """One for all the shards of a process: its network is loaded once."""
    cache = FrameCache(default_directory() if keep_frames else None)
    return Perception(settings, _on(make_encoder(settings.encoder), device), cache)


def _on(encoder: Encoder, device: str) -> Encoder:
    """The encoder on a device, where it can compute on several."""
    move = getattr(encoder, "on", None)
    if device == "cpu" or move is None:
        return encoder
    moved: Encoder = move(device)
    return moved
