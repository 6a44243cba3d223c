"""Shards of segments to shards of tokens: what a training streams. Made once, beside the future agent.

A shard is a job of its own, so that several processes share them, and whoever is stopped goes on with the next.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from antiphon.checkpoint import load_arrays, save_arrays
from antiphon.corpus.synthesis.pool import NotFinished, worked
from antiphon.dataset import TokenExcerpt, tokenized
from antiphon.dataset.shards.encoding import footer, footer_of
from antiphon.dataset.shards.index import ShardFolder, open_shards, write_index_of
from antiphon.dataset.shards.listening import GroupPlaces, HeardGroup, heard_groups, shard_places
from antiphon.dataset.shards.parquet import ParquetFile, write
from antiphon.dataset.shards.plan import ALPHABET, INDEX, Plan, begin, read_plan, shard_name
from antiphon.dataset.shards.token_rows import MOST_CLASSES, TokenRows, index_rows, schema, table_of
from antiphon.errors import AntiphonError, AntiphonWarning, BadData, SettingsError
from antiphon.files import sweep
from antiphon.interfaces import Progress
from antiphon.perception.alphabet import identify
from antiphon.perception.perception import Perception
from antiphon.perception.quantizers import make_quantizer
from antiphon.training.transposition import SEMITONES, in_other_keys
from antiphon.types import Alphabet

SECONDS = 86400.0
"""A shard of eight hours takes a minute."""

KEPT = ("rest_dbfs", "has_rest", "recipe", "id")
"""What shards.json keeps of an alphabet; its arrays are in alphabet.safetensors."""


@dataclass(frozen=True)
class TokenJob:
    """A shard to be put into tokens."""

    source: Path
    folder: Path
    plan: Plan
    number: int
    places: GroupPlaces


def tokenized_shards(
    source: ShardFolder,
    folder: Path,
    alphabet: Alphabet,
    *,
    perception: Perception,
    transpose: bool,
    progress: Progress,
) -> ShardFolder:
    """The tokens of shards of segments in an alphabet, and in other keys where the encoder names pitch classes; in
    `folder`, where what is there already stays. Raises BadData for a damaged shard."""
    if alphabet.classes > MOST_CLASSES:
        raise SettingsError(
            f"setting perception.alphabet_size: shards of tokens have at most {MOST_CLASSES - 1} classes"
        )
    keys = (0, *SEMITONES) if transpose and hasattr(perception.encoder, "pitch_class_dimensions") else (0,)
    plan = token_plan(source.plan, alphabet, keys)
    begin(folder, plan)
    sweep(folder)
    if not (folder / INDEX).exists():
        save_alphabet(folder, alphabet)
        _write_missing(source, folder, plan, progress)
        return finish_tokens(folder, plan)
    return open_shards(folder)


TOKEN_COLUMNS = ("multitrack", "piece", "track", "split", "sha256", "start", "end", "duration", "excerpt", "ids")
"""What the index is made of."""


def token_plan(source: Plan, alphabet: Alphabet, keys: tuple[int, ...]) -> Plan:
    """The plan of tokens made of `source` in an alphabet."""
    about = [source.identity, alphabet.id, list(keys)]
    return source.model_copy(
        update={
            "kind": "tokens",
            "identity": hashlib.sha256(json.dumps(about).encode()).hexdigest(),
            "alphabet": {name: getattr(alphabet, name) for name in KEPT},
            "keys": keys,
        }
    )


def alphabet_of(folder: ShardFolder) -> Alphabet:
    """The alphabet of shards of tokens. Raises BadData where it is damaged."""
    path = folder.path / ALPHABET
    arrays = load_arrays(path)
    try:
        centroids, scale = (np.asarray(arrays[name], dtype=np.float32) for name in ("centroids", "scale"))
        found = Alphabet(centroids, scale, **(folder.plan.alphabet or {}))
    except (KeyError, ValueError, TypeError) as error:
        raise BadData(f"{path}: not an alphabet ({error})") from error
    if identify(found) != found.id or found.recipe != folder.plan.recipe:
        raise BadData(f"{path}: damaged, not the alphabet {found.id} of these tokens")
    return found


def _write_missing(source: ShardFolder, folder: Path, plan: Plan, progress: Progress) -> None:
    places: dict[int, GroupPlaces] = {}
    for shard, groups in shard_places(source):
        if not _is_done(folder, plan, shard):
            places[shard] = groups
    missing = [number for number in range(plan.shards) if number in places or not _is_done(folder, plan, number)]
    jobs = [TokenJob(source.path, folder, plan, number, places.get(number, {})) for number in missing]
    there = plan.shards - len(jobs)
    processes = min(os.cpu_count() or 1, max(1, len(jobs)))
    for count, done in enumerate(
        worked(write_tokens, jobs, processes=processes, seconds=SECONDS, clean=lambda job: None), 1
    ):
        if isinstance(done.error, NotFinished):
            raise AntiphonError(f"{folder / shard_name(done.item.number)}: {done.error}; call again, it goes on")
        if done.error is not None:
            raise done.error
        progress("tokens", there + count, plan.shards)


def _is_done(folder: Path, plan: Plan, number: int) -> bool:
    path = folder / shard_name(number)
    if not path.exists():
        return False
    try:
        with ParquetFile(path) as file:
            about = footer_of(file)
    except BadData:
        return False
    return bool(about.get("identity") == plan.identity and about.get("number") == number)


def write_tokens(job: TokenJob) -> int:
    """Write a shard of tokens; its number."""
    source = _opened(job.source)
    perception, alphabet = _heard_with(job.source, job.folder)

    groups = (
        list(_excerpts(group, job.plan, perception, alphabet)) for group in heard_groups(source, job.number, job.places)
    )
    write_token_shard(job.folder, job.plan, job.number, groups)
    return job.number


def write_token_shard(folder: Path, plan: Plan, number: int, groups: Iterable[Sequence[TokenRows]]) -> None:
    """Write a shard of tokens, a row group for each of `groups` that holds something."""
    tables = (table for group in groups if (table := table_of(group)).num_rows)
    write(folder / shard_name(number), schema(), tables, lambda: footer(plan, number, []))


def finish_tokens(folder: Path, plan: Plan) -> ShardFolder:
    """Write the index of a folder whose shards of tokens are all there, and open it."""
    write_index_of(folder, plan, index_rows, TOKEN_COLUMNS)
    return open_shards(folder)


def save_alphabet(folder: Path, alphabet: Alphabet) -> None:
    """Put an alphabet beside the shards of tokens that are said in it."""
    save_arrays(folder / ALPHABET, {"centroids": alphabet.centroids, "scale": alphabet.scale})


@lru_cache(maxsize=1)
def _opened(folder: Path) -> ShardFolder:
    return open_shards(folder)


@lru_cache(maxsize=1)
def _heard_with(source: Path, folder: Path) -> tuple[Perception, Alphabet]:
    """The perception of a folder of segments, and the alphabet that lies with its tokens."""
    plan = read_plan(folder)
    arrays = load_arrays(folder / ALPHABET)
    centroids, scale = (np.asarray(arrays[name], dtype=np.float32) for name in ("centroids", "scale"))
    return Perception(plan.perception), Alphabet(centroids, scale, **(plan.alphabet or {}))


def _excerpts(group: HeardGroup, plan: Plan, perception: Perception, alphabet: Alphabet) -> Iterator[TokenRows]:
    """The excerpts of a row group in every key; one in which no guide and target share a segment is none."""
    quantizer = make_quantizer(alphabet)
    for place, window in group.windows:
        with warnings.catch_warnings():
            # What is too short to be learned from was counted when it was encoded.
            warnings.simplefilter("ignore", AntiphonWarning)
            played = tokenized(group.encoded, (window,), quantizer)
            if not played:
                continue
            other = in_other_keys(group.encoded, (window,), quantizer, perception.encoder) if len(plan.keys) > 1 else ()
        keys: tuple[TokenExcerpt, ...] = (played[0], *(key[0] for key in other))
        name = window.multitrack.name
        tracks = group.encoded[name]
        yield TokenRows(
            keys,
            place,
            sha256={track.track.name: _digest(group.sha256, name, track.track.name) for track in tracks},
            duration={track.track.name: track.track.duration for track in tracks},
            alike=plan.perception.segmenter == "uniform",
        )


def _digest(digests: Mapping[tuple[str, str], Any], multitrack: str, track: str) -> str:
    return str(digests.get((multitrack, track), ""))
